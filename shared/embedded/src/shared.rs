//! What the writer and its callers share.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::Notify;

use harkara_engine::port::PerQueue;

use crate::{queue::Lane, writer::mailbox::Mailbox};

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) mailbox: Mailbox,
    pub(crate) lanes: PerQueue<Lane>,
    /// When the earliest schedule is due, in milliseconds since 1970; `i64::MAX` for none. Only the
    /// writer changes it.
    pub(crate) next_schedule: AtomicI64,
    /// The above is earlier than it was.
    pub(crate) rescheduled: Notify,
    pub(crate) commits: AtomicU64,
    pub(crate) ops: AtomicU64,
}

impl Shared {
    /// What callers of a closed store are told.
    pub(crate) const CLOSED: &'static str = "the store is closed";

    /// A schedule was made.
    pub(crate) fn scheduled(&self, due_ms: i64) {
        if due_ms < self.next_schedule.fetch_min(due_ms, Ordering::AcqRel) {
            self.rescheduled.notify_one();
        }
    }
}
