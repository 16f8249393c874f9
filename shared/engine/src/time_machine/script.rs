//! What the journal says, made ready to be played.

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, FlowId, OrderId, StoreId, Subject, customer::Contribution,
    occurrence::Occurrence,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap, HashSet};

use super::report::Incomplete;
use crate::{
    catalog::Shelf,
    journal::Entry,
    matching::{
        played::customers_touched,
        rehearse::{Known, Learned},
    },
    views::View,
};

/// What is known of the journal, as far as it was read.
pub(super) struct Script {
    store: StoreId,
    asked: FlowId,
    /// The flows whose actions are played, so that what they said then is left out.
    played: HashSet<FlowId>,
    pub(super) entries: Vec<Entry>,
    pub(super) facts: usize,
    /// The first time in the journal.
    pub(super) first: Option<Timestamp>,
    /// The orders as they ended: what they add to their customers is not known at the beginning.
    orders: HashMap<OrderId, View>,
    pub(super) customers: BTreeSet<CustomerId>,
    pub(super) incomplete: Incomplete,
}

/// How much earlier than the journal an order may be placed that begins in it: what a webhook takes to come,
/// with its repetitions.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

impl Script {
    /// Of nothing yet, for a flow on a shelf.
    pub(super) fn new(store: &StoreId, asked: &FlowId, shelf: &Shelf) -> Self {
        let active = shelf.flows.iter().filter(|loaded| loaded.head.is_active());
        Self {
            store: store.clone(),
            asked: asked.clone(),
            played: active.map(|loaded| loaded.head.id.clone()).collect(),
            entries: Vec::new(),
            facts: 0,
            first: None,
            orders: HashMap::new(),
            customers: BTreeSet::new(),
            incomplete: Incomplete::default(),
        }
    }

    /// From when on what comes about is news.
    pub(super) fn since(&self) -> Timestamp {
        self.first.and_then(|first| first.checked_sub(SLACK).ok()).unwrap_or(Timestamp::MIN)
    }

    /// Takes in what the journal says next.
    pub(super) fn take(&mut self, entry: Entry, shelf: &Shelf) {
        let first = *self.first.get_or_insert(entry.at);
        let Some(subject) = entry.facts.first().and_then(Fact::subject) else { return };
        match &subject {
            Subject::Order(order) => {
                self.heard_of(order, &entry, first);
                self.fold(order, &subject, &entry, shelf);
            }
            Subject::Customer(customer) => _ = self.customers.insert(customer.clone()),
            Subject::Cart(_) => {}
        }
        self.customers.extend(customers_touched(None, &subject, &entry.facts));
        let Entry { at, mut facts } = entry;
        facts.retain(|fact| !self.is_played(fact));
        self.facts += facts.len();
        if !facts.is_empty() {
            self.entries.push(Entry { at, facts });
        }
    }

    /// Notes an order of which the journal has not all.
    fn heard_of(&mut self, order: &OrderId, entry: &Entry, first: Timestamp) {
        if self.orders.contains_key(order) {
            return;
        }
        let begins = |fact: &Fact| match &fact.body {
            FactBody::Order(told) => told.snapshot.created_at >= first.checked_sub(SLACK).unwrap_or(first),
            _ => false,
        };
        if !entry.facts.first().is_some_and(begins) {
            self.incomplete.count += 1;
            if self.incomplete.some.len() < Incomplete::NAMED {
                self.incomplete.some.push(order.clone());
            }
        }
    }

    fn fold(&mut self, order: &OrderId, subject: &Subject, entry: &Entry, shelf: &Shelf) {
        let view = self.orders.remove(order);
        let known = Known { store: &self.store, subject, view, customer: None };
        let (view, _) = Learned::of(known, shelf, &entry.facts, entry.at).views();
        self.orders.insert(order.clone(), view);
    }

    /// Whether it is played: flows that are active say it again by themselves, and what the asked flow did
    /// then is what it is asked about.
    fn is_played(&self, fact: &Fact) -> bool {
        if let FactBody::Occurred { occurrence: Occurrence::MessageReported { stage, .. }, .. } = &fact.body {
            return flow_of(stage.run.as_str()) == Some(self.asked.as_str());
        }
        let run = fact.id.as_str().strip_prefix("flow/").filter(|_| &*fact.source == "flow");
        run.and_then(flow_of).is_some_and(|flow| self.played.contains(&FlowId::new(flow)))
    }

    /// What the orders add to their customers in the end, by customer.
    pub(super) fn contributions(&mut self) -> HashMap<CustomerId, Vec<Contribution>> {
        let mut all: HashMap<CustomerId, Vec<Contribution>> = HashMap::new();
        for (_, view) in self.orders.drain() {
            if let Some(added) = view.order().and_then(harkara_domain::OrderView::contribution) {
                all.entry(added.customer.clone()).or_default().push(added);
            }
        }
        all
    }
}

/// A customer as they were before the journal began.
pub(super) fn before(view: CustomerView, since: Timestamp, orders: &[Contribution]) -> CustomerView {
    view.known_before(since, orders)
}

/// The flow of a run's id, and of whatever begins with one.
fn flow_of(run: &str) -> Option<&str> {
    run.split_once('~').map(|(flow, _)| flow)
}
