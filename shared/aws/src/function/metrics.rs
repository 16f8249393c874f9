//! Metrics in CloudWatch's embedded metric format: a line on the standard output at the end of an invocation
//! that has counted something, from which CloudWatch makes them. No request is made for it.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use harkara_engine::count::{Bucket, Counters, Value as Counted};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use crate::Config;

/// The namespace of all metrics.
const NAMESPACE: &str = "Harkara";
/// The one dimension: whose deployment it is. Every metric with every set of values is billed by itself, so
/// labels are parts of names instead, and several deployments of an account stay apart.
const DIMENSION: &str = "Stack";
/// What is brought to CloudWatch. The other metrics tell the same more closely, and would be billed, too.
const BROUGHT: [&str; 11] = [
    "alerts",
    "dead_letters",
    "fact_to_send",
    "facts",
    "lateness",
    "retries",
    "runs",
    "sends",
    "sweep_finds",
    "triggers",
    "webhooks_refused",
];
/// Labels that no name has here.
const LEFT_OUT: [&str; 1] = ["source"];
/// The most values of a metric in a line.
const MAX_VALUES: usize = 100;

/// Says at the end of each invocation what has been counted since the last.
pub(super) struct Metrics {
    counters: Arc<Counters>,
    stack: String,
    /// Lambda takes a line without a level for `INFO`, and drops it where only worse is wanted.
    level: Option<&'static str>,
    told: Mutex<Told>,
}

#[derive(Clone, Default)]
struct Told {
    counts: BTreeMap<String, u64>,
    times: BTreeMap<String, Vec<Bucket>>,
}

impl Metrics {
    pub(super) fn new(counters: Arc<Counters>, config: &Config) -> Self {
        // `/harkara/<stack>`, as the template says.
        let stack = config.get(Config::PARAMETERS).and_then(|prefix| prefix.rsplit('/').next());
        let level = match config.get("AWS_LAMBDA_LOG_LEVEL") {
            Some("WARN") => Some("WARN"),
            Some("ERROR") => Some("ERROR"),
            Some("FATAL") => Some("FATAL"),
            _ => None,
        };
        let stack = stack.filter(|stack| !stack.is_empty()).unwrap_or("harkara").to_owned();
        Self { counters, stack, level, told: Mutex::default() }
    }

    /// Writes the line, where there is anything to say.
    pub(super) fn tell(&self) {
        if let Some(line) = self.line(Timestamp::now()) {
            // Nobody is left to hear that the standard output is gone.
            drop(writeln!(std::io::stdout().lock(), "{line}"));
        }
    }

    /// What was counted since the last line.
    fn line(&self, now: Timestamp) -> Option<Value> {
        let counted = read(&self.counters);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values = Map::new();
        for (name, count) in &counted.counts {
            let new = count - told.counts.get(name).copied().unwrap_or(0).min(*count);
            if new > 0 {
                values.insert(name.clone(), new.into());
            }
        }
        for (name, buckets) in &counted.times {
            let new = measured(buckets, told.times.get(name).map_or(&[], Vec::as_slice));
            if !new.is_empty() {
                values.insert(name.clone(), new.into());
            }
        }
        *told = counted;
        drop(told);
        (!values.is_empty()).then(|| self.document(values, now))
    }

    fn document(&self, values: Map<String, Value>, now: Timestamp) -> Value {
        let metric = |(name, value): (&String, &Value)| match value {
            Value::Array(_) => json!({ "Name": name, "Unit": "Seconds" }),
            // The unit of a number of things is left out: the line is billed by its length.
            _ => json!({ "Name": name }),
        };
        let metrics: Vec<Value> = values.iter().map(metric).collect();
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics });
        let mut document = Map::new();
        if let Some(level) = self.level {
            document.insert("timestamp".to_owned(), now.to_string().into());
            document.insert("level".to_owned(), level.into());
        }
        let about = json!({ "Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive] });
        document.insert("_aws".to_owned(), about);
        document.insert(DIMENSION.to_owned(), self.stack.as_str().into());
        document.extend(values);
        Value::Object(document)
    }
}

/// What is brought, by its name here.
fn read(counters: &Counters) -> Told {
    let mut told = Told::default();
    for family in counters.families() {
        if !BROUGHT.contains(&family.name) {
            continue;
        }
        for (labels, value) in &family.samples {
            let name = family.dotted(labels, &LEFT_OUT);
            match value {
                Counted::Count(count) => *told.counts.entry(name).or_default() += count,
                Counted::Times(buckets) => _ = told.times.insert(name, buckets.clone()),
            }
        }
    }
    told
}

/// The times of each bucket since `before`, the longest first: each the mean of those within its bounds, which
/// of one is the time itself.
fn measured(now: &[Bucket], before: &[Bucket]) -> Vec<f64> {
    let none = Bucket { within: 0.0, count: 0, sum: 0.0 };
    let before = before.iter().copied().chain(std::iter::repeat(none));
    let new = now.iter().zip(before).map(|(now, before)| (now.count - before.count, now.sum - before.sum));
    let new: Vec<(u64, f64)> = new.filter(|(count, _)| *count > 0).collect();
    let values = new.iter().rev().flat_map(|&(count, sum)| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let mean = (sum / f64::from(count) * 1000.0).round() / 1000.0;
        std::iter::repeat_n(mean, usize::try_from(count).unwrap_or(MAX_VALUES))
    });
    values.take(MAX_VALUES).collect()
}

#[cfg(test)]
mod tests;
