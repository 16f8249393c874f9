//! Runs: one flow at work on one order, and the state of each of its stages.

mod stage_run;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    flow::{Flow, Stage},
    id::{FlowId, OrderId, RunId, StoreId},
    reason::Reason,
    reference::StageRef,
    status::Trigger,
};
pub use stage_run::{Attempt, Claim, Outcome, ReceiptMark, StageRun, StageStatus};

/// One flow at work on one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Whose it is.
    pub store: StoreId,
    /// The order it works on.
    pub order: OrderId,
    /// The run within the order.
    pub id: RunId,
    /// The flow.
    pub flow: FlowId,
    /// The version of the flow that it began with, and keeps.
    pub version: u32,
    /// What started it.
    pub trigger: Trigger,
    /// When; the waits of its stages count from here.
    pub started_at: Timestamp,
    /// Where it stands.
    pub status: RunStatus,
    /// Its store's messages go before those of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub priority: bool,
    /// Why what was pending was cancelled; a stage that was being sent then is not tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Reason>,
    /// Its stages, as many as the flow's version has.
    pub stages: Vec<StageRun>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Something is still to come.
    Running,
    /// Every stage was sent or skipped.
    Finished,
    /// At least one stage failed for good.
    Failed,
    /// What was pending was cancelled.
    Cancelled,
}

impl RunStatus {
    /// As in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Run {
    /// Begins a run of `flow` and makes its first stage due.
    pub fn begin(start: RunStart<'_>, flow: &Flow, zone: &TimeZone) -> Self {
        let mut run = Self {
            store: start.store.clone(),
            order: start.order.clone(),
            id: RunId::of(start.flow, start.trigger.as_str()),
            flow: start.flow.clone(),
            version: start.version,
            trigger: start.trigger,
            started_at: start.at,
            status: RunStatus::Running,
            priority: start.priority,
            cancelled: None,
            stages: flow.stages.iter().map(|_| StageRun::waiting()).collect(),
        };
        run.advance(flow, start.at, zone);
        run
    }

    /// Gives a due time to every stage that can have one by now, and closes the run when nothing is
    /// left. A stage that counts from the trigger need not wait for the retries of the one before
    /// it, only for its first try: a reminder of a message that could not be sent still comes on time.
    /// A message after one that went out late keeps its distance from it. Returns the stages that
    /// became due, with their times.
    pub fn advance(&mut self, flow: &Flow, now: Timestamp, zone: &TimeZone) -> Vec<(u16, Timestamp)> {
        let started_at = self.started_at;
        let mut due = Vec::new();
        // What the stage before allows: its end, and whether it has been tried.
        let (mut ended, mut begun) = (Some(started_at), true);
        let mut sent: Option<(Timestamp, &Stage)> = None;
        for (index, (state, stage)) in self.stages.iter_mut().zip(&flow.stages).enumerate() {
            if state.is_open() && state.due.is_none() && state.tries == 0 {
                let base = if stage.follows_previous() { ended } else { begun.then_some(started_at) };
                if let Some(base) = base {
                    let kept = sent.map_or(base, |(at, before)| base.max(at + distance(before, stage)));
                    let at = stage.opening(stage.due(base, zone).max(kept), zone);
                    state.due = Some(at);
                    due.push((u16::try_from(index).unwrap_or(u16::MAX), at));
                }
            }
            ended = state.ended_at.or(if state.is_open() { None } else { Some(now) });
            begun = !state.is_open() || state.tries > 0;
            let went_out = state.status == StageStatus::Sent && stage.message.is_some();
            sent = state.ended_at.filter(|_| went_out).map(|at| (at, stage));
        }
        self.settle();
        due
    }

    /// Derives the run's status from its stages.
    pub fn settle(&mut self) {
        let any = |status| self.stages.iter().any(|stage| stage.status == status);
        self.status = if any(StageStatus::Queued) {
            RunStatus::Running
        } else if any(StageStatus::Failed) {
            RunStatus::Failed
        } else if any(StageStatus::Cancelled) {
            RunStatus::Cancelled
        } else {
            RunStatus::Finished
        };
    }

    /// Cancels what is pending, for `reason`. Returns whether anything was.
    pub fn cancel(&mut self, reason: &Reason, now: Timestamp) -> bool {
        let mut any = self.cancelled.is_none() && self.stages.iter().any(StageRun::is_open);
        if any {
            self.cancelled = Some(reason.clone());
        }
        for stage in self.stages.iter_mut().filter(|stage| stage.is_open()) {
            // A claimed stage may be on its way to the provider: its holder will record what came of it.
            if !stage.is_claimed(now) {
                stage.end(StageStatus::Cancelled, Some(reason.clone()), now);
                any = true;
            }
        }
        self.settle();
        any
    }

    /// The earliest time at which something is due: what the sweep's index holds.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.stages.iter().filter(|stage| stage.is_open()).filter_map(|stage| stage.due).min()
    }

    /// The reference for the next try at a stage.
    pub fn reference(&self, stage: u16, attempt: u32) -> StageRef {
        StageRef { order: self.order.clone(), run: self.id.clone(), stage, attempt }
    }

    /// A stage's state with what the flow says of it.
    pub fn stage<'a>(&'a self, flow: &'a Flow, index: u16) -> Option<(&'a StageRun, &'a Stage)> {
        self.stages.get(usize::from(index)).zip(flow.stages.get(usize::from(index)))
    }
}

/// How long after `before` a message was meant to come; nothing for what is no message, or does not
/// count from the trigger as `before` does.
fn distance(before: &Stage, stage: &Stage) -> SignedDuration {
    let wait = |stage: &Stage| stage.after.map_or(SignedDuration::ZERO, |after| after.nominal());
    let counts = stage.message.is_some() && !stage.follows_previous() && !before.follows_previous();
    if counts {
        wait(stage).saturating_sub(wait(before)).max(SignedDuration::ZERO)
    } else {
        SignedDuration::ZERO
    }
}

/// What a run begins with.
#[derive(Clone, Copy, Debug)]
pub struct RunStart<'a> {
    /// Whose it is.
    pub store: &'a StoreId,
    /// The order.
    pub order: &'a OrderId,
    /// The flow.
    pub flow: &'a FlowId,
    /// Its version.
    pub version: u32,
    /// What fired.
    pub trigger: Trigger,
    /// When.
    pub at: Timestamp,
    /// Its store's messages go before those of others.
    pub priority: bool,
}
