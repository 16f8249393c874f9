//! What actions with several fields say.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::flow::Delay;

/// A mail to somebody who is no customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// A team by its name, such as `ops`, or an e-mail address.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::Action::MAX_ADDRESS)))]
    pub to: String,
    /// One line; `{{ … }}` as in templates.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_SUBJECT)))]
    pub subject: String,
    /// Plain text; `{{ … }}` as in templates.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_TEXT)))]
    pub text: String,
}

impl Letter {
    /// The most characters of its subject.
    pub const MAX_SUBJECT: usize = 150;
    /// The most characters of its text.
    pub const MAX_TEXT: usize = 5_000;

    /// Whether it goes to an address, and not to a team.
    pub fn is_to_address(&self) -> bool {
        self.to.contains('@')
    }
}

/// Something that a person of the team is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TaskToDo {
    /// What.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::Action::MAX_TEXT)))]
    pub title: String,
    /// Which team; `ops`, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::Action::MAX_NAME)))]
    pub team: Option<String>,
    /// Within which time; whenever, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Delay>,
}

/// An address of the shop's own that is to hear of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `https://`, and on the public internet.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^https://")))]
    pub url: String,
    /// What else to say, word for word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = Self::MAX_DATA)))]
    pub data: BTreeMap<String, String>,
}

impl Webhook {
    /// The most fields of its data.
    pub const MAX_DATA: usize = 20;
}
