//! The use cases of Harkara, over ports.
//!
//! The road of an order: [`ingest`] takes webhooks in, [`matching`] folds their facts into views and
//! starts runs, [`stage`] performs what is due, [`bury`] files what failed for good, [`replay`] runs it
//! again on purpose, [`sweep`] finds what nobody picked up.

mod batch;
pub mod bury;
pub mod catalog;
mod clocks;
pub mod count;
pub mod customers;
pub mod doctor;
pub mod fault;
pub mod gap;
pub mod hand_on;
pub mod ingest;
pub mod job;
mod journal;
pub mod keys;
pub mod ladder;
pub mod matching;
pub mod outbox;
pub mod ownership;
pub mod people;
pub mod port;
pub mod prices;
pub mod rates;
pub mod read;
pub mod record;
pub mod refusals;
pub mod rehearsal;
pub mod replay;
pub mod runs;
pub mod sentinel;
pub mod settings;
pub mod setup;
pub mod stage;
pub mod sweep;
pub mod tasks;
pub mod time_machine;
pub mod trace;
pub mod views;
