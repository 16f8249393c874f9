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

impl Said {
    /// The most characters that [`Said::short`] gives.
    pub const MAX_SHORT: usize = 500;

    /// The button, where one was tapped.
    pub fn choice(&self) -> Option<Choice> {
        match self {
            Self::Tapped { choice, .. } => Some(*choice),
            Self::Wrote(_) => None,
        }
    }

    /// What views keep of it: the name of the choice (`confirm`), or the beginning of the words.
    pub fn short(&self) -> String {
        match self {
            Self::Tapped { choice, .. } => choice.as_str().to_owned(),
            Self::Wrote(text) => text.chars().take(Self::MAX_SHORT).collect(),
        }
    }
}

/// The answers that a button can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Button"))]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Yes, send it.
    Confirm,
    /// No, I do not want it.
    Cancel,
    /// All was well.
    Satisfied,
    /// Something was wrong.
    Dissatisfied,
}

impl Choice {
    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
            Self::Satisfied => "satisfied",
            Self::Dissatisfied => "dissatisfied",
        }
    }

    /// The choice of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "confirm" => Some(Self::Confirm),
            "cancel" => Some(Self::Cancel),
            "satisfied" => Some(Self::Satisfied),
            "dissatisfied" => Some(Self::Dissatisfied),
            _ => None,
        }
    }
}
