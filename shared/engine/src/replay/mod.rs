//! Replay: dead letters run again on purpose, one or by filter, with a preview of what would run.
//! The stage decides as ever, on what is so now: what stopped making sense is skipped, with a reason.

mod filter;

use harkara_domain::{
    Reason, StoreId,
    decide::{Decision, decide},
    run::{Run, StageStatus},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{
    bury::{Content, DeadLetter, put_letter},
    catalog::Catalog,
    fault::Fault,
    hand_on::{Onward, queue_of},
    job::{Job, ReplayJob, StageJob},
    keys,
    port::{Clock, Expect, Key, Outgoing, Queue, QueueName, Scheduler, Table, TableError},
    record::{Stored, decode, load, put},
    runs::{self, RunPlace},
    stage::Loaded,
};
pub use filter::Filter;

/// What a replay would do about a letter, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prospect {
    /// It would run.
    Run,
    /// It would be left out.
    LeaveOut(Reason),
    /// There is nothing to run any more.
    Gone,
}

/// A letter of a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Previewed {
    /// The letter.
    pub letter: DeadLetter,
    /// What would become of it now.
    pub prospect: Prospect,
}

/// What a replay would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// All that the filter admits.
    pub total: usize,
    /// The first of them, with what would become of each.
    pub first: Vec<Previewed>,
}

/// A replay and its progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Its place among the store's replays.
    pub id: String,
    /// Which letters.
    pub filter: Filter,
    /// Who asked for it.
    pub by: String,
    /// When; letters filed later are not part of it.
    pub at: Timestamp,
    /// How many letters there were.
    pub total: usize,
    /// How many were seen to.
    pub done: usize,
    /// How many of these were run again; the others were gone.
    pub started: usize,
    /// When the last was seen to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// Runs dead letters again.
pub struct Replayer {
    /// Where runs and dead letters lie.
    pub table: Arc<dyn Table>,
    /// Where stages go.
    pub queue: Arc<dyn Queue>,
    /// Where later stages go.
    pub scheduler: Arc<dyn Scheduler>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
}

impl Replayer {
    /// Letters seen to by one job.
    pub const CHUNK: usize = 25;
    /// Letters that a preview looks at closely.
    pub const PREVIEWED: usize = 50;

    /// What a replay would do, now.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn preview(&self, store: &StoreId, filter: &Filter) -> Result<Preview, Fault> {
        let mut preview = Preview { total: 0, first: Vec::new() };
        let mut after = None;
        loop {
            let page = self.table.query(filter.query(store).after(after)).await?;
            for item in &page.items {
                let letter = decode::<DeadLetter>(item)?.value;
                if !filter.admits(&letter) {
                    continue;
                }
                preview.total += 1;
                if preview.first.len() < Self::PREVIEWED {
                    let prospect = self.prospect(&letter).await?;
                    preview.first.push(Previewed { letter, prospect });
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(preview);
            }
        }
    }

    async fn prospect(&self, letter: &DeadLetter) -> Result<Prospect, Fault> {
        let Content::Stage { job, .. } = &letter.content else { return Ok(Prospect::Run) };
        // As the stage function looks at them.
        let loaded = Loaded::load(&*self.table, &self.catalog, &*self.clock, job).await?;
        let Some(mut loaded) = loaded else {
            return Ok(Prospect::Gone);
        };
        let now = loaded.now;
        if !reopen(&mut loaded.run.value, job, now) {
            return Ok(Prospect::Gone);
        }
        Ok(match decide(loaded.scene(job.stage), job.stage, job.series + 1) {
            Decision::Act | Decision::Take(_) | Decision::Listen(_) | Decision::Wait(..) => Prospect::Run,
            Decision::Skip(reason) | Decision::Cancel(reason) | Decision::Leave(reason) => {
                Prospect::LeaveOut(reason)
            }
            Decision::Void => Prospect::Gone,
        })
    }

    /// Starts a replay; it goes on in the background.
    ///
    /// # Errors
    /// When a read, the write or the queue fails.
    pub async fn start(&self, store: &StoreId, filter: Filter, by: &str) -> Result<Replay, Fault> {
        let at = self.clock.now();
        let filter = Filter { to: Some(filter.to.map_or(at, |to| to.min(at))), ..filter };
        let total = self.preview(store, &filter).await?.total;
        let tag = harkara_domain::id::digest(&format!("{at}{by}{filter:?}"));
        let id = format!("{}-{}", keys::stamp(at), tag.get(..8).unwrap_or_default());
        let replay = Replay { id, filter, by: by.to_owned(), at, total, done: 0, started: 0, ended_at: None };
        self.table.write(vec![put(self.key(store, &replay.id), &replay, Expect::Absent)]).await?;
        self.go_on(store, &replay.id, None).await?;
        Ok(replay)
    }

