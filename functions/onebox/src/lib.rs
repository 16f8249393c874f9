//! Harkara in one process: the same handlers as the Lambdas, over the embedded store.

pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod command;
pub mod demo;
mod private;
pub mod secrets_file;
pub mod serve;
pub mod smtp;
pub mod store_file;
pub mod web;
pub mod world;
