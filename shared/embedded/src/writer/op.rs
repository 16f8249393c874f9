//! What callers ask of the writer, and what came of it.

use harkara_engine::{
    job,
    port::{QueueName, Write, WriteError},
};
use tokio::sync::oneshot;

use crate::queue::{GroupName, Load};

/// Where an answer goes. A caller that went away does not matter.
pub(crate) type Reply<T> = oneshot::Sender<T>;
/// An answer: done and durable, or why not.
pub(crate) type Answer = Result<(), String>;

/// One receive of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The message.
    pub(crate) id: i64,
    /// Which receive of it, from 1.
    pub(crate) receives: u32,
}

impl Receipt {
    /// Reads a receipt as callers hold it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, receives) = text.split_once('-')?;
        Some(Self { id: id.parse().ok()?, receives: receives.parse().ok()? })
    }
}

/// One message on its way in; times in milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) due_ms: i64,
    pub(crate) group: GroupName,
    pub(crate) body: String,
}

impl Incoming {
    pub(crate) fn new(due_ms: i64, body: String) -> Self {
        Self { due_ms, group: job::group(&body).into(), body }
    }
}

/// What callers ask of the writer. Each is done whole or not at all.
#[derive(Debug)]
pub(crate) enum Op {
    /// Writes items.
    Write { writes: Vec<Write>, now_ms: i64, reply: Reply<Result<(), WriteError>> },
    /// Takes messages in.
    Send { queue: QueueName, messages: Vec<Incoming>, reply: Reply<Answer> },
    /// Hides a message in flight until `due_ms`, and shows it at once if that has passed.
    Hide { queue: QueueName, receipt: Receipt, due_ms: i64, now_ms: i64, reply: Reply<Answer> },
    /// Deletes processed messages.
    Settle { queue: QueueName, receipts: Vec<Receipt> },
    /// Gives up a message in flight: it comes again when its visibility ends.
    Release { queue: QueueName, receipt: Receipt },
    /// Moves a message in flight to the dead-letter queue.
    Redrive { queue: QueueName, target: QueueName, receipt: Receipt },
    /// Fills the window of a queue from disk.
    Reload { queue: QueueName, load: Load },
    /// Makes a schedule.
    Schedule { name: String, queue: QueueName, due_ms: i64, body: String, reply: Reply<Answer> },
    /// Unmakes one.
    Cancel { name: String, reply: Reply<Answer> },
    /// Sends what is scheduled up to now.
    Fire { now_ms: i64, reply: Reply<Answer> },
    /// Deletes items that expired before now, some at a time; answers whether there may be more.
    Purge { now_ms: i64, reply: Reply<Result<bool, String>> },
}

impl Op {
    /// Nobody waits for it, and losing it in a crash only repeats a delivery.
    pub(crate) fn is_lazy(&self) -> bool {
        matches!(self, Self::Settle { .. })
    }

    /// About how many bytes it writes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Write { writes, .. } => writes.iter().map(write_bytes).sum(),
            Self::Send { messages, .. } => messages.iter().map(|message| message.body.len() + 16).sum(),
            Self::Schedule { body, .. } => body.len() + 64,
            Self::Redrive { .. } | Self::Fire { .. } => 4096,
            _ => 64,
        }
    }
}

fn write_bytes(write: &Write) -> usize {
    match write {
        Write::Put(item, _) => item.body.len() + 128,
        Write::Delete(..) | Write::Add { .. } => 256,
    }
}

/// A message that a schedule sent.
#[derive(Debug)]
pub(crate) struct Fired {
    pub(crate) queue: QueueName,
    pub(crate) place: i64,
    pub(crate) body: String,
}

/// What an op has done within the open transaction: what memory must learn after the commit.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Nothing that memory holds.
    None,
    /// It was refused and has changed nothing.
    Refused(WriteError),
    /// The message or the receipt is not there any more.
    Gone,
    /// These places were taken, in the order of the messages.
    Placed(Vec<i64>),
    /// These messages, and where they were, are gone from disk.
    Deleted(Vec<(Receipt, i64)>),
    /// The message is there now, in its own queue or the target.
    Moved { place: i64, due_ms: i64 },
    /// The message is there now, in the dead-letter queue.
    Redriven { place: i64, body: String },
    /// These schedules were sent.
    Fired(Vec<Fired>),
    /// So many items went.
    Purged(usize),
}
