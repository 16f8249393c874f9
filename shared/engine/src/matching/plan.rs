//! What a set of facts comes to: the views after them, the runs they start and end, the entries they
//! leave. Pure; the matcher reads what it is made of and writes what it says.

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, FactId, FlowId, Reason, Run, RunId, StoreId, Subject, customer,
    fact::OrderAction, flow::heard::OwnWords, history::Entry, order::OrderView, run::RunStatus,
};
use jiff::Timestamp;

use super::{reply, said};
use crate::{
    catalog::Shelf,
    keys,
    port::{Expect, Write, limits::MAX_PARTS},
    record::{Stored, expect, item, put},
    views::{View, put_customer},
};

/// What was there before.
pub(super) struct Before {
    pub(super) store: StoreId,
    pub(super) subject: Subject,
    pub(super) view: Option<Stored<View>>,
    /// The customers whose views may change or be asked for; not the subject itself.
    pub(super) customers: Vec<(CustomerId, Option<Stored<CustomerView>>)>,
}

/// What ends what is pending.
pub(super) struct Cancels {
    reason: Reason,
    keep: Option<RunId>,
}

/// What is to be written, and handed on afterwards.
pub(super) struct Plan {
    pub(super) before: Before,
    pub(super) view: View,
    /// When the first of the facts was heard of.
    pub(super) received: Timestamp,
    /// Those of [`Before::customers`], as they will be.
    pub(super) customers: Vec<CustomerView>,
    pub(super) entries: Vec<Entry>,
    pub(super) started: Vec<Run>,
    pub(super) cancels: Option<Cancels>,
    pub(super) cancelled: Vec<Stored<Run>>,
    /// Runs that may have waited for what has happened.
    pub(super) woken: Vec<Run>,
    /// Some runs do not start for want of room.
    full: bool,
}

/// The most runs that one write can end or start, within the table's limit of 100 parts.
const MAX_RUNS: usize = 80;

