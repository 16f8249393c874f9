//! What a queue holds in memory: what lies [`Ready`], and what is in flight.
//!
//! Memory changes after the commit that it mirrors, so a failed commit leaves it as it was. After a
//! start the rows on disk are looked through once, from the earliest on, some at a time.

use std::collections::{BTreeSet, HashMap};

use harkara_engine::port::Delivery;

use super::ready::{GroupName, Held, Ready};
use crate::{place::last_of, writer::op::Receipt};

/// Who is at a message in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    /// The consumer.
    Consumer,
    /// The writer: it is being given up or redriven.
    Writer,
    /// The writer: it was processed and is being deleted.
    Settled,
}

/// A delivered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) place: i64,
    pub(crate) group: GroupName,
    pub(crate) receives: u32,
    /// When it comes again, in milliseconds since 1970.
    pub(crate) visible_at: i64,
    /// The row on disk has this time and this count.
    pub(crate) kept: bool,
    pub(crate) hand: Hand,
}

/// What to load from disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// The next rows that nobody has looked at since the start.
    Unseen,
    /// The next messages of a group.
    Group(GroupName),
}

/// What a poller gets.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) deliveries: Vec<Delivery>,
    /// Received too often: to be moved to the dead-letter queue.
    pub(crate) redrive: Vec<Receipt>,
    /// Their visibility has run out: to be given up.
    pub(crate) expired: Vec<Receipt>,
    /// What should be loaded.
    pub(crate) reload: Vec<Load>,
    /// Another poller has something to do or to wait for.
    pub(crate) baton: bool,
    /// The poller that watches the time must look again.
    pub(crate) earlier: bool,
}

/// The terms on which a poller takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) now_ms: i64,
    pub(crate) visible_at: i64,
    pub(crate) max: usize,
    /// How often a message may be received, where there is a dead-letter queue.
    pub(crate) max_receives: Option<u32>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Window {
    ready: Ready,
    flight: HashMap<i64, Flight>,
    expiries: BTreeSet<(i64, i64)>,
    /// Up to where the rows that were there at the start have been looked at.
    seen: i64,
    looking: bool,
    /// Rows on disk.
    pub(crate) total: u64,
    /// Until when the one poller that watches the time sleeps, if there is one.
    pub(crate) watched: Option<i64>,
}

impl Window {
    /// A window over a queue of `total` messages, of which none is loaded yet.
    pub(crate) fn new(max_messages: usize, max_bytes: usize, total: u64) -> Self {
        Self {
            ready: Ready::new(max_messages, max_bytes),
            flight: HashMap::new(),
            expiries: BTreeSet::new(),
            seen: -1,
            looking: false,
            total,
            watched: None,
        }
    }

    /// Takes a message in, if there is room.
    pub(crate) fn insert(&mut self, place: i64, held: Held) {
        self.ready.insert(place, held);
    }

    /// Hands out what is due.
    pub(crate) fn take(&mut self, terms: Terms) -> Taken {
        let mut taken = Taken::default();
        while let Some(&(visible_at, id)) = self.expiries.first().filter(|first| first.0 <= terms.now_ms) {
            self.expiries.remove(&(visible_at, id));
            if let Some(flight) = self.flight.get_mut(&id).filter(|flight| flight.hand == Hand::Consumer) {
                flight.hand = Hand::Writer;
                taken.expired.push(Receipt { id, receives: flight.receives });
            }
        }
        let last = last_of(terms.now_ms);
        while taken.deliveries.len() < terms.max {
            let Some((place, held)) = self.ready.pop(last) else { break };
            let spent = terms.max_receives.is_some_and(|max| held.receives >= max);
            let receives = if spent { held.receives } else { held.receives + 1 };
            let hand = if spent { Hand::Writer } else { Hand::Consumer };
            let (group, visible_at) = (held.group, terms.visible_at);
            let flight = Flight { place, group, receives, visible_at, kept: false, hand };
            self.flight.insert(held.id, flight);
            if spent {
                taken.redrive.push(Receipt { id: held.id, receives });
                continue;
            }
            self.expiries.insert((terms.visible_at, held.id));
            let (id, receipt) = (held.id.to_string(), format!("{}-{receives}", held.id));
            taken.deliveries.push(Delivery { id, receipt, body: held.body, receives });
        }
        taken.reload = self.wants_loaded();
        taken.earlier = self.is_watched_too_late();
        taken.baton = self.next().is_some_and(|next| self.watched.is_none() || next <= terms.now_ms);
        taken
    }

    fn wants_loaded(&mut self) -> Vec<Load> {
        let mut wanted: Vec<Load> = self.ready.low().into_iter().map(Load::Group).collect();
        if self.seen != i64::MAX && !self.looking {
            self.looking = true;
            wanted.push(Load::Unseen);
        }
        wanted
    }

    /// When something happens by itself next: a message becomes due, or a visibility runs out.
    pub(crate) fn next(&self) -> Option<i64> {
        let due = self.ready.next_due();
        let expiry = self.expiries.first().map(|first| first.0);
        match (due, expiry) {
            (Some(due), Some(expiry)) => Some(due.min(expiry)),
            (due, expiry) => due.or(expiry),
        }
    }

