//! A deterministic world that breaks everything that may break: webhooks late, twice and out of order, functions
//! that die between any two steps, lost answers, throttles, storms, clocks that differ, people who change flows
//! under way. One seed fixes all of it, and at the end it is checked that nothing was lost, doubled or stale.

// Nothing is indexed but JSON, which then is null.
#![allow(clippy::indexing_slicing)]

mod check;
mod fate;
mod outside;
mod queues;
mod shop;
mod steps;
mod table;
mod world;

#[path = "../../it/bodies.rs"]
#[allow(clippy::unwrap_used)] // it makes bodies of samples that are at hand
mod bodies;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use fate::Fate;
pub use fate::{Odds, Sabotage};
use shop::Truth;
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
    /// Messages that WhatsApp took.
    pub messages: u64,
    /// Dead letters that were run again at the end.
    pub replayed: u64,
    /// What happened, line by line, where it was asked for.
    pub log: String,
}

/// How long things go wrong.
const ROUGH: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Lets a world of a seed happen, and checks it.
///
/// # Errors
/// When the world could not be set up.
pub fn run(seed: u64, odds: Odds, sabotage: Option<Sabotage>, logging: bool) -> anyhow::Result<Outcome> {
    let begin: Timestamp = "2026-11-20T04:00:00Z".parse()?;
    let watcher = check::Watcher::default();
    let fate = Fate::of(seed, begin, Odds::NONE, logging);
    let mut world = World::new(fate.clone(), seed % 4 != 3)?;
    fate.sabotage(sabotage);
    let watch = watcher.clone();
    world.table.watch(Box::new(move |number, before, after| watch.saw(number, before, after)));
    let truth = Truth::draw(&fate, begin + SignedDuration::from_mins(1));
    world.rough(odds, begin + ROUGH);
    world.begin(truth);
    world.run();
    let buried = check::buried(&world);
    let replayed = world.replay()?;
    let mut undisturbed = World::new(Fate::of(seed, begin, Odds::NONE, false), true)?;
    undisturbed.repeat(&world.taken);
    undisturbed.run();
    let mut violations = std::mem::take(&mut world.violations);
    violations.extend(buried);
    violations.extend(watcher.violations());
    violations.extend(check::quiet(&world));
    violations.extend(check::differences(&world, &undisturbed));
    let messages = world.outside.calls().iter().filter(|call| call.wamid.is_some()).count();
    let lines = fate.log().into_iter().map(|(at, task, words)| match task {
        Some(task) => format!("{at:.3} [{task}] {words}\n"),
        None => format!("{at:.3} {words}\n"),
    });
    Ok(Outcome {
        violations,
        faults: fate.faults(),
        events: world.events,
        messages: messages as u64,
        replayed,
        log: lines.collect(),
    })
}
