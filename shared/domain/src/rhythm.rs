//! How often something usually comes, by the hours of the shop's day and the days of its week, and when
//! that nothing comes is more than chance.
//!
//! Time goes by in slots of ten minutes. Of each hour of the day and each day of the week it is kept in how
//! many of their slots something came: bursts, such as the five webhooks that one order makes, count once.
//! The weeks before weigh less, by half every three. A slot in which nothing comes is a surprise of
//! -ln(1 - chance), which is how many arrivals a Poisson process would have had in it; the surprises of a
//! silence add up, and a silence is told of when they are over what chance brings about once in a million
//! times, more where days differ more from each other than chance makes them.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

/// How one kind of thing usually comes to one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// The slot in which it was first heard.
    pub since: Timestamp,
    /// The slot in which it was last heard.
    pub last: Timestamp,
    /// The arrivals that would have been usual since then.
    #[serde(with = "rounded")]
    pub missed: f64,
    hours: [Share; 24],
    days: [Share; 7],
    today: Today,
    spread: Share,
}

/// Of so many slots in so many something came, the earlier ones weighing less. Of the days' spread: the sum
/// of their squared differences from what was expected, over that, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Share(#[serde(with = "rounded")] f64, #[serde(with = "rounded")] f64);

/// The day that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Today {
    date: Date,
    #[serde(with = "rounded")]
    heard: f64,
    #[serde(with = "rounded")]
    expected: f64,
}

/// What a silence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Too little is known yet: less than [`Rhythm::LEARNS_FOR`], or heard too seldom.
    Learning,
    /// It comes as it usually does.
    Coming,
    /// It should have come.
    Silent,
}

impl Share {
    fn weigh(&mut self, weight: f64) {
        (self.0, self.1) = (self.0 * weight, self.1 * weight);
    }

    fn add(&mut self, heard: bool) {
        (self.0, self.1) = (self.0 + f64::from(u8::from(heard)), self.1 + 1.0);
    }

    /// In how many of its slots something came, had it been silent in some more.
    fn rate(self, doubt: f64) -> f64 {
        let slots = self.1 + doubt;
        if slots > 0.0 { self.0 / slots } else { 0.0 }
    }
}

