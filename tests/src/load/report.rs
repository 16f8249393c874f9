//! What a scenario came to, for people, for programs and for the README.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::measure::{Spread, Usage, machine};
use super::post::{Entry, Fate};
use super::tally::Tally;

/// What was used during a scenario.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Harkara's processor time.
    pub(crate) cpu: Duration,
    /// Harkara's peak memory (resident), in KB.
    pub(crate) peak_kb: u64,
    /// The generator's processor time.
    pub(crate) generator: Duration,
    /// The mock provider's processor time.
    pub(crate) mock: Duration,
}

impl Used {
    /// Between two looks at harkara, the mock and the generator.
    pub(crate) fn between(before: [Usage; 3], after: [Usage; 3]) -> Self {
        let [harkara, mock, generator] = after;
        let [harkara_before, mock_before, generator_before] = before;
        Self {
            cpu: harkara.since(harkara_before),
            peak_kb: harkara.peak_kb,
            generator: generator.since(generator_before),
            mock: mock.since(mock_before),
        }
    }
}

/// What became of the scenario's orders and messages.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    /// Which scenario.
    pub(crate) scenario: &'static str,
    /// Orders that were posted.
    pub(crate) orders: usize,
    /// Of those, the ones that were acknowledged with 200.
    pub(crate) acknowledged: usize,
    /// Those that were answered with another status.
    pub(crate) refused: usize,
    /// Acknowledged orders a second, from the first post to the last answer.
    pub(crate) taken_in_per_s: f64,
    /// Acknowledged orders a second, from the first post to the last message; `None` where messages
    /// have to wait, for a later stage or after a crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) carried_through_per_s: Option<f64>,
    /// From the time at which an order was to be posted to its answer.
    pub(crate) ingest: Spread,
    /// From the time at which an order was to be posted to the arrival of each of its messages.
    pub(crate) order_to_message: Spread,
    /// From the time at which a later stage was due, counted from its order's post, to its arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lateness: Option<Spread>,
    /// Harkara's processor time for 1,000 acknowledged orders, in seconds; in `crash` with what it took
    /// to ask its API for runs.
    pub cpu_s_per_1000: f64,
    /// Harkara's peak memory (resident), in MB.
    pub(crate) peak_mb: f64,
    /// The data folder at the end, in KB for each order.
    pub(crate) disk_kb_per_order: f64,
    /// Messages that acknowledged orders must bring.
    pub(crate) messages: usize,
    /// Of those, the ones that never came.
    pub(crate) lost: usize,
    /// Arrivals of a message that had come before.
    pub(crate) doubled: usize,
    /// Messages that nobody should have sent.
    pub(crate) unexpected: usize,
    /// The generator's own processor time, in seconds.
    pub(crate) generator_cpu_s: f64,
    /// The mock provider's processor time, in seconds.
    pub(crate) mock_cpu_s: f64,
    /// What the crash did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crash: Option<Crash>,
    /// The references of what came again.
    #[serde(skip)]
    pub(crate) doubled_references: Vec<String>,
}

/// What a crash did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Crash {
    /// Orders acknowledged before it.
    pub(crate) acknowledged_before: usize,
    /// Orders whose answer it swallowed; they were posted again.
    pub(crate) unanswered: usize,
    /// Messages that the provider had not yet answered.
    pub(crate) in_flight: u64,
    /// Until the restarted server answered, in milliseconds.
    pub(crate) back_ms: u64,
    /// From the restart until nothing was left to do, in seconds.
    pub(crate) quiet_s: u64,
    /// Doubled messages whose run says that the first answer was lost.
    pub(crate) doubled_ambiguous: usize,
    /// All messages whose run says so.
    pub(crate) ambiguous: usize,
    /// How much faster than real the time ran after the restart.
    pub(crate) time_scale: u32,
}

#[allow(clippy::cast_precision_loss)] // counts and microseconds of a measurement are far below 2^52
fn ratio(part: f64, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part / whole as f64 }
}

#[allow(clippy::cast_precision_loss)] // as above
fn per_second(count: usize, micros: i64) -> f64 {
    if micros <= 0 { 0.0 } else { count as f64 * 1e6 / micros as f64 }
}

