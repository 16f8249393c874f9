//! The ports on SQLite, in one file: the twin of DynamoDB, SQS and EventBridge Scheduler for one
//! machine, with their limits and manners.
//!
//! One thread writes. It commits in groups, with one sync of the disk for all that came while the
//! last one was under way, and answers only then: what was answered survives a power cut. Reads go
//! to connections of their own and see everything that was answered before.

mod backup;
mod clock;
mod embedded;
mod look;
mod place;
mod query;
mod queue;
mod readers;
mod runner;
mod scheduler;
mod schema;
mod settings;
mod shared;
mod store;
mod writer;

pub use backup::{Backup, BackupError, Restore};
pub use clock::{ManualClock, ScaledClock};
pub use embedded::Embedded;
pub use look::Look;
pub use queue::{Depth, Queues};
pub use runner::consume;
pub use scheduler::Schedules;
pub use schema::OpenError;
pub use settings::{QueueSettings, Settings};
