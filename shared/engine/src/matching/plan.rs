//! What a set of facts comes to: the views after them, the runs they start and end, the entries they
//! leave. Pure; the matcher reads what it is made of and writes what it says.

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, FactId, FlowId, OrderId, OrderView, Reason, Run, RunId,
    StoreId,
    fact::{Actor, OrderAction},
    flow::condition::Circumstances,
    history::{Entry, What},
    order::{Transition, fold},
    run::{RunStart, RunStatus},
};
use jiff::Timestamp;

use super::reply;
use crate::{
    catalog::Shelf,
    keys,
    port::{Expect, Write},
    record::{Stored, expect, item, put},
};

/// What was there before.
pub(super) struct Before {
    pub(super) store: StoreId,
    pub(super) order: OrderId,
    pub(super) view: Option<Stored<OrderView>>,
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
    view: OrderView,
    customers: Vec<CustomerView>,
    entries: Vec<Entry>,
    pub(super) started: Vec<Run>,
    pub(super) cancels: Option<Cancels>,
    cancelled: Vec<Stored<Run>>,
}

/// The most runs that one write can end or start, within the table's limit of 100 parts.
const MAX_RUNS: usize = 80;

/// The customers whose views these facts may change.
pub(super) fn customers_touched(view: Option<&OrderView>, facts: &[Fact]) -> Vec<CustomerId> {
    let held = view.and_then(OrderView::contact).and_then(|contact| contact.id.clone());
    let said = facts.iter().filter_map(|fact| match &fact.body {
        FactBody::Order(order) => order.snapshot.customer.id.clone(),
        FactBody::Reply(reply) => reply.customer.clone(),
        _ => None,
    });
    let mut ids: Vec<CustomerId> = held.into_iter().chain(said).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Plan {
    /// Works out what the facts come to at `now`.
    pub(super) fn make(shelf: &Shelf, before: Before, facts: &[Fact], now: Timestamp) -> Self {
        let mut view = before.view.as_ref().map(|stored| stored.value.clone());
        let mut entries = Vec::new();
        let mut cancels = None;
        for fact in facts {
            let follow_up = apply(&mut view, &mut entries, &mut cancels, &before, fact, now);
            if let Some(follow_up) = follow_up {
                apply(&mut view, &mut entries, &mut cancels, &before, &follow_up, now);
            }
        }
        let view = view.unwrap_or_else(|| empty(&before));
        let mut plan = Self {
            before,
            view,
            customers: Vec::new(),
            entries,
            started: Vec::new(),
            cancels,
            cancelled: Vec::new(),
        };
        plan.exchange_customers(facts);
        plan.match_flows(shelf, now);
        plan
    }

    /// Nothing new was said.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn exchange_customers(&mut self, facts: &[Fact]) {
        let old = self.before.view.as_ref().and_then(|stored| stored.value.contribution());
        let new = self.view.contribution();
        for (id, stored) in &self.before.customers {
            let held = stored.as_ref().map(|stored| stored.value.clone());
            let mut customer = held.clone().unwrap_or_else(|| CustomerView::empty(&self.before.store, id));
            if old != new {
                customer.exchange(old.as_ref(), new.as_ref());
            }
            for fact in facts {
                if matches!(&fact.body, FactBody::Reply(reply) if reply.customer.as_ref() == Some(id)) {
                    customer.heard_from(fact.occurred_at);
                }
            }
            if held.as_ref() != Some(&customer) {
                self.customers.push(customer);
            }
        }
    }

    /// The order's customer as they will be: a first order counts itself.
    fn customer(&self) -> Option<&CustomerView> {
        let id = self.view.contact()?.id.as_ref()?;
        let changed = self.customers.iter().find(|customer| customer.id == *id);
        let held = || self.before.customers.iter().find(|(held, _)| held == id);
        changed.or_else(|| held().and_then(|(_, stored)| stored.as_ref()).map(|stored| &stored.value))
    }

    fn match_flows(&mut self, shelf: &Shelf, now: Timestamp) {
        let mut entries = std::mem::take(&mut self.entries);
        for entry in &mut entries {
            for transition in &entry.transitions {
                let (started, passed_over) = self.select(shelf, transition, now);
                entry.started.extend(started.iter().map(|run| run.id.clone()));
                entry.passed_over.extend(passed_over);
                self.started.extend(started);
            }
        }
        self.started.truncate(MAX_RUNS);
        self.entries = entries;
    }

    fn select(
        &self,
        shelf: &Shelf,
        transition: &Transition,
        now: Timestamp,
    ) -> (Vec<Run>, Vec<(FlowId, Reason)>) {
        let circumstances = Circumstances { order: &self.view, customer: self.customer(), now };
        let (mut started, mut passed_over) = (Vec::new(), Vec::new());
        for loaded in shelf.flows.iter().filter(|loaded| loaded.flow.trigger == transition.trigger) {
            let verdict = match (loaded.head.active, transition.overtaken_by) {
                (false, _) => Err(Reason::FlowOff),
                (true, Some(by)) => Err(Reason::Overtaken { by }),
                (true, None) => {
                    loaded.flow.conditions.as_ref().map_or(Ok(()), |all| all.check(circumstances))
                }
            };
            match verdict {
                Ok(()) => {
                    let start = RunStart {
                        store: &self.before.store,
                        order: &self.before.order,
                        flow: &loaded.head.id,
                        version: loaded.head.version,
                        trigger: transition.trigger,
                        at: now,
                        priority: shelf.settings.priority,
                    };
                    started.push(Run::begin(start, &loaded.flow, &shelf.zone));
                }
                Err(reason) => passed_over.push((loaded.head.id.clone(), reason)),
            }
        }
        (started, passed_over)
    }

    /// Ends those of the order's runs that are to end.
    pub(super) fn cancel(&mut self, runs: Vec<Stored<Run>>, now: Timestamp) {
        let Some(cancels) = &self.cancels else { return };
        let to_end = runs.into_iter().filter(|run| {
            run.value.status == RunStatus::Running && Some(&run.value.id) != cancels.keep.as_ref()
        });
        for mut run in to_end.take(MAX_RUNS.saturating_sub(self.started.len())) {
            if run.value.cancel(&cancels.reason, now) {
                self.cancelled.push(run);
            }
        }
        let ids = self.cancelled.iter().map(|run| run.value.id.clone());
        if let Some(entry) = self.entries.last_mut() {
            entry.cancelled.extend(ids);
        }
    }

    /// The transaction, and the places in it of the entries with their facts.
    pub(super) fn writes(&self) -> (Vec<Write>, Vec<(usize, FactId)>) {
        let Before { store, order, view, customers } = &self.before;
        let mut writes = Vec::new();
        if view.as_ref().map(|stored| &stored.value) != Some(&self.view) {
            let mut item = item(keys::view(store, order), &self.view);
            item.list = keys::order_list(&self.view);
            writes.push(Write::Put(item, expect(view.as_ref())));
        }
        for customer in &self.customers {
            let held =
                customers.iter().find(|(id, _)| *id == customer.id).and_then(|(_, held)| held.as_ref());
            writes.push(put(keys::customer(store, &customer.id), customer, expect(held)));
        }
        let runs = self.started.iter().map(|run| (run, Expect::Absent));
        let ended = self.cancelled.iter().map(|run| (&run.value, Expect::Version(run.version)));
        writes.extend(runs.chain(ended).map(|(run, expect)| put_run(run, expect)));
        let mut recorded = Vec::new();
        for entry in &self.entries {
            recorded.push((writes.len(), entry.fact.clone()));
            let key = keys::history(store, order, entry.occurred_at, &entry.fact);
            writes.push(put(key, entry, Expect::Absent));
        }
        (writes, recorded)
    }
}

