//! Each trigger once, and all that it sets off: the runs, what their workflows do, the arms that they go on in.

use std::collections::{BTreeMap, BTreeSet};

use harkara_domain::{
    CustomerView, Flow, OrderView, Point, Run,
    fact::Choice,
    flow::{Class, Trigger},
    history::Entry,
    run::{Outcome, StageStatus},
};
use harkara_engine::{
    catalog::{FlowHead, FlowVersion},
    keys,
    port::{Item, Key},
};
use jiff::SignedDuration;

use super::{
    all,
    known::{Known, Matter},
    runs,
};
use crate::{stores::Kind, world::World};

/// What a world's timelines say, by partition.
struct Told {
    entries: BTreeMap<String, Vec<Entry>>,
}

impl Told {
    fn of(items: &[Item]) -> Self {
        let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (key, entry) in all::<Entry>(items, |key| key.sk.starts_with("h#")) {
            entries.entry(key.pk).or_default().push(entry);
        }
        Self { entries }
    }

    fn at(&self, pk: &str) -> &[Entry] {
        self.entries.get(pk).map_or(&[], Vec::as_slice)
    }
}

/// What does not hold of a world's triggers and of what they set off.
pub(super) fn set_off(world: &World, known: &Known) -> Vec<String> {
    let items = world.table.items();
    let (told, runs) = (Told::of(&items), runs(&items));
    let mut found = fired(&items, &told);
    found.extend(started(&runs, &told));
    found.extend(asked(&items, &told, known));
    found.extend(runs.iter().flat_map(|(key, run)| unsaid(world, key, run, told.at(&key.pk))));
    found.extend(capped(&items, &runs));
    found
}

/// Each point that an order has reached is told of once, in its timeline.
fn fired(items: &[Item], told: &Told) -> Vec<String> {
    let mut found = Vec::new();
    for (key, view) in all::<OrderView>(items, |key| key.sk == keys::VIEW && key.pk.starts_with("o#")) {
        let entries = told.at(&key.pk);
        for point in view.reached.keys().filter(|_| view.snapshot.is_some()) {
            let transitions = entries.iter().flat_map(|entry| &entry.transitions);
            let times =
                transitions.filter(|transition| transition.occurrence.point() == Some(*point)).count();
            // What was paid before it was heard of has never been waited for.
            let least = usize::from(*point != Point::PaymentPending);
            if !(least..=1).contains(&times) {
                found.push(format!("{}: {point} fired {times} times", key.pk));
            }
        }
    }
    found
}

/// The runs that there are, are those that timelines tell of, once each.
fn started(runs: &[(Key, Run)], told: &Told) -> Vec<String> {
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (pk, entry) in
        told.entries.iter().flat_map(|(pk, entries)| entries.iter().map(move |entry| (pk, entry)))
    {
        entry.started.iter().for_each(|run| *times.entry((pk.clone(), run.to_string())).or_default() += 1);
    }
    let mut found = Vec::new();
    for (key, run) in runs {
        let times = times.remove(&(key.pk.clone(), run.id.to_string())).unwrap_or(0);
        if times != 1 {
            found.push(format!("{} {}: its timeline tells {times} times of its beginning", key.pk, run.id));
        }
    }
    found.extend(times.into_keys().map(|(pk, run)| format!("{pk} {run}: there is no such run")));
    found
}

/// Each flow that waits for a point began a run, or its timeline says why not.
fn asked(items: &[Item], told: &Told, known: &Known) -> Vec<String> {
    let is_head = |key: &Key| key.pk.starts_with(keys::STORE) && key.sk.starts_with(keys::FLOW);
    let mut heads: Vec<(Key, FlowHead)> = all(items, is_head);
    // What was put away for a time fills no timelines.
    heads.retain(|(key, head)| head.is_active() && !known.ever(Matter::Off, &key.sk));
    let mut found = Vec::new();
    for (pk, entry) in
        told.entries.iter().flat_map(|(pk, entries)| entries.iter().map(move |entry| (pk, entry)))
    {
        let points = entry.transitions.iter().filter(|transition| transition.occurrence.point().is_some());
        for kind in points.map(|transition| transition.occurrence.kind()) {
            let asks = |head: &FlowHead| {
                let flow = head.flow.as_ref();
                // A first purchase is not every order.
                flow.is_some_and(|flow| flow.trigger.kind() == kind && flow.trigger != Trigger::FirstPurchase)
            };
            for (_, head) in heads.iter().filter(|(_, head)| asks(head)) {
                let began =
                    entry.started.iter().any(|run| run.as_str().starts_with(&format!("{}~", head.id)));
                if !began && !entry.passed_over.iter().any(|(flow, _)| *flow == head.id) {
                    found.push(format!("{pk}: {} was not asked about {}", head.id, kind.as_str()));
                }
            }
        }
    }
    found
}