    /// Something happens before the poller that watches the time would look.
    pub(crate) fn is_watched_too_late(&self) -> bool {
        self.watched.is_some_and(|until| self.next().is_some_and(|next| next < until))
    }

    /// Where to go on loading, and how much to load at most: messages and bytes.
    pub(crate) fn room(&self, load: &Load) -> (i64, usize, usize) {
        match load {
            Load::Unseen => {
                let (messages, bytes) = self.ready.room_for_all();
                (self.seen, messages, bytes)
            }
            Load::Group(name) => self.ready.room(name),
        }
    }

    /// Takes in what was loaded; the rows have been looked through up to a place, `i64::MAX` for all.
    pub(crate) fn loaded(&mut self, load: &Load, found: Vec<(i64, Held)>, up_to: i64) {
        match load {
            Load::Unseen => (self.seen, self.looking) = (up_to, up_to != i64::MAX),
            Load::Group(name) => self.ready.looked_through(name, up_to),
        }
        for (place, held) in found {
            if !self.flight.contains_key(&held.id) {
                self.ready.insert(place, held);
            }
        }
    }

    /// The load failed; the next poller asks again.
    pub(crate) fn not_loaded(&mut self, load: &Load) {
        match load {
            Load::Unseen => self.looking = false,
            Load::Group(name) => self.ready.not_loaded(name),
        }
    }

    /// The flight that a receipt stands for, unless it was received again since.
    pub(crate) fn flight(&self, receipt: Receipt) -> Option<&Flight> {
        self.flight.get(&receipt.id).filter(|flight| flight.receives == receipt.receives)
    }

    /// Puts a flight into other hands; tells whether it was in the consumer's.
    pub(crate) fn hand_over(&mut self, receipt: Receipt, to: Hand) -> bool {
        match self.flight.get_mut(&receipt.id) {
            Some(flight) if flight.receives == receipt.receives && flight.hand == Hand::Consumer => {
                flight.hand = to;
                true
            }
            _ => false,
        }
    }

    /// Where the message of a receipt is on disk: in flight, or ready again but not yet received again.
    pub(crate) fn place(&self, receipt: Receipt) -> Option<i64> {
        if let Some(flight) = self.flight(receipt) {
            return Some(flight.place);
        }
        // Rare: the consumer was slower than the visibility.
        let same = |held: &Held| held.id == receipt.id && held.receives == receipt.receives;
        self.ready.find(same)
    }

    /// The message of a flight has another time now, on disk too.
    pub(crate) fn moved(&mut self, receipt: Receipt, place: i64, visible_at: i64) {
        let Some(flight) = self.flight.get_mut(&receipt.id) else { return };
        self.expiries.remove(&(flight.visible_at, receipt.id));
        flight.place = place;
        flight.visible_at = visible_at;
        flight.kept = true;
        self.expiries.insert((visible_at, receipt.id));
    }

    /// A flight ends: its message is a waiting one again, or gone.
    pub(crate) fn land(&mut self, receipt: Receipt) {
        let Some(flight) = self.flight(receipt) else { return };
        self.expiries.remove(&(flight.visible_at, receipt.id));
        self.flight.remove(&receipt.id);
    }

    /// Whether a message of a group at a place belongs into memory.
    pub(crate) fn covers(&self, group: &str, place: i64) -> bool {
        self.ready.covers(group, place)
    }

    /// The message was deleted.
    pub(crate) fn deleted(&mut self, receipt: Receipt, place: i64) {
        self.total = self.total.saturating_sub(1);
        if self.flight(receipt).is_some() {
            self.land(receipt);
        } else {
            self.ready.remove(place);
        }
    }

    /// The writer could not do it: back to the consumer, with its visibility ending at `visible_at`
    /// at the latest.
    pub(crate) fn hand_back(&mut self, receipt: Receipt, visible_at: i64) {
        let Some(flight) = self.flight.get_mut(&receipt.id) else { return };
        if flight.receives != receipt.receives {
            return;
        }
        self.expiries.remove(&(flight.visible_at, receipt.id));
        flight.hand = Hand::Consumer;
        flight.visible_at = visible_at;
        self.expiries.insert((visible_at, receipt.id));
    }

    /// How many are in flight, how many of those have a row that is due after `last`, how many were
    /// settled and still have a row, and the earliest place that waits, if it is in memory.
    pub(crate) fn counts(&self, last: i64) -> (u64, u64, u64, Option<i64>) {
        let (mut out, mut hidden, mut settled) = (0, 0, 0);
        for flight in self.flight.values() {
            if flight.hand == Hand::Settled {
                settled += 1;
            } else {
                out += 1;
            }
            hidden += u64::from(flight.place > last);
        }
        (out, hidden, settled, self.ready.first())
    }

    /// How many messages are in memory.
    pub(crate) fn held(&self) -> usize {
        self.ready.len()
    }
}
