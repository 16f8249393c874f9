//! Runs a stage: loads the run, the order and the customer as they are now, decides, claims, acts,
//! records, hands on.

mod claim;
mod loaded;
mod message;
mod record_outcome;
pub(crate) mod rehearse;
mod watch;
mod workflow;

use harkara_domain::{
    Reason, Run,
    decide::{Decision, decide},
    run::StageStatus,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

use crate::{
    batch,
    catalog::Catalog,
    count::{By, Counters, Hopeless, StageEvent},
    customers,
    fault::Fault,
    hand_on::Onward,
    job::{BadJob, Job, StageJob},
    ladder,
    matching::put_run,
    port::{
        Clock, Delivery, Expect, Http, Mailer, Queue, QueueName, Scheduler, Secrets, Table, Unprocessed,
        Write, WriteError,
    },
    record::{MAX_ROUNDS, unless_raced},
    trace,
};
pub(crate) use loaded::Loaded;
use record_outcome::Performed;

/// Performs what is due.
pub struct StageRunner {
    /// Where runs and views lie.
    pub table: Arc<dyn Table>,
    /// Where the next stages go.
    pub queue: Arc<dyn Queue>,
    /// Where later stages go.
    pub scheduler: Arc<dyn Scheduler>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// The providers.
    pub http: Arc<dyn Http>,
    /// Mail.
    pub mailer: Arc<dyn Mailer>,
    /// The connections of stores.
    pub secrets: Arc<dyn Secrets>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

/// What a delivery came to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing more is to be done with this message.
    Settled,
    /// A failed try: the message stays in flight, hidden for so long.
    Again(Duration),
}

impl StageRunner {
    /// Works on a batch of `queue`; says which messages have to come again.
    pub async fn batch(&self, queue: QueueName, deliveries: &[Delivery]) -> Unprocessed {
        batch::each("stage", deliveries, |delivery, job| self.delivery(queue, delivery, job)).await
    }

    /// Whether the message is settled.
    async fn delivery(&self, queue: QueueName, delivery: &Delivery, job: Result<Job, BadJob>) -> bool {
        let step = match job {
            Ok(Job::Stage(job)) => match self.stage(&job, delivery.receives).await {
                Err(fault) if batch::is_hopeless(&fault) => {
                    self.counters.put_aside.add((By::Stage, Hopeless::TooLarge));
                    let given_up = batch::give_up(&*self.queue, delivery, &fault).await;
                    given_up.map(|()| Step::Settled).map_err(Fault::from)
                }
                step => step,
            },
            other => {
                self.counters.put_aside.add((By::Stage, Hopeless::BadJob));
                let put_aside = batch::put_aside(&*self.queue, delivery, other.err()).await;
                put_aside.map(|()| Step::Settled).map_err(Fault::from)
            }
        };
        let wait = match step {
            Ok(Step::Settled) => return true,
            Ok(Step::Again(wait)) => wait,
            Err(error) => {
                tracing::warn!(problem = %error.logged(), "stage not worked on");
                self.counters.stages.add(StageEvent::Fault);
                ladder::wait(delivery.receives)
            }
        };
        // Should this fail, the message comes again when its visibility ends by itself.
        let hidden = self.queue.set_visibility(queue, &delivery.receipt, wait).await;
        if let Err(error) = hidden {
            tracing::warn!(problem = %error, "visibility not set");
        }
        false
    }

    async fn stage(&self, job: &StageJob, receives: u32) -> Result<Step, Fault> {
        for _ in 0..MAX_ROUNDS {
            let loaded = Loaded::load(&*self.table, &self.catalog, &*self.clock, job).await?;
            let Some(loaded) = loaded else {
                self.counters.stages.add(StageEvent::Gone);
                return Ok(Step::Settled);
            };
            let step = match decide(loaded.scene(job.stage), job.stage, job.series) {
                Decision::Void => return self.void(&loaded, job).await,
                Decision::Wait(until, reason) => {
                    // A wait is no try, and forgets none.
                    let failed = job.failed + receives.saturating_sub(1);
                    self.wait(loaded, &StageJob { failed, told: None, ..job.clone() }, until, reason).await?
                }
                Decision::Skip(reason) => self.end(loaded, job, StageStatus::Skipped, reason).await?,
                Decision::Cancel(reason) => self.end(loaded, job, StageStatus::Cancelled, reason).await?,
                Decision::Take(arm) => self.take(loaded, job, arm).await?,
                Decision::Listen(until) => self.listen(loaded, job, until).await?,
                Decision::Leave(reason) => self.leave(loaded, &reason).await?,
                Decision::Act => match loaded.may_be_done(job) {
                    Some(reason) => self.hold(loaded, job, reason).await?,
                    None => self.act(loaded, job, job.failed + receives).await?,
                },
            };
            if let Some(step) = step {
                return Ok(step);
            }
        }
        Err(WriteError::Conflict.into())
    }

    /// Nothing to do, unless a crash came between a failure and its filing, or between an end and the
    /// next stage's handing on: both are safe to repeat.
    async fn void(&self, loaded: &Loaded, job: &StageJob) -> Result<Step, Fault> {
        self.counters.stages.add(StageEvent::Void);
        let state = loaded.stage(job).map(|(state, _)| state);
        if let Some(state) = state.filter(|state| state.series == job.series) {
            if let (StageStatus::Failed, Some(reason)) = (state.status, &state.reason) {
                self.file_failure(job, reason.clone()).await?;
            }
            let ended_at = state.ended_at.unwrap_or(loaded.now);
            let overdue = crate::matching::open_stages(&loaded.run.value, loaded.now);
            let next: Vec<_> = overdue.into_iter().filter(|(_, due)| *due >= ended_at).collect();
            self.onward().stages(&loaded.run.value, &next).await?;
            self.give_back(&loaded.run.value).await?;
        }
        Ok(Step::Settled)
    }

    /// Gives the places under caps back that a run's stages have and no longer need. Safe to repeat.
    async fn give_back(&self, run: &Run) -> Result<(), Fault> {
        let places: Vec<_> = run.to_give_back().collect();
        customers::give_back(&*self.table, &run.store, &run.subject, &places).await
    }

    /// Puts the stage off. The job goes back to its time as a new message; with a reason, the run
    /// says so.
    async fn wait(
        &self,
        loaded: Loaded,
        job: &StageJob,
        until: Timestamp,
        reason: Option<Reason>,
    ) -> Result<Option<Step>, Fault> {
        if let Some(reason) = reason {
            let mut run = loaded.run.value;
            if let Some(state) = run.stages.get_mut(usize::from(job.stage)) {
                state.due = Some(until);
                state.reason = Some(reason);
            }
            if !self.try_write(&run, loaded.run.version, None).await? {
                return Ok(None);
            }
        }
        self.onward().job(job.clone(), until).await?;
        tracing::info!(%until, "a stage waits");
        Ok(Some(Step::Settled))
    }

    /// Ends the stage without acting. `None` when somebody else changed the run meanwhile.
    async fn end(
        &self,
        loaded: Loaded,
        job: &StageJob,
        status: StageStatus,
        reason: Reason,
    ) -> Result<Option<Step>, Fault> {
        let Loaded { shelf, flow, run, zone, now, .. } = loaded;
        let (mut run, version) = (run.value, run.version);
        let before = run.status;
        run.end(&flow, job.stage, status, &reason, now);
        let due = run.advance(&flow, now, shelf.hours(&zone));
        if !self.try_write(&run, version, None).await? {
            return Ok(None);
        }
        self.ended(&run, before, job.stage);
        self.give_back(&run).await?;
        self.onward().stages(&run, &due).await?;
        Ok(Some(Step::Settled))
    }

    /// Goes on from a fork in one arm.
    async fn take(&self, loaded: Loaded, job: &StageJob, arm: u16) -> Result<Option<Step>, Fault> {
        let Loaded { shelf, flow, run, zone, now, .. } = loaded;
        let (mut run, version) = (run.value, run.version);
        let before = run.status;
        run.take(&flow, job.stage, arm, now);
        let due = run.advance(&flow, now, shelf.hours(&zone));
        if !self.try_write(&run, version, None).await? {
            return Ok(None);
        }
        self.counters.stages.add(StageEvent::Forked);
        self.counters.run_moved(before, run.status);
        tracing::info!(arm, "the run goes on in an arm");
        self.onward().stages(&run, &due).await?;
        Ok(Some(Step::Settled))
    }

    /// Begins to wait at a fork, until its time is up at the latest.
    async fn listen(&self, loaded: Loaded, job: &StageJob, until: Timestamp) -> Result<Option<Step>, Fault> {
        let mut run = loaded.run.value;
        if let Some(state) = run.stages.get_mut(usize::from(job.stage)) {
            state.listens = true;
            state.due = Some(until);
        }
        if !self.try_write(&run, loaded.run.version, None).await? {
            return Ok(None);
        }
        self.onward().job(job.clone(), until).await?;
        Ok(Some(Step::Settled))
    }

    /// Ends all that is pending of the run.
    async fn leave(&self, loaded: Loaded, reason: &Reason) -> Result<Option<Step>, Fault> {
        let mut run = loaded.run.value;
        let before = run.status;
        run.cancel(reason, loaded.now);
        if !self.try_write(&run, loaded.run.version, None).await? {
            return Ok(None);
        }
        self.counters.run_moved(before, run.status);
        tracing::info!(reason = trace::kind(reason), "the run was left");
        self.give_back(&run).await?;
        Ok(Some(Step::Settled))
    }

    /// Writes a run that was read at `version`, and `more` with it; `false` when somebody else was faster.
    async fn try_write(&self, run: &Run, version: u64, more: Option<Write>) -> Result<bool, Fault> {
        let writes = [put_run(run, Expect::Version(version))].into_iter().chain(more).collect();
        Ok(unless_raced(self.table.write(writes).await)?)
    }

    /// How the store is connected; `None` where it is not.
    async fn connection<C: DeserializeOwned>(&self, job: &StageJob, name: &str) -> Result<Option<C>, String> {
        let text = self.secrets.get(job.store.as_str(), name).await.map_err(|error| error.to_string())?;
        let read = text.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|error| format!("the connection {name} cannot be read: {}", trace::misfit(&error)))
    }

    pub(crate) fn onward(&self) -> Onward<'_> {
        Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock }
    }
}
