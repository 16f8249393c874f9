//! Reasons, as they are counted.

use harkara_domain::Reason;

/// A reason in words, without what differs from one order to the next.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::ConditionFailed { condition, .. } => format!("only when {condition}"),
        Reason::RanAlready { .. } => "the flow had taken this customer already".to_owned(),
        Reason::NotThis { .. } => "the trigger asks for something else".to_owned(),
        other => other.to_string(),
    }
}
