//! What the time machine is asked, and why it does not answer.

use harkara_domain::FlowId;
use serde::{Deserialize, Serialize};

use crate::{
    port::{SecretsError, TableError},
    rehearsal::RehearsalError,
};

/// A flow, and how far back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// One of the store's flows: its draft, where it has one, else its current version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// Its current version, though it has a draft.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub current: bool,
    /// A flow as YAML or JSON, instead of one of the store's. It stands in for the store's flow of the same
    /// id, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The last so many days are counted; at most as many as the store's journal keeps.
    #[serde(default = "thirty")]
    pub days: u16,
}

impl Question {
    /// The days that are counted where the question does not say.
    pub const DAYS: u16 = 30;
}

impl Default for Question {
    fn default() -> Self {
        Self { flow: None, current: false, text: None, days: Self::DAYS }
    }
}

fn thirty() -> u16 {
    Question::DAYS
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is being done.
    pub doing: Doing,
    /// So much of it is done.
    pub done: u64,
    /// Of so much; what is `reading` comes in days, customers in customers, `playing` in facts.
    pub of: u64,
}

/// What the time machine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Reading the journal, day by day.
    Reading,
    /// Reading what is known of customers.
    Customers,
    /// Playing what happened, fact by fact.
    Playing,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TimeMachineError {
    /// The flow cannot be meant: there is none such, or it has problems.
    #[error(transparent)]
    Flow(#[from] RehearsalError),
    /// The question cannot be answered, in words.
    #[error("{0}")]
    Question(String),
    /// Another question of the same store is being answered.
    #[error("the time machine is at work for this store already: ask again in a moment")]
    Busy,
    /// There is too much to play.
    #[error("there is too much to play ({0}): ask for fewer days")]
    TooMuch(String),
    /// A read failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A connection could not be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}
