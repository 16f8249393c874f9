//! What has to hold when all is quiet, whatever harkara went through: nothing lost, doubled, unexpected, stuck
//! or left over, and a sound file.

use std::{
    collections::BTreeSet,
    fmt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use serde_json::Value;

use super::api;
use super::post::{Ledger, Pace, Stop, post};
use super::receipts::Receipts;
use super::scenario::Bench;
use super::tally::tally;

/// The longest wait at the end. What was in flight comes again when its claim's lease (45 s) or its queue's
/// visibility (3 min) is over and, should no receipt settle it, the ladder's first wait (2 min) too.
const LONGEST: Duration = Duration::from_secs(480);
/// How long nothing may come before harkara is asked whether it is done.
const QUIET: Duration = Duration::from_secs(3);

/// What became of the orders.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Proof {
    /// Orders that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Messages that these must bring.
    pub(crate) expected: usize,
    /// Of those, the ones that never came.
    pub(crate) lost: usize,
    /// Messages that came more than once.
    pub(crate) doubled: usize,
    /// Of those, the ones whose run says that an answer was lost.
    pub(crate) doubled_ambiguous: usize,
    /// All messages whose run says so.
    pub(crate) ambiguous: usize,
    /// Messages that nobody should have sent.
    pub(crate) unexpected: usize,
    pub(crate) dead_letters: usize,
    /// Some runs have something still to come, after the longest wait.
    pub(crate) stuck: bool,
    /// What is left in the queues and among the schedules.
    pub(crate) left: i64,
    /// What `PRAGMA integrity_check` says.
    pub(crate) integrity: String,
    /// How long it took to be quiet.
    pub(crate) quiet_s: u64,
}

impl Proof {
    /// Posts what was posted and not acknowledged, as a shop would, and the receipts; waits until harkara has
    /// nothing left to do, looks at what came of it, and ends it.
    ///
    /// # Errors
    /// When something breaks. What is lost or doubled is a result: see [`Proof::faults`].
    pub(crate) async fn of(
        bench: &mut Bench,
        connections: usize,
        ledger: &Arc<Ledger>,
        receipts: &mut Receipts,
    ) -> Result<Self> {
        let mut proof = Self::default();
        let begun = Instant::now();
        let pace = Pace::FlatOut(Duration::from_secs(120));
        let again = ledger.unanswered();
        post(bench.harkara.port, connections, pace, ledger, again, &Stop::default()).await;
        proof.stuck = !quiet(bench, receipts).await?;
        proof.quiet_s = begun.elapsed().as_secs();
        proof.count(bench, ledger).await?;
        Ok(proof)
    }

    async fn count(&mut self, bench: &mut Bench, ledger: &Ledger) -> Result<()> {
        let arrivals = bench.asker.arrivals(bench.before).await?;
        let tally = tally(ledger, &bench.messages, None, &arrivals);
        let doubled: BTreeSet<String> = tally.doubled_references.iter().cloned().collect();
        let doubled: Vec<String> = doubled.into_iter().collect();
        let ambiguous = api::ambiguous(&bench.harkara, &doubled).await?;
        let letters = bench.harkara.api("/api/v1/dead-letters?limit=200").await?;
        let letters = letters.get("entries").and_then(Value::as_array).context("the list of dead letters")?;
        self.dead_letters = letters.len();
        (self.acknowledged, self.expected) = (ledger.taken(), tally.expected);
        (self.lost, self.unexpected) = (tally.lost(), tally.unexpected);
        (self.doubled, self.doubled_ambiguous, self.ambiguous) =
            (doubled.len(), ambiguous.doubled, ambiguous.all);
        bench.harkara.kill();
        let database = bench.harkara.data().join("harkara.db");
        (self.left, self.integrity) = (left(&database)?, integrity(&database)?);
        Ok(())
    }

