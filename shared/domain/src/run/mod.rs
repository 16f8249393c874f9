//! Runs: one flow at work on one subject, and the state of each of its stages.

mod attempt;
mod coupon;
mod progress;
mod stage_run;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Hours,
    flow::{Class, Flow, ReEntry, Stage},
    id::{FlowId, RunId, StoreId},
    occurrence::Occurrence,
    reason::Reason,
    reference::StageRef,
    status::OrderStatus,
    subject::Subject,
};
pub use attempt::{Attempt, Outcome};
pub use coupon::Coupon;
pub use stage_run::{Claim, ReceiptMark, StageRun, StageStatus};

/// One flow at work on one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Whose it is.
    pub store: StoreId,
    /// What it works on.
    #[serde(rename = "order")]
    pub subject: Subject,
    /// The run within its subject.
    pub id: RunId,
    /// The flow.
    pub flow: FlowId,
    /// The version of the flow that it began with, and keeps.
    pub version: u32,
    /// What started it.
    #[serde(rename = "trigger")]
    pub occurrence: Occurrence,
    /// Where the order stood then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_in: Option<OrderStatus>,
    /// IANA name of the recipient's time zone, where it is not the store's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// It has to be looked at when something happens to its subject, not only when a stage is due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listens: bool,
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
    /// The coupon that it made last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
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
    pub fn begin(start: RunStart<'_>, flow: &Flow, hours: Hours<'_>) -> Self {
        let occasion = match flow.re_entry() {
            // What comes about once for a subject is its own name.
            ReEntry::OncePerOrder if start.occurrence.recurs() => "once".to_owned(),
            _ => start.occurrence.key(),
        };
        let mut run = Self {
            store: start.store.clone(),
            subject: start.subject.clone(),
            id: RunId::of(start.flow, &occasion),
            flow: start.flow.clone(),
            version: start.version,
            occurrence: start.occurrence.clone(),
            began_in: start.status,
            zone: start.zone.map(str::to_owned),
            listens: flow.listens(),
            started_at: start.at,
            status: RunStatus::Running,
            priority: start.priority,
            cancelled: None,
            coupon: None,
            stages: flow.places().iter().map(|_| StageRun::waiting()).collect(),
        };
        run.advance(flow, start.at, hours);
        run
    }

    /// Where the order stood when the run began.
    pub fn began_in(&self) -> OrderStatus {
        let by_point = match &self.occurrence {
            Occurrence::Order(point) => point.status(),
            _ => None,
        };
        self.began_in.or(by_point).unwrap_or(OrderStatus::Pending)
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
                stage.drop_it(StageStatus::Cancelled, reason, now);
                any = true;
            }
        }
        self.settle();
        any
    }

    /// The places under caps that its stages have and no longer need.
    pub fn to_give_back(&self) -> impl Iterator<Item = (Timestamp, Class)> {
        self.stages.iter().filter_map(StageRun::to_give_back)
    }

    /// The earliest time at which something is due: what the sweep's index holds.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.stages.iter().filter(|stage| stage.is_open()).filter_map(|stage| stage.due).min()
    }

    /// The reference for the next try at a stage.
    pub fn reference(&self, stage: u16, attempt: u32) -> StageRef {
        StageRef { subject: self.subject.clone(), run: self.id.clone(), stage, attempt }
    }

    /// A stage's state with what the flow says of it.
    pub fn stage<'a>(&'a self, flow: &'a Flow, index: u16) -> Option<(&'a StageRun, &'a Stage)> {
        self.stages.get(usize::from(index)).zip(flow.stage(index))
    }
}

/// What a run begins with.
#[derive(Clone, Copy, Debug)]
pub struct RunStart<'a> {
    /// Whose it is.
    pub store: &'a StoreId,
    /// What it works on.
    pub subject: &'a Subject,
    /// Where the order stands, where it is one.
    pub status: Option<OrderStatus>,
    /// The flow.
    pub flow: &'a FlowId,
    /// Its version.
    pub version: u32,
    /// IANA name of the recipient's time zone, where it is not the store's.
    pub zone: Option<&'a str>,
    /// What came about.
    pub occurrence: &'a Occurrence,
    /// When.
    pub at: Timestamp,
    /// Its store's messages go before those of others.
    pub priority: bool,
}
