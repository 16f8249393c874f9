//! What goes wrong, drawn from the seed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use crate::steps::{Steps, TaskId};

/// A guard that is switched off, to see that the simulation would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Stages are not claimed before they are performed.
    Claim,
    /// Writes do not look at the version of what they replace.
    VersionGuard,
    /// A run, or an entry of a timeline, that is there already is put once more.
    RunId,
    /// Nobody looks for what is overdue.
    Sweep,
    /// What providers report is not taken in.
    Reconciliation,
}

impl Sabotage {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Claim, Self::VersionGuard, Self::RunId, Self::Sweep, Self::Reconciliation];
}

/// How often things go wrong, of 10,000 times each.
#[derive(Clone, Copy, Debug)]
pub struct Odds {
    /// A function dies at a step.
    pub crash: u32,
    /// A call of a port fails and nothing happened.
    pub failed: u32,
    /// A call of a port did what it should, and its answer is lost.
    pub answer_lost: u32,
    /// A step takes seconds to minutes instead of milliseconds.
    pub stall: u32,
    /// The table asks to slow down.
    pub throttled: u32,
    /// The table says that another write was under way.
    pub conflict: u32,
    /// A message of a queue is delivered twice.
    pub doubled: u32,
    /// A schedule fires late, twice, never; each.
    pub schedule: u32,
    /// A provider does not answer well; each way of it.
    pub provider: u32,
    /// A webhook comes again, late, or out of order; each.
    pub webhook: u32,
}

impl Odds {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        crash: 0,
        failed: 0,
        answer_lost: 0,
        stall: 0,
        throttled: 0,
        conflict: 0,
        doubled: 0,
        schedule: 0,
        provider: 0,
        webhook: 0,
    };

    /// Those of a seed: some worlds are rougher than others.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self::ROUGH.times([1, 2, 3, 4].get(usize::try_from(seed / 4 % 4).unwrap_or(0)).copied().unwrap_or(1))
    }

    /// So many times as often; webhooks and doubled messages aside, which are often enough.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self {
            crash: self.crash * times,
            failed: self.failed * times,
            answer_lost: self.answer_lost * times,
            stall: self.stall * times,
            throttled: self.throttled * times,
            conflict: self.conflict * times,
            provider: self.provider * times,
            ..self
        }
    }

    /// Everything does, now and then.
    pub const ROUGH: Self = Self {
        crash: 40,
        failed: 60,
        answer_lost: 40,
        stall: 60,
        throttled: 60,
        conflict: 100,
        doubled: 500,
        schedule: 500,
        provider: 600,
        webhook: 1_500,
    };
}

struct Drawn {
    random: fastrand::Rng,
    sabotage: Option<Sabotage>,
    odds: Odds,
    /// Until then things go wrong much more often.
    storm_until: Option<Timestamp>,
    now: Timestamp,
    skews: BTreeMap<TaskId, i64>,
    faults: BTreeMap<&'static str, u64>,
    log: Vec<(Timestamp, Option<TaskId>, String)>,
    logging: bool,
}

/// The seed's fate, and the one clock.
#[derive(Clone)]
pub(crate) struct Fate {
    drawn: Arc<Mutex<Drawn>>,
    pub(crate) steps: Steps,
}