impl Outcome {
    /// Works it out of the book, the tally, what was used and the bytes of the data folder.
    #[allow(clippy::cast_precision_loss)] // bytes of one measurement are far below 2^52
    pub(crate) fn new(
        scenario: &'static str,
        entries: &[Entry],
        tally: Tally,
        used: Used,
        data: u64,
    ) -> Self {
        let posted = || entries.iter().filter(|entry| entry.fate != Fate::Waiting);
        let taken = || entries.iter().filter(|entry| entry.fate == Fate::Taken);
        let begun = posted().map(|entry| entry.intended).min().unwrap_or_default();
        let answered = taken().map(|entry| entry.answered).max().unwrap_or_default();
        let acknowledged = taken().count();
        // An order that had to be posted again counts from its last post: the wait is the crash's.
        let wait = |entry: &Entry| {
            let again = entry.posted - entry.intended > 10_000_000;
            entry.answered - if again { entry.posted } else { entry.intended }
        };
        Self {
            scenario,
            orders: posted().count(),
            acknowledged,
            refused: posted().filter(|entry| matches!(entry.fate, Fate::Refused(_))).count(),
            taken_in_per_s: per_second(acknowledged, answered - begun),
            carried_through_per_s: (tally.lateness.is_none() && scenario != super::crash::NAME)
                .then(|| per_second(acknowledged, tally.last.max(answered) - begun)),
            ingest: Spread::of(taken().map(wait).collect()),
            order_to_message: tally.order_to_message,
            lateness: tally.lateness,
            cpu_s_per_1000: ratio(used.cpu.as_secs_f64() * 1e3, acknowledged),
            peak_mb: used.peak_kb as f64 / 1024.0,
            disk_kb_per_order: ratio(data as f64 / 1024.0, acknowledged),
            messages: tally.expected,
            lost: tally.lost(),
            doubled: tally.doubled,
            unexpected: tally.unexpected,
            generator_cpu_s: used.generator.as_secs_f64(),
            mock_cpu_s: used.mock.as_secs_f64(),
            crash: None,
            doubled_references: tally.doubled_references,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.scenario)?;
        let mut line = |name: &str, value: String| writeln!(f, "  {name:<26}{value}");
        line(
            "orders",
            format!("{} posted, {} acknowledged, {} refused", self.orders, self.acknowledged, self.refused),
        )?;
        line("taken in", format!("{:.0} orders/s", self.taken_in_per_s))?;
        if let Some(rate) = self.carried_through_per_s {
            line("carried through", format!("{rate:.0} orders/s"))?;
        }
        line("ingest", spread(&self.ingest))?;
        line("order to message", spread(&self.order_to_message))?;
        if let Some(lateness) = &self.lateness {
            line("lateness of later stage", spread(lateness))?;
        }
        line("harkara's CPU", format!("{:.2} s for 1,000 orders", self.cpu_s_per_1000))?;
        line("harkara's peak memory", format!("{:.0} MB", self.peak_mb))?;
        line("data folder", format!("{:.1} KB an order", self.disk_kb_per_order))?;
        let Self { messages, lost, doubled, unexpected, .. } = self;
        line("messages", format!("{messages} due, {lost} lost, {doubled} doubled, {unexpected} unexpected"))?;
        line(
            "CPU of the others",
            format!("generator {:.1} s, mock {:.1} s", self.generator_cpu_s, self.mock_cpu_s),
        )?;
        let Some(crash) = &self.crash else { return Ok(()) };
        line(
            "killed",
            format!(
                "after {} orders, {} unanswered, {} messages in flight",
                crash.acknowledged_before, crash.unanswered, crash.in_flight
            ),
        )?;
        let scale =
            if crash.time_scale > 1 { format!(" (time × {})", crash.time_scale) } else { String::new() };
        line("back", format!("in {} ms, quiet after {} s{scale}", crash.back_ms, crash.quiet_s))?;
        let Crash { doubled_ambiguous, ambiguous, .. } = crash;
        line("recorded as ambiguous", format!("{doubled_ambiguous} of {doubled} doubled; {ambiguous} in all"))
    }
}

fn spread(spread: &Spread) -> String {
    format!("p50 {}, p99 {}, max {}", ms(spread.p50_ms), ms(spread.p99_ms), ms(spread.max_ms))
}

/// Two digits that count, and the unit that suits.
fn ms(ms: f64) -> String {
    match ms {
        _ if ms.abs() >= 10_000.0 => format!("{:.1} s", ms / 1e3),
        _ if ms.abs() >= 10.0 => format!("{ms:.0} ms"),
        _ => format!("{ms:.1} ms"),
    }
}

