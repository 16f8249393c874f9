//! One stage at one moment: what was decided is done, as the stage function does it, but for the effects.

use jiff::Timestamp;

use super::{End, Outcome, Performed, StandIn};
use crate::{
    decide::Decision,
    fact::Fact,
    flow::Flow,
    run::{Run, StageStatus},
};

/// What came of a decision.
#[derive(Clone, Debug)]
pub struct Followed<S> {
    /// What became of the stage.
    pub outcome: Outcome,
    /// What performing it shows.
    pub shown: Option<S>,
    /// What its actions say of orders and customers.
    pub facts: Vec<Fact>,
}

/// Does what was decided of a stage of a run at a moment, and makes due what follows it. A decision to do
/// nothing must not come here.
pub fn follow<W: StandIn>(
    stand_in: &mut W,
    flow: &Flow,
    run: &mut Run,
    (index, now): (u16, Timestamp),
    decision: Decision,
) -> Followed<W::Shown> {
    let mut followed = Followed { outcome: Outcome::Sent, shown: None, facts: Vec::new() };
    followed.outcome = match decision {
        Decision::Skip(reason) => {
            run.end(flow, index, StageStatus::Skipped, &reason, now);
            Outcome::Skipped { reason }
        }
        Decision::Cancel(reason) => {
            run.end(flow, index, StageStatus::Cancelled, &reason, now);
            Outcome::Cancelled { reason }
        }
        Decision::Leave(reason) => {
            run.cancel(&reason, now);
            return Followed { outcome: Outcome::Left { reason }, ..followed };
        }
        Decision::Take(arm) => {
            run.take(flow, index, arm, now);
            let arm_name = flow.stage(index).map_or_else(String::new, |stage| stage.arm_name(arm));
            Outcome::Takes { arm, arm_name }
        }
        Decision::Listen(until) => {
            if let Some(state) = run.stages.get_mut(usize::from(index)) {
                state.listens = true;
                state.due = Some(until);
            }
            return Followed { outcome: Outcome::Listens { until }, ..followed };
        }
        Decision::Wait(until, reason) => {
            if let Some(state) = run.stages.get_mut(usize::from(index)) {
                state.due = Some(until);
                state.reason.clone_from(&reason);
            }
            return Followed { outcome: Outcome::Waits { until, reason }, ..followed };
        }
        Decision::Act => act(stand_in, run, (index, now), &mut followed),
        Decision::Void => return followed,
    };
    run.advance(flow, now, stand_in.hours());
    followed
}

fn act<W: StandIn>(
    stand_in: &mut W,
    run: &mut Run,
    (index, now): (u16, Timestamp),
    followed: &mut Followed<W::Shown>,
) -> Outcome {
    if let Some(state) = run.stages.get_mut(usize::from(index)) {
        state.tries += 1;
    }
    let Performed { end, facts, coupon, counted, shown } = stand_in.perform(run, index, now);
    (followed.facts, followed.shown) = (facts, Some(shown));
    run.coupon = coupon.or_else(|| run.coupon.take());
    let Some(state) = run.stages.get_mut(usize::from(index)) else { return Outcome::Sent };
    state.counted = counted.or(state.counted);
    // A workflow is not done again when its message has to wait.
    state.workflow_done = true;
    match end {
        End::Sent => {
            state.end(StageStatus::Sent, None, now);
            Outcome::Sent
        }
        End::Failed(reason) => {
            state.end(StageStatus::Failed, Some(reason.clone()), now);
            Outcome::Failed { reason }
        }
        End::Skipped(reason) => {
            state.end(StageStatus::Skipped, Some(reason.clone()), now);
            Outcome::Skipped { reason }
        }
        End::Later(until, reason) => {
            state.due = Some(until);
            state.reason = Some(reason.clone());
            state.tries = state.tries.saturating_sub(1);
            Outcome::Waits { until, reason: Some(reason) }
        }
    }
}
