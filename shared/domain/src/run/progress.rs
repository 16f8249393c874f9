//! How a run goes on: which stage is due when, and which way it goes from a fork.

use jiff::{SignedDuration, Timestamp};

use super::{Run, StageRun, StageStatus};
use crate::{
    calendar::Hours,
    flow::{Flow, Place, Stage},
    reason::Reason,
};

impl Run {
    /// Gives a due time to every stage that can have one by now, and closes the run when nothing is
    /// left. A stage that counts from the trigger need not wait for the retries of the one before
    /// it, only for its first try: a reminder of a message that could not be sent still comes on time.
    /// A message after one that went out late keeps its distance from it. A stage in an arm waits for
    /// its fork; one behind a fork waits for the arm. Returns the stages that became due, with their
    /// times.
    pub fn advance(&mut self, flow: &Flow, now: Timestamp, hours: Hours<'_>) -> Vec<(u16, Timestamp)> {
        let places = flow.places();
        let mut due = Vec::new();
        for (index, place) in (0..).zip(&places) {
            let Some(state) = self.stages.get(usize::from(index)) else { break };
            if !(state.is_open() && state.due.is_none() && state.tries == 0 && !state.listens) {
                continue;
            }
            let Some(base) = self.base(&places, place, now) else { continue };
            let kept = self.kept_distance(&places, place).map_or(base, |at| at.max(base));
            let when = place.stage.when();
            let seed = format!("{}/{}/{}/{index}", self.store, self.subject, self.id);
            let at = when.opening(when.due(base, hours, &seed).max(kept), hours);
            if let Some(state) = self.stages.get_mut(usize::from(index)) {
                state.due = Some(at);
                due.push((index, at));
            }
        }
        self.settle();
        due
    }

    /// When a stage was first due, which no retry moves; `None` while it has no time.
    pub fn first_due(&self, flow: &Flow, index: u16, hours: Hours<'_>) -> Option<Timestamp> {
        let places = flow.places();
        let place = places.get(usize::from(index))?;
        let base = self.base(&places, place, self.started_at)?;
        let seed = format!("{}/{}/{}/{index}", self.store, self.subject, self.id);
        Some(place.stage.when().due(base, hours, &seed))
    }

    /// From when the waits of a stage count; `None` while what it waits for is not done.
    fn base(&self, places: &[Place<'_>], place: &Place<'_>, now: Timestamp) -> Option<Timestamp> {
        let entered = match place.within {
            None => self.started_at,
            Some((fork, arm)) => {
                let fork = self.stages.get(usize::from(fork)).filter(|fork| fork.arm == Some(arm))?;
                fork.ended_at.unwrap_or(now)
            }
        };
        let Some(previous) = place.previous else { return Some(entered) };
        let end = places.get(usize::from(previous))?.end;
        let before = self.stages.get(usize::from(previous)..usize::from(end))?;
        if place.stage.after_previous.is_some() {
            let open = before.iter().any(StageRun::is_open);
            return (!open).then(|| before.iter().filter_map(|state| state.ended_at).max().unwrap_or(now));
        }
        before.iter().all(|state| !state.is_open() || state.tries > 0).then_some(entered)
    }

    /// When a message may come at the earliest, so as to keep its distance from the one before it.
    fn kept_distance(&self, places: &[Place<'_>], place: &Place<'_>) -> Option<Timestamp> {
        let previous = usize::from(place.previous?);
        let (state, before) = self.stages.get(previous).zip(places.get(previous))?;
        let went_out = state.status == StageStatus::Sent && before.stage.message.is_some();
        let at = state.ended_at.filter(|_| went_out)?;
        Some(at + distance(before.stage, place.stage))
    }

    /// Goes on from a fork in one arm; the stages of the others are left out.
    pub fn take(&mut self, flow: &Flow, fork: u16, arm: u16, now: Timestamp) {
        let places = flow.places();
        let Some(place) = places.get(usize::from(fork)) else { return };
        if let Some(state) = self.stages.get_mut(usize::from(fork)) {
            state.arm = Some(arm);
            state.listens = false;
            state.end(StageStatus::Sent, None, now);
        }
        let taken = place.stage.arm_name(arm);
        self.leave_out(&places, fork, Some(arm), &Reason::OtherArm { taken }, now);
    }

    /// Ends a stage, and with a fork all that lies within it.
    pub fn end(&mut self, flow: &Flow, index: u16, status: StageStatus, reason: &Reason, now: Timestamp) {
        let Some(state) = self.stages.get_mut(usize::from(index)) else { return };
        state.drop_it(status, reason, now);
        self.leave_out(&flow.places(), index, None, reason, now);
    }

    /// Leaves out what lies within a fork, but for one arm.
    fn leave_out(
        &mut self,
        places: &[Place<'_>],
        fork: u16,
        but: Option<u16>,
        reason: &Reason,
        now: Timestamp,
    ) {
        let Some(end) = places.get(usize::from(fork)).map(|place| place.end) else { return };
        let mut arm = None;
        for index in fork.saturating_add(1)..end {
            let Some(place) = places.get(usize::from(index)) else { return };
            if let Some((_, own)) = place.within.filter(|(within, _)| *within == fork) {
                arm = Some(own);
            }
            let state = self.stages.get_mut(usize::from(index)).filter(|state| state.is_open());
            if let Some(state) = state.filter(|_| arm != but) {
                state.drop_it(StageStatus::Skipped, reason, now);
            }
        }
    }
}

/// How long after `before` a message was meant to come; nothing for what is no message, or does not
/// count from the trigger as `before` does.
fn distance(before: &Stage, stage: &Stage) -> SignedDuration {
    let wait = |stage: &Stage| stage.after.map_or(SignedDuration::ZERO, |after| after.nominal());
    let counts = stage.message.is_some() && stage.after_previous.is_none() && before.after_previous.is_none();
    if counts {
        wait(stage).saturating_sub(wait(before)).max(SignedDuration::ZERO)
    } else {
        SignedDuration::ZERO
    }
}
