//! One-shot schedules: EventBridge Scheduler, or a table of them.

use async_trait::async_trait;
use jiff::Timestamp;

use super::QueueName;

/// A schedule that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the schedule could not be made: {0}")]
pub struct SchedulerError(pub String);

/// Sends a message into a queue at a time. At least once, not before the time.
#[async_trait]
pub trait Scheduler: Send + Sync {
    /// Makes a schedule. A second one of the same name is no error and changes nothing. Names are at
    /// most 64 of `[0-9a-zA-Z-_.]`.
    async fn at(
        &self,
        name: &str,
        when: Timestamp,
        queue: QueueName,
        body: String,
    ) -> Result<(), SchedulerError>;

    /// Unmakes one; one that is gone is no error.
    async fn cancel(&self, name: &str) -> Result<(), SchedulerError>;
}
