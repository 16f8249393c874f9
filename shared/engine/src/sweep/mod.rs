//! The sweep: finds whatever is due but was never picked up (a lost schedule, a crash between commit
//! and enqueue) and hands it on again; and what comes with a date. A job too many finds nothing to do.

mod dates;
mod overdue;
mod walk;

use jiff::SignedDuration;
use std::sync::Arc;
use tracing::Instrument;

use crate::{
    count::{Counters, Found},
    fault::Fault,
    port::{Clock, Queue, Scheduler, Table},
    sentinel::Sentinel,
    trace,
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

    /// Sweeps once; says how much was overdue, stages and what time was to bring about.
    ///
    /// # Errors
    /// When the table, the queue or the scheduler fails.
    pub async fn sweep(&self) -> Result<usize, Fault> {
        self.once().instrument(trace::of_work("sweep")).await
    }

    async fn once(&self) -> Result<usize, Fault> {
        let overdue = self.overdue().await;
        if let Ok(found @ 1..) = overdue {
            self.counters.sweep_finds.add_many(Found::Overdue, found);
            tracing::info!(found, "what was overdue was handed on again");
        }
        // The trouble of the one is not the other's.
        let (dates, heard) = (self.dates().await, self.sentinel().look().await);
        dates?;
        heard?;
        overdue
    }

    fn sentinel(&self) -> Sentinel<'_> {
        Sentinel { table: &*self.table, queue: &*self.queue, clock: &*self.clock }
    }
}
