//! The end of the road of what failed for good: it is filed as a dead letter, its stage is marked
//! failed, and the team hears of it, in one mail however much failed at once.

mod alert;
mod silence;

use harkara_domain::{
    Reason, Run, StoreId,
    run::{Outcome, StageStatus},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

use crate::{
    batch,
    catalog::Catalog,
    count::{Counters, Fate, Filed, Source},
    customers,
    fault::Fault,
    hand_on::Onward,
    job::{BadJob, Job, StageJob},
    keys,
    ladder::MAX_RECEIVES,
    port::{
        Clock, Delivery, Expect, Key, Mailer, Queue, Scheduler, Table, TableError, Unprocessed, Write,
        WriteError,
    },
    record::{item, load, put},
    refusals,
    replay::Replayer,
    runs::{self, RunPlace},
    trace,
};

/// Something that failed for good, with what it takes to run it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its place among the store's dead letters.
    pub id: String,
    /// When it failed.
    pub at: Timestamp,
    /// What it was.
    pub content: Content,
    /// Why.
    pub reason: Reason,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was filed, which may be hours after it failed. Letters from before this was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed: Option<Timestamp>,
    /// When and by whom it was run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<(Timestamp, String)>,
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A stage of a run.
    Stage {
        /// Which.
        job: StageJob,
        /// Its flow's name.
        flow: String,
        /// Its own name.
        stage: String,
    },
    /// A message of a queue that could not be worked on, whole.
    Message {
        /// Its body.
        body: String,
    },
}

/// Files what failed.
pub struct Undertaker {
    /// Where runs and dead letters lie.
    pub table: Arc<dyn Table>,
    /// Where stages that waited for the failed one go.
    pub queue: Arc<dyn Queue>,
    /// Where later stages go.
    pub scheduler: Arc<dyn Scheduler>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// Mail.
    pub mailer: Arc<dyn Mailer>,
    /// Goes on with replays, whose jobs come through the same queue.
    pub replayer: Arc<Replayer>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

/// The store that letters without one are filed under: bodies that name no store that there is.
pub const NOBODY: &str = "unknown";

impl Undertaker {
    /// How long a message that was filed is remembered: queues keep none longer.
    const REMEMBERED: SignedDuration = SignedDuration::from_hours(15 * 24);

    /// How long copies of a failure's message may come: ten receives of three minutes.
    const COPIES: SignedDuration = SignedDuration::from_mins(30);

    /// Works on a batch; says which messages have to come again.
    pub async fn batch(&self, deliveries: &[Delivery]) -> Unprocessed {
        batch::each("dead-letter", deliveries, |delivery, job| async move {
            let done = self.delivery(delivery, job).await;
            if let Err(error) = &done {
                tracing::error!(problem = %error.logged(), "failure not filed");
            }
            done.is_ok()
        })
        .await
    }

    async fn delivery(&self, delivery: &Delivery, job: Result<Job, BadJob>) -> Result<(), Fault> {
        match job {
            Ok(Job::Failure(job)) => self.stage(&job.stage, Some(job.reason), delivery.receives > 1).await,
            // Redriven by the stages queue after its last receive.
            Ok(Job::Stage(job)) => self.stage(&job, None, delivery.receives > 1).await,
            Ok(Job::Facts(job)) => {
                let problem = format!("facts could not be folded in {MAX_RECEIVES} tries");
                let store = job.facts.first().map_or_else(|| NOBODY.into(), |fact| fact.store.clone());
                self.message(&store, &delivery.id, delivery.body.clone(), problem).await
            }
            Ok(Job::Message(job)) => {
                let store = self.whose(&job.body).await?;
                self.message(&store, &delivery.id, job.body, job.problem).await
            }
            Ok(Job::Alert(job)) => self.alert(&job.store).await,
            Ok(Job::Silence(job)) => self.silence(&job).await,
            // The matcher could not note it, or does not know such jobs yet.
            Ok(Job::Refusals(job)) => refusals::note(&*self.table, &job).await,
            Ok(Job::Replay(job)) => Ok(self.replayer.chunk(&job).await?),
            Err(error @ (BadJob::Unreadable(_) | BadJob::Version(_))) => {
                let store = self.whose(&delivery.body).await?;
                self.message(&store, &delivery.id, delivery.body.clone(), error.to_string()).await?;
                // What cannot be read here may be the very job that was to tell of it.
                self.alert_in(&store, Self::GATHER).await
            }
        }
    }

