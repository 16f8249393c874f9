//! What a flow does, in words.

use harkara_domain::flow::{Flow, Message, Stage};
use harkara_engine::rehearsal::words::action;

/// What the page of a flow says of a stage.
pub(crate) struct StageWords {
    pub(crate) name: String,
    pub(crate) when: String,
    pub(crate) skip_if: Option<String>,
    pub(crate) does: Vec<String>,
}

/// Which orders a flow is for, after "for".
pub(crate) fn for_whom(flow: &Flow) -> String {
    flow.conditions
        .as_ref()
        .map_or_else(|| "every order".to_owned(), |conditions| format!("orders where {conditions}"))
}

/// A flow's stages in words.
pub(crate) fn stages(flow: &Flow) -> Vec<StageWords> {
    let stage = |stage: &Stage| StageWords {
        name: stage.name.clone(),
        when: super::capital(&when(stage)),
        skip_if: stage.skip_if.as_ref().map(ToString::to_string),
        does: stage.message.iter().map(message).chain(stage.workflow.iter().map(action)).collect(),
    };
    flow.places().iter().map(|place| stage(place.stage)).collect()
}

fn when(stage: &Stage) -> String {
    let delay = stage.after.or(stage.after_previous);
    let base = if stage.after_previous.is_some() { "the stage before" } else { "the trigger" };
    let mut words = match delay.filter(|delay| !delay.nominal().is_zero()) {
        Some(delay) => format!("{delay} after {base}"),
        None if stage.after_previous.is_some() => "right after the stage before".to_owned(),
        None => "at once".to_owned(),
    };
    if let Some(at) = stage.at {
        words = if words == "at once" { format!("at {at}") } else { format!("{words}, at {at}") };
    }
    match (stage.not_before, stage.not_after) {
        (Some(from), Some(to)) => format!("{words}, only between {from} and {to}"),
        (Some(from), None) => format!("{words}, not before {from}"),
        (None, Some(to)) => format!("{words}, not after {to}"),
        (None, None) => words,
    }
}

fn message(message: &Message) -> String {
    let channels: Vec<String> = message.channels.iter().map(ToString::to_string).collect();
    let mut words = format!("Sends “{}” by {}", message.template, channels.join(", or else "));
    if !message.buttons.is_empty() {
        let buttons: Vec<&str> = message.buttons.iter().map(|button| button.as_str()).collect();
        words += &format!(", with the buttons {}", buttons.join(" and "));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_reads_as_a_sentence() {
        let text = "name: N\ntrigger: order_created\nconditions: { payment_method: { is: cod } }\nstages:\n  \
                    - name: Ask\n    after: 0m\n    message: { channels: [whatsapp, email], template: t, buttons: [confirm] }\n  \
                    - name: Later\n    after: 1d\n    at: \"11:00\"\n    not_before: \"10:00\"\n    not_after: \"20:00\"\n    \
                    skip_if: { confirmation: { is_not: pending } }\n    workflow: [ { set_flag: needs_review } ]\n";
        let flow = harkara_domain::flow::parse::flow(text).unwrap();
        let words = stages(&flow);
        assert_eq!(for_whom(&flow), "orders where payment is cod");
        assert_eq!(words[0].when, "At once");
        assert_eq!(words[0].does, ["Sends “t” by WhatsApp, or else e-mail, with the buttons confirm"]);
        assert_eq!(words[1].when, "1d after the trigger, at 11:00, only between 10:00 and 20:00");
        assert_eq!(words[1].skip_if.as_deref(), Some("confirmation is not pending"));
        assert_eq!(words[1].does, ["Sets the flag “needs review”"]);
    }
}
