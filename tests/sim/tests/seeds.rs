//! Nothing lost, nothing doubled, nothing stale, whatever goes wrong; and proof that the simulation would notice.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use harkara_sim::{Odds, Outcome, Sabotage, run};

/// How many seeds every run of the tests goes through.
const SEEDS: u64 = 2_000;

/// Goes through seeds on all processors; the first that is broken.
fn first_broken(seeds: u64, sabotage: Option<Sabotage>) -> Option<(u64, Outcome)> {
    let next = AtomicU64::new(0);
    let broken = std::sync::Mutex::new(None::<(u64, Outcome)>);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || broken.lock().unwrap().is_some() {
                        return;
                    }
                    let outcome = run(seed, Odds::of(seed), sabotage, false).unwrap();
                    if !outcome.violations.is_empty() {
                        broken.lock().unwrap().get_or_insert((seed, outcome));
                    }
                }
            });
        }
    });
    broken.into_inner().unwrap()
}

#[test]
fn nothing_is_lost_doubled_or_stale() {
    if let Some((seed, Outcome { violations, story, .. })) = first_broken(SEEDS, None) {
        let again = format!("cargo run -p harkara-sim -- --seed {seed} --log");
        panic!("seed {seed}: {}\n\n{story}\nsee {again}", violations.join("\n"));
    }
}

#[test]
fn a_seed_fixes_everything() {
    for seed in [3, 17, 42] {
        let [one, other] = [(); 2].map(|()| run(seed, Odds::of(seed), None, true).unwrap());
        assert!(one.log == other.log, "seed {seed} went two ways");
        assert!(one.faults.values().sum::<u64>() > 0, "seed {seed} was calm");
    }
}

#[test]
fn a_guard_that_is_switched_off_is_noticed() {
    for sabotage in Sabotage::ALL {
        let found = first_broken(SEEDS, Some(sabotage));
        assert!(found.is_some(), "{sabotage:?} is off, and nobody notices");
    }
}
