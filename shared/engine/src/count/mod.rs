//! What is counted and measured: one typed list, in memory, per process. Whoever exports it reads
//! [`Counters::families`].

mod label;
mod series;
#[cfg(test)]
mod tests;

use harkara_domain::run::RunStatus;
use std::{borrow::Cow, collections::BTreeMap};

pub use label::{
    Alerted, By, Fate, Filed, Found, Hopeless, Labels, Receipts, Refused, RunEvent, Sending, Source,
    StageEvent, Way, Work,
};
use series::Series;
pub use series::{Bucket, Counter, Histogram, Named, Sample, Value};

/// A metric, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name in Prometheus' convention, without `harkara_` before it and unit or `_total` behind it.
    pub name: &'static str,
    /// What it says, in a line.
    pub help: &'static str,
    /// The unit, where it is no number of things.
    pub unit: Option<&'static str>,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// Its series, but for counters at nothing.
    pub samples: Vec<Sample>,
}

impl Family {
    fn of<S: Series>(name: &'static str, help: &'static str, series: &S) -> Self {
        Self { name, help: help.trim(), unit: S::UNIT, labels: S::LABELS, samples: series.samples() }
    }

    /// A series' name in one word, `facts.shopify.applied`, without the labels in `left_out`.
    pub fn dotted(&self, values: &[Cow<'static, str>], left_out: &[&str]) -> String {
        let labels = self.labels.iter().zip(values).filter(|(label, _)| !left_out.contains(label));
        let parts: Vec<&str> = [self.name].into_iter().chain(labels.map(|(_, value)| &**value)).collect();
        parts.join(".")
    }
}

/// Makes the list. The line above each metric is its help.
macro_rules! counters {
    ($(#[doc = $help:literal] $name:ident: $series:ty,)+) => {
        /// What this process has counted.
        #[derive(Debug, Default)]
        pub struct Counters { $(#[doc = $help] pub $name: $series),+ }

        impl Counters {
            /// Every metric, as it stands.
            pub fn families(&self) -> Vec<Family> {
                vec![$(Family::of(stringify!($name), $help, &self.$name)),+]
            }
        }
    };
}

counters! {
    /// Facts, by who said them and what became of them.
    facts: Counter<(Source, Fate)>,
    /// Contents of webhooks that are knowingly left alone, by their kind.
    content_ignored: Named,
    /// Webhooks, and bodies of the API, that were refused.
    webhooks_refused: Counter<(Source, Refused)>,
    /// Writes of the matcher, one for all facts that were folded together.
    folds: Counter<()>,
    /// Occurrences that came to light and that flows can wait for.
    triggers: Counter<()>,
    /// Runs, by what happened to them.
    runs: Counter<RunEvent>,
    /// Deliveries of stages, by what they came to.
    stages: Counter<StageEvent>,
    /// Tries that failed and are followed by another.
    retries: Counter<()>,
    /// Tries at messages, by channel and outcome.
    sends: Counter<(Way, Sending)>,
    /// What workflows did.
    workflows: Counter<Work>,
    /// Reports of providers on messages.
    receipts: Counter<Receipts>,
    /// Messages of queues that can never be worked on.
    put_aside: Counter<(By, Hopeless)>,
    /// What failed for good.
    dead_letters: Counter<Filed>,
    /// What the sweep found.
    sweep_finds: Counter<Found>,
    /// Alerts to the team.
    alerts: Counter<Alerted>,
    /// Sign-ins to the console that were refused.
    sign_ins_refused: Counter<()>,
    /// How long after its due time a stage was first tried.
    lateness: Histogram,
    /// How long after a fact came in the message was sent that it set off at once.
    fact_to_send: Histogram,
}

impl Counters {
    /// Counts the end of a run, where this is it.
    pub fn run_moved(&self, before: RunStatus, after: RunStatus) {
        if before == after {
            return;
        }
        match after {
            RunStatus::Running => {}
            RunStatus::Finished => self.runs.add(RunEvent::Finished),
            RunStatus::Failed => self.runs.add(RunEvent::Failed),
            RunStatus::Cancelled => self.runs.add(RunEvent::Cancelled),
        }
    }

    /// All counts that are not nothing, by their names in one word: `facts.shopify.applied`. Of times, how
    /// many were measured: `lateness`.
    pub fn all(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for family in self.families() {
            for (values, value) in &family.samples {
                let count = match value {
                    Value::Count(count) => *count,
                    Value::Times(buckets) => buckets.iter().map(|bucket| bucket.count).sum(),
                };
                if count > 0 {
                    all.insert(family.dotted(values, &[]), count);
                }
            }
        }
        all
    }
}
