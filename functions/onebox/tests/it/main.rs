//! The command line as people and CI use it: processes, files, exit codes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod backup;
mod doctor;
mod flows;
mod output;
mod process;