impl Fate {
    /// Of a seed, beginning at `now`. With `logging` all that happens is noted.
    pub(crate) fn of(seed: u64, now: Timestamp, odds: Odds, logging: bool) -> Self {
        let drawn = Drawn {
            random: fastrand::Rng::with_seed(seed),
            sabotage: None,
            odds,
            storm_until: None,
            now,
            skews: BTreeMap::new(),
            faults: BTreeMap::new(),
            log: Vec::new(),
            logging,
        };
        Self { drawn: Arc::new(Mutex::new(drawn)), steps: Steps::default() }
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches a guard off.
    pub(crate) fn sabotage(&self, sabotage: Option<Sabotage>) {
        self.drawn().sabotage = sabotage;
    }

    /// Whether a guard is switched off.
    pub(crate) fn is_off(&self, sabotage: Sabotage) -> bool {
        self.drawn().sabotage == Some(sabotage)
    }

    /// Whether nothing goes wrong any more.
    pub(crate) fn is_calm(&self) -> bool {
        self.drawn().odds.stall == 0
    }

    /// The true time.
    pub(crate) fn now(&self) -> Timestamp {
        self.drawn().now
    }

    /// The time as the task that asks sees it: machines differ by up to two seconds.
    pub(crate) fn seen(&self) -> Timestamp {
        let task = self.steps.current();
        let calm = self.is_calm();
        let mut drawn = self.drawn();
        let Drawn { random, skews, now, .. } = &mut *drawn;
        let Some(task) = task.filter(|_| !calm) else { return *now };
        let skew = *skews.entry(task).or_insert_with(|| random.i64(-2_000..=2_000));
        *now + SignedDuration::from_millis(skew)
    }

    /// Time goes on.
    pub(crate) fn advance_to(&self, now: Timestamp) {
        let mut drawn = self.drawn();
        drawn.now = drawn.now.max(now);
    }

    /// From now on things go wrong so often.
    pub(crate) fn set(&self, odds: Odds) {
        let mut drawn = self.drawn();
        drawn.odds = odds;
        drawn.storm_until = None;
    }

    /// For so long nearly everything goes wrong.
    pub(crate) fn storm(&self, until: Timestamp) {
        self.drawn().storm_until = Some(until);
        self.fault("storm");
    }

    /// Whether something goes wrong that storms have nothing to do with; counts it if so.
    pub(crate) fn happens(&self, what: &'static str, odds: impl Fn(&Odds) -> u32) -> bool {
        self.draws(what, |drawn| odds(&drawn.odds))
    }

    /// Whether something goes wrong that does so often; counts it if so.
    pub(crate) fn strikes(&self, what: &'static str, odds: impl Fn(&Odds) -> u32) -> bool {
        self.draws(what, |drawn| {
            let odds = odds(&drawn.odds);
            let storm = drawn.storm_until.is_some_and(|until| drawn.now < until);
            if storm && odds > 0 { (odds * 20).clamp(2_000, 7_000) } else { odds }
        })
    }

    fn draws(&self, what: &'static str, odds: impl Fn(&Drawn) -> u32) -> bool {
        let mut drawn = self.drawn();
        let odds = odds(&drawn);
        let comes = odds > 0 && drawn.random.u32(0..10_000) < odds;
        drop(drawn);
        if comes {
            self.fault(what);
        }
        comes
    }

    /// Counts something that went wrong.
    pub(crate) fn fault(&self, what: &'static str) {
        *self.drawn().faults.entry(what).or_default() += 1;
        self.note(|| format!("✗ {what}"));
    }

    /// What went wrong so far, by kind.
    pub(crate) fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.drawn().faults.clone()
    }

    /// A number below `below`, which is over 0.
    pub(crate) fn below(&self, below: usize) -> usize {
        self.drawn().random.usize(0..below.max(1))
    }

    /// A span between two, in milliseconds.
    pub(crate) fn between(&self, least: i64, most: i64) -> SignedDuration {
        SignedDuration::from_millis(self.drawn().random.i64(least..=most))
    }

    /// How long the next step takes.
    pub(crate) fn latency(&self) -> SignedDuration {
        if self.strikes("stall", |odds| odds.stall) {
            return self.between(1_000, 90_000);
        }
        self.between(0, 40)
    }

    /// Stops the task that asks for as long as a step takes.
    pub(crate) async fn step(&self) {
        let at = self.now() + self.latency();
        self.steps.stop(at).await;
    }

    /// Notes what happens.
    pub(crate) fn note(&self, words: impl FnOnce() -> String) {
        let task = self.steps.current();
        let mut drawn = self.drawn();
        if drawn.logging {
            let entry = (drawn.now, task, words());
            drawn.log.push(entry);
        }
    }

    /// What was noted.
    pub(crate) fn log(&self) -> Vec<(Timestamp, Option<TaskId>, String)> {
        self.drawn().log.clone()
    }
}