    /// What must not be.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        must(self.expected > 0, "nothing was acknowledged".to_owned());
        must(self.lost == 0, format!("{} messages are lost", self.lost));
        must(self.unexpected == 0, format!("{} messages that nobody should have sent", self.unexpected));
        let unexplained = self.doubled.saturating_sub(self.doubled_ambiguous);
        must(unexplained == 0, format!("{unexplained} messages came twice, and nothing says why"));
        must(self.dead_letters == 0, format!("{} dead letters", self.dead_letters));
        must(!self.stuck, "runs are stuck".to_owned());
        must(self.left == 0, format!("{} messages and schedules are left over", self.left));
        must(self.integrity == "ok", format!("the file is damaged: {}", self.integrity));
        faults
    }

    /// Nothing, where all holds.
    ///
    /// # Errors
    /// What must not be.
    pub(crate) fn judge(&self) -> Result<()> {
        let faults = self.faults();
        if faults.is_empty() { Ok(()) } else { bail!(faults.join("; ")) }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, expected, lost, unexpected, doubled, doubled_ambiguous, ambiguous, .. } =
            self;
        writeln!(f, "  orders: {acknowledged} acknowledged")?;
        writeln!(
            f,
            "  messages: {expected} due, {lost} lost, {unexpected} unexpected, {doubled} doubled \
             ({doubled_ambiguous} of them recorded as ambiguous), {ambiguous} ambiguous in all"
        )?;
        write!(
            f,
            "  at the end: quiet after {} s, {} dead letters, {} jobs left, integrity_check: {}",
            self.quiet_s, self.dead_letters, self.left, self.integrity
        )
    }
}

/// Waits until harkara has nothing left to do, and tells it of the messages meanwhile; `false` when that takes
/// too long.
async fn quiet(bench: &mut Bench, receipts: &mut Receipts) -> Result<bool> {
    let begun = Instant::now();
    let database = bench.harkara.data().join("harkara.db");
    let (mut messages, mut changed) = (0, Instant::now());
    while begun.elapsed() < LONGEST {
        receipts.send(bench.harkara.port, &mut bench.asker).await?;
        let now = bench.asker.count().await?;
        if now.in_flight > 0 || now.messages != messages {
            (messages, changed) = (now.messages, Instant::now());
        }
        // Harkara is asked only when it seems done: reading the list of runs is work for it.
        if changed.elapsed() >= QUIET && !api::busy(&bench.harkara).await? && left(&database)? == 0 {
            return Ok(true);
        }
        tokio::time::sleep(QUIET / 3).await;
    }
    Ok(false)
}

/// What SQLite says of a file that nobody has open.
fn integrity(database: &Path) -> Result<String> {
    let file = Connection::open(database)?;
    Ok(file.query_row("PRAGMA integrity_check", [], |row| row.get(0))?)
}

/// How many messages and schedules a database holds. A server may be running on it.
fn left(database: &Path) -> Result<i64> {
    let file = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut left = 0;
    for table in ["message_events", "message_stages", "message_priority", "message_failures", "schedule"] {
        let sql = format!("SELECT count(*) FROM {table}");
        left += file.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named() {
        let sound = Proof { expected: 2, doubled: 1, doubled_ambiguous: 1, ..Proof::default() };
        let sound = Proof { integrity: "ok".to_owned(), ..sound };
        assert_eq!(sound.faults(), Vec::<String>::new());
        for (broken, word) in [
            (Proof { expected: 0, ..sound.clone() }, "acknowledged"),
            (Proof { lost: 1, ..sound.clone() }, "lost"),
            (Proof { unexpected: 1, ..sound.clone() }, "nobody"),
            (Proof { doubled: 2, ..sound.clone() }, "twice"),
            (Proof { dead_letters: 1, ..sound.clone() }, "dead letters"),
            (Proof { stuck: true, ..sound.clone() }, "stuck"),
            (Proof { left: 1, ..sound.clone() }, "left over"),
            (Proof { integrity: "row 1 missing".to_owned(), ..sound }, "damaged"),
        ] {
            let faults = broken.faults();
            assert!(faults.len() == 1 && faults[0].contains(word), "{faults:?}");
            assert!(broken.judge().is_err());
        }
    }
}
