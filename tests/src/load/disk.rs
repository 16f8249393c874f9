//! Fills the disk under harkara while messages are on their way, and gives the space back.

use std::{
    fmt,
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Serialize;

use super::Options;
use super::client::Connection;
use super::post::{Fate, Ledger, Pace, Stop, post};
use super::proof::Proof;
use super::receipts::Receipts;
use super::scenario::Bench;

/// What the provider takes to answer unless said: long enough that the disk is full before it has.
const PROVIDER_MS: u32 = 700;
/// The size of the file system.
const BYTES: u64 = 48 << 20;
/// How long orders are posted before the disk is full.
const BEFORE: Duration = Duration::from_secs(3);
/// How long it is full.
const FULL: Duration = Duration::from_secs(10);
/// Orders a second of each of these times, whatever `--rate` says: the space is for few.
const RATE: u32 = 50;
/// What SQLite says of a full disk.
const WORDS: &str = "database or disk is full";

/// How to fill the disk.
#[derive(Clone, Debug, Args)]
pub(crate) struct Disk {
    /// Kill harkara (kill -9) while the disk is full, and try to start it on the full disk.
    #[arg(long)]
    kill: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What became of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Filled {
    /// Posts that were answered 503 while the disk was full.
    refused: usize,
    /// Posts that were answered with anything but 200 and 503, or not at all.
    amiss: usize,
    /// Messages that the provider was at when the disk was full.
    in_flight: u64,
    /// Lines of the log that say what is the matter.
    told: usize,
    killed: bool,
    /// What became of the orders.
    #[serde(flatten)]
    pub(crate) proof: Proof,
}

impl fmt::Display for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, amiss, in_flight, told, killed, proof } = self;
        let killed = if *killed { ", and killed meanwhile" } else { "" };
        writeln!(f, "disk: full for {} s with {in_flight} messages on their way{killed}", FULL.as_secs())?;
        writeln!(
            f,
            "  while it was full: {refused} posts answered 503, {amiss} amiss; {told} lines in the log"
        )?;
        proof.fmt(f)
    }
}

impl Filled {
    /// Nothing, where all holds.
    ///
    /// # Errors
    /// What must not be.
    pub(crate) fn judge(&self) -> Result<()> {
        ensure!(self.in_flight > 0, "the provider was at no message when the disk was full");
        ensure!(self.refused > 0, "no webhook was answered 503 while the disk was full");
        ensure!(self.amiss == 0, "{} posts were answered with neither 200 nor 503", self.amiss);
        // With the kill the log lies on the full disk itself, where nothing can be said.
        ensure!(self.told > 0 || self.killed, "the log does not say that the disk is full");
        self.proof.judge()
    }
}

/// A small file system of its own, unmounted when it is dropped.
struct Small(PathBuf);

impl Small {
    /// Mounts it; says why not, where this machine does not let it.
    fn mount(at: &Path) -> Result<Result<Self, String>> {
        std::fs::create_dir_all(at).with_context(|| format!("making {}", at.display()))?;
        let size = format!("size={BYTES},mode=0700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "harkara-disk"]).arg(at).output();
        Ok(match mounted {
            Ok(done) if done.status.success() => Ok(Self(at.to_owned())),
            Ok(done) => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Fills it to the last byte.
    fn fill(&self) -> Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.ballast())?;
        for bytes in [1 << 20, 4096, 1] {
            let chunk = vec![0; bytes];
            // The file system has so many bytes, so this ends.
            while file.write_all(&chunk).is_ok() {}
        }
        Ok(())
    }

    /// Gives the space back.
    fn clear(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Fails only where it is gone already.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Fills the disk while messages are on their way; what came of it, or why a small disk cannot be had here.
///
/// # Errors
/// When something does not start, or breaks.
pub(crate) async fn disk(asked: &Disk) -> Result<Result<Filled, String>> {
    let place = std::path::absolute(&asked.options.work)?.join("small");
    let small = match Small::mount(&place)? {
        Ok(small) => small,
        Err(problem) => return Ok(Err(problem)),
    };
    let options = Options { work: place, warm_up: asked.options.warm_up.min(50), ..asked.options.clone() };
    let filled = full(asked, &options, &small).await;
    drop(small);
    filled.map(Ok)
}

async fn full(asked: &Disk, options: &Options, small: &Small) -> Result<Filled> {
    let mut bench = Bench::start(options, None, PROVIDER_MS).await?;
    if !asked.kill {
        bench.harkara.kill();
        bench.harkara.log = asked.options.work.join("serve.log");
        bench.harkara.serve(1).await?;
    }
    let connections = usize::from(options.connections);
    let orders = usize::try_from(u64::from(RATE) * (BEFORE + FULL).as_secs())?;
    let ledger = Arc::new(Ledger::new(bench.first, orders));
    let mut receipts = Receipts::new(bench.before);
    let before = usize::try_from(u64::from(RATE) * BEFORE.as_secs())?;
    let pace = Pace::Steady(RATE);
    post(bench.harkara.port, connections, pace, &ledger, (0..before).collect(), &Stop::default()).await;
    let in_flight = bench.asker.count().await?.in_flight;
    small.fill()?;
    eprintln!("disk: full, {in_flight} messages on their way");
    let begun = Instant::now();
    post(bench.harkara.port, connections, pace, &ledger, (before..orders).collect(), &Stop::default()).await;
    let (refused, amiss) = answers(&ledger);
    works(&bench).await?;
    tokio::time::sleep(FULL.saturating_sub(begun.elapsed())).await;
    let told = bench.harkara.said().lines().filter(|line| line.contains(WORDS)).count();
    if asked.kill {
        bench.harkara.kill();
        starts_or_says_why(&mut bench).await?;
        small.clear()?;
        bench.harkara.serve(options.time_scale).await?;
    } else {
        small.clear()?;
    }
    let proof = Proof::of(&mut bench, connections, &ledger, &mut receipts).await?;
    Ok(Filled { refused, amiss, in_flight, told, killed: asked.kill, proof })
}

/// How many were answered 503, and how many with neither that nor 200.
fn answers(ledger: &Ledger) -> (usize, usize) {
    let entries = ledger.entries();
    let count = |holds: fn(&Fate) -> bool| entries.iter().filter(|entry| holds(&entry.fate)).count();
    let refused = count(|fate| *fate == Fate::Refused(503));
    (refused, count(|fate| !matches!(fate, Fate::Taken | Fate::Refused(503))))
}

/// The server is there, and what only reads goes on: the sign-in page, the API.
async fn works(bench: &Bench) -> Result<()> {
    let mut connection = Connection::open(bench.harkara.port).await.context("harkara is gone")?;
    for path in ["/healthz", "/login"] {
        let answer = connection.get(path, None).await.with_context(|| path.to_owned())?;
        ensure!(answer.status == 200, "{path} answered {} while the disk was full", answer.status);
    }
    bench.harkara.api("/api/v1/runs?limit=5").await.map(drop)
}

/// On a full disk it starts, or ends with a line that says why not.
async fn starts_or_says_why(bench: &mut Bench) -> Result<()> {
    let Err(error) = bench.harkara.serve(1).await else {
        works(bench).await?;
        bench.harkara.kill();
        return Ok(());
    };
    let said = format!("{error:#}");
    bench.harkara.kill();
    eprintln!("disk: it does not start on a full disk: {}", said.replace('\n', " "));
    if !(said.contains("full") || said.contains("No space left")) {
        bail!("it does not say why it does not start on a full disk: {said}");
    }
    Ok(())
}
