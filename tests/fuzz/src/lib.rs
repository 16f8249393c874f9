//! What is fuzzed: whatever reads bytes from outside, one file a target, each with what has to hold of it.
//!
//! The same functions run in two places: over what was kept (`corpus`, `regressions`) in the workspace's
//! tests, and under libFuzzer (`libfuzzer`, `run.py`), which looks for more.
// A target speaks by panicking.
#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used)]

mod fact;
mod request;
mod sample;
pub mod seeds;
mod targets;
mod world;

pub use targets::{TARGETS, target};

/// Something that reads bytes from outside.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its folders.
    pub name: &'static str,
    /// What it reads, in a few words.
    pub reads: &'static str,
    /// Reads, and panics where something does not hold.
    pub run: fn(&[u8]),
    /// The most bytes that an input is worth: more of the same is no news.
    pub longest: usize,
}

/// The most memory that reading may take beside what the input itself is worth, in bytes.
const MEMORY: u64 = 48 << 20;
/// The memory that a byte of input may take on top.
const MEMORY_A_BYTE: u64 = 256;

/// Runs a target, within the memory that an input of that size may take.
///
/// # Panics
/// When something does not hold.
pub fn bounded(target: &Target, data: &[u8]) {
    let used = allocation_counter::measure(|| (target.run)(data));
    let most = MEMORY + MEMORY_A_BYTE * data.len() as u64;
    assert!(used.bytes_max <= most, "{} bytes of input took {} of memory", data.len(), used.bytes_max);
}
