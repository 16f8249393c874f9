//! Since when Harkara knew what makes a message, or a run, one too many.

use std::collections::BTreeMap;

use harkara_domain::{CartView, CustomerView, OrderStatus, OrderView, order::Confirmation};
use harkara_engine::{
    catalog::FlowHead,
    keys,
    port::{Item, Key},
};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

/// What makes one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matter {
    /// A customer wants no marketing any more.
    OptedOut,
    /// A cart became an order, or is gone.
    Closed,
    /// It is settled whether an order is wanted.
    Answered,
    /// An order has arrived.
    Arrived,
    /// A flow starts no runs.
    Off,
}

/// From when on, and until when.
type Span = (Timestamp, Option<Timestamp>);

/// The spans in which each held, by what it is about: a partition, or a flow's key.
#[derive(Default)]
pub(super) struct Known(BTreeMap<(Matter, String), Vec<Span>>);

impl Known {
    /// Longer than what a function has read can be old: it lives for a minute, and what a store has set up is
    /// held for seconds.
    const LONG: SignedDuration = SignedDuration::from_mins(2);

    /// Takes note of an order that was put.
    pub(super) fn order(&mut self, now: Timestamp, place: &str, order: &OrderView) {
        self.note(Matter::Answered, place, order.confirmation() != Confirmation::Pending, now);
        self.note(Matter::Arrived, place, order.status() == OrderStatus::Delivered, now);
    }

    /// Takes note of anything else that was put.
    pub(super) fn saw(&mut self, now: Timestamp, item: &Item) {
        let Key { pk, sk } = &item.key;
        if sk == keys::VIEW && pk.starts_with("c#") {
            let customer: Option<CustomerView> = read(item);
            self.note(Matter::OptedOut, pk, customer.is_some_and(|customer| customer.opted_out), now);
        } else if sk == keys::VIEW && pk.starts_with("b#") {
            let cart: Option<CartView> = read(item);
            self.note(Matter::Closed, pk, cart.is_some_and(|cart| cart.closed_at.is_some()), now);
        } else if sk.starts_with(keys::FLOW)
            && let Some(head) = read::<FlowHead>(item)
        {
            self.note(Matter::Off, sk, !head.is_active(), now);
        }
    }

    fn note(&mut self, matter: Matter, place: &str, holds: bool, now: Timestamp) {
        let spans = self.0.entry((matter, place.to_owned())).or_default();
        match spans.last_mut().filter(|(_, until)| until.is_none()) {
            Some((_, until)) if !holds => *until = Some(now),
            None if holds => spans.push((now, None)),
            _ => {}
        }
    }

    /// Since when it has held, where whoever acted at `at` should have known.
    pub(super) fn long_since(&self, matter: Matter, place: &str, at: Timestamp) -> Option<Timestamp> {
        let spans = self.0.get(&(matter, place.to_owned()))?;
        let holds = |(since, until): &&Span| *since < at && until.is_none_or(|until| until > at);
        spans.iter().find(holds).map(|(since, _)| *since).filter(|since| *since < at - Self::LONG)
    }

    /// Whether it ever did.
    pub(super) fn ever(&self, matter: Matter, place: &str) -> bool {
        self.0.get(&(matter, place.to_owned())).is_some_and(|spans| !spans.is_empty())
    }
}

fn read<T: DeserializeOwned>(item: &Item) -> Option<T> {
    serde_json::from_slice(&item.body).ok()
}
