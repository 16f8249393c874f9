//! What providers report.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::reference::StageRef;

/// What became of a message after the provider accepted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The provider's id of our message.
    pub message: String,
    /// Which stage sent it: the reference that we gave, echoed. `None` when it is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageRef>,
    /// What happened to it.
    pub status: ReceiptStatus,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// The provider's error, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ProviderError>,
}

/// The progress of a message at the provider; receipts come in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// The provider took it.
    Sent,
    /// It could not be brought.
    Failed,
    /// It reached the phone.
    Delivered,
    /// It was seen.
    Read,
    /// A link in it was opened.
    Clicked,
}

/// What a provider answered or reported when it would not send; reads `words (code)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderError {
    /// The provider's code, for example `131026`; an HTTP status where there is none.
    pub code: i64,
    /// Its words, cut to 300 characters.
    pub message: String,
}

impl std::fmt::Display for ProviderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}
