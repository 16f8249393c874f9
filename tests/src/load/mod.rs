//! A load generator with a mock of the WhatsApp provider. It starts both itself, on this machine and
//! a fresh data folder, and counts what became of every order.

mod api;
mod body;
mod child;
mod client;
mod crash;
mod disk;
mod kills;
mod measure;
mod mock;
mod post;
mod proof;
mod receipts;
mod report;
mod scenario;
mod store;
#[cfg(test)]
mod taken;
mod tally;

use std::{io::Write, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};

use client::Loopback;
use report::Outcome;

/// Measures the harkara binary under load, on this machine and a data folder of its own.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// As fast as harkara answers.
    Flat(Options),
    /// At a fixed rate, whether harkara answers or not.
    Steady(Options),
    /// At a fixed rate, with a stage that is due 5 s later: how late is it?
    Delayed(Options),
    /// Kills harkara (kill -9) in the middle and starts it again: what is lost, what is doubled?
    Crash(Options),
    /// Kills it again and again at random moments: nothing may be lost, doubled or stuck.
    Kills(kills::Kills),
    /// Fills the disk under it while messages are on their way: nothing may be lost or doubled once there is
    /// space again.
    Disk(disk::Disk),
    /// The first four, as a Markdown table.
    All(Options),
    /// The mock provider alone.
    Mock(Mock),
}

/// What to run, and how hard.
#[derive(Clone, Debug, Args)]
struct Options {
    /// The binary to measure.
    #[arg(long, default_value = "target/release/harkara")]
    harkara: PathBuf,
    /// Where data folders are made, and removed again.
    #[arg(long, default_value = "target/load")]
    work: PathBuf,
    /// Orders of `flat` (30,000 unless said) and `crash` (9,000).
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    orders: Option<u32>,
    /// How long `steady` and `delayed` post, and `flat` at most.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Orders a second of `steady` and `delayed`.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Kept connections that orders are posted over.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=512))]
    connections: u16,
    /// How long the mock provider takes to answer (0, and 150 in `crash`, unless said).
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=9_000))]
    provider_ms: Option<u32>,
    /// Orders that are posted and brought to their end before the measurement begins.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    warm_up: u32,
    /// After the kill of `crash`, let harkara's time run so many times as fast: its retry ladder waits
    /// two minutes before it sends a message again whose answer was lost.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    time_scale: u32,
    /// Print JSON, a line for each scenario.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Mock {
    /// The port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// How long it takes to answer.
    #[arg(long, default_value_t = 0)]
    delay_ms: u32,
    /// End when standard input does.
    #[arg(long, hide = true)]
    with_parent: bool,
}

/// Runs the command line.
///
/// # Errors
/// When something does not start, or breaks; lost messages are a result, not an error.
pub(crate) fn run() -> Result<()> {
    let arguments = Arguments::parse();
    // One thread: what measures must leave the processors to what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            done = perform(arguments.command) => done,
            // Dropping the scenario ends its children.
            stopped = told_to_stop() => stopped.and_then(|()| bail!("stopped")),
        }
    })
}

async fn told_to_stop() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        _ = terminate.recv() => Ok(()),
    }
}

async fn perform(command: Command) -> Result<()> {
    match command {
        Command::Mock(Mock { port, delay_ms, with_parent }) => {
            mock::serve(Loopback(port), Duration::from_millis(delay_ms.into()), with_parent).await
        }
        Command::Flat(options) => show(&options, &[scenario::flat(&options).await?]),
        Command::Steady(options) => show(&options, &[scenario::steady(&options).await?]),
        Command::Delayed(options) => show(&options, &[scenario::delayed(&options).await?]),
        Command::Crash(options) => show(&options, &[crash::crash(&options).await?]),
        Command::Kills(asked) => {
            let killed = kills::kills(&asked).await?;
            show_one(&asked.options, &killed)?;
            killed.proof.judge()
        }
        Command::Disk(asked) => match disk::disk(&asked).await? {
            Ok(filled) => {
                show_one(&asked.options, &filled)?;
                filled.judge()
            }
            Err(problem) => {
                print(&format!("disk: skipped, no small file system can be mounted here: {problem}"))
            }
        },
        Command::All(options) => {
            let mut outcomes = Vec::new();
            for name in ["flat", "steady", "delayed", "crash"] {
                eprintln!("{name} …");
                let outcome = match name {
                    "flat" => scenario::flat(&options).await,
                    "steady" => scenario::steady(&options).await,
                    "delayed" => scenario::delayed(&options).await,
                    _ => crash::crash(&options).await,
                };
                outcomes.push(outcome.with_context(|| name.to_owned())?);
            }
            show(&options, &outcomes)?;
            if !options.json {
                print(&report::markdown(&outcomes))?;
            }
            Ok(())
        }
    }
}

fn show(options: &Options, outcomes: &[Outcome]) -> Result<()> {
    for outcome in outcomes {
        let text = if options.json { serde_json::to_string(outcome)? } else { outcome.to_string() };
        print(&text)?;
    }
    Ok(())
}

fn show_one<T: serde::Serialize + std::fmt::Display>(options: &Options, outcome: &T) -> Result<()> {
    print(&if options.json { serde_json::to_string(outcome)? } else { outcome.to_string() })
}

fn print(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
