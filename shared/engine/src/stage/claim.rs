//! One effect a stage: it is claimed by a conditional write before anything is done, and a claim that
//! ran out without an outcome is what remains of a holder that may have sent.

use harkara_domain::{
    Reason,
    decide::unwanted,
    flow::{Class, OnAmbiguous, Stage},
    run::{Claim, StageRun, StageStatus},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Loaded, StageRunner, Step,
    record_outcome::{End, Performed},
};
use crate::{count::StageEvent, fault::Fault, job::StageJob, ladder, port::Write, views::put_customer};

impl StageRunner {
    /// How long a claim holds: longer than any provider's time limit, shorter than the queue's
    /// visibility, so that a message comes again only when its last holder is gone.
    pub const LEASE: SignedDuration = SignedDuration::from_secs(45);

    /// Claims the stage, performs it, records what came of it. `None` when the claim was lost.
    pub(super) async fn act(
        &self,
        mut loaded: Loaded,
        job: &StageJob,
        tried: u32,
    ) -> Result<Option<Step>, Fault> {
        let Some((state, stage)) = loaded.stage(job) else { return Ok(Some(Step::Settled)) };
        if state.has_stale_claim(loaded.now) && stage.message.is_some() {
            return self.found_stale(loaded, job, tried).await;
        }
        if state.is_ambiguous() && loaded.flow.on_ambiguous == OnAmbiguous::Hold {
            return self.hold(loaded, job, Reason::AmbiguousHeld).await;
        }
        let place = place_under_cap(&loaded, job, stage);
        let claim = Claim { at: loaded.now, until: loaded.now + self.clock.real(Self::LEASE) };
        let first = state.since.is_none().then_some(state.due).flatten();
        if let Some(state) = loaded.run.value.stages.get_mut(usize::from(job.stage)) {
            state.since.get_or_insert(loaded.now);
            state.claim = Some(claim);
            state.tries += 1;
            state.counted = place.as_ref().map(|(counted, _)| *counted).or(state.counted);
        }
        let counted = place.map(|(_, write)| write);
        if !self.try_write(&loaded.run.value, loaded.run.version, counted).await? {
            return Ok(None);
        }
        loaded.run.version += 1;
        self.begun(first, loaded.now);
        let performed = self.perform(&mut loaded, job).await?;
        self.record(loaded, job, performed, tried).await.map(Some)
    }

    async fn perform(&self, loaded: &mut Loaded, job: &StageJob) -> Result<Performed, Fault> {
        let flow = loaded.flow.clone();
        let (Some((state, _)), Some(stage)) = (loaded.stage(job), flow.stage(job.stage)) else {
            return Ok(Performed::sent(state_of(None)));
        };
        let mut performed = Performed::sent(state_of(Some(state)));
        if !state.workflow_done && !stage.workflow.is_empty() {
            performed = self.workflow(loaded, job, performed).await;
            if !matches!(performed.end, End::Sent) {
                return Ok(performed);
            }
        }
        match &stage.message {
            Some(message) => self.message(loaded, job, message, performed).await,
            None => Ok(performed),
        }
    }

    /// The last holder of the claim is gone, and may have sent: that is recorded as ambiguous, and a
    /// receipt is given the ladder's first wait to settle it, unless one has come already.
    async fn found_stale(&self, loaded: Loaded, job: &StageJob, tried: u32) -> Result<Option<Step>, Fault> {
        let until = loaded.now + ladder::wait(1);
        let mut run = loaded.run.value;
        if let Some(state) = run.stages.get_mut(usize::from(job.stage)) {
            state.lose_claim(loaded.now);
            state.due = Some(until);
            if state.settled_by_receipt() {
                state.end(StageStatus::Sent, None, loaded.now);
            }
        }
        let due = run.advance(&loaded.flow, loaded.now, loaded.shelf.hours(&loaded.zone));
        if !self.try_write(&run, loaded.run.version, None).await? {
            return Ok(None);
        }
        self.counters.stages.add(StageEvent::Ambiguous);
        tracing::warn!("whoever held the stage is gone, and may have sent");
        self.onward().stages(&run, &due).await?;
        if run.stages.get(usize::from(job.stage)).is_some_and(StageRun::is_open) {
            // This delivery is no try; the one that was lost is, though its message may be, too.
            let failed = tried.saturating_sub(1).max(1);
            self.onward().job(StageJob { failed, ..job.clone() }, until).await?;
        }
        Ok(Some(Step::Settled))
    }

    /// It may have gone out, and nothing tells: a person decides, rather than that it be sent twice.
    pub(super) async fn hold(
        &self,
        loaded: Loaded,
        job: &StageJob,
        reason: Reason,
    ) -> Result<Option<Step>, Fault> {
        let ended = self.end(loaded, job, StageStatus::Failed, reason.clone()).await?;
        if ended.is_some() {
            self.file_failure(job, reason).await?;
        }
        Ok(ended)
    }
}

/// What counts the stage's message at its customer, where its class has a cap: written with the claim, so
/// that two flows cannot both take the last place. Nothing for what has its place already.
fn place_under_cap(loaded: &Loaded, job: &StageJob, stage: &Stage) -> Option<((Timestamp, Class), Write)> {
    let message = stage.message.as_ref()?;
    let scene = loaded.scene(job.stage);
    let capped = |class: &Class| scene.on.rules.caps.contains_key(class);
    let class = scene.class.filter(capped).filter(|_| unwanted(scene, message).is_none())?;
    loaded.stage(job).filter(|(state, _)| state.counted.is_none())?;
    let (mut customer, expect) = loaded.customer_to_write()?;
    customer.count_send(class, loaded.now);
    Some(((loaded.now, class), put_customer(&customer, expect)))
}

/// The tries, channel and form that a stage is at.
fn state_of(state: Option<&StageRun>) -> (u32, u16, bool) {
    state.map_or((1, 0, false), |state| (state.tries, state.channel, state.as_template))
}
