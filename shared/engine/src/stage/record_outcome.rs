//! Records what came of a stage, against whatever changed its run meanwhile, and hands on what
//! follows.

use harkara_channels::Unsendable;
use harkara_domain::{
    Reason,
    flow::Channel,
    run::{Attempt, Coupon, Outcome, Run, StageStatus},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

use super::{Loaded, StageRunner, Step};
use crate::{
    catalog::Pause,
    count::{Alerted, StageEvent},
    customers,
    fault::Fault,
    job::{FailureJob, Job, StageJob},
    keys, ladder,
    ownership::change::pause_because,
    port::{Expect, Outgoing, QueueName},
    record::put,
    runs::{self, RunPlace},
};

/// What a stage's performance came to.
#[derive(Debug)]
pub(super) struct Performed {
    pub(super) attempts: Vec<Attempt>,
    pub(super) tries: u32,
    pub(super) channel: u16,
    pub(super) as_template: bool,
    pub(super) workflow_done: bool,
    /// The actions that are done.
    pub(super) acted: BTreeSet<u16>,
    /// The coupon that the run has now.
    pub(super) coupon: Option<Coupon>,
    pub(super) end: End,
    pub(super) unsendable: Vec<(Channel, Unsendable)>,
    pub(super) last_refusal: Option<Reason>,
    /// A channel was passed over, since the customer has not agreed to marketing by it.
    pub(super) no_consent: bool,
    pub(super) pause: Option<(Channel, Pause, bool)>,
    pub(super) opted_out: bool,
    pub(super) flow_off: Option<String>,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// Done.
    Sent,
    /// Never will be.
    Failed(Reason),
    /// Left out after all.
    Skipped(Reason),
    /// A failed try, and what it said.
    Retry(String),
    /// Not a try: come back then.
    Later(Timestamp, Reason),
}

impl Performed {
    /// How long a channel is held after an error of the whole account; then it is tried again, so
    /// that a mended account needs nobody to switch it on.
    pub(super) const ACCOUNT_PAUSE: SignedDuration = SignedDuration::from_hours(1);

    pub(super) fn sent((tries, channel, as_template): (u32, u16, bool)) -> Self {
        Self {
            attempts: Vec::new(),
            tries,
            channel,
            as_template,
            workflow_done: false,
            acted: BTreeSet::new(),
            coupon: None,
            end: End::Sent,
            unsendable: Vec::new(),
            last_refusal: None,
            no_consent: false,
            pause: None,
            opted_out: false,
            flow_off: None,
        }
    }

    pub(super) fn failed(mut self, reason: Reason) -> Self {
        self.end = End::Failed(reason);
        self
    }

    pub(super) fn skipped(mut self, reason: Reason) -> Self {
        self.end = End::Skipped(reason);
        self
    }

    pub(super) fn later(mut self, until: Timestamp, reason: Reason) -> Self {
        self.end = End::Later(until, reason);
        self
    }

    pub(super) fn not_done(mut self, at: Timestamp, problem: String) -> Self {
        let outcome = Outcome::NotSent(problem.clone());
        self.attempts.push(Attempt { number: self.tries, at, channel: None, outcome });
        self.end = End::Retry(problem);
        self
    }

    pub(super) fn pause(
        &mut self,
        channel: Channel,
        until: Timestamp,
        error: &harkara_domain::fact::ProviderError,
        alert: bool,
    ) {
        let because = error.to_string();
        let reason = Reason::ChannelPaused { channel: channel.to_string(), because: because.clone() };
        self.pause = Some((channel, Pause { until, because }, alert));
        self.end = End::Later(until, reason);
    }
}

impl StageRunner {
    /// Records the outcome; `tried` counts the failed tries with this one.
    pub(super) async fn record(
        &self,
        loaded: Loaded,
        job: &StageJob,
        performed: Performed,
        tried: u32,
    ) -> Result<Step, Fault> {
        let now = self.clock.now();
        let spent = tried >= ladder::MAX_RECEIVES;
        let wait = ladder::wait(tried);
        let retry_at = now + wait;
        let place = RunPlace { store: &job.store, subject: &job.subject, run: &job.run };
        let Loaded { shelf, flow, run: held, zone, .. } = loaded;
        let (flow_id, version, before) = (held.value.flow.clone(), held.value.version, held.value.status);
        let mut due = Vec::new();
        let written = runs::change(&*self.table, place, Some(held), |run| {
            apply(run, job, &performed, spent.then_some(tried), retry_at, now);
            due = run.advance(&flow, now, shelf.hours(&zone));
            Some(Vec::new())
        })
        .await?;
        self.tried(job, &performed, now);
        self.side_effects(job, &performed, &shelf.settings, (&flow_id, version)).await?;
        let Some(run) = written else { return Ok(Step::Settled) };
        self.ended(&run, before, job.stage);
        self.give_back(&run).await?;
        self.onward().stages(&run, &due).await?;
        let state = run.stages.get(usize::from(job.stage));
        if let Some((StageStatus::Failed, Some(reason))) = state.map(|state| (state.status, &state.reason)) {
            self.file_failure(job, reason.clone()).await?;
            return Ok(Step::Settled);
        }
        match performed.end {
            End::Sent | End::Failed(_) | End::Skipped(_) => {}
            End::Retry(_) => {
                self.counters.stages.add(StageEvent::Retried);
                self.counters.retries.add(());
                return Ok(Step::Again(wait));
            }
            // Not a failed try: a new message, which carries the failed ones along.
            End::Later(until, _) => {
                self.counters.stages.add(StageEvent::Throttled);
                let failed = tried.saturating_sub(1);
                self.onward().job(StageJob { failed, told: None, ..job.clone() }, until).await?;
            }
        }
        Ok(Step::Settled)
    }

    /// Gives a stage that failed for good to the dead-letter function, which files it once.
    pub(super) async fn file_failure(&self, job: &StageJob, reason: Reason) -> Result<(), Fault> {
        let failure = Job::Failure(FailureJob { stage: job.clone(), reason });
        let message = vec![Outgoing::now(failure.body())];
        Ok(self.queue.send(QueueName::Failures, message).await?)
    }

    /// What an outcome says about more than its stage.
    async fn side_effects(
        &self,
        job: &StageJob,
        performed: &Performed,
        settings: &crate::settings::Settings,
        flow: (&harkara_domain::FlowId, u32),
    ) -> Result<(), Fault> {
        if let Some((channel, pause, alert)) = &performed.pause {
            let write = put(keys::pause(&job.store, *channel), pause, Expect::Any);
            self.catalog.write(&job.store, vec![write]).await?;
            if *alert {
                let text = format!("{channel} refuses every message: {}", pause.because);
                self.tell_ops(job, settings, &text).await;
            }
        }
        if let Some(because) = &performed.flow_off {
            let now = self.clock.now();
            pause_because((&*self.table, &self.catalog), &job.store, flow, because, now).await?;
            self.tell_ops(job, settings, &format!("The flow {} was switched off: {because}", flow.0)).await;
        }
        if performed.opted_out {
            customers::opt_out(&*self.table, &job.store, &job.subject, self.clock.now()).await?;
        }
        Ok(())
    }

    async fn tell_ops(&self, job: &StageJob, settings: &crate::settings::Settings, text: &str) {
        let to = settings.team(crate::settings::Settings::OPS);
        let subject = format!("{}: {text}", settings.name);
        let mail =
            harkara_channels::email::alert(to, subject, &[text.to_owned()], settings.link("/").as_deref());
        // The dead letters or the waiting stages tell the same; a mail lost here loses no message.
        if let Err(error) = self.mailer.send(&job.store, mail).await {
            self.counters.alerts.add(Alerted::Failed);
            tracing::error!(problem = %Fault::from(error).logged(), "the team could not be told");
        } else {
            self.counters.alerts.add(Alerted::Mailed);
        }
    }
}

/// Writes an outcome into its run. A stage that was replayed meanwhile is another series' business.
fn apply(
    run: &mut Run,
    job: &StageJob,
    performed: &Performed,
    spent: Option<u32>,
    retry_at: Timestamp,
    now: Timestamp,
) {
    let cancelled = run.cancelled.clone();
    let Some(state) = run.stages.get_mut(usize::from(job.stage)) else { return };
    if state.series != job.series {
        return;
    }
    performed.attempts.iter().for_each(|attempt| state.record(attempt.clone()));
    state.claim = None;
    state.tries = performed.tries;
    state.channel = performed.channel;
    state.as_template |= performed.as_template;
    state.workflow_done |= performed.workflow_done;
    state.mailing = None;
    if state.workflow_done {
        state.acted.clear();
    } else {
        state.acted.extend(&performed.acted);
    }
    if performed.coupon.is_some() {
        run.coupon.clone_from(&performed.coupon);
    }
    if state.settled_by_receipt() {
        state.end(StageStatus::Sent, None, now);
        return;
    }
    match (&performed.end, cancelled) {
        (End::Sent, _) => state.end(StageStatus::Sent, None, now),
        (End::Failed(reason), _) => state.end(StageStatus::Failed, Some(reason.clone()), now),
        (End::Skipped(reason), _) => state.end(StageStatus::Skipped, Some(reason.clone()), now),
        (End::Retry(_) | End::Later(..), Some(reason)) => {
            state.end(StageStatus::Cancelled, Some(reason), now);
        }
        (End::Retry(last), None) => match spent {
            Some(attempts) => {
                let reason = Reason::AttemptsSpent { attempts, last: last.clone() };
                state.end(StageStatus::Failed, Some(reason), now);
            }
            None => state.due = Some(retry_at),
        },
        (End::Later(until, reason), None) => {
            state.due = Some(*until);
            state.reason = Some(reason.clone());
            state.tries = state.tries.saturating_sub(1);
        }
    }
}
