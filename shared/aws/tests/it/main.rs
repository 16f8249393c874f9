//! The adapters: each against its port's contract in the local cloud, and against scripts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

mod cloud;
mod emulator;
mod mailer;
mod queue;
mod scheduler;
mod secrets;
mod server;
mod table;
