//! What a stage does now: send or act, skip, wait or cancel. Pure, so that a dry run is the same
//! call with the effects printed.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    customer::CustomerView,
    fact::Choice,
    flow::{Flow, Stage, condition::Circumstances},
    order::{Confirmation, OrderView},
    reason::Reason,
    run::{Run, StageRun, StageStatus},
};

/// What a stage is decided on, all of it as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The run.
    pub run: &'a Run,
    /// The version of the flow that the run began with.
    pub flow: &'a Flow,
    /// The order.
    pub order: &'a OrderView,
    /// Its customer, where one is known.
    pub customer: Option<&'a CustomerView>,
    /// The time.
    pub now: Timestamp,
    /// The shop's time zone.
    pub zone: &'a TimeZone,
}

/// What to do about a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Claim it, then perform it.
    Act,
    /// Leave it out.
    Skip(Reason),
    /// End it: the order is over.
    Cancel(Reason),
    /// Come back then.
    Wait(Timestamp, Option<Reason>),
    /// Nothing: it is over, or was replayed since.
    Void,
}

/// Decides stage `index` of a run; `series` is the replay series that the job belongs to.
pub fn decide(scene: Scene<'_>, index: u16, series: u32) -> Decision {
    let Some((state, stage)) = scene.run.stage(scene.flow, index) else { return Decision::Void };
    if !state.is_open() || state.series != series {
        return Decision::Void;
    }
    if let Some(claim) = state.claim.as_ref().filter(|claim| claim.until > scene.now) {
        return Decision::Wait(claim.until, None);
    }
    if let Some(reason) = scene.run.cancelled.clone().or_else(|| ended(scene)) {
        return Decision::Cancel(reason);
    }
    // Without a time it waits for the stage before it: a stray job must not overtake that.
    let Some(due) = state.due else { return Decision::Void };
    if due > scene.now {
        return Decision::Wait(due, None);
    }
    let circumstances = Circumstances { order: scene.order, customer: scene.customer, now: scene.now };
    if let Some(condition) = stage.skip_if.as_ref().filter(|condition| condition.holds(circumstances)) {
        return Decision::Skip(Reason::SkipIf { condition: condition.to_string() });
    }
    let asks = stage.message.as_ref().is_some_and(|message| message.buttons.contains(&Choice::Confirm));
    let confirmation = scene.order.confirmation();
    if asks && confirmation != Confirmation::Pending {
        return Decision::Skip(Reason::NothingToConfirm { confirmation });
    }
    if let Some(reason) = stale_replay(scene, state, index) {
        return Decision::Skip(reason);
    }
    let opening = stage.opening(scene.now, scene.zone);
    if opening > scene.now {
        return Decision::Wait(opening, Some(Reason::OutsideWindow));
    }
    Decision::Act
}

/// A terminal status ends every run but those that it started itself.
fn ended(scene: Scene<'_>) -> Option<Reason> {
    let status = scene.order.status();
    (status.is_terminal() && scene.run.trigger.status() < status).then_some(Reason::OrderEnded { status })
}

/// A stage that is run again on purpose spoke of a moment: once the order has moved past that moment,
/// or a later message of the run has gone out, saying it would be stale.
fn stale_replay(scene: Scene<'_>, state: &StageRun, index: u16) -> Option<Reason> {
    if state.series == 0 {
        return None;
    }
    let status = scene.order.status();
    if status > scene.run.trigger.status() {
        return Some(Reason::Overtaken { by: status });
    }
    let is_message = |stage: &Stage| stage.message.is_some();
    scene.flow.stages.get(usize::from(index)).filter(|stage| is_message(stage))?;
    let mut later = scene.run.stages.iter().zip(&scene.flow.stages).skip(usize::from(index) + 1);
    let sent = later.find(|(state, stage)| state.status == StageStatus::Sent && is_message(stage));
    sent.map(|(_, stage)| Reason::Superseded { by: stage.name.clone() })
}
