//! What conditions ask of runs, and where it lies.

use super::Circumstances;
use crate::{
    fact::ReceiptStatus,
    id::FlowId,
    run::{Outcome, Run, RunStatus, StageRun},
};

/// The run itself; where there is none yet, all that are on its subject.
fn own_or_all<'a>(on: &Circumstances<'a>) -> impl Iterator<Item = &'a Run> + use<'a> {
    let all = if on.run.is_none() { on.runs } else { &[] };
    on.run.into_iter().chain(all)
}

pub(super) fn message_read(on: &Circumstances<'_>) -> Option<bool> {
    let sent = own_or_all(on).flat_map(|run| &run.stages).flat_map(|stage| {
        let accepted =
            stage.attempts.iter().filter(|attempt| matches!(attempt.outcome, Outcome::Accepted(_)));
        accepted.map(move |attempt| (attempt.at, attempt.number, stage))
    });
    let (_, number, stage) = sent.max_by_key(|(at, number, _)| (*at, *number))?;
    Some(was_read(stage, number))
}

/// Whoever opens a link in a message has read it, whether the provider says so or not.
fn was_read(stage: &StageRun, number: u32) -> bool {
    let mut reported = stage.receipts.iter().filter(|receipt| receipt.attempt == number);
    reported.any(|receipt| matches!(receipt.status, ReceiptStatus::Read | ReceiptStatus::Clicked))
}

pub(super) fn flows<'a>(
    on: &Circumstances<'a>,
) -> Option<impl Iterator<Item = &'a FlowId> + Clone + use<'a>> {
    Some(on.runs.iter().map(|run| &run.flow))
}

pub(super) fn running_flows<'a>(
    on: &Circumstances<'a>,
) -> Option<impl Iterator<Item = &'a FlowId> + Clone + use<'a>> {
    let running = on.runs.iter().filter(|run| run.status == RunStatus::Running);
    Some(running.map(|run| &run.flow))
}
