//! What a store has set that decisions depend on, beside its flows.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::calendar::{Calendar, WorkingClock};
use crate::customer::CustomerView;
use crate::flow::{
    Class, Delay,
    heard::{self, OwnWords},
};
use crate::place::{Areas, Cities};

/// A store's rules. Every one has a default that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Quiet hours and special days.
    #[serde(default)]
    pub calendar: Calendar,
    /// How many messages a customer gets at most, over all flows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub caps: BTreeMap<Class, Cap>,
    /// Named lists of cities and postal codes, such as those with many returns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub areas: BTreeMap<String, Vec<String>>,
    /// Other names of cities, by the one that they mean.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub city_aliases: BTreeMap<String, Vec<String>>,
    /// When an order is stalled. An order keeps what held when it was placed.
    #[serde(default)]
    pub stalled: Stalled,
    /// The store's own words for what customers are after, beside those that are built in.
    #[serde(default, skip_serializing_if = "OwnWords::is_empty")]
    pub words: OwnWords,
    /// What a customer's STOP holds back.
    #[serde(default)]
    pub stop: Stop,
    /// Marketing goes only to customers who have agreed to it, by the channels that they agreed to; off for a
    /// store that sees to their consent elsewhere.
    #[serde(default = "yes")]
    pub marketing_needs_consent: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            calendar: Calendar::default(),
            caps: BTreeMap::new(),
            areas: BTreeMap::new(),
            city_aliases: BTreeMap::new(),
            stalled: Stalled::default(),
            words: OwnWords::new(),
            stop: Stop::default(),
            marketing_needs_consent: true,
        }
    }
}

impl Rules {
    /// The most bytes of all names in lists together.
    pub const MAX_SIZE: usize = 200_000;

    /// What is wrong with them: for each flaw the path of its field (`areas.north[2]`) and why, in a sentence
    /// that begins behind the path.
    pub fn flaws(&self) -> Vec<(String, String)> {
        let within = |name: &'static str, found: Vec<(String, String)>| {
            found.into_iter().map(move |(path, why)| (format!("{name}.{path}"), why))
        };
        within("calendar", self.calendar.flaws())
            .chain(within("stalled", self.stalled.flaws()))
            .chain(Areas::flaws(&self.areas, "areas"))
            .chain(Cities::flaws(&self.city_aliases, "city_aliases"))
            .chain(heard::flaws(&self.words, "words"))
            .chain(self.caps.iter().flat_map(|(class, cap)| cap.flaws(class.as_str())))
            .chain(self.too_long())
            .collect()
    }

    /// Each list has its own limits; together they go into one item of the table, and every shelf.
    fn too_long(&self) -> Option<(String, String)> {
        let size = |lists: &BTreeMap<String, Vec<String>>| -> usize {
            lists.iter().map(|(name, list)| name.len() + list.iter().map(String::len).sum::<usize>()).sum()
        };
        let words: usize = self.words.values().flatten().map(String::len).sum();
        let size = size(&self.areas) + size(&self.city_aliases) + words;
        let why =
            format!("have, with `city_aliases` and `words`, {size} bytes; {} is the most", Self::MAX_SIZE);
        (size > Self::MAX_SIZE).then(|| ("areas".to_owned(), why))
    }
}

fn yes() -> bool {
    true
}

/// What a customer's STOP holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Marketing, by all channels.
    #[default]
    Marketing,
    /// Every message, those about their own orders too.
    Everything,
}

/// How long an order may stand still before it is stalled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stalled {
    /// From when it was placed until a courier has it.
    pub fulfillment: WorkingClock,
    /// From one scan of a parcel on its way to the next.
    pub shipment: WorkingClock,
}

impl Stalled {
    /// Every problem, with the path of its field (`shipment.hours`) and a sentence that begins behind it.
    pub fn flaws(&self) -> Vec<(String, String)> {
        let of = |name: &'static str, clock: &WorkingClock| {
            clock.flaws().into_iter().map(move |(path, message)| (format!("{name}.{path}"), message))
        };
        of("fulfillment", &self.fulfillment).chain(of("shipment", &self.shipment)).collect()
    }
}

/// How many messages of a class a customer gets at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// So many.
    pub most: u32,
    /// Within this time.
    pub per: Delay,
    /// What becomes of a message that would be one too many.
    #[serde(default)]
    pub then: Over,
}

impl Cap {
    /// What is wrong with it: paths that begin with its class, and why. A customer's view remembers so many
    /// messages of a class and no more, so a cap beyond them would hold nobody back.
    fn flaws(&self, class: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let remembered = u32::try_from(CustomerView::MAX_SENDS).unwrap_or(u32::MAX);
        if !(1..=remembered).contains(&self.most) {
            let why = format!("is {}; a cap is 1 to {remembered} messages", self.most);
            found.push((format!("caps.{class}.most"), why));
        }
        if self.per.nominal().is_zero() {
            let why = format!("is {}; a cap needs a time, such as 1d or 7d", self.per);
            found.push((format!("caps.{class}.per"), why));
        }
        found
    }
}

/// What becomes of a message over a cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// It waits until there is room.
    #[default]
    Defer,
    /// It is left out.
    Skip,
}
