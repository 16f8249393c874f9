//! What keeps a use case from its work. Nothing is lost then: whoever brought the work brings it
//! again, and the sweep finds what nobody does.

use harkara_domain::{FlowId, StoreId};
use std::fmt;

use crate::port::{MailError, QueueError, SchedulerError, TableError, WriteError};

/// A use case that could not do its work now.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A read failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A write failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A queue did not take something.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A schedule could not be made.
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
    /// The team could not be told.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Nobody has such a store.
    #[error("store {0} has no settings")]
    NoStore(StoreId),
    /// The version of a flow that a run began with cannot be had.
    #[error("a version of flow {0} is gone")]
    NoFlow(FlowId),
}

impl Fault {
    /// The same for a log. A mail server's words can name whom the mail was for, so they stay out.
    pub fn logged(&self) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Self::Mail(MailError::Refused(_)) => f.write_str("the mail was refused"),
            Self::Mail(MailError::Failed(_)) => f.write_str("the mail could not be sent"),
            Self::Mail(MailError::AnswerLost(_)) => f.write_str("the mail server's answer was lost"),
            other => fmt::Display::fmt(other, f),
        })
    }
}
