//! The ports' contract, run against the embedded twin, and what only the twin promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod backup;
mod durability;
mod fair;
mod files;
mod migration;
mod runner;
mod spill;
mod world;
