//! What a customer answered.

use serde::{Deserialize, Serialize};

use crate::{
    id::{CustomerId, OrderId},
    phone::Phone,
};

/// What a customer answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The provider's id of their message.
    pub message: String,
    /// Where it came from; WhatsApp may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Phone>,
    /// The customer, found by their phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The order that they answered about: known when a button carried our signed reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What they said.
    pub said: Said,
}

/// The content of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// They tapped a button that we sent.
    Tapped {
        /// Which.
        choice: Choice,
        /// The words on it.
        label: String,
    },
    /// They wrote.
    Wrote(String),
}

/// The answers that a button can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Yes, send it.
    Confirm,
    /// No, I do not want it.
    Cancel,
}

impl Choice {
    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
        }
    }

    /// The choice of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "confirm" => Some(Self::Confirm),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }
}
