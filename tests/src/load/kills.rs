//! Kills harkara (`kill -9`) again and again at random moments under load, and starts it again on the same
//! folder.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::Options;
use super::post::{Ledger, Pace, Stop, post};
use super::proof::Proof;
use super::receipts::Receipts;
use super::scenario::Bench;

/// What the provider takes to answer unless said, so that messages are in flight at most moments.
const PROVIDER_MS: u32 = 40;
/// One kill in so many comes while harkara starts, when it reads and mends its files.
const AT_START: u64 = 5;
/// The longest after its start that such a kill comes, in milliseconds.
const STARTING_MS: u64 = 120;
/// The longest that harkara lives under load, in milliseconds.
const LIVING_MS: u64 = 1_500;
/// How often receipts are posted.
const TELLING: Duration = Duration::from_millis(50);

/// How often to kill, and which moments.
#[derive(Clone, Debug, Args)]
pub(crate) struct Kills {
    /// How often.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    kills: u32,
    /// Which random moments: the same again with the seed that was printed.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What became of it all.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Killed {
    seed: u64,
    kills: u32,
    /// Of those, the ones while it started.
    at_start: u32,
    /// Orders whose answer a kill swallowed; they were posted again.
    unanswered: usize,
    took_s: u64,
    /// What became of the orders.
    #[serde(flatten)]
    pub(crate) proof: Proof,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, kills, at_start, unanswered, took_s, proof } = self;
        writeln!(f, "kills: {kills}, {at_start} of them at its start, seed {seed}, in {took_s} s")?;
        write!(f, "  answers swallowed by a kill: {unanswered}\n{proof}")
    }
}

/// Numbers that a seed fixes (SplitMix64, by Vigna).
struct Dice(u64);

impl Dice {
    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}

/// Kills as often as asked for; what came of it.
///
/// # Errors
/// When something does not start, or breaks. What was lost or doubled is a result.
pub(crate) async fn kills(asked: &Kills) -> Result<Killed> {
    let micros = u64::try_from(super::measure::unix_micros()).unwrap_or_default();
    let seed = asked.seed.unwrap_or(micros % 1_000_000);
    eprintln!("kills: seed {seed}");
    let (begun, options) = (Instant::now(), &asked.options);
    let mut bench = Bench::start(options, None, PROVIDER_MS).await?;
    bench.harkara.kill();
    let lived = u64::from(asked.kills) * LIVING_MS;
    let orders = usize::try_from(u64::from(options.rate) * lived / 1_000)?;
    let ledger = Arc::new(Ledger::new(bench.first, orders));
    let mut receipts = Receipts::new(bench.before);
    let (mut dice, mut swallowed, mut at_start) = (Dice(seed), BTreeSet::new(), 0);
    for round in 1..=asked.kills {
        if dice.below(AT_START) == 0 {
            bench.harkara.begin(1)?;
            tokio::time::sleep(Duration::from_millis(dice.below(STARTING_MS))).await;
            bench.harkara.kill();
            at_start += 1;
        } else {
            let living = Duration::from_millis(dice.below(LIVING_MS));
            live_and_die(&mut bench, options, &ledger, &mut receipts, living).await?;
        }
        swallowed.extend(ledger.unanswered());
        if round % 10 == 0 {
            eprintln!("kills: {round} of {}, {} orders acknowledged", asked.kills, ledger.taken());
        }
    }
    bench.harkara.serve(options.time_scale).await?;
    let proof = Proof::of(&mut bench, options.connections.into(), &ledger, &mut receipts).await?;
    let (kills, unanswered, took_s) = (asked.kills, swallowed.len(), begun.elapsed().as_secs());
    Ok(Killed { seed, kills, at_start, unanswered, took_s, proof })
}

/// Starts harkara, lets it work under load, and kills it.
async fn live_and_die(
    bench: &mut Bench,
    options: &Options,
    ledger: &Arc<Ledger>,
    receipts: &mut Receipts,
    living: Duration,
) -> Result<()> {
    bench.harkara.serve(1).await?;
    let (port, connections, stop) = (bench.harkara.port, options.connections.into(), Stop::default());
    let pace = Pace::Steady(options.rate);
    let mut places = ledger.open();
    places.truncate(usize::try_from(u64::from(options.rate) * 2 * LIVING_MS / 1_000)?);
    let posting = tokio::spawn({
        let (ledger, stop) = (ledger.clone(), stop.clone());
        async move { post(port, connections, pace, &ledger, places, &stop).await }
    });
    let until = Instant::now() + living;
    while Instant::now() < until {
        // The kill may come while receipts are under way, too: those that were not taken are posted again.
        let untold = receipts.untold(&mut bench.asker).await?;
        let _ = tokio::time::timeout_at(until.into(), receipts.tell(port, &untold)).await;
        tokio::time::sleep_until((Instant::now() + TELLING).min(until).into()).await;
    }
    bench.harkara.kill();
    stop.store(true, Ordering::Relaxed);
    posting.await.context("posting orders")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_moments() {
        let drawn = |seed| {
            let mut dice = Dice(seed);
            (0..100).map(|_| dice.below(LIVING_MS)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        assert!(drawn(7).iter().all(|moment| *moment < LIVING_MS));
        assert!(drawn(7).iter().collect::<BTreeSet<_>>().len() > 80);
    }
}
