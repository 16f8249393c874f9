//! Kills harkara in the middle of its work, starts it again on the same folder, and counts.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::Options;
use super::api;
use super::measure::Usage;
use super::post::{Ledger, Pace, Stop, post};
use super::report::{Crash, Outcome, Used};
use super::scenario::Bench;

/// The scenario's name.
pub(crate) const NAME: &str = "crash";
/// What the provider takes to answer, so that messages are in flight at any moment.
const PROVIDER_MS: u32 = 150;
/// The longest that orders are posted, before the kill and after it.
const POSTING: Duration = Duration::from_secs(120);
/// The longest wait after the restart. A message that was in flight comes again when its claim's
/// lease (45 s) or its queue's visibility (3 min) is over and the ladder's first wait (2 min) too.
const LONGEST: Duration = Duration::from_secs(420);
/// How long no message may come before harkara is asked whether it is done, and between two questions.
const QUIET: Duration = Duration::from_secs(3);

/// Posts orders flat out, kills harkara when half of them are acknowledged and messages are in flight,
/// restarts it, posts the rest and, as a shop would, what was not acknowledged; waits until all is quiet.
///
/// # Errors
/// When something does not start, or breaks.
pub(crate) async fn crash(options: &Options) -> Result<Outcome> {
    let mut bench = Bench::start(options, None, PROVIDER_MS).await?;
    let orders = usize::try_from(options.orders.unwrap_or(9_000))?;
    let ledger = Arc::new(Ledger::new(bench.first, orders));
    let before = bench.used()?;
    let (in_flight, killed) = until_killed(&mut bench, options, &ledger).await?;
    let acknowledged_before = ledger.taken();
    let unanswered =
        ledger.entries().iter().filter(|entry| entry.fate == super::post::Fate::Unanswered).count();

    let came_back = bench.harkara.serve(options.time_scale).await?;
    eprintln!("crash: killed with {in_flight} messages in flight, back in {} ms", came_back.as_millis());
    let restarted = Instant::now();
    let pace = Pace::FlatOut(POSTING);
    let connections = options.connections.into();
    post(bench.harkara.port, connections, pace, &ledger, ledger.open(), &Stop::default()).await;
    let waited = until_done(&mut bench, restarted).await?;

    let after = bench.used()?;
    let cpu = killed.since(before[0]) + after[0].cpu;
    let peak_kb = killed.peak_kb.max(after[0].peak_kb);
    let used = Used { cpu, peak_kb, ..Used::between(before, after) };
    let mut outcome = bench.outcome(NAME, &ledger, used).await?;
    let ambiguous = api::ambiguous(&bench.harkara, &outcome.doubled_references).await?;
    outcome.crash = Some(Crash {
        acknowledged_before,
        unanswered,
        in_flight,
        back_ms: u64::try_from(came_back.as_millis())?,
        quiet_s: waited.as_secs(),
        doubled_ambiguous: ambiguous.doubled,
        ambiguous: ambiguous.all,
        time_scale: options.time_scale,
    });
    Ok(outcome)
}

/// Gives the messages in flight at the kill, and what harkara had used by then.
async fn until_killed(bench: &mut Bench, options: &Options, ledger: &Arc<Ledger>) -> Result<(u64, Usage)> {
    let (port, connections, stop) = (bench.harkara.port, options.connections.into(), Stop::default());
    let places = ledger.open();
    let half = places.len() / 2;
    let posting = tokio::spawn({
        let (ledger, stop) = (ledger.clone(), stop.clone());
        async move { post(port, connections, Pace::FlatOut(POSTING), &ledger, places, &stop).await }
    });
    let in_flight = loop {
        let in_flight = bench.asker.count().await?.in_flight;
        if ledger.taken() >= half && in_flight > 0 {
            break in_flight;
        }
        ensure!(!posting.is_finished(), "all orders were posted before a message was in flight");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let usage = bench.harkara.usage()?;
    stop.store(true, Ordering::Relaxed);
    bench.harkara.kill();
    posting.await?;
    Ok((in_flight, usage))
}

/// Waits until harkara has nothing left to do; how long that was.
async fn until_done(bench: &mut Bench, since: Instant) -> Result<Duration> {
    let (mut count, mut changed) = (0, Instant::now());
    loop {
        let now = bench.asker.count().await?;
        if now.in_flight > 0 || now.messages != count {
            (count, changed) = (now.messages, Instant::now());
        }
        // Harkara is asked only when it seems done: reading the list of runs is work for it.
        if changed.elapsed() >= QUIET && !api::busy(&bench.harkara).await? {
            return Ok(changed.duration_since(since));
        }
        if since.elapsed() >= LONGEST {
            eprintln!("crash: still not quiet after {} s", LONGEST.as_secs());
            return Ok(since.elapsed());
        }
        tokio::time::sleep(QUIET).await;
    }
}
