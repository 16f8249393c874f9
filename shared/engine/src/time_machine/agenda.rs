//! What is to come, in the order of time.

use harkara_domain::{Fact, RunId, Subject};
use jiff::Timestamp;
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// What is to come at a time.
#[derive(Debug)]
pub(super) enum What {
    /// Facts about one subject become known.
    Facts(Vec<Fact>),
    /// A stage is due.
    Stage(Subject, RunId, u16),
}

/// Something at its time. Of what comes at the same moment, facts that were made then come first, and then
/// what was noted first.
#[derive(Debug)]
struct Appointment {
    at: Timestamp,
    number: u64,
    what: What,
}

impl Appointment {
    fn place(&self) -> (Timestamp, bool, u64) {
        (self.at, matches!(self.what, What::Stage(..)), self.number)
    }
}

impl PartialEq for Appointment {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Appointment {}

impl PartialOrd for Appointment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Appointment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Appointment>>,
    noted: u64,
}

impl Agenda {
    /// Notes something.
    pub(super) fn note(&mut self, at: Timestamp, what: What) {
        self.noted += 1;
        self.heap.push(Reverse(Appointment { at, number: self.noted, what }));
    }

    /// When the next comes.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse(next)| next.at)
    }

    /// The next.
    pub(super) fn pop(&mut self) -> Option<(Timestamp, What)> {
        self.heap.pop().map(|Reverse(next)| (next.at, next.what))
    }
}
