//! The ports' contract, run against the embedded twin, and what only the twin promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod durability;
mod files;
mod runner;
mod spill;
mod world;