/// The customers, beside the subject, whose views these facts may change or ask for.
pub(super) fn customers_touched(view: Option<&View>, subject: &Subject, facts: &[Fact]) -> Vec<CustomerId> {
    if matches!(subject, Subject::Customer(_)) {
        return Vec::new();
    }
    let held = view.and_then(View::customer_id).cloned();
    let said = facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Order(order) => order.snapshot.customer.id.clone(),
        FactBody::Reply(reply) => reply.customer.clone(),
        FactBody::Cart(cart) => cart.customer.id.clone(),
        _ => None,
    });
    let mut ids: Vec<CustomerId> = held.into_iter().chain(said).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Plan {
    /// Folds the facts, at `now`.
    pub(super) fn fold(before: Before, facts: &[Fact], words: &OwnWords, now: Timestamp) -> Self {
        let view = before.view.as_ref().map(|stored| stored.value.clone());
        let view = view.unwrap_or_else(|| View::empty(&before.store, &before.subject));
        let mut plan = Self {
            before,
            view,
            received: facts.iter().map(|fact| fact.received_at).min().unwrap_or(now),
            customers: Vec::new(),
            entries: Vec::new(),
            started: Vec::new(),
            cancels: None,
            cancelled: Vec::new(),
            woken: Vec::new(),
            full: false,
        };
        let mut known = plan.before.view.is_some();
        let mut followed = Vec::new();
        for fact in facts {
            if !plan.apply(fact, known, now) {
                continue;
            }
            known = true;
            for follow_up in reply::follow_ups(&plan.view, fact, words) {
                plan.apply(&follow_up, known, now);
                followed.push(follow_up);
            }
        }
        plan.exchange_customers(facts, &followed);
        plan
    }

    /// Folds one fact; notes what it leaves. Returns whether it left anything.
    fn apply(&mut self, fact: &Fact, known: bool, now: Timestamp) -> bool {
        let folded = View::fold(known.then_some(&self.view), fact, &self.before.subject);
        let Some(said) = said::what(fact, &folded.view) else { return false };
        // Words and deeds of people are kept even where they change nothing; the shop's repetitions are not.
        let kept = !folded.transitions.is_empty()
            || matches!(
                fact.body,
                FactBody::Reply(_)
                    | FactBody::Action { .. }
                    | FactBody::Customer { .. }
                    | FactBody::Done { .. }
            );
        if !folded.changed && !kept {
            return false;
        }
        let points = folded.transitions.iter().filter_map(|transition| transition.occurrence.point());
        if let Some(status) = points.filter_map(|point| point.status()).find(|status| status.is_terminal()) {
            self.cancels = Some(Cancels { reason: Reason::OrderEnded { status }, keep: None });
        }
        if let FactBody::Action { action: OrderAction::CancelAutomations { keep }, by, .. } = &fact.body {
            let reason = Reason::CancelledBy { who: said::who(by) };
            self.cancels = Some(Cancels { reason, keep: keep.clone() });
        }
        self.entries.push(Entry {
            at: now,
            fact: fact.id.clone(),
            source: fact.source.clone(),
            occurred_at: fact.occurred_at,
            what: said,
            transitions: folded.transitions,
            started: Vec::new(),
            passed_over: Vec::new(),
            cancelled: Vec::new(),
        });
        self.view = folded.view;
        true
    }

    /// Whether a fact has left something.
    pub(super) fn has_entry(&self, fact: &Fact) -> bool {
        self.entries.iter().any(|entry| entry.fact == fact.id)
    }

    /// Nothing new was said.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn exchange_customers(&mut self, facts: &[Fact], followed: &[Fact]) {
        let before = self.before.view.as_ref().and_then(|stored| stored.value.order());
        let old = before.and_then(OrderView::contribution);
        let new = self.view.order().and_then(OrderView::contribution);
        for (id, stored) in &self.before.customers {
            let held = stored.as_ref().map(|stored| stored.value.clone());
            let mut customer = held.unwrap_or_else(|| CustomerView::empty(&self.before.store, id));
            if old != new {
                customer.exchange(old.as_ref(), new.as_ref());
            }
            for fact in facts {
                if let FactBody::Reply(reply) = &fact.body
                    && reply.customer.as_ref() == Some(id)
                {
                    customer.hear(&reply.said, fact.occurred_at);
                    if let (Subject::Order(order), Some(_)) = (&self.before.subject, customer::words_of(fact))
                    {
                        customer.note_text(&fact.id, Some(order));
                    }
                }
            }
            for fact in followed {
                if matches!(&fact.body, FactBody::Customer { customer, .. } if customer == id) {
                    customer = customer::fold(Some(&customer), fact, id).view;
                }
            }
            self.customers.push(customer);
        }
    }

    /// The customer behind the subject as they will be: a first order counts itself.
    pub(super) fn customer(&self) -> Option<&CustomerView> {
        let id = self.view.customer_id()?;
        self.view.customer().or_else(|| self.customers.iter().find(|customer| customer.id == *id))
    }

    /// The same, to be changed.
    pub(super) fn customer_mut(&mut self) -> Option<&mut CustomerView> {
        let id = self.view.customer_id()?.clone();
        if let View::Customer(view) = &mut self.view {
            return Some(view);
        }
        self.customers.iter_mut().find(|customer| customer.id == id)
    }

    /// Whether the subject's runs have to be known: some may end, wake, or stand in another's way.
    pub(super) fn asks_for_runs(&self, shelf: &Shelf) -> bool {
        let listened = self.view.is_listened() && !self.is_empty();
        self.cancels.is_some() || listened || self.transitions().any(|t| shelf.asks_for_runs(&t.occurrence))
    }

    pub(super) fn transitions(&self) -> impl Iterator<Item = &harkara_domain::occurrence::Transition> {
        self.entries.iter().flat_map(|entry| &entry.transitions)
    }

    /// Ends those of the subject's runs that are to end, and notes those that may have waited.
    pub(super) fn see_to(&mut self, runs: Vec<Stored<Run>>, now: Timestamp) {
        let running = runs.into_iter().filter(|run| run.value.status == RunStatus::Running);
        let room = MAX_RUNS.saturating_sub(self.started.len());
        for mut run in running {
            let ends = self.cancels.as_ref().filter(|cancels| Some(&run.value.id) != cancels.keep.as_ref());
            match ends {
                Some(cancels) if self.cancelled.len() < room => {
                    let ended = run.value.cancel(&cancels.reason, now);
                    if ended {
                        if let Some(customer) = self.customer_mut() {
                            run.value
                                .to_give_back()
                                .for_each(|(at, class)| _ = customer.give_back(class, at));
                        }
                        self.cancelled.push(run);
                    }
                }
                _ if run.value.listens => self.woken.push(run.value),
                _ => {}
            }
        }
        let ids = self.cancelled.iter().map(|run| run.value.id.clone());
        if let Some(entry) = self.entries.last_mut() {
            entry.cancelled.extend(ids);
        }
    }

    /// Takes those runs that one write has no room for out, with why they do not start.
    pub(super) fn no_room(&mut self, runs: &mut Vec<Run>) -> Vec<(FlowId, Reason)> {
        let room = MAX_RUNS.saturating_sub(self.started.len());
        let most = u16::try_from(MAX_RUNS).unwrap_or(u16::MAX);
        let beyond = runs.split_off(room.min(runs.len()));
        self.full |= !beyond.is_empty();
        beyond.into_iter().map(|run| (run.flow, Reason::TooManyAtOnce { most })).collect()
    }

    /// Whether it is more than one write can hold, its journal included: fewer facts come to less.
    pub(super) fn is_too_much(&self) -> bool {
        // The view, the journal, and what else there is; what has not changed is not written.
        let most = 2 + self.customers.len() + self.started.len() + self.cancelled.len() + self.entries.len();
        self.full || (most + self.renewals().len() > MAX_PARTS && self.writes().0.len() >= MAX_PARTS)
    }

    /// Adds runs to those that start.
    pub(super) fn start(&mut self, runs: impl IntoIterator<Item = Run>) {
        self.started.extend(runs);
        if self.started.iter().any(|run| run.listens) {
            self.view.listen();
        }
    }

    /// The transaction, and the places in it of the entries with their facts.
    pub(super) fn writes(&self) -> (Vec<Write>, Vec<(usize, FactId)>) {
        let Before { store, subject, view, customers } = &self.before;
        let mut writes = Vec::new();
        if view.as_ref().map(|stored| &stored.value) != Some(&self.view) {
            writes.push(self.view.put(store, subject, expect(view.as_ref())));
        }
        for (customer, (_, held)) in self.customers.iter().zip(customers) {
            let same = match held {
                Some(held) => held.value == *customer,
                None => *customer == CustomerView::empty(store, &customer.id),
            };
            if !same {
                writes.push(put_customer(customer, expect(held.as_ref())));
            }
        }
        writes.extend(self.renewals());
        let runs = self.started.iter().map(|run| (run, Expect::Absent));
        let ended = self.cancelled.iter().map(|run| (&run.value, Expect::Version(run.version)));
        writes.extend(runs.chain(ended).map(|(run, expect)| put_run(run, expect)));
        let mut recorded = Vec::new();
        for entry in &self.entries {
            recorded.push((writes.len(), entry.fact.clone()));
            let key = keys::history(store, subject, entry.occurred_at, &entry.fact);
            writes.push(put(key, entry, Expect::Absent));
        }
        (writes, recorded)
    }
}

/// A put of a run, in its lists.
pub(crate) fn put_run(run: &Run, expect: Expect) -> Write {
    let mut item = item(keys::run(&run.store, &run.subject, &run.id), run);
    item.list = Some(keys::run_list(run));
    item.due = keys::run_due(run);
    Write::Put(item, expect)
}