/// A table for the README, with machine and command.
pub(crate) fn markdown(outcomes: &[Outcome]) -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut text = format!(
        "Measured on {} with `cargo run --release -p harkara-tests --bin load -- {}`.\n\n",
        machine(),
        arguments.join(" ")
    );
    let head: Vec<&str> = outcomes.iter().map(|outcome| outcome.scenario).collect();
    text += &row("", head.into_iter().map(str::to_owned));
    text += &row("---", outcomes.iter().map(|_| "---:".to_owned()));
    let mut add = |name: &str, cell: &dyn Fn(&Outcome) -> String| {
        text += &row(name, outcomes.iter().map(cell));
    };
    add("orders", &|o| o.acknowledged.to_string());
    add("taken in, orders/s", &|o| format!("{:.0}", o.taken_in_per_s));
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    add("carried through, orders/s", &|o| or_dash(o.carried_through_per_s.map(|rate| format!("{rate:.0}"))));
    add("ingest p50 / p99 / max", &|o| triple(&o.ingest));
    add("order to message p50 / p99 / max", &|o| triple(&o.order_to_message));
    add("lateness p50 / p99 / max", &|o| or_dash(o.lateness.as_ref().map(triple)));
    add("CPU s for 1,000 orders", &|o| format!("{:.2}", o.cpu_s_per_1000));
    add("peak memory, MB", &|o| format!("{:.0}", o.peak_mb));
    add("data folder, KB an order", &|o| format!("{:.1}", o.disk_kb_per_order));
    add("messages due", &|o| o.messages.to_string());
    add("lost", &|o| o.lost.to_string());
    add("doubled", &|o| match &o.crash {
        Some(crash) => format!("{} ({} recorded as ambiguous)", o.doubled, crash.doubled_ambiguous),
        None => o.doubled.to_string(),
    });
    text
}

fn triple(spread: &Spread) -> String {
    format!("{} / {} / {}", ms(spread.p50_ms), ms(spread.p99_ms), ms(spread.max_ms))
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> String {
    format!("| {name} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(intended: i64, posted: i64, answered: i64, fate: Fate) -> Entry {
        Entry { intended, posted, answered, fate }
    }

    fn outcome() -> Outcome {
        let entries = [
            entry(1_000_000, 1_000_500, 1_002_000, Fate::Taken),
            // Posted again 20 s later: its answer took 3 ms.
            entry(1_500_000, 21_500_000, 21_503_000, Fate::Taken),
            entry(1_600_000, 1_600_000, 1_601_000, Fate::Refused(503)),
            entry(0, 0, 0, Fate::Waiting),
        ];
        let tally = Tally { expected: 4, came: 3, doubled: 1, last: 41_000_000, ..Tally::default() };
        let used = Used { cpu: Duration::from_millis(500), peak_kb: 2048, ..Used::default() };
        Outcome::new("flat", &entries, tally, used, 4096)
    }

    #[test]
    fn rates_and_shares_count_acknowledged_orders() {
        let outcome = outcome();
        assert_eq!((outcome.orders, outcome.acknowledged, outcome.refused), (3, 2, 1));
        assert!((outcome.taken_in_per_s - 2.0 / 20.503).abs() < 1e-9);
        assert!(outcome.carried_through_per_s.is_some_and(|rate| (rate - 0.05).abs() < 1e-9));
        assert_eq!((outcome.ingest.p50_ms, outcome.ingest.max_ms), (2.0, 3.0));
        assert_eq!((outcome.cpu_s_per_1000, outcome.peak_mb, outcome.disk_kb_per_order), (250.0, 2.0, 2.0));
        assert_eq!((outcome.lost, outcome.doubled), (1, 1));
    }

    #[test]
    fn the_table_has_a_cell_for_each_scenario() {
        let text = markdown(&[outcome(), outcome()]);
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 10);
        assert!(rows.iter().all(|row| row.matches('|').count() == 4), "{text}");
        assert!(text.contains("| lost | 1 | 1 |"), "{text}");
        assert_eq!((ms(0.04), ms(12.3), ms(12_345.0)), ("0.0 ms".into(), "12 ms".into(), "12.3 s".into()));
    }
}
