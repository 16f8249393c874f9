//! The matcher's part in a rehearsal: the same fold and the same choice, and nothing is written.

use harkara_domain::{
    CustomerId, CustomerView, Fact, Occurrence, Reason, Run, StoreId, Subject,
    flow::condition::Circumstances, occurrence::Transition, place::Destination, rehearse::Asked,
};
use jiff::Timestamp;

use super::plan::{Before, Plan, customers_touched};
use crate::{
    catalog::{LoadedFlow, Shelf},
    record::Stored,
    views::View,
};

/// What is known before some facts.
pub(crate) struct Known<'a> {
    pub(crate) store: &'a StoreId,
    pub(crate) subject: &'a Subject,
    pub(crate) view: Option<View>,
    /// The customer behind the subject, where it is none itself.
    pub(crate) customer: Option<&'a CustomerView>,
}

/// What facts came to.
pub(crate) struct Learned(Plan);

impl Learned {
    /// Folds facts about one subject.
    pub(crate) fn of(known: Known<'_>, shelf: &Shelf, facts: &[Fact], now: Timestamp) -> Self {
        let Known { store, subject, view, customer } = known;
        let held = |id: CustomerId| {
            let customer = customer.filter(|customer| customer.id == id);
            let stored = customer.map(|customer| Stored { value: customer.clone(), version: 0 });
            (id, stored)
        };
        let touched = customers_touched(view.as_ref(), subject, facts);
        let before = Before {
            store: store.clone(),
            subject: subject.clone(),
            view: view.map(|value| Stored { value, version: 0 }),
            customers: touched.into_iter().map(held).collect(),
        };
        Self(Plan::fold(before, facts, &shelf.settings.rules.words, now))
    }

    /// Ends a run, or says whether it is to be looked at again.
    pub(crate) fn see_to(&mut self, shelf: &Shelf, run: &mut Run, now: Timestamp) -> bool {
        let plan = &mut self.0;
        if plan.is_empty() {
            return false;
        }
        if run.listens {
            plan.view.listen();
        }
        if !plan.asks_for_runs(shelf) {
            return false;
        }
        plan.see_to(vec![Stored { value: run.clone(), version: 0 }], now);
        if let Some(ended) = plan.cancelled.pop() {
            *run = ended.value;
        }
        plan.woken.pop().is_some()
    }

    /// What came about that a flow waits for, where the fold says it.
    pub(crate) fn transition(&self, loaded: &LoadedFlow) -> Option<&Transition> {
        let kind = loaded.flow.trigger.kind();
        self.0.transitions().filter(|transition| transition.occurrence.kind() == kind).last()
    }

    /// What comes about, as it would come to light now.
    pub(crate) fn comes_about(&self, occurrence: Occurrence, at: Timestamp) -> Transition {
        let overtaken_by = self.0.view.status().and_then(|status| occurrence.overtaken_by(status));
        Transition { occurrence, at, overtaken_by }
    }

    /// The run that a flow begins, or why it does not, with its conditions as they came out.
    pub(crate) fn choose(
        &self,
        shelf: &Shelf,
        runs: &[Run],
        loaded: &LoadedFlow,
        transition: &Transition,
        now: Timestamp,
    ) -> (Result<Run, Reason>, Vec<Asked>) {
        let plan = &self.0;
        let destination = Destination::of(plan.view.order(), &shelf.ground);
        let on = Circumstances {
            order: plan.view.order(),
            customer: plan.customer(),
            cart: plan.view.cart(),
            run: None,
            runs,
            rules: &shelf.settings.rules,
            ground: &shelf.ground,
            destination: &destination,
            zone: &shelf.zone,
            now,
        };
        let asked = Asked::of_flow(&loaded.flow, on);
        let verdict = plan.verdict(shelf, on, loaded, transition);
        let actual = || transition.occurrence.to_string();
        (verdict.and_then(|run| run.ok_or_else(|| Reason::NotThis { actual: actual() })), asked)
    }

    /// The views after it: the subject's, and the customer's behind it.
    pub(crate) fn views(self) -> (View, Option<CustomerView>) {
        let customer = self.0.view.customer().is_none().then(|| self.0.customer().cloned()).flatten();
        (self.0.view, customer)
    }
}
