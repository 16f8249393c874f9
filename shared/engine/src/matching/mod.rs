//! The matcher: folds facts into views, and starts the runs that their transitions select. View,
//! customer, runs and history change in one transaction; only then are the first stages handed on.

mod ahead;
mod plan;
pub(crate) mod played;
mod receipt;
pub(crate) mod rehearse;
mod reply;
mod said;
mod select;
mod tally;

use harkara_domain::{CustomerView, Fact, FactBody, Run, StoreId, Subject, run::RunStatus};
use jiff::Timestamp;
use std::sync::Arc;

use crate::{
    batch,
    catalog::{Catalog, Shelf},
    count::{By, Counters, Hopeless, RunEvent, Source},
    fault::Fault,
    hand_on::Onward,
    job::{BadJob, FactsJob, Job},
    keys,
    port::{Clock, Delivery, Query, Queue, Scheduler, Table, TableError, Unprocessed, Write, WriteError},
    record::{MAX_ROUNDS, Stored, all, decode, load},
    refusals, trace,
    views::View,
};
pub(crate) use plan::put_run;
use plan::{Before, Plan};
use tally::Tally;

/// Turns facts into views and runs.
pub struct Matcher {
    /// Where views, runs and history lie.
    pub table: Arc<dyn Table>,
    /// Where stages go.
    pub queue: Arc<dyn Queue>,
    /// Where later stages go.
    pub scheduler: Arc<dyn Scheduler>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

/// What a write came to.
enum Written {
    Done,
    /// These facts were recorded before.
    Duplicates(Vec<harkara_domain::FactId>),
    /// Something changed since it was read.
    Changed,
}

impl Matcher {
    /// Works on a batch; says which messages have to come again.
    pub async fn batch(&self, deliveries: &[Delivery]) -> Unprocessed {
        batch::each("matcher", deliveries, |delivery, job| async move {
            let done = self.delivery(delivery, job).await;
            if let Err(error) = &done {
                tracing::warn!(problem = %error.logged(), "facts not folded");
            }
            done.is_ok()
        })
        .await
    }

    async fn delivery(&self, delivery: &Delivery, job: Result<Job, BadJob>) -> Result<(), Fault> {
        match job {
            Ok(Job::Facts(job)) => {
                let (given, mut tally) = (job.facts.len(), Tally::default());
                let source = job.facts.first().map_or(Source::Other, |fact| Source::named(&fact.source));
                let done = self.facts(job, delivery.receives > 1, &mut tally).await;
                tally.count(&self.counters, source, given);
                match done {
                    Err(fault) if batch::is_hopeless(&fault) => {
                        self.counters.put_aside.add((By::Matcher, Hopeless::TooLarge));
                        Ok(batch::give_up(&*self.queue, delivery, &fault).await?)
                    }
                    done => done,
                }
            }
            Ok(Job::Refusals(job)) => refusals::note(&*self.table, &job).await,
            other => {
                self.counters.put_aside.add((By::Matcher, Hopeless::BadJob));
                Ok(batch::put_aside(&*self.queue, delivery, other.err()).await?)
            }
        }
    }

    /// Folds facts about one subject. `again`: the message has come before, so what it had set off
    /// may not have been handed on.
    ///
    /// # Errors
    /// A [`Fault`]; the same facts may be given again.
    async fn facts(&self, job: FactsJob, again: bool, tally: &mut Tally) -> Result<(), Fault> {
        let Some(store) = job.facts.first().map(|fact| fact.store.clone()) else { return Ok(()) };
        let shelf = self.catalog.shelf(&store).await?;
        let shelf = shelf.ok_or_else(|| Fault::NoStore(store.clone()))?;
        // Once in a store's life. Should it fail, the next facts try again: these are not to wait for it.
        if !shelf.enlisted
            && let Err(problem) = self.catalog.enlist(&store).await
        {
            tracing::warn!(%problem, "the store is not watched yet");
        }
        let (receipts, facts): (Vec<Fact>, Vec<Fact>) =
            job.facts.into_iter().partition(|fact| matches!(fact.body, FactBody::Receipt(_)));
        for fact in &receipts {
            self.receipt(&shelf, fact, tally).await?;
        }
        let Some(subject) = facts.first().map(Fact::subject) else { return Ok(()) };
        let subject = match subject {
            Some(Subject::Customer(customer)) => self.last_order(&store, customer, &facts).await?,
            Some(subject) => subject,
            None => {
                tally.ignored += facts.len();
                return Ok(());
            }
        };
        trace::turns_out(&subject);
        self.subject(&shelf, (&store, &subject), facts, again, tally).await
    }

    /// Folds facts about a subject: at once, or in as many writes as they take.
    async fn subject(
        &self,
        shelf: &Shelf,
        of: (&StoreId, &Subject),
        facts: Vec<Fact>,
        again: bool,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let mut parts = vec![facts];
        while let Some(part) = parts.pop() {
            if let Some(mut facts) = self.part(shelf, of, part, again, tally).await? {
                // It does not matter in which order facts are folded; the first come first all the same.
                let later = facts.split_off(facts.len() / 2);
                parts.extend([later, facts]);
            }
        }
        Ok(())
    }

