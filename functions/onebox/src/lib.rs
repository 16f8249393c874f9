//! Harkara in one process: the same handlers as the Lambdas, over the embedded store.

#[macro_use]
pub mod output;

pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod backup_command;
pub mod command;
pub mod demo;
pub mod doctor_command;
pub mod flow_command;
pub mod flow_place;
pub mod folder;
pub mod log;
pub mod metrics;
mod private;
pub mod rehearse_command;
pub mod secrets_file;
pub mod serve;
pub mod smtp;
pub mod store_file;
pub mod time_machine_command;
pub mod web;
pub mod why_command;
pub mod world;
