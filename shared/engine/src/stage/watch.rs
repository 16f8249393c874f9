//! What is counted, measured and logged of stages.

use harkara_domain::{
    flow::Channel,
    run::{Outcome, Run, RunStatus, StageStatus},
};
use jiff::Timestamp;

use super::{StageRunner, record_outcome::Performed};
use crate::{
    count::{Sending, StageEvent, Way},
    job::StageJob,
    trace,
};

impl StageRunner {
    /// A stage has ended, or is as it was: counted, as is the end of its run.
    pub(super) fn ended(&self, run: &Run, before: RunStatus, stage: u16) {
        let Some(state) = run.stages.get(usize::from(stage)) else { return };
        match state.status {
            StageStatus::Queued => {}
            StageStatus::Sent => self.counters.stages.add(StageEvent::Sent),
            StageStatus::Failed => self.counters.stages.add(StageEvent::Failed),
            StageStatus::Cancelled => self.counters.stages.add(StageEvent::Cancelled),
            StageStatus::Skipped => self.counters.stages.add(StageEvent::Skipped),
        }
        self.counters.run_moved(before, run.status);
        let reason = state.reason.as_ref().map(trace::kind);
        tracing::info!(
            status = state.status.as_str(),
            run_status = run.status.as_str(),
            tries = state.tries,
            reason,
            "a stage was seen to"
        );
    }

    /// A stage that is claimed for the first time in its series: how late that is.
    pub(super) fn begun(&self, due: Option<Timestamp>, now: Timestamp) {
        if let Some(due) = due {
            self.counters.lateness.observe(now.duration_since(due));
        }
    }

    /// What the tries of a performance came to.
    pub(super) fn tried(&self, job: &StageJob, performed: &Performed, now: Timestamp) {
        for attempt in &performed.attempts {
            let Some(channel) = attempt.channel else { continue };
            let way = match channel {
                Channel::Whatsapp => Way::Whatsapp,
                Channel::Email => Way::Email,
            };
            let sending = match attempt.outcome {
                Outcome::Accepted(_) => Sending::Accepted,
                Outcome::Refused(_) => Sending::Refused,
                Outcome::Ambiguous => Sending::Ambiguous,
                Outcome::NotSent(_) => Sending::NotSent,
            };
            self.counters.sends.add((way, sending));
            if let (Sending::Accepted, Some(told)) = (sending, job.told) {
                self.counters.fact_to_send.observe(now.duration_since(told));
            }
            let (channel, outcome) = (way.as_str(), sending.as_str());
            tracing::info!(channel, outcome, attempt = attempt.number, "a message was tried");
        }
    }
}
