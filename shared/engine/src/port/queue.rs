//! Queues with SQS's manners: delays up to 15 minutes, visibility, receive counts, redrive.

use async_trait::async_trait;
use std::{fmt, time::Duration};

/// The queues of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    /// Facts, for the matcher.
    Events,
    /// Stage jobs, for the stage function.
    Stages,
    /// Stage jobs of stores whose messages go first, so that no storm of another store is before them.
    PriorityStages,
    /// What failed for good, for the dead-letter function; the others redrive into it.
    Failures,
}

impl QueueName {
    /// Every queue.
    pub const ALL: [Self; 4] = [Self::Events, Self::Stages, Self::PriorityStages, Self::Failures];

    /// A stable name, for storage and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Stages => "stages",
            Self::PriorityStages => "priority",
            Self::Failures => "failures",
        }
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value for each queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerQueue<T> {
    /// Of [`QueueName::Events`].
    pub events: T,
    /// Of [`QueueName::Stages`].
    pub stages: T,
    /// Of [`QueueName::PriorityStages`].
    pub priority_stages: T,
    /// Of [`QueueName::Failures`].
    pub failures: T,
}

impl<T> PerQueue<T> {
    /// Makes one for each queue.
    ///
    /// # Errors
    /// The first that `make` gives.
    pub fn try_of<E>(mut make: impl FnMut(QueueName) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            events: make(QueueName::Events)?,
            stages: make(QueueName::Stages)?,
            priority_stages: make(QueueName::PriorityStages)?,
            failures: make(QueueName::Failures)?,
        })
    }

    /// The one of a queue.
    pub fn of(&self, queue: QueueName) -> &T {
        match queue {
            QueueName::Events => &self.events,
            QueueName::Stages => &self.stages,
            QueueName::PriorityStages => &self.priority_stages,
            QueueName::Failures => &self.failures,
        }
    }

    /// The one of a queue, to be changed.
    pub fn of_mut(&mut self, queue: QueueName) -> &mut T {
        match queue {
            QueueName::Events => &mut self.events,
            QueueName::Stages => &mut self.stages,
            QueueName::PriorityStages => &mut self.priority_stages,
            QueueName::Failures => &mut self.failures,
        }
    }
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// JSON, at most [`Outgoing::MAX_BODY`].
    pub body: String,
    /// How long it stays hidden at first; at most [`Outgoing::MAX_DELAY`].
    pub delay: Duration,
}

impl Outgoing {
    /// The longest body, in bytes.
    pub const MAX_BODY: usize = 256 * 1024;
    /// SQS's longest delay.
    pub const MAX_DELAY: Duration = Duration::from_secs(900);

    /// A message to be seen at once.
    pub fn now(body: String) -> Self {
        Self { body, delay: Duration::ZERO }
    }
}

/// A message as a consumer gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message's id, the same for every delivery of it.
    pub id: String,
    /// This delivery's handle, for [`Queue::set_visibility`].
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// How often it has been received, this time included.
    pub receives: u32,
}

/// The ids of the messages of a batch that were not processed: they come again when their visibility
/// ends, and go to the dead-letter queue after the last receive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unprocessed(pub Vec<String>);

/// A queue that did not take something.
#[derive(Debug, thiserror::Error)]
#[error("queue {queue}: {problem}")]
pub struct QueueError {
    /// Which.
    pub queue: QueueName,
    /// What went wrong.
    pub problem: String,
}

/// The sending side of the queues. The receiving side is the runtime's: Lambda's event sources, or
/// the embedded twin's pollers.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends messages; durable when it returns. Any number: adapters batch.
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError>;

    /// Hides a delivered message for so long from now on (SQS: at most 12 hours). Zero shows it at once.
    async fn set_visibility(
        &self,
        queue: QueueName,
        receipt: &str,
        hidden_for: Duration,
    ) -> Result<(), QueueError>;
}
