//! Many seeds, on all processors, with a bar, and what came of them.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    io::{IsTerminal, Write as _, stderr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use harkara_sim::{Facts, Odds, Outcome, Sends, run};

/// When it is enough.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// After so many seeds.
    Seeds(u64),
    /// When so much has gone wrong.
    Faults(u64),
}

impl Goal {
    /// As it is asked for.
    fn argument(self) -> String {
        match self {
            Self::Seeds(seeds) => format!("--seeds {seeds}"),
            Self::Faults(faults) => format!("--faults {faults}"),
        }
    }
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Came {
    seeds: u64,
    faults: BTreeMap<&'static str, u64>,
    events: u64,
    sends: Sends,
    facts: Facts,
    replayed: u64,
    /// What did not hold, by seed.
    pub(crate) violations: Vec<(u64, String)>,
    /// The timelines of the first of these.
    pub(crate) story: String,
    took: Duration,
}

impl Came {
    fn faults(&self) -> u64 {
        self.faults.values().sum()
    }

    fn take(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.events += outcome.events;
        self.sends += outcome.sends;
        self.facts += outcome.facts;
        self.replayed += outcome.replayed;
        if self.story.is_empty() {
            self.story = outcome.story;
        }
        for (fault, count) in outcome.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.violations.extend(outcome.violations.into_iter().map(|violation| (seed, violation)));
    }

    fn done(&self, goal: Goal) -> (u64, u64) {
        match goal {
            Goal::Seeds(seeds) => (self.seeds, seeds),
            Goal::Faults(faults) => (self.faults().min(faults), faults),
        }
    }

    /// In a line.
    pub(crate) fn line(&self) -> String {
        let Self { seeds, events, sends, facts, replayed, violations, took, .. } = self;
        let (faults, seconds) = (self.faults(), took.as_secs_f64());
        format!(
            "{seeds} seeds, {faults} faults, {events} events, {} facts, {} messages, {replayed} dead letters run \
             again, {} violations, {seconds:.1} s",
            facts.given,
            sends.taken,
            violations.len()
        )
    }

    /// As a page.
    pub(crate) fn report(&self, goal: Goal) -> String {
        let seconds = self.took.as_secs_f64();
        let mut kinds: Vec<_> = self.faults.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let rows = kinds.iter().fold(String::new(), |mut rows, (fault, count)| {
            _ = writeln!(rows, "| {fault} | {count} |");
            rows
        });
        #[allow(clippy::cast_precision_loss)] // seeds are far below 2^52
        let rate = self.seeds as f64 / seconds.max(0.001);
        format!(
            include_str!("report.md"),
            goal = goal.argument(),
            machine = machine(),
            seeds = self.seeds,
            total = self.faults(),
            events = self.events,
            given = self.facts.given,
            applied = self.facts.applied,
            duplicate = self.facts.duplicate,
            ignored = self.facts.ignored,
            quarantined = self.facts.quarantined,
            taken = self.sends.taken,
            ambiguous = self.sends.ambiguous,
            reconciled = self.sends.reconciled,
            again = self.sends.again,
            replayed = self.replayed,
            violations = self.violations.len(),
            seconds = seconds,
            rate = rate,
            rows = rows,
        )
    }
}

/// The machine, in a line.
fn machine() -> String {
    let value = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| {
            line.strip_prefix(name)?.split_once(':').map(|(_, value)| value.trim().to_owned())
        });
        line.unwrap_or_else(|| "unknown".to_owned())
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {}, Linux {}", value("/proc/cpuinfo", "model name"), kernel.trim())
}

/// Lives seeds from `first` on until it is enough.
///
/// # Errors
/// When a world cannot be set up.
pub(crate) fn soak(first: u64, goal: Goal) -> anyhow::Result<Came> {
    let (began, next) = (Instant::now(), AtomicU64::new(first));
    let came = Mutex::new(Came::default());
    let lock = || came.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || -> anyhow::Result<()> {
        loop {
            let (done, all) = lock().done(goal);
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let spent = matches!(goal, Goal::Seeds(seeds) if seed - first >= seeds);
            if done >= all || spent {
                return Ok(());
            }
            let outcome = run(seed, Odds::of(seed), None, false)?;
            let mut came = lock();
            came.take(seed, outcome);
            bar(came.done(goal), came.seeds);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a world came to an end by a panic")))
        })
    })?;
    if stderr().is_terminal() {
        eprintln!();
    }
    let mut came = came.into_inner().unwrap_or_else(PoisonError::into_inner);
    came.took = began.elapsed();
    Ok(came)
}

fn bar((done, all): (u64, u64), seeds: u64) {
    const WIDTH: u64 = 40;
    if !stderr().is_terminal() || !seeds.is_multiple_of(20) {
        return;
    }
    let full = usize::try_from(WIDTH * done / all.max(1)).unwrap_or_default();
    let rest = usize::try_from(WIDTH).unwrap_or_default().saturating_sub(full);
    eprint!("\r{}{} {done} of {all}, {seeds} seeds", "█".repeat(full), "░".repeat(rest));
    _ = stderr().flush();
}
