//! The scenarios without a crash: flat out, steady, and steady with a later stage.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::Options;
use super::child::{Harkara, Mock};
use super::measure::{Usage, folder_bytes};
use super::mock::Asker;
use super::post::{Ledger, Pace, Stop, post};
use super::report::{Outcome, Used};
use super::store;
use super::tally::tally;

/// The wait of the later stage, in seconds.
const LATER: u32 = 5;
/// Without a new message for so long, nothing more is expected.
const SILENCE: Duration = Duration::from_secs(20);
/// When all has come, how long to look for messages too many.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// The longest wait for messages.
const LONGEST: Duration = Duration::from_secs(600);

/// A running harkara with its provider.
pub(crate) struct Bench {
    pub(crate) mock: Mock,
    pub(crate) harkara: Harkara,
    pub(crate) asker: Asker,
    /// What each order must bring.
    pub(crate) messages: Vec<String>,
    pub(crate) later: Option<u32>,
    /// Messages of the warm-up.
    pub(crate) before: usize,
    /// The number of the first order behind the warm-up.
    pub(crate) first: u64,
}

impl Bench {
    /// Starts both and warms them up, so that files are made and what is read once has been read.
    ///
    /// # Errors
    /// When something does not start, or the warm-up does not come through.
    pub(crate) async fn start(options: &Options, later: Option<u32>, provider_ms: u32) -> Result<Self> {
        let mock =
            Mock::start(Duration::from_millis(options.provider_ms.unwrap_or(provider_ms).into())).await?;
        let harkara = Harkara::start(&options.harkara, &options.work, mock.port, later).await?;
        let asker = mock.asker().await?;
        let (messages, first) = (store::messages(later), u64::from(options.warm_up));
        let mut bench = Self { mock, harkara, asker, messages, later, before: 0, first };
        let orders = usize::try_from(options.warm_up)?;
        let ledger = Arc::new(Ledger::new(0, orders));
        let pace = Pace::FlatOut(Duration::from_secs(60));
        let connections = options.connections.into();
        post(bench.harkara.port, connections, pace, &ledger, (0..orders).collect(), &Stop::default()).await;
        let fates: Vec<_> = ledger.entries().iter().map(|entry| entry.fate).collect();
        ensure!(ledger.open().is_empty(), "harkara does not take orders in: {:?}", fates.first());
        let expected = orders * bench.messages.len();
        bench.before = bench.until_quiet(expected).await?;
        ensure!(bench.before == expected, "the warm-up brought {} messages, not {expected}", bench.before);
        Ok(bench)
    }

    /// Waits until so many messages have come in all and no more follow, or none has come for a while;
    /// gives their number.
    ///
    /// # Errors
    /// When the mock is gone.
    pub(crate) async fn until_quiet(&mut self, expected: usize) -> Result<usize> {
        let begun = Instant::now();
        let (mut count, mut changed) = (0, begun);
        loop {
            let now = self.asker.count().await?.messages;
            if now != count {
                (count, changed) = (now, Instant::now());
            }
            let silence = if count >= expected { AFTERWARDS } else { SILENCE };
            if changed.elapsed() >= silence || begun.elapsed() >= LONGEST {
                return Ok(count);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What all three processes have used so far.
    ///
    /// # Errors
    /// When one is gone.
    pub(crate) fn used(&self) -> Result<[Usage; 3]> {
        Ok([self.harkara.usage()?, self.mock.usage()?, Usage::of(None)?])
    }

    /// Brings book and arrivals together.
    ///
    /// # Errors
    /// When the mock is gone, or was sent something that is no message.
    pub(crate) async fn outcome(
        &mut self,
        scenario: &'static str,
        ledger: &Ledger,
        used: Used,
    ) -> Result<Outcome> {
        let arrivals = self.asker.arrivals(self.before).await?;
        let count = self.asker.count().await?;
        ensure!(count.bad == 0, "{} requests to the provider were no messages", count.bad);
        let tally = tally(ledger, &self.messages, self.later, &arrivals);
        let data = folder_bytes(&self.harkara.data());
        Ok(Outcome::new(scenario, &ledger.entries(), tally, used, data))
    }
}

async fn measure(
    scenario: &'static str,
    options: &Options,
    later: Option<u32>,
    pace: Pace,
    orders: usize,
) -> Result<Outcome> {
    let mut bench = Bench::start(options, later, 0).await?;
    eprintln!("{scenario}: harkara is process {:?}", bench.harkara.pid());
    let ledger = Arc::new(Ledger::new(bench.first, orders));
    let before = bench.used()?;
    let connections = options.connections.into();
    post(bench.harkara.port, connections, pace, &ledger, (0..orders).collect(), &Stop::default()).await;
    let expected = bench.before + ledger.taken() * bench.messages.len();
    bench.until_quiet(expected).await?;
    let used = Used::between(before, bench.used()?);
    bench.outcome(scenario, &ledger, used).await
}

/// As fast as harkara answers.
///
/// # Errors
/// When something does not start, or breaks.
pub(crate) async fn flat(options: &Options) -> Result<Outcome> {
    let pace = Pace::FlatOut(Duration::from_secs(options.seconds.into()));
    let orders = usize::try_from(options.orders.unwrap_or(30_000))?;
    measure("flat", options, None, pace, orders).await
}

/// At a fixed rate.
///
/// # Errors
/// When something does not start, or breaks.
pub(crate) async fn steady(options: &Options) -> Result<Outcome> {
    let orders = usize::try_from(options.rate * options.seconds)?;
    measure("steady", options, None, Pace::Steady(options.rate), orders).await
}

/// At a fixed rate, with a later stage.
///
/// # Errors
/// When something does not start, or breaks.
pub(crate) async fn delayed(options: &Options) -> Result<Outcome> {
    let orders = usize::try_from(options.rate * options.seconds)?;
    measure("delayed", options, Some(LATER), Pace::Steady(options.rate), orders).await
}