    /// Files a stage, once: its place is derived from the run. One that has ended well meanwhile, or
    /// was replayed, is no failure any more. `again`: the message has come before, so the team may not
    /// have been told.
    async fn stage(&self, job: &StageJob, reason: Option<Reason>, again: bool) -> Result<(), Fault> {
        let shelf = self.catalog.shelf(&job.store).await?;
        let stored = load::<Run>(&*self.table, &keys::run(&job.store, &job.subject, &job.run)).await?;
        let (Some(shelf), Some(stored)) = (shelf, stored) else {
            self.counters.dead_letters.add(Filed::Gone);
            return Ok(());
        };
        if let Some(letter) = self.filed(job, &stored.value).await?.filter(|_| !again) {
            // Whoever filed it may have died over it, and their message be gone with another copy of it. Rather
            // a second mail than none; but what is told again much later is no copy.
            let lately = self.clock.now() <= letter.filed.unwrap_or(letter.at) + Self::COPIES;
            return if lately { self.open_alert(&job.store, letter.at).await } else { Ok(()) };
        }
        let flow = self.catalog.version(&job.store, &stored.value.flow, stored.value.version).await?;
        let name = flow.as_ref().and_then(|flow| flow.stage(job.stage));
        let content = Content::Stage {
            job: job.clone(),
            flow: flow.as_ref().map_or_else(|| stored.value.flow.to_string(), |flow| flow.name.clone()),
            stage: name.map_or_else(|| job.stage.to_string(), |stage| stage.name.clone()),
        };
        let (now, mut due, mut letter) = (self.clock.now(), Vec::new(), None);
        let before = stored.value.status;
        let place = RunPlace { store: &job.store, subject: &job.subject, run: &job.run };
        let written = runs::change(&*self.table, place, Some(stored), |run| {
            let filed = fail(run, job, reason.as_ref(), now, &content)?;
            if let Some(flow) = &flow {
                due = run.advance(flow, now, shelf.hours(&shelf.zone_of(run)));
            }
            run.settle();
            let write = put_letter(&job.store, &filed, Expect::Any);
            letter = Some(filed);
            Some(vec![write])
        })
        .await?;
        if let (Some(run), Some(letter)) = (written, letter) {
            let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
            onward.stages(&run, &due).await?;
            let places: Vec<_> = run.to_give_back().collect();
            customers::give_back(&*self.table, &job.store, &job.subject, &places).await?;
            self.counters.dead_letters.add(Filed::Filed);
            self.counters.run_moved(before, run.status);
            tracing::error!(
                reason = trace::kind(&letter.reason),
                attempts = letter.attempts,
                "a dead letter"
            );
            self.open_alert(&job.store, letter.at).await?;
        }
        Ok(())
    }

    /// The letter of what has one already: many a way leads here.
    async fn filed(&self, job: &StageJob, run: &Run) -> Result<Option<DeadLetter>, Fault> {
        let state = run.stages.get(usize::from(job.stage)).filter(|state| state.series == job.series);
        let failed = state.filter(|state| state.status == StageStatus::Failed);
        let Some(at) = failed.and_then(|state| state.ended_at) else { return Ok(None) };
        let key = Key::new(keys::dead_letters(&job.store), letter_id(job, at));
        Ok(load::<DeadLetter>(&*self.table, &key).await?.map(|stored| stored.value))
    }

