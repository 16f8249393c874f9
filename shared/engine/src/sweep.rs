//! The sweep: finds whatever is due but was never picked up (a lost schedule, a crash between commit
//! and enqueue) and hands it on again. A job too many finds nothing to do.

use harkara_domain::{Run, run::RunStatus};
use jiff::SignedDuration;
use std::sync::Arc;

use crate::{
    count::Counters,
    fault::Fault,
    hand_on::Onward,
    keys,
    matching::open_stages,
    port::{Clock, Index, Query, Queue, Scheduler, Table},
    record::decode,
};

/// Looks for what is overdue.
pub struct Sweeper {
    /// Where runs lie.
    pub table: Arc<dyn Table>,
    /// Where stages go.
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
    /// The most runs that one sweep hands on from each partition of its index.
    const MAX_RUNS: usize = 500;

    /// Sweeps once; says how many stages were handed on again.
    ///
    /// # Errors
    /// When the table, the queue or the scheduler fails.
    pub async fn sweep(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut found = 0;
        for shard in 0..keys::DUE_SHARDS {
            let mut query = Query::index(Index::Due, keys::due_partition(shard)).limit(Self::MAX_RUNS);
            query.to = Some(keys::stamp(now - Self::GRACE));
            for item in self.table.query(query).await?.items {
                let run = decode::<Run>(&item)?.value;
                if run.status != RunStatus::Running {
                    continue;
                }
                let mut overdue = open_stages(&run, now);
                overdue.retain(|(_, due)| *due <= now - Self::GRACE);
                found += overdue.len();
                let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
                onward.stages(&run, &overdue).await?;
            }
        }
        if found > 0 {
            self.counters.add("sweep.found");
            tracing::info!(found, "overdue stages handed on again");
        }
        Ok(found)
    }
}