impl Rhythm {
    /// The grain of time.
    pub const SLOT: SignedDuration = SignedDuration::from_mins(10);
    /// For how long it is listened to before anything is said.
    pub const LEARNS_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);
    /// The shortest silence that is told of.
    pub const SHORTEST: SignedDuration = SignedDuration::from_hours(1);
    /// The surprise of what chance brings about once in a million times: -ln(1e-6).
    const MILLIONTH: f64 = 13.82;
    /// How much more days differ than chance makes them, at least: nobody's customers come quite alike.
    const LEAST_SPREAD: f64 = 2.0;
    /// At most: beyond, it would never be told.
    const MOST_SPREAD: f64 = 8.0;
    /// Slots in which nothing came that stand in for what is not known of an hour.
    const DOUBT: f64 = 12.0;
    /// The most that is ever expected of a slot.
    const MOST_CHANCE: f64 = 0.9;
    /// What a day's beginning leaves of the days before: half is left of three weeks ago.
    const A_DAY_LATER: f64 = 0.967_531_6;
    /// The slots of seven days.
    const A_WEEK: f64 = 1008.0;
    /// In how many slots of the weeks that count something must have come.
    const LEAST_HEARD: f64 = 20.0;

    /// Of something that is heard for the first time, in the slot that begins at `slot`.
    pub fn new(slot: Timestamp, zone: &TimeZone) -> Self {
        let date = zone.to_datetime(slot).date();
        Self {
            since: slot,
            last: slot,
            missed: 0.0,
            hours: [Share::default(); 24],
            days: [Share::default(); 7],
            today: Today { date, heard: 0.0, expected: 0.0 },
            spread: Share::default(),
        }
    }

    /// A slot has gone by. Whether it was heard in it; of a slot that tells nothing (the shop was closed),
    /// only that is looked at. While it is silent it learns nothing, however long that lasts.
    pub fn pass(&mut self, slot: Timestamp, zone: &TimeZone, heard: bool, tells: bool) {
        let local = zone.to_datetime(slot);
        if !heard && self.verdict(slot) == Verdict::Silent {
            return;
        }
        self.turn(local.date());
        if tells {
            self.today.expected += self.chance(local, 0.0);
            self.today.heard += f64::from(u8::from(heard));
            if !heard {
                // What is known of few slots counts for less.
                self.missed -= (1.0 - self.chance(local, Self::DOUBT)).ln();
            }
            let (hour, day) = places(local);
            let hour = self.hours.get_mut(hour);
            let day = self.days.get_mut(day);
            [hour, day].into_iter().flatten().for_each(|share| share.add(heard));
        }
        if heard {
            (self.last, self.missed) = (slot, 0.0);
        }
    }

    /// What its silence says at a time.
    pub fn verdict(&self, now: Timestamp) -> Verdict {
        let heard: f64 = self.days.iter().map(|share| share.0).sum();
        if now.duration_since(self.since) < Self::LEARNS_FOR || heard < Self::LEAST_HEARD {
            return Verdict::Learning;
        }
        let lasts = now.duration_since(self.last + Self::SLOT);
        if lasts >= Self::SHORTEST && self.missed >= self.limit() { Verdict::Silent } else { Verdict::Coming }
    }

    /// How many arrivals may be missed before it is more than chance.
    pub fn limit(&self) -> f64 {
        let spread = if self.spread.1 < 1.0 { Self::LEAST_SPREAD } else { self.spread.0 / self.spread.1 };
        Self::MILLIONTH * spread.clamp(Self::LEAST_SPREAD, Self::MOST_SPREAD)
    }

    /// How likely it is to be heard in a slot: by the hour, and by how its day of the week differs.
    fn chance(&self, local: DateTime, doubt: f64) -> f64 {
        let (hour, day) = places(local);
        let rate = |shares: &[Share], place: usize| shares.get(place).map_or(0.0, |share| share.rate(doubt));
        let all = self.days.iter().fold(Share::default(), |all, day| Share(all.0 + day.0, all.1 + day.1));
        let usual = all.rate(doubt);
        let factor = if usual > 0.0 { rate(&self.days, day) / usual } else { 0.0 };
        (rate(&self.hours, hour) * factor).clamp(0.0, Self::MOST_CHANCE)
    }

    /// A day is over: how far it was from what was expected, and what came before it weighs less.
    fn turn(&mut self, date: Date) {
        if date <= self.today.date {
            return;
        }
        let Today { heard, expected, date: over } = self.today;
        self.spread.weigh(Self::A_DAY_LATER);
        // The first week expects nothing yet.
        let known = self.days.iter().map(|day| day.1).sum::<f64>() > Self::A_WEEK;
        if known && expected >= 1.0 {
            self.spread.0 += (heard - expected).powi(2) / expected;
            self.spread.1 += 1.0;
        }
        let days = (date - over).get_days().clamp(1, 366);
        let weight = Self::A_DAY_LATER.powi(days);
        self.hours.iter_mut().chain(&mut self.days).for_each(|share| share.weigh(weight));
        self.today = Today { date, heard: 0.0, expected: 0.0 };
    }
}

/// The hour of the day and the day of the week, as places.
fn places(local: DateTime) -> (usize, usize) {
    let place = |number: i8| usize::try_from(number).unwrap_or(0);
    (place(local.hour()), place(local.date().weekday().to_monday_zero_offset()))
}

/// Thousandths are kept: the record is read and written every half an hour.
mod rounded {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((number * 1000.0).round() / 1000.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        f64::deserialize(deserializer)
    }
}
