//! The matcher's part in the time machine: the very fold and the very choice, and nothing is written; and
//! what it puts into the journal that the time machine reads.

use harkara_domain::{Awaited, CustomerId, CustomerView, Fact, FlowId, Reason, Run, RunId, StoreId, Subject};
use jiff::Timestamp;

use super::plan::{self, Before, Plan};
use crate::{catalog::Shelf, journal, port::Write, record::Stored, views::View};

impl Plan {
    /// The journal's entry of those facts that left something. What the matcher made of them itself it will
    /// make again.
    pub(super) fn journal(&self, facts: &[Fact], days: u16, now: Timestamp) -> Option<Write> {
        let left = |fact: &&Fact| self.entries.iter().any(|entry| entry.fact == fact.id);
        journal::entry(facts.iter().filter(left), days, now)
    }
}

/// What is known before some facts.
pub(crate) struct Stage<'a> {
    pub(crate) store: &'a StoreId,
    pub(crate) subject: &'a Subject,
    pub(crate) view: Option<View>,
    /// Those of [`customers_touched`].
    pub(crate) customers: Vec<(CustomerId, Option<CustomerView>)>,
    /// All of the subject's.
    pub(crate) runs: &'a [Run],
}

/// What they came to.
pub(crate) struct Played {
    /// Nothing new was said.
    pub(crate) empty: bool,
    pub(crate) view: View,
    pub(crate) customers: Vec<CustomerView>,
    pub(crate) started: Vec<Run>,
    /// Runs that ended, as they are now.
    pub(crate) cancelled: Vec<Run>,
    /// Runs that may have waited for it.
    pub(crate) woken: Vec<RunId>,
    pub(crate) passed_over: Vec<(FlowId, Reason)>,
    /// What time will bring about.
    pub(crate) awaited: Vec<Awaited>,
}

/// The customers, beside the subject, whose views some facts may change or ask for.
pub(crate) fn customers_touched(view: Option<&View>, subject: &Subject, facts: &[Fact]) -> Vec<CustomerId> {
    plan::customers_touched(view, subject, facts)
}

/// Plays facts about one subject at `now`. What came about before `since` is old news, and starts nothing.
pub(crate) fn play(
    stage: Stage<'_>,
    facts: &[Fact],
    shelf: &Shelf,
    (since, now): (Timestamp, Timestamp),
) -> Played {
    let stored = |value| Stored { value, version: 0 };
    let before = Before {
        store: stage.store.clone(),
        subject: stage.subject.clone(),
        view: stage.view.map(|value| Stored { value, version: 0 }),
        customers: stage.customers.into_iter().map(|(id, held)| (id, held.map(stored))).collect(),
    };
    let mut plan = Plan::fold(before, facts, &shelf.settings.rules.words, now);
    let empty = plan.is_empty();
    let mut awaited = Vec::new();
    if !empty {
        for entry in &mut plan.entries {
            entry.transitions.retain(|transition| transition.at >= since);
        }
        let runs = if plan.asks_for_runs(shelf) { stage.runs } else { &[] };
        plan.match_flows(shelf, runs, now);
        plan.see_to(runs.iter().map(|run| Stored { value: run.clone(), version: 0 }).collect(), now);
        awaited = plan.look_ahead(shelf, now);
    }
    Played {
        empty,
        view: plan.view,
        customers: plan.customers,
        started: plan.started,
        cancelled: plan.cancelled.into_iter().map(|run| run.value).collect(),
        woken: plan.woken.into_iter().map(|run| run.id).collect(),
        passed_over: plan.entries.into_iter().flat_map(|entry| entry.passed_over).collect(),
        awaited,
    }
}
