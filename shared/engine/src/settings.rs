//! A store's settings, as kept in the table.

use harkara_domain::Rules;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::ownership::Plan;

/// What a store's team has set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What customers know the shop by.
    pub name: String,
    /// IANA name; every time of day in flows is in it.
    pub timezone: String,
    /// The languages of messages, the preferred one first: `roman-ur`, `en`.
    pub languages: Vec<String>,
    /// E-mail addresses of the teams that flows can alert; `ops` also hears of failures.
    pub teams: BTreeMap<String, Vec<String>>,
    /// Messages of this store go before those of others: they have a queue apart.
    #[serde(default)]
    pub priority: bool,
    /// What the store has booked.
    #[serde(default)]
    pub plan: Plan,
    /// Where the console is, for links in mails; without a slash at its end.
    #[serde(default)]
    pub console_url: Option<String>,
    /// What decisions depend on, beside the flows.
    #[serde(flatten)]
    pub rules: Rules,
}

impl Settings {
    /// The team that hears of failures.
    pub const OPS: &'static str = "ops";

    /// The time zone; UTC where the name is not known, which saving settings refuses.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// The addresses of a team; those of `ops` for a team that has none.
    pub fn team(&self, name: &str) -> Vec<String> {
        let of = |name: &str| self.teams.get(name).filter(|addresses| !addresses.is_empty());
        of(name).or_else(|| of(Self::OPS)).cloned().unwrap_or_default()
    }

    /// Whether its messages go before those of other stores: it was set so, or the plan says it.
    pub fn has_priority(&self) -> bool {
        self.priority || self.plan.has_priority()
    }

    /// A link into the console.
    pub fn link(&self, path: &str) -> Option<String> {
        self.console_url.as_ref().map(|base| format!("{base}{path}"))
    }
}
