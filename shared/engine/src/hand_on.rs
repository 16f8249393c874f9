//! Handing a job on to its time: through the queue when that is near, by a schedule when it is far.

use harkara_domain::{Fact, Run, id::digest};
use jiff::Timestamp;
use std::time::Duration;

use crate::{
    fault::Fault,
    job::{FactsJob, Job, StageJob},
    port::{Clock, Outgoing, Queue, QueueName, Scheduler},
};

/// Where jobs are handed on to.
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
        self.set_off(run, due, None).await
    }

    /// Hands on stages of a run that a fact has set off, which was `told` then.
    ///
    /// # Errors
    /// As [`Onward::stages`].
    pub(crate) async fn set_off(
        &self,
        run: &Run,
        due: &[(u16, Timestamp)],
        told: Option<Timestamp>,
    ) -> Result<(), Fault> {
        let mut near = Vec::new();
        for &(stage, at) in due {
            let delay = self.delay(at);
            let told = told.filter(|_| delay.is_some_and(|delay| delay.is_zero()));
            let job = StageJob { told, ..job_of(run, stage) };
            match delay {
                Some(delay) => near.push(Outgoing { body: Job::Stage(job).body(), delay }),
                None => self.job(job, at).await?,
            }
        }
        if !near.is_empty() {
            self.queue.send(queue_of(run.priority), near).await?;
        }
        Ok(())
    }

    /// Hands on one stage's job to a time.
    ///
    /// # Errors
    /// When the queue or the scheduler fails.
    pub async fn job(&self, job: StageJob, at: Timestamp) -> Result<(), Fault> {
        let (queue, name) = (queue_of(job.priority), schedule_name(&job, at));
        self.body(queue, Job::Stage(job).body(), at, name).await
    }

    /// Hands on a fact to the time at which it comes about.
    ///
    /// # Errors
    /// When the queue or the scheduler fails.
    pub(crate) async fn fact(&self, fact: Fact, at: Timestamp) -> Result<(), Fault> {
        let subject = fact.subject().map_or_else(String::new, |subject| subject.to_string());
        let name = digest(&format!("{}/{subject}/{}/{at}", fact.store, fact.id));
        self.body(QueueName::Events, Job::Facts(FactsJob { facts: vec![fact] }).body(), at, name).await
    }

    /// `name` is that of the schedule, where one is needed.
    async fn body(&self, queue: QueueName, body: String, at: Timestamp, name: String) -> Result<(), Fault> {
        match self.delay(at) {
            Some(delay) => Ok(self.queue.send(queue, vec![Outgoing { body, delay }]).await?),
            None => Ok(self.scheduler.at(&name, at, queue, body).await?),
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
        subject: run.subject.clone(),
        run: run.id.clone(),
        stage,
        series,
        failed: 0,
        told: None,
        priority: run.priority,
    }
}

/// The name of the schedule that brings a stage to its time.
pub(crate) fn schedule_of(run: &Run, stage: u16, at: Timestamp) -> String {
    schedule_name(&job_of(run, stage), at)
}

/// The same for the same stage and time, so that handing on twice makes one schedule; 64 characters.
fn schedule_name(job: &StageJob, at: Timestamp) -> String {
    let place = format!("{}/{}/{}/{}/{}/{at}", job.store, job.subject, job.run, job.stage, job.series);
    digest(&place)
}