    /// Folds facts that go into one write; gives them back where they are too much for it.
    async fn part(
        &self,
        shelf: &Shelf,
        (store, subject): (&StoreId, &Subject),
        mut facts: Vec<Fact>,
        again: bool,
        tally: &mut Tally,
    ) -> Result<Option<Vec<Fact>>, Fault> {
        for _ in 0..MAX_ROUNDS {
            let before = self.before(store, subject, &facts).await?;
            let given = facts.len();
            facts.retain(|fact| !before.is_elsewhere(fact));
            tally.duplicate += given - facts.len();
            let now = self.clock.now();
            let mut plan = Plan::fold(before, &facts, &shelf.settings.rules.words, now);
            if plan.is_empty() {
                tally.duplicate += facts.len();
                tracing::debug!(facts = facts.len(), "nothing new was said");
                self.hand_on_again(store, subject, again).await?;
                return Ok(None);
            }
            let runs = if plan.asks_for_runs(shelf) { self.runs(store, subject).await? } else { Vec::new() };
            let held: Vec<Run> = runs.iter().map(|run| run.value.clone()).collect();
            plan.match_flows(shelf, &held, now);
            plan.see_to(runs, now);
            let awaited = plan.look_ahead(shelf, now);
            if facts.len() > 1 && plan.is_too_much() {
                return Ok(Some(facts));
            }
            let journal = plan.journal(&facts, shelf.settings.journal_days, now);
            match self.write(&plan, journal).await? {
                Written::Done => {
                    let applied = facts.iter().filter(|fact| plan.has_entry(fact)).count();
                    tally.applied += applied;
                    tally.duplicate += facts.len() - applied;
                    self.written(&plan, applied);
                    self.hand_on(&plan, facts.iter().map(|fact| fact.received_at).min()).await?;
                    self.hand_on_awaited((store, subject), awaited).await?;
                    return Ok(None);
                }
                Written::Duplicates(known) => {
                    let given = facts.len();
                    facts.retain(|fact| !known.contains(&fact.id));
                    tally.duplicate += given - facts.len();
                }
                Written::Changed => {}
            }
        }
        Err(WriteError::Conflict.into())
    }

    /// Reads what the facts will be folded into.
    async fn before(&self, store: &StoreId, subject: &Subject, facts: &[Fact]) -> Result<Before, Fault> {
        let item = self.table.get(&keys::view(store, subject)).await?;
        let view = item.map(|item| View::decode(subject, &item)).transpose()?;
        let mut customers = Vec::new();
        for id in plan::customers_touched(view.as_ref().map(|view| &view.value), subject, facts) {
            let stored = load::<CustomerView>(&*self.table, &keys::customer(store, &id)).await?;
            customers.push((id, stored));
        }
        Ok(Before { store: store.clone(), subject: subject.clone(), view, customers })
    }

    async fn runs(&self, store: &StoreId, subject: &Subject) -> Result<Vec<Stored<Run>>, TableError> {
        let query = Query::partition(keys::partition(store, subject)).prefix("r#");
        all(&*self.table, query).await?.iter().map(decode::<Run>).collect()
    }

    /// Counts and tells what a plan came to.
    fn written(&self, plan: &Plan, applied: usize) {
        self.counters.folds.add(());
        let transitions = plan.entries.iter().map(|entry| entry.transitions.len()).sum();
        self.counters.triggers.add_many((), transitions);
        for run in &plan.cancelled {
            self.counters.run_moved(RunStatus::Running, run.value.status);
        }
        let (started, cancelled) = (plan.started.len(), plan.cancelled.len());
        tracing::info!(applied, transitions, started, cancelled, "facts were folded");
    }

    async fn write(&self, plan: &Plan, journal: Option<Write>) -> Result<Written, Fault> {
        let (mut writes, recorded) = plan.writes();
        writes.extend(journal);
        match self.table.write(writes).await {
            Ok(()) => Ok(Written::Done),
            Err(WriteError::Conflict) => Ok(Written::Changed),
            Err(WriteError::Expectation(places)) => {
                let known: Vec<_> = recorded
                    .into_iter()
                    .filter(|(place, _)| places.contains(place))
                    .map(|(_, id)| id)
                    .collect();
                Ok(if known.is_empty() { Written::Changed } else { Written::Duplicates(known) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Hands on what a plan has made due, of facts of which the first came in at `told`.
    async fn hand_on(&self, plan: &Plan, told: Option<Timestamp>) -> Result<(), Fault> {
        for run in &plan.started {
            let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
            onward.set_off(run, &open_stages(run, self.clock.now()), told).await?;
            self.counters.runs.add(RunEvent::Started);
            tracing::info!(run = %run.id, flow = %run.flow, version = run.version, "a run began");
        }
        // What has happened may be what they wait for: the stage function looks for itself.
        for run in &plan.woken {
            let now = self.clock.now();
            let open: Vec<_> = open_stages(run, now).into_iter().map(|(stage, _)| (stage, now)).collect();
            let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
            onward.stages(run, &open).await?;
            self.counters.runs.add(RunEvent::Woken);
        }
        Ok(())
    }

    /// What a repeated fact had set off may not have been handed on: a crash can come between commit
    /// and enqueue. Hands on what is overdue of the order's runs, or with `all` whatever is open; a job
    /// too many finds nothing to do.
    async fn hand_on_again(&self, store: &StoreId, subject: &Subject, all: bool) -> Result<(), Fault> {
        let now = self.clock.now();
        for run in self.runs(store, subject).await? {
            let mut due = open_stages(&run.value, now);
            due.retain(|(_, at)| all || *at <= now);
            if run.value.status == RunStatus::Running && !due.is_empty() {
                let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
                onward.stages(&run.value, &due).await?;
            }
        }
        Ok(())
    }
}

/// The stages of a run that are due, now or later, and that nobody holds.
pub fn open_stages(run: &Run, now: Timestamp) -> Vec<(u16, Timestamp)> {
    let open = run.stages.iter().enumerate().filter(|(_, stage)| stage.is_open() && !stage.is_claimed(now));
    open.filter_map(|(index, stage)| Some((u16::try_from(index).ok()?, stage.due?))).collect()
}
