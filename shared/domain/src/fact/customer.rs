//! What is told of a customer, beside their orders.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Actor, Contact};
use crate::flow::Channel;

/// What is told of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerFact {
    /// Who they are and what they want.
    Profile(Box<Profile>),
    /// They looked at a product.
    Viewed {
        /// The shop's id of it.
        product: String,
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// They searched.
    Searched {
        /// For this.
        query: String,
    },
    /// They looked at a category.
    Browsed {
        /// Which.
        category: String,
    },
    /// Where they stand with the shop's tiers.
    Tier(Tier),
    /// A subscription of theirs.
    Subscription {
        /// The shop's id of it.
        id: String,
        /// When it renews next; `None` once it is ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        renews_on: Option<Date>,
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// Something of the shop's own kind.
    Custom {
        /// Its kind.
        name: String,
    },
    /// A person or a flow did something to them.
    Acted {
        /// What.
        action: CustomerAction,
        /// Who.
        by: Actor,
    },
}

/// Who a customer is and what they want; what is left out is left as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Name and addresses.
    #[serde(default)]
    pub contact: Contact,
    /// When they were born, by day and month: `MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    /// IANA name of where they live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Whether they want marketing, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<Channel, bool>,
    /// Tags of the shop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Where a customer stands with the shop's tiers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tier {
    /// The tier's name.
    pub name: String,
    /// Its place: a higher one is a better tier.
    #[serde(default)]
    pub level: u32,
    /// The points that they have, where the shop counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// The next tier is near: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_to: Option<String>,
    /// The tier will be lost unless something happens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_risk: bool,
}

/// What a person or a flow can do to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerAction {
    /// Puts a tag on them, or takes it off.
    SetTag {
        /// The tag.
        tag: String,
        /// On, or off.
        on: bool,
    },
    /// Moves them to a tier.
    SetTier(String),
    /// Gives them points, or takes some.
    AddPoints(i64),
    /// Sends them no more marketing, or some again: their STOP and START.
    Suppress {
        /// No more, or some again.
        on: bool,
        /// Where they said so themselves: taking it back is consent to marketing by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Channel>,
    },
}
