//! Handing a stage on to its time: through the queue when that is near, by a schedule when it is far.

use harkara_domain::Run;
use jiff::Timestamp;
use std::time::Duration;

use crate::{
    fault::Fault,
    job::{Job, StageJob},
    port::{Clock, Outgoing, Queue, QueueName, Scheduler},
};

/// Where stages are handed on to.
#[derive(Clone, Copy)]
pub struct Onward<'a> {
    /// For what is near.
    pub queue: &'a dyn Queue,
    /// For what is far.
    pub scheduler: &'a dyn Scheduler,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl Onward<'_> {
    /// Hands on stages of a run, each to its time.
    ///
    /// # Errors
    /// When the queue or the scheduler fails; some may have been handed on.
    pub async fn stages(&self, run: &Run, due: &[(u16, Timestamp)]) -> Result<(), Fault> {
        let mut near = Vec::new();
        for &(stage, at) in due {
            let job = job_of(run, stage);
            match self.delay(at) {
                Some(delay) => near.push(Outgoing { body: Job::Stage(job).body(), delay }),
                None => self.schedule(job, at).await?,
            }
        }
        if !near.is_empty() {
            self.queue.send(queue_of(run.priority), near).await?;
        }
        Ok(())
    }

    /// Hands on one job to a time.
    ///
    /// # Errors
    /// When the queue or the scheduler fails.
    pub async fn job(&self, job: StageJob, at: Timestamp) -> Result<(), Fault> {
        match self.delay(at) {
            Some(delay) => {
                let queue = queue_of(job.priority);
                let message = Outgoing { body: Job::Stage(job).body(), delay };
                Ok(self.queue.send(queue, vec![message]).await?)
            }
            None => self.schedule(job, at).await,
        }
    }

    /// `None` for what is too far away for the queue. Rounded up to whole seconds, as SQS counts, so
    /// that nothing comes before its time.
    fn delay(&self, at: Timestamp) -> Option<Duration> {
        let wait = at.duration_since(self.clock.now());
        let wait = Duration::try_from(wait).unwrap_or_default();
        let whole = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        (whole <= Outgoing::MAX_DELAY).then_some(whole)
    }

    async fn schedule(&self, job: StageJob, at: Timestamp) -> Result<(), Fault> {
        let name = schedule_name(&job, at);
        Ok(self.scheduler.at(&name, at, queue_of(job.priority), Job::Stage(job).body()).await?)
    }
}

/// Where the stages of a run wait.
pub(crate) fn queue_of(priority: bool) -> QueueName {
    if priority { QueueName::PriorityStages } else { QueueName::Stages }
}

/// The job of a stage, with no failures behind it.
pub fn job_of(run: &Run, stage: u16) -> StageJob {
    let series = run.stages.get(usize::from(stage)).map_or(0, |state| state.series);
    StageJob {
        store: run.store.clone(),
        order: run.order.clone(),
        run: run.id.clone(),
        stage,
        series,
        failed: 0,
        priority: run.priority,
    }
}

/// The same for the same stage and time, so that handing on twice makes one schedule; 64 characters.
fn schedule_name(job: &StageJob, at: Timestamp) -> String {
    let place = format!("{}/{}/{}/{}/{}/{at}", job.store, job.order, job.run, job.stage, job.series);
    harkara_domain::id::digest(&place)
}