    /// Whose a body is, as far as it says so: also one of another version is for its own team to hear of.
    async fn whose(&self, body: &str) -> Result<StoreId, TableError> {
        let said: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let places = ["/store", "/facts/0/store", "/stage/store"];
        let store = places.into_iter().find_map(|place| said.pointer(place)?.as_str()).map(StoreId::from);
        match store {
            Some(store) if self.catalog.shelf(&store).await?.is_some() => Ok(store),
            _ => Ok(NOBODY.into()),
        }
    }

    async fn message(&self, store: &StoreId, id: &str, body: String, problem: String) -> Result<(), Fault> {
        let (mut at, (source, facts)) = (self.clock.now(), facts_in(&body));
        let letter = DeadLetter {
            id: format!("{}#message#{id}", keys::stamp(at)),
            at,
            content: Content::Message { body },
            reason: Reason::Fault { problem },
            attempts: MAX_RECEIVES,
            filed: Some(at),
            replayed: None,
        };
        // The message may come again, and its letter lies by a time: what was filed is known by the message.
        let mut filed = item(keys::filed(store, id), &at);
        filed.expires_at = Some(at + Self::REMEMBERED);
        let writes = vec![put_letter(store, &letter, Expect::Absent), Write::Put(filed, Expect::Absent)];
        match self.table.write(writes).await {
            Ok(()) => {
                self.counters.dead_letters.add(Filed::Filed);
                self.counters.facts.add_many((source, Fate::Quarantined), facts);
                tracing::error!(facts, "a dead letter: a message that cannot be worked on");
            }
            Err(WriteError::Expectation(_)) => {
                let before = load::<Timestamp>(&*self.table, &keys::filed(store, id)).await?;
                at = before.map_or(at, |before| before.value);
            }
            Err(error) => return Err(error.into()),
        }
        self.open_alert(store, at).await
    }
}

/// How many facts a body holds, also one of another version, and whose they are.
fn facts_in(body: &str) -> (Source, usize) {
    let said: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let source = said.pointer("/facts/0/source").and_then(Value::as_str).unwrap_or_default();
    (Source::named(source), said.pointer("/facts").and_then(Value::as_array).map_or(0, Vec::len))
}

/// Marks the stage failed where it is not yet, and makes its letter. `None` when there is nothing to file.
fn fail(
    run: &mut Run,
    job: &StageJob,
    reason: Option<&Reason>,
    now: Timestamp,
    content: &Content,
) -> Option<DeadLetter> {
    let state = run.stages.get_mut(usize::from(job.stage))?;
    if state.series != job.series || !matches!(state.status, StageStatus::Queued | StageStatus::Failed) {
        return None;
    }
    // Somebody may still be at it: what they did is told by their record, or by a receipt.
    state.let_go();
    let last = state.attempts.last().map(|attempt| match &attempt.outcome {
        Outcome::Accepted(_) => "accepted".to_owned(),
        Outcome::Refused(error) => error.to_string(),
        Outcome::Ambiguous => "the answer was lost".to_owned(),
        Outcome::NotSent(problem) => problem.clone(),
    });
    if state.status == StageStatus::Queued {
        let spent = Reason::AttemptsSpent {
            attempts: MAX_RECEIVES,
            last: last.unwrap_or_else(|| "it could not be worked on".to_owned()),
        };
        state.end(StageStatus::Failed, Some(reason.cloned().unwrap_or(spent)), now);
    }
    let at = state.ended_at.unwrap_or(now);
    let reason = state.reason.clone().or_else(|| reason.cloned())?;
    let (id, content) = (letter_id(job, at), content.clone());
    Some(DeadLetter { id, at, content, reason, attempts: state.tries, filed: Some(now), replayed: None })
}

fn letter_id(job: &StageJob, at: Timestamp) -> String {
    format!("{}#{}#{}#{}#{}", keys::stamp(at), job.subject, job.run, job.stage, job.series)
}

/// A put of a dead letter.
pub(crate) fn put_letter(store: &StoreId, letter: &DeadLetter, expect: Expect) -> Write {
    put(Key::new(keys::dead_letters(store), &letter.id), letter, expect)
}
