//! Whether the words of a flow's own mails can be filled in.

use harkara_channels::template::Words;
use harkara_domain::{
    Flow,
    flow::{
        Action,
        parse::{self, Problem},
    },
};

use super::templates::placed;

/// Reads a flow's text, the words of its mails with it.
///
/// # Errors
/// Every problem that was found, in the order of the lines.
pub fn read_flow(text: &str) -> Result<Flow, Vec<Problem>> {
    parse::flow_and(text, letters)
}

/// What is wrong with the words of a flow's own mails: paths, and why.
fn letters(flow: &Flow) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let there = flow.coupon_is_there();
    for ((path, stage), coupon) in placed(flow).into_iter().zip(there) {
        for (index, action) in stage.workflow.iter().enumerate() {
            let Action::SendEmail(letter) = action else { continue };
            for (field, words) in [("subject", &letter.subject), ("text", &letter.text)] {
                let field = format!("{path}.workflow[{index}].send_email.{field}");
                match Words::parse(words) {
                    Ok(words) if words.asks_for_coupon() && !coupon => {
                        found.push((field, NO_COUPON.to_owned()));
                    }
                    Ok(_) => {}
                    Err(faults) => found.extend(faults.into_iter().map(|fault| (field.clone(), fault))),
                }
            }
        }
    }
    found
}

/// What is wrong with words about a coupon where there may be none.
pub(super) const NO_COUPON: &str = "speaks of a coupon, and no `create_coupon` is sure to come before it; \
     add one, or give `{{ coupon.… }}` a `default`";
