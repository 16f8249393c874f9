//! The sweep: finds whatever is due but was never picked up (a lost schedule, a crash between commit
//! and enqueue) and hands it on again; and what comes with a date. A job too many finds nothing to do.

mod dates;
mod walk;

use harkara_domain::{Run, run::RunStatus};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

use crate::{
    clocks,
    count::Counters,
    fault::Fault,
    hand_on::Onward,
    keys,
    matching::open_stages,
    port::{Clock, Index, Item, Query, Queue, Scheduler, Table},
    record::decode,
    views::View,
};

/// Looks for what is overdue, and for what a date has brought.
pub struct Sweeper {
    /// Where runs, views and dates lie.
    pub table: Arc<dyn Table>,
    /// Where stages and facts go.
    pub queue: Arc<dyn Queue>,
    /// Where later stages go.
    pub scheduler: Arc<dyn Scheduler>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

impl Sweeper {
    /// How long something may be due before it counts as overdue: well over the time that a job
    /// spends in a queue, and over a claim's lease.
    pub const GRACE: SignedDuration = SignedDuration::from_mins(3);
    /// The most runs and views that one sweep looks at in each partition of its index.
    const MAX_OVERDUE: usize = 500;

    /// Sweeps once; says how much was overdue, stages and what time was to bring about.
    ///
    /// # Errors
    /// When the table, the queue or the scheduler fails.
    pub async fn sweep(&self) -> Result<usize, Fault> {
        let found = self.overdue().await?;
        if found > 0 {
            self.counters.add("sweep.found");
            tracing::info!(found, "what was overdue was handed on again");
        }
        self.dates().await?;
        Ok(found)
    }

    async fn overdue(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut found = 0;
        for shard in 0..keys::DUE_SHARDS {
            let mut query = Query::index(Index::Due, keys::due_partition(shard)).limit(Self::MAX_OVERDUE);
            query.to = Some(keys::stamp(now - Self::GRACE));
            for item in self.table.query(query).await?.items {
                found += match keys::subject_of(&item.key) {
                    Some((store, subject)) => {
                        let view = View::decode(&subject, &item)?.value;
                        self.overdue_facts((&store, &subject), &view, now).await?
                    }
                    None => self.overdue_stages(&item, now).await?,
                };
            }
        }
        Ok(found)
    }

    async fn overdue_stages(&self, item: &Item, now: Timestamp) -> Result<usize, Fault> {
        let run = decode::<Run>(item)?.value;
        if run.status != RunStatus::Running {
            return Ok(0);
        }
        let mut overdue = open_stages(&run, now);
        overdue.retain(|(_, due)| *due <= now - Self::GRACE);
        self.onward().stages(&run, &overdue).await?;
        Ok(overdue.len())
    }

    /// What time was to bring about for a subject: whether it has is for the matcher to say.
    async fn overdue_facts(
        &self,
        (store, subject): (&harkara_domain::StoreId, &harkara_domain::Subject),
        view: &View,
        now: Timestamp,
    ) -> Result<usize, Fault> {
        let mut found = 0;
        for awaited in view.awaits().iter().filter(|awaited| awaited.at <= now) {
            self.onward().fact(clocks::fact(store, subject, awaited, now), now).await?;
            found += 1;
        }
        Ok(found)
    }

    fn onward(&self) -> Onward<'_> {
        Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock }
    }
}
