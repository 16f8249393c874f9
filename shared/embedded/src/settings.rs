//! How the store is set up.

use std::time::Duration;

use harkara_engine::port::{PerQueue, QueueName};

/// The manners of one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a delivered message stays hidden unless it is settled or set otherwise. It guards
    /// against a lost consumer, so it counts in real time even when the clock runs faster.
    pub visibility: Duration,
    /// How often a message is received before it goes to `redrive_to`.
    pub max_receives: u32,
    /// The dead-letter queue; without one a message comes again for ever.
    pub redrive_to: Option<QueueName>,
}

impl Default for QueueSettings {
    /// Three minutes, five receives, no dead-letter queue.
    fn default() -> Self {
        Self { visibility: Duration::from_secs(180), max_receives: 5, redrive_to: None }
    }
}

/// How the store is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The manners of the queues.
    pub queues: PerQueue<QueueSettings>,
    /// How many of the earliest messages of a queue are held in memory; the rest waits on disk.
    pub window_messages: usize,
    /// How many bytes of bodies they may have.
    pub window_bytes: usize,
    /// How large the file may grow, in bytes; `None` for as large as the disk.
    pub max_bytes: Option<u64>,
}

impl Default for Settings {
    /// Events and stages redrive into failures; 4,096 messages or 4 MB a queue.
    fn default() -> Self {
        let redriven = QueueSettings { redrive_to: Some(QueueName::Failures), ..QueueSettings::default() };
        Self {
            queues: PerQueue {
                events: redriven.clone(),
                stages: redriven.clone(),
                priority_stages: redriven,
                failures: QueueSettings::default(),
            },
            window_messages: 4096,
            window_bytes: 4 << 20,
            max_bytes: None,
        }
    }
}
