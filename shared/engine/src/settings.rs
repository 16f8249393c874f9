//! A store's settings, as kept in the table.

use harkara_domain::Rules;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{ownership::Plan, prices::Prices};

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
    /// For how many days the facts that counted are kept in the journal, which the time machine reads; 0
    /// for none, at most [`Settings::MAX_JOURNAL_DAYS`].
    #[serde(default = "thirty", skip_serializing_if = "is_thirty")]
    pub journal_days: u16,
    /// Whether and for whom the sentinel listens.
    #[serde(default, skip_serializing_if = "Watching::is_usual")]
    pub watch: Watching,
    /// What messages cost, for the time machine.
    #[serde(default, skip_serializing_if = "Prices::is_empty")]
    pub prices: Prices,
    /// What decisions depend on, beside the flows.
    #[serde(flatten)]
    pub rules: Rules,
}

/// What a store wants of the sentinel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watching {
    /// It does not listen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// The team that hears of silences, where it is not [`Settings::OPS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

impl Watching {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

fn thirty() -> u16 {
    Settings::JOURNAL_DAYS
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_thirty(days: &u16) -> bool {
    *days == Settings::JOURNAL_DAYS
}

impl Settings {
    /// The team that hears of failures.
    pub const OPS: &'static str = "ops";
    /// For how many days a store keeps its journal that has not said.
    pub const JOURNAL_DAYS: u16 = 30;
    /// The most days of a journal.
    pub const MAX_JOURNAL_DAYS: u16 = 400;

    /// What is wrong with them: for each flaw the path of its field and why, in a sentence that begins
    /// behind the path.
    pub fn flaws(&self) -> Vec<(String, String)> {
        let days = self.journal_days > Self::MAX_JOURNAL_DAYS;
        let days =
            days.then(|| ("journal_days".to_owned(), format!("is at most {}", Self::MAX_JOURNAL_DAYS)));
        let team = self.watch.team.as_ref().filter(|team| !self.teams.contains_key(*team));
        let team = team.map(|team| ("watch.team".to_owned(), format!("is none of `teams`: {team}")));
        let prices = self.prices.flaws().into_iter().map(|(path, why)| (format!("prices.{path}"), why));
        self.rules.flaws().into_iter().chain(days).chain(team).chain(prices).collect()
    }

    /// The time zone; UTC where the name is not known, which saving settings refuses.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// The addresses of a team; those of `ops` for a team that has none.
    pub fn team(&self, name: &str) -> Vec<String> {
        let of = |name: &str| self.teams.get(name).filter(|addresses| !addresses.is_empty());
        of(name).or_else(|| of(Self::OPS)).cloned().unwrap_or_default()
    }

    /// Whether the sentinel listens: it hears what the journal keeps.
    pub fn is_watched(&self) -> bool {
        self.journal_days > 0 && !self.watch.off
    }

    /// The addresses that hear of silences.
    pub fn watchers(&self) -> Vec<String> {
        self.team(self.watch.team.as_deref().unwrap_or(Self::OPS))
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
