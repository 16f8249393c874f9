//! The whole as it is deployed: the template's stack in a local cloud, with the built functions, driven over
//! HTTP as shops, Meta and operators do (`make aws-test`).
//!
//! `HARKARA_TEST_STACK` is the file that tells of the stack (`stack.py`); without it these tests say that
//! they are passed over. They take turns: there is one stack, and one clock, which they move.

// clippy.toml frees tests of these, but not what helps them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout
)]

mod bad_jobs;
#[path = "../it/bodies.rs"]
#[allow(dead_code)] // what other tests need besides
mod bodies;
mod clock;
mod cloud;
mod cold_start;
mod load;
mod operator;
mod queues;
mod recovery;
#[path = "../scenarios/mod.rs"]
mod scenarios;
#[path = "../it/schema.rs"]
#[allow(dead_code)] // what rehearsals are held against
mod schema;
mod stack;
mod whatsapp;

use cloud::Cloud;

scenarios::suite!(Cloud::begin().await);
