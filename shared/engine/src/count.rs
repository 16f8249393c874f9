//! Counters: what came in, what was refused, what went out. In memory, per process.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts by name.
#[derive(Debug, Default)]
pub struct Counters(Mutex<BTreeMap<String, u64>>);

impl Counters {
    /// Adds one.
    pub fn add(&self, name: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(name) {
            *count += 1;
        } else if counts.len() < Self::MAX_NAMES {
            counts.insert(name.to_owned(), 1);
        }
    }

    /// Names beyond this are not counted: topics come from outside and could be endless.
    pub const MAX_NAMES: usize = 500;

    /// All counts.
    pub fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