fn flow_of(world: &World, run: &Run) -> Option<Flow> {
    world.read::<FlowVersion>(&keys::flow_version(&World::store(), &run.flow, run.version))?.flow
}

/// What the workflows of a run did that its timeline does not tell of.
fn unsaid(world: &World, key: &Key, run: &Run, entries: &[Entry]) -> Vec<String> {
    let Some(flow) = flow_of(world, run) else {
        return vec![format!("{} {}: no such version", key.pk, run.id)];
    };
    let said: BTreeSet<&str> = entries.iter().map(|entry| entry.fact.as_str()).collect();
    let mut found = Vec::new();
    for (index, (state, place)) in (0..).zip(run.stages.iter().zip(flow.places())) {
        let done = state.status == StageStatus::Sent;
        for action in 0..place.stage.workflow.len() {
            let id = format!("flow/{}/{index}/{action}", run.id);
            if done && !said.contains(id.as_str()) && !said.contains(format!("{id}/done").as_str()) {
                found.push(format!("{} {}: action {action} of stage {index} was never done", key.pk, run.id));
            }
        }
    }
    found
}

/// Whoever was dissatisfied was taken to a person, in a world in which nothing went wrong.
pub(crate) fn unheard(undisturbed: &World) -> Vec<String> {
    let items = undisturbed.table.items();
    let surveys = runs(&items).into_iter().filter(|(_, run)| run.flow.as_str() == "satisfaction-survey");
    let mut found = Vec::new();
    for (key, run) in surveys {
        let Some(view) = undisturbed.read::<OrderView>(&keys::view(&run.store, &run.subject)) else {
            continue;
        };
        let said = view.replies.get(&Choice::Dissatisfied).copied();
        if said.is_some() && view.flags_set().all(|flag| flag != "complaint") {
            found.push(format!("{}: whoever looks at the order sees no complaint", key.pk));
        }
        let fork = run.stages.iter().find(|state| state.arm.is_some());
        let Some((said, fork)) = said.zip(fork) else { continue };
        // An answer that came in late has come late here, too.
        let in_time = fork.ended_at.is_some_and(|end| said + SignedDuration::from_hours(12) < end);
        if in_time && fork.arm != Some(0) {
            found.push(format!("{} {}: undisturbed, nobody heard a complaint", key.pk, run.id));
        }
    }
    found
}

/// No customer got more marketing than their shop lets them have, and no place under the cap is held by what
/// never went out.
fn capped(items: &[Item], runs: &[(Key, Run)]) -> Vec<String> {
    let customers: Vec<(Key, CustomerView)> =
        all(items, |key| key.sk == keys::VIEW && key.pk.starts_with("c#"));
    let states = || runs.iter().flat_map(|(_, run)| &run.stages);
    let held = states().filter(|state| state.to_give_back().is_none());
    let counted: BTreeSet<_> = held.filter_map(|state| state.counted).collect();
    // What may have gone out before it was run again keeps its place, and takes another.
    let again = states().filter(|state| state.series > 0).flat_map(|state| &state.attempts);
    let unsure =
        again.filter(|attempt| attempt.outcome == Outcome::Ambiguous).map(|attempt| attempt.at).max();
    let mut found = Vec::new();
    for (key, customer) in customers {
        let mut sends: Vec<_> =
            customer.sends.iter().filter(|(_, class)| *class == Class::Marketing).collect();
        sends.sort_unstable();
        let (most, span) = Kind::CAP;
        let crowded = sends.windows(most + 1).find(|window| match window {
            [(first, _), .., (last, _)] => *last < *first + span,
            _ => false,
        });
        found.extend(crowded.map(|crowd| format!("{}: {} messages are over the cap", key.pk, crowd.len())));
        let lost = sends.iter().filter(|send| !counted.contains(send) && unsure.is_none_or(|at| at < send.0));
        found.extend(
            lost.map(|(at, _)| format!("{}: nothing was sent for the place of {at} under the cap", key.pk)),
        );
    }
    found
}
