//! What is known of a store's feeds.

use harkara_domain::{
    Rhythm,
    calendar::{Calendar, Quiet},
    rhythm::Verdict,
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

use super::{Refusal, Silence, journal::Heard};
use crate::{keys, refusals::Refused, settings::Settings};

/// What may fall silent by itself: a source, `shopify`, or what it says of one kind, `shopify/shipment`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Feed(String);

impl Feed {
    /// Kinds of facts that vendors bring by ways of their own: couriers' scans freeze while orders come.
    const KINDS: [(&'static str, &'static str); 3] =
        [("order", "orders"), ("shipment", "parcels"), ("cart", "carts")];

    /// The feeds that a fact belongs to; none, where nobody outside said it.
    pub(super) fn of(source: &str, kind: &str) -> Option<impl Iterator<Item = Self> + use<>> {
        let outside = harkara_sources::source(source).is_some() || source == harkara_sources::track::NAME;
        let kind = Self::KINDS.iter().find(|(name, _)| *name == kind);
        let of_kind = kind.map(|(name, _)| Self(format!("{source}/{name}")));
        outside.then(|| [Some(Self(source.to_owned())), of_kind].into_iter().flatten())
    }

    /// The source.
    pub fn source(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(source, _)| source)
    }

    /// The feed that this one is a part of.
    fn whole(&self) -> Option<Self> {
        self.0.split_once('/').map(|(source, _)| Self(source.to_owned()))
    }

    /// As its place in keys: `shopify/shipment`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// In words: `shopify`, `shopify's parcels`.
impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.source();
        let kind = Self::KINDS.iter().find(|(name, _)| self.0.ends_with(&format!("/{name}")));
        match kind {
            Some((_, words)) => write!(f, "{source}'s {words}"),
            None => f.write_str(source),
        }
    }
}

/// How facts usually come to a store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Up to where the journal was listened to.
    pub heard_to: Timestamp,
    /// When it was looked at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// Its feeds.
    pub feeds: BTreeMap<Feed, Held>,
}

/// What is known of a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// How it usually comes.
    pub rhythm: Rhythm,
    /// The place of its silence, while it is silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<String>,
}

/// A silence that is over.
pub(super) struct Ended {
    pub(super) place: String,
    pub(super) at: Timestamp,
}

/// The slot that a time falls in.
pub(super) fn slot_of(at: Timestamp) -> Timestamp {
    let into = at.as_second().rem_euclid(Rhythm::SLOT.as_secs());
    let slot = Timestamp::from_second(at.as_second() - into);
    slot.unwrap_or(at)
}

impl Watch {
    /// After so long without a look the sweep, and likely all of the engine, stood still.
    const STOOD_STILL: SignedDuration = SignedDuration::from_hours(2);

    pub(super) fn from(heard_to: Timestamp) -> Self {
        Self { heard_to, looked_at: None, feeds: BTreeMap::new() }
    }

    /// The slots up to where the journal was read have gone by. Those that nothing came in while the engine
    /// itself stood still tell nothing, nor do days on which the shop is closed.
    pub(super) fn pass(&mut self, heard: &Heard, settings: &Settings, now: Timestamp) {
        let zone = settings.zone();
        let stood_still = self.looked_at.filter(|looked| now.duration_since(*looked) > Self::STOOD_STILL);
        let mut slot = self.heard_to;
        while slot < heard.to {
            let came = heard.slots.get(&slot);
            for feed in came
                .into_iter()
                .flatten()
                .filter(|feed| !self.feeds.contains_key(feed))
                .cloned()
                .collect::<Vec<_>>()
            {
                self.feeds.insert(feed, Held { rhythm: Rhythm::new(slot, &zone), silent: None });
            }
            let stood_still = came.is_none() && stood_still.is_some_and(|since| slot >= slot_of(since));
            let tells = !stood_still && !is_closed(&settings.rules.calendar, zone.to_datetime(slot).date());
            for (feed, held) in &mut self.feeds {
                let heard = came.is_some_and(|came| came.contains(feed));
                // What is refused meanwhile is not to pass for what is usual.
                held.rhythm.pass(slot, &zone, heard, tells && (heard || held.silent.is_none()));
            }
            slot += Rhythm::SLOT;
        }
        (self.heard_to, self.looked_at) = (heard.to, Some(now));
    }

    /// The places of the silences that are under way.
    pub(super) fn silent(&self) -> impl Iterator<Item = &str> {
        self.feeds.values().filter_map(|held| held.silent.as_deref())
    }

    /// Takes out the silences that are over.
    pub(super) fn ended(&mut self) -> Vec<Ended> {
        let to = self.heard_to;
        let over = self
            .feeds
            .values_mut()
            .filter(|held| held.is_heard_again() && held.rhythm.verdict(to) != Verdict::Silent);
        over.filter_map(|held| Some(Ended { place: held.silent.take()?, at: held.rhythm.last })).collect()
    }

    /// Notes the silences that begin. Of a source that is silent altogether, no kind is told of by itself.
    pub(super) fn begun(&mut self, now: Timestamp) -> Vec<Silence> {
        let silent = |held: &Held| held.rhythm.verdict(self.heard_to) == Verdict::Silent;
        let is_told =
            |feed: &Feed| self.feeds.get(feed).is_some_and(|whole| whole.silent.is_some() || silent(whole));
        let new: Vec<Feed> = self
            .feeds
            .iter()
            .filter(|(feed, held)| {
                held.silent.is_none() && silent(held) && !feed.whole().is_some_and(|whole| is_told(&whole))
            })
            .map(|(feed, _)| feed.clone())
            .collect();
        let begin = |feed: Feed| {
            let held = self.feeds.get_mut(&feed)?;
            let silence = Silence::new(feed, &held.rhythm, now);
            held.silent = Some(silence.place());
            Some(silence)
        };
        new.into_iter().filter_map(begin).collect()
    }

    /// Notes that a source is silent because it is refused, unless it is known to be silent.
    pub(super) fn refused(
        &mut self,
        refused: &Refused,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<Silence> {
        let (feed, since) = (Feed(refused.source.clone()), refused.first()?);
        let new =
            || Held { rhythm: Rhythm::new(slot_of(since) - Rhythm::SLOT, &settings.zone()), silent: None };
        let held = self.feeds.entry(feed.clone()).or_insert_with(new);
        if held.silent.is_some() || held.rhythm.last > since {
            return None;
        }
        let refusal = Refusal { since, known: refused.known() };
        let silence = Silence { refused: Some(refusal), ..Silence::new(feed, &held.rhythm, now) };
        held.silent = Some(silence.place());
        Some(silence)
    }
}

impl Held {
    /// Whether something came since it fell silent, if it did.
    fn is_heard_again(&self) -> bool {
        let since = self.silent.as_deref().and_then(keys::unstamp);
        since.is_none_or(|since| self.rhythm.last >= since)
    }
}

/// Whether the whole day is one without messages.
fn is_closed(calendar: &Calendar, date: Date) -> bool {
    calendar.special_days.iter().any(|day| day.quiet == Quiet::AllDay && day.when.falls_on(date))
}