/// A put of a run, in its lists.
pub(crate) fn put_run(run: &Run, expect: Expect) -> Write {
    let mut item = item(keys::run(&run.store, &run.order, &run.id), run);
    item.list = Some(keys::run_list(run));
    item.due = keys::run_due(run);
    Write::Put(item, expect)
}

fn empty(before: &Before) -> OrderView {
    OrderView::empty(&before.store, &before.order)
}

/// Folds one fact; notes what it leaves. Returns the fact that follows from it, if one does.
fn apply(
    view: &mut Option<OrderView>,
    entries: &mut Vec<Entry>,
    cancels: &mut Option<Cancels>,
    before: &Before,
    fact: &Fact,
    now: Timestamp,
) -> Option<Fact> {
    let folded = fold(view.as_ref(), fact, &before.order);
    let said = what(fact, &folded.view)?;
    // Words and deeds of people are kept even where they change nothing; the shop's repetitions are not.
    let kept = matches!(fact.body, FactBody::Reply(_) | FactBody::Action { .. });
    if !folded.changed && !kept {
        return None;
    }
    if let Some(status) = folded.transitions.iter().map(|t| t.trigger.status()).find(|s| s.is_terminal()) {
        *cancels = Some(Cancels { reason: Reason::OrderEnded { status }, keep: None });
    }
    if let FactBody::Action { action: OrderAction::CancelAutomations { keep }, by, .. } = &fact.body {
        *cancels = Some(Cancels { reason: Reason::CancelledBy { who: who(by) }, keep: keep.clone() });
    }
    entries.push(Entry {
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
    *view = Some(folded.view);
    reply::follow_up(view.as_ref()?, fact)
}

fn who(by: &Actor) -> String {
    match by {
        Actor::Customer => "the customer".to_owned(),
        Actor::Person(name) => name.clone(),
        Actor::Flow(name) => format!("the flow {name}"),
    }
}

fn what(fact: &Fact, after: &OrderView) -> Option<What> {
    Some(match &fact.body {
        FactBody::Order(_) => What::Order { status: after.status() },
        FactBody::Shipment { update, .. } => What::Shipment(update.clone()),
        FactBody::Refund { refund, .. } => What::Refund { returned: refund.returned },
        FactBody::Reply(reply) => What::Reply(reply.said.clone()),
        FactBody::Action { action, by, .. } => What::Action { action: action.clone(), by: by.clone() },
        FactBody::Receipt(_) => return None,
    })
}
