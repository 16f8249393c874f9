//! A deterministic world that breaks everything that may break: webhooks late, twice and out of order, functions
//! that die between any two steps, lost answers, throttles, storms, clocks that differ, people who change flows
//! under way. One seed fixes all of it, and at the end it is checked that nothing was lost, doubled or stale.

// Nothing is indexed but JSON, which then is null.
#![allow(clippy::indexing_slicing)]

mod check;
mod deployments;
mod fate;
mod ledger;
mod outside;
mod queues;
mod shop;
mod steps;
mod stores;
mod story;
mod table;
mod world;

#[path = "../../it/bodies.rs"]
#[allow(clippy::unwrap_used)] // it makes bodies of samples that are at hand
mod bodies;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

pub use check::Sends;
use fate::Fate;
pub use fate::{Odds, Sabotage};
pub use ledger::Facts;
use ledger::Found;
use shop::{Deed, Truth};
use stores::Kind;
use world::World;

/// What came of a seed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What does not hold.
    pub violations: Vec<String>,
    /// What went wrong, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// What happened: steps, arrivals, deliveries.
    pub events: u64,
    /// What became of messages.
    pub sends: Sends,
    /// What became of facts.
    pub facts: Facts,
    /// Dead letters that were run again at the end.
    pub replayed: u64,
    /// What happened, line by line, where it was asked for.
    pub log: String,
    /// The timelines of all that the world is about, where something does not hold.
    pub story: String,
}

/// Lets a world of a seed happen, and checks it.
///
/// # Errors
/// When the world could not be set up.
pub fn run(seed: u64, odds: Odds, sabotage: Option<Sabotage>, logging: bool) -> anyhow::Result<Outcome> {
    let begin: Timestamp = "2026-11-20T04:00:00Z".parse()?;
    let watcher = check::Watcher::default();
    let kind = Kind::of(seed);
    let fate = Fate::of(seed, begin, Odds::NONE, logging);
    let mut world = World::new(fate.clone(), kind, seed % 4 != 3)?;
    fate.sabotage(sabotage);
    let watch = watcher.clone();
    world.table.watch(Box::new(move |number, before, after| watch.saw(number, before, after)));
    let truth = Truth::draw(&fate, begin + SignedDuration::from_mins(1), kind);
    let touched = truth.deeds.iter().any(|(_, deed)| matches!(deed, Deed::Team(_)));
    world.rough(odds, begin + kind.rough());
    world.begin(truth);
    world.run();
    let mut violations = check::buried(&world);
    let (facts, _) = world.ledger.close(&Found::of(&world.table.items()));
    let replayed = world.replay()?;
    let (_, lost) = world.ledger.close(&Found::of(&world.table.items()));
    violations.extend(lost);
    let counts = world.harkara.counters.all();
    violations.extend(world.ledger.miscounted(&counts));
    let mut undisturbed = World::new(Fate::of(seed, begin, Odds::NONE, false), kind, true)?;
    undisturbed.repeat(&world.taken);
    undisturbed.run();
    violations.append(&mut world.violations);
    violations.extend(watcher.violations(&world));
    let (sends, found) = check::quiet(&world);
    violations.extend(found);
    violations.extend(check::replayed(&world));
    violations.extend(check::differences(&world, &undisturbed));
    violations.extend(check::late(&undisturbed));
    violations.extend(check::unheard(&undisturbed));
    // What is gone through by date is not gone back for, for an order that comes to light a month late.
    if !touched && facts.quarantined == 0 {
        violations.extend(check::missed(&world, &undisturbed));
    }
    let story = if violations.is_empty() { String::new() } else { story::of(&world) };
    let lines = fate.log().into_iter().map(|(at, task, words)| match task {
        Some(task) => format!("{at:.3} [{task}] {words}\n"),
        None => format!("{at:.3} {words}\n"),
    });
    Ok(Outcome {
        violations,
        faults: fate.faults(),
        events: world.events,
        sends,
        facts,
        replayed,
        log: lines.collect(),
        story,
    })
}
