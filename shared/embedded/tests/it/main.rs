//! The ports' contract, run against the embedded twin, and what only the twin promises.

mod contract;
mod durability;
mod files;
mod runner;
mod spill;
mod world;
