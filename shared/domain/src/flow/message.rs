//! What a stage says to the customer, and by which ways.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::fact::Choice;

/// What to say to the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// In the order of preference; the next is used when one cannot reach the customer for good.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("uniqueItems" = true)))]
    pub channels: Vec<Channel>,
    /// The name of one of the store's templates.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_TEMPLATE)))]
    pub template: String,
    /// Other templates, for the channels that say it in other words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = { "$ref": "#/$defs/Channel" })))]
    pub templates: BTreeMap<Channel, String>,
    /// Answers to offer, at most three; they carry a signed reference to the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = Self::MAX_BUTTONS), extend("uniqueItems" = true)))]
    pub buttons: Vec<Choice>,
}

impl Message {
    /// The most answers that it may offer: WhatsApp's limit for reply buttons.
    pub const MAX_BUTTONS: usize = 3;
    /// The most characters of a template's name.
    pub const MAX_TEMPLATE: usize = 100;

    /// The template for a channel.
    pub fn template(&self, channel: Channel) -> &str {
        self.templates.get(&channel).unwrap_or(&self.template)
    }

    /// Every template that it names, with the channels that use it.
    pub fn all_templates(&self) -> impl Iterator<Item = (Channel, &str)> {
        self.channels.iter().map(|&channel| (channel, self.template(channel)))
    }
}

/// A way to reach a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// WhatsApp.
    Whatsapp,
    /// E-mail.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Whatsapp, Self::Email];

    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
        }
    }
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whatsapp => "WhatsApp",
            Self::Email => "e-mail",
        })
    }
}

/// What a message is for: its template's category. What is no marketing belongs to the order itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// About the customer's own order.
    Transactional,
    /// To win something: needs the customer's consent.
    Marketing,
}

impl Class {
    /// As in a store's settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transactional => "transactional",
            Self::Marketing => "marketing",
        }
    }
}