    /// A replay, with its progress.
    ///
    /// # Errors
    /// When the read fails.
    pub async fn progress(&self, store: &StoreId, id: &str) -> Result<Option<Replay>, TableError> {
        Ok(load::<Replay>(&*self.table, &self.key(store, id)).await?.map(|stored| stored.value))
    }

    fn key(&self, store: &StoreId, id: &str) -> Key {
        Key::new(keys::replays(store), id)
    }

    async fn go_on(&self, store: &StoreId, replay: &str, after: Option<String>) -> Result<(), Fault> {
        let job = Job::Replay(ReplayJob { store: store.clone(), replay: replay.to_owned(), after });
        Ok(self.queue.send(QueueName::Failures, vec![Outgoing::now(job.body())]).await?)
    }

    /// Sees to the next chunk of a replay.
    ///
    /// # Errors
    /// When anything fails; the chunk may be given again, letters seen to are passed over.
    pub async fn chunk(&self, job: &ReplayJob) -> Result<(), Fault> {
        let key = self.key(&job.store, &job.replay);
        let Some(Stored { value: mut replay, version }) = load::<Replay>(&*self.table, &key).await? else {
            return Ok(());
        };
        let gap = self.catalog.shelf(&job.store).await?.and_then(|shelf| shelf.gap);
        if gap.is_some_and(|gap| replay.at <= gap.until) {
            // Somebody else has gone on with it within the gap; what is left is for whoever asks anew.
            replay.ended_at = Some(self.clock.now());
            return Ok(self.table.write(vec![put(key, &replay, Expect::Version(version))]).await?);
        }
        let query = replay.filter.query(&job.store).limit(Self::CHUNK).after(job.after.clone());
        let page = self.table.query(query).await?;
        for item in &page.items {
            let letter = decode::<DeadLetter>(item)?;
            if replay.filter.admits(&letter.value) {
                replay.done += 1;
                replay.started += usize::from(self.again(&job.store, letter, &replay.by).await?);
            }
        }
        if page.next.is_none() {
            replay.ended_at = Some(self.clock.now());
        }
        self.table.write(vec![put(key, &replay, Expect::Version(version))]).await?;
        if page.next.is_some() {
            self.go_on(&job.store, &job.replay, page.next).await?;
        }
        Ok(())
    }

    /// Runs one letter again; whether there was anything to run.
    async fn again(&self, store: &StoreId, letter: Stored<DeadLetter>, by: &str) -> Result<bool, Fault> {
        let now = self.clock.now();
        let marked = DeadLetter { replayed: Some((now, by.to_owned())), ..letter.value.clone() };
        let mark = put_letter(store, &marked, Expect::Version(letter.version));
        match &letter.value.content {
            Content::Message { body } => {
                let queue = match Job::read(body) {
                    Ok(Job::Facts(_)) => QueueName::Events,
                    Ok(Job::Stage(job)) => queue_of(job.priority),
                    _ => QueueName::Failures,
                };
                self.queue.send(queue, vec![Outgoing::now(body.clone())]).await?;
                self.table.write(vec![mark]).await?;
                Ok(true)
            }
            Content::Stage { job, .. } => {
                let place = RunPlace { store, subject: &job.subject, run: &job.run };
                let again = runs::change(&*self.table, place, None, |run| {
                    reopen(run, job, now).then(|| vec![mark.clone()])
                })
                .await?;
                let Some(run) = again else {
                    self.table.write(vec![mark]).await?;
                    return Ok(false);
                };
                let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
                onward.stages(&run, &[(job.stage, now)]).await?;
                Ok(true)
            }
        }
    }
}

/// Makes a failed stage due again, in a new series. `false` when it is not failed any more.
fn reopen(run: &mut Run, job: &StageJob, now: Timestamp) -> bool {
    let Some(state) = run.stages.get_mut(usize::from(job.stage)) else { return false };
    if state.status != StageStatus::Failed || state.series != job.series {
        return false;
    }
    state.series += 1;
    state.tries_before = state.tries;
    state.channel = 0;
    state.reopen(now);
    run.settle();
    true
}
