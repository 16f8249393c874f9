//! Tries at a message, and what came of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{fact::ProviderError, flow::Channel};

/// One try at a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counts from 1 over the stage's life; part of the reference that the provider echoes.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// How it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Attempt {
    /// Nobody has told what came of it: its holder is gone, or not done yet.
    pub(super) fn is_lost(&self) -> bool {
        self.outcome == Outcome::Ambiguous && self.channel.is_none()
    }
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider took it, under its id.
    Accepted(String),
    /// It was refused, or could not be delivered to the provider.
    Refused(ProviderError),
    /// It may or may not have been taken: the answer was lost.
    Ambiguous,
    /// Something on our side failed before anything was sent.
    NotSent(String),
}
