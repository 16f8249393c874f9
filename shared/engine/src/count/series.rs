//! Metrics: counters and histograms whose series are all there from the start, so that counting is an
//! addition and no lock; and names that come from outside, as many as there is room for.

use jiff::SignedDuration;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    marker::PhantomData,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::label::{Labels, Source};

/// What a series says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// So many, since the process began.
    Count(u64),
    /// Times that were measured, by the bounds that they are within, the shortest first. The last bound is
    /// infinite.
    Times(Vec<Bucket>),
}

/// Times within a bound, and over the bound before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The bound, in seconds.
    pub within: f64,
    /// How many.
    pub count: u64,
    /// All of them together, in seconds.
    pub sum: f64,
}

/// A series: the values of its labels, and what it says.
pub type Sample = (Vec<Cow<'static, str>>, Value);

/// What a metric is read by.
pub(super) trait Series {
    const LABELS: &'static [&'static str];
    /// The unit's name, where it is no number of things.
    const UNIT: Option<&'static str> = None;

    /// The series that say something.
    fn samples(&self) -> Vec<Sample>;
}

/// Counts what happens.
#[derive(Debug)]
pub struct Counter<L: Labels> {
    counts: Box<[AtomicU64]>,
    labels: PhantomData<L>,
}

impl<L: Labels> Default for Counter<L> {
    fn default() -> Self {
        Self { counts: (0..L::SERIES).map(|_| AtomicU64::new(0)).collect(), labels: PhantomData }
    }
}

impl<L: Labels> Counter<L> {
    /// Adds one.
    pub fn add(&self, labels: L) {
        self.add_many(labels, 1);
    }

    /// Adds so many.
    pub fn add_many(&self, labels: L, many: usize) {
        if let Some(count) = self.counts.get(labels.place()) {
            count.fetch_add(u64::try_from(many).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// How many there were.
    pub fn get(&self, labels: L) -> u64 {
        self.counts.get(labels.place()).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

impl<L: Labels> Series for Counter<L> {
    const LABELS: &'static [&'static str] = L::NAMES;

    fn samples(&self) -> Vec<Sample> {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let values = |place| L::values(place).into_iter().map(Cow::Borrowed).collect();
        let said = counts.enumerate().filter(|(_, count)| *count > 0);
        said.map(|(place, count)| (values(place), Value::Count(count))).collect()
    }
}

/// Measures how long things take.
#[derive(Debug, Default)]
pub struct Histogram([Within; BOUNDS.len() + 1]);

/// Bounds in seconds: what is at once, what a batch may take, what a person notices, what is a wait of the
/// retry ladder, what is an outage.
const BOUNDS: [u32; 14] = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];

#[derive(Debug, Default)]
struct Within {
    count: AtomicU64,
    /// Milliseconds.
    sum: AtomicU64,
}

impl Histogram {
    /// Takes a time in. One below nothing is none: clocks differ.
    pub fn observe(&self, time: SignedDuration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(0);
        let place = BOUNDS.iter().position(|bound| millis <= u64::from(*bound) * 1000);
        if let Some(within) = self.0.get(place.unwrap_or(BOUNDS.len())) {
            within.count.fetch_add(1, Ordering::Relaxed);
            within.sum.fetch_add(millis, Ordering::Relaxed);
        }
    }
}

impl Series for Histogram {
    const LABELS: &'static [&'static str] = &[];
    const UNIT: Option<&'static str> = Some("seconds");

    fn samples(&self) -> Vec<Sample> {
        let bounds = BOUNDS.iter().map(|bound| f64::from(*bound)).chain([f64::INFINITY]);
        let read = |(within, read): (f64, &Within)| {
            let millis = SignedDuration::from_millis(
                i64::try_from(read.sum.load(Ordering::Relaxed)).unwrap_or(i64::MAX),
            );
            Bucket { within, count: read.count.load(Ordering::Relaxed), sum: millis.as_secs_f64() }
        };
        vec![(Vec::new(), Value::Times(bounds.zip(&self.0).map(read).collect()))]
    }
}

/// Counts by a source and a name that the source gives.
#[derive(Debug, Default)]
pub struct Named(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Named {
    /// Names beyond this are counted together: they come from outside and could be endless.
    pub const MAX_NAMES: usize = 500;
    /// What those are counted as.
    pub const REST: &'static str = "other";

    /// Adds one.
    pub fn add(&self, source: Source, name: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.as_str(), name.to_owned());
        let key = if counts.len() < Self::MAX_NAMES || counts.contains_key(&key) {
            key
        } else {
            (source.as_str(), Self::REST.to_owned())
        };
        *counts.entry(key).or_default() += 1;
    }
}

impl Series for Named {
    const LABELS: &'static [&'static str] = &["source", "kind"];

    fn samples(&self) -> Vec<Sample> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sample = |((source, name), count): (&(&'static str, String), &u64)| {
            (vec![Cow::Borrowed(*source), Cow::Owned(name.clone())], Value::Count(*count))
        };
        counts.iter().map(sample).collect()
    }
}
