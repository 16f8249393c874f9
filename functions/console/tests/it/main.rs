//! The console, driven as a browser and as a program would, over ports in memory with the real engine
//! behind them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unimplemented,
    clippy::print_stdout
)]

mod accounts;
mod api;
mod browser;
mod doors;
mod flows;
mod look;
mod machine;
mod pages;
mod rehearsal;
mod silences;
mod tasks;
mod time_machine;
mod track;
mod twins;
mod world;
