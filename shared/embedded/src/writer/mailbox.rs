//! Where callers leave ops for the writer.

use std::{
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::op::Op;

/// How long an op that nobody waits for may wait for company.
const LAZY: Duration = Duration::from_millis(20);
/// How long the writer looks away while it waits for more.
const SLICE: Duration = Duration::from_micros(40);
/// From so many waiting ops on, none of them waits any longer.
const ENOUGH: usize = 256;

#[derive(Debug, Default)]
struct Inner {
    ops: Vec<Op>,
    urgent: bool,
    closed: bool,
    asleep: bool,
}

/// A list under a lock: one lock a push, one for everything that is waiting.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
    arrival: Condvar,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves an op. After [`Mailbox::close`] it is dropped, and its caller sees its reply dropped.
    pub(crate) fn push(&self, op: Op) {
        let mut inner = self.lock();
        if inner.closed {
            return;
        }
        let first = inner.ops.is_empty();
        inner.urgent |= !op.is_lazy() || inner.ops.len() >= ENOUGH;
        inner.ops.push(op);
        // A sleeping writer wakes for what is urgent, and to start the wait of what is not.
        if inner.asleep && (inner.urgent || first) {
            inner.asleep = false;
            drop(inner);
            self.arrival.notify_one();
        }
    }

    /// Takes no more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrival.notify_one();
    }

    /// Waits for ops, then puts them all into `ops`, which is empty. Gives `false` when the mailbox
    /// is closed and empty.
    pub(crate) fn take(&self, ops: &mut Vec<Op>) -> bool {
        let mut inner = self.lock();
        let mut since: Option<Instant> = None;
        loop {
            if inner.urgent || inner.closed {
                break;
            }
            inner.asleep = true;
            if inner.ops.is_empty() {
                inner = self.arrival.wait(inner).unwrap_or_else(PoisonError::into_inner);
            } else {
                let left = LAZY.saturating_sub(since.get_or_insert_with(Instant::now).elapsed());
                if left.is_zero() {
                    break;
                }
                inner = self.arrival.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        inner.asleep = false;
        inner.urgent = false;
        mem::swap(&mut inner.ops, ops);
        !(inner.closed && ops.is_empty())
    }

    /// Adds what has come since to `ops`. Fewer than `hoped` are waited for, up to `linger`, as long as
    /// more keep coming.
    pub(crate) fn top_up(&self, ops: &mut Vec<Op>, hoped: usize, linger: Duration) {
        let until = Instant::now() + linger;
        loop {
            let mut inner = self.lock();
            let came = inner.ops.len();
            inner.urgent = false;
            ops.append(&mut inner.ops);
            let closed = inner.closed;
            drop(inner);
            let left = until.saturating_duration_since(Instant::now());
            if ops.len() >= hoped || closed || left.is_zero() || (came == 0 && left < linger / 2) {
                return;
            }
            // No wake-up for every arrival: the wait is short, and a look at its end is enough.
            std::thread::sleep(left.min(SLICE));
        }
    }
}
