//! What the stages of a run did, and are still to do.

use harkara_domain::run::{Attempt, Outcome, ReceiptMark, StageRun, StageStatus};
use harkara_engine::read::RunStory;

use super::Moment;
use crate::words;

/// The name of a stage, or its place.
pub(crate) fn name(story: &RunStory, place: usize) -> String {
    story.stages.get(place).cloned().unwrap_or_else(|| format!("Stage {}", place + 1))
}

/// Every attempt, every receipt, and how it ended or when it is due.
pub(super) fn moments(story: &RunStory) -> Vec<Moment> {
    let mut moments = Vec::new();
    for (place, state) in story.run.stages.iter().enumerate() {
        let title = format!("“{}” of {}", name(story, place), story.flow);
        moments.extend(state.attempts.iter().map(|attempt| tried(&title, attempt)));
        moments.extend(state.receipts.iter().map(|mark| reported(&title, mark)));
        moments.extend(ended(&title, state).or_else(|| to_come(&title, state)));
    }
    moments
}

fn tried(title: &str, attempt: &Attempt) -> Moment {
    let by = attempt.channel.map(|channel| format!(" by {channel}")).unwrap_or_default();
    let number = if attempt.number > 1 { format!(" (try {})", attempt.number) } else { String::new() };
    let (what, tone, line) = match &attempt.outcome {
        Outcome::Accepted(_) => ("sent", "good", None),
        Outcome::Refused(error) => ("refused", "bad", Some(error.to_string())),
        Outcome::Ambiguous => (
            "perhaps sent",
            "warn",
            Some("The provider's answer was lost; a receipt may settle it.".to_owned()),
        ),
        Outcome::NotSent(problem) => ("not sent", "bad", Some(problem.clone())),
    };
    Moment {
        at: attempt.at,
        happened: None,
        tone,
        title: format!("{title} {what}{by}{number}"),
        lines: line.into_iter().collect(),
    }
}

fn reported(title: &str, mark: &ReceiptMark) -> Moment {
    let (what, tone) = words::receipt(mark.status);
    let error = mark.error.iter().map(ToString::to_string);
    Moment { at: mark.at, happened: None, tone, title: format!("{title} {what}"), lines: error.collect() }
}

fn ended(title: &str, state: &StageRun) -> Option<Moment> {
    let at = state.ended_at?;
    let (what, tone) = match state.status {
        StageStatus::Queued => return None,
        // The attempt that was accepted says it already.
        StageStatus::Sent if !state.attempts.is_empty() => return None,
        StageStatus::Sent => ("done", "good"),
        StageStatus::Failed => ("failed for good", "bad"),
        StageStatus::Cancelled => ("cancelled", "calm"),
        StageStatus::Skipped => ("skipped", "calm"),
    };
    Some(Moment { at, happened: None, tone, title: format!("{title} {what}"), lines: reason(state) })
}

fn to_come(title: &str, state: &StageRun) -> Option<Moment> {
    let at = state.due.filter(|_| state.is_open())?;
    let what = if state.tries > 0 { "is queued again" } else { "is queued" };
    Some(Moment { at, happened: None, tone: "ahead", title: format!("{title} {what}"), lines: reason(state) })
}

fn reason(state: &StageRun) -> Vec<String> {
    state.reason.iter().map(words::why).collect()
}
