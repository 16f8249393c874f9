//! The whole in one process: signed webhooks in, the provider's calls out, over the embedded ports and
//! a clock that is moved by hand.

// clippy.toml frees tests of these, but not what helps them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod actions;
mod at_once;
mod bad_input;
mod bodies;
mod conditions;
mod consent;
mod conversation;
mod cost;
mod crowd;
mod dates;
mod doctor;
mod durability;
#[path = "../../shared/aws/tests/it/emulator.rs"]
#[allow(dead_code)] // what the adapters' own tests need besides
mod emulator;
mod fairness;
mod flows_owned;
mod forks;
mod grants;
mod invariants;
mod logs;
mod lost;
mod metrics;
mod pack;
mod probe;
mod provider;
mod refusals;
mod rehearsal;
mod replay;
mod restored;
mod retries;
mod road;
#[path = "../scenarios/mod.rs"]
mod scenarios;
mod scenes;
mod schema;
mod sentinel;
mod settings;
mod time_machine;
mod track;
mod world;
