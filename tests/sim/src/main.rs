//! `cargo run -p harkara-sim -- --seed 42`: one seed again, with all that happened.
#![allow(clippy::print_stdout)] // a command line speaks on standard output

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use harkara_sim::{Odds, run};

#[derive(Parser)]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many from there on.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many times as often as usual things go wrong.
    #[arg(long, default_value_t = 1)]
    rough: u32,
    /// Show what happened, and not only what does not hold.
    #[arg(long)]
    log: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { seed, seeds, rough, log } = Arguments::parse();
    let (began, mut broken, mut faults, mut events, mut messages) = (Instant::now(), 0, 0, 0, 0);
    let mut replayed = 0;
    for seed in seed..seed + seeds {
        let outcome = run(seed, Odds::of(seed).times(rough), None, log)?;
        if log {
            println!("{}", outcome.log);
        }
        for violation in &outcome.violations {
            println!("seed {seed}: {violation}");
        }
        broken += u64::from(!outcome.violations.is_empty());
        faults += outcome.faults.values().sum::<u64>();
        events += outcome.events;
        messages += outcome.messages;
        replayed += outcome.replayed;
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds, {faults} faults, {events} events, {messages} messages, {replayed} dead letters run again, \
         {broken} broken, {took:.1} s"
    );
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
