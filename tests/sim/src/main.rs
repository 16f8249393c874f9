//! Seeds at the command line: one again with all that happened, or as many as it takes to a number of faults.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line speaks on standard output

mod soak;

use std::{path::PathBuf, process::ExitCode};

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
    /// Show what happened, and not only what does not hold.
    #[arg(long)]
    log: bool,
    /// Go on until so much has gone wrong, whatever the number of seeds.
    #[arg(long, conflicts_with = "log")]
    faults: Option<u64>,
    /// Write what came of it into this file.
    #[arg(long)]
    report: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { seed, seeds, log, faults, report } = Arguments::parse();
    if log {
        for seed in seed..seed.saturating_add(seeds) {
            println!("{}", run(seed, Odds::of(seed), None, true)?.log);
        }
    }
    let goal = faults.map_or(soak::Goal::Seeds(seeds), soak::Goal::Faults);
    let came = soak::soak(seed, goal)?;
    for (seed, violation) in &came.violations {
        println!("seed {seed}: {violation}");
    }
    if let Some((seed, _)) = came.violations.first() {
        println!("\n{}\nsee cargo run -p harkara-sim -- --seed {seed} --log\n", came.story);
    }
    println!("{}", came.line());
    if let Some(file) = report {
        std::fs::write(file, came.report(goal))?;
    }
    Ok(if came.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
