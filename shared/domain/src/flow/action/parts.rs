//! What actions with several fields say.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::flow::Delay;

/// A mail to somebody who is no customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// A team by its name, such as `ops`, or an e-mail address.
    pub to: String,
    /// One line; `{{ … }}` as in templates.
    pub subject: String,
    /// Plain text; `{{ … }}` as in templates.
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
#[serde(deny_unknown_fields)]
pub struct TaskToDo {
    /// What.
    pub title: String,
    /// Which team; `ops`, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Within which time; whenever, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Delay>,
}

/// An address of the shop's own that is to hear of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `https://`, and on the public internet.
    pub url: String,
    /// What else to say, word for word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

impl Webhook {
    /// The most fields of its data.
    pub const MAX_DATA: usize = 20;
}
