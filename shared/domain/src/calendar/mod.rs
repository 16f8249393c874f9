//! When a store may speak: quiet hours, special days, and the clocks and days that other rules count by.
//!
//! A calendar defers messages, it never drops one. It holds in the time zone of whoever a message is for.
//!
//! ```yaml
//! quiet_hours: { from: "22:00", to: "09:00" }
//! special_days:
//!   - name: Jumma
//!     when: { every: friday }
//!     quiet: { also: { from: "12:30", to: "14:30" } }
//!   - name: Ramadan
//!     when: { dates: { from: 2027-02-08, to: 2027-03-09 } }
//!     quiet: { instead: { from: "01:00", to: "19:30" } }
//!   - name: Eid
//!     when: { dates: { from: 2027-03-10, to: 2027-03-12 } }
//!     quiet: all_day
//!   - name: New Year's Day
//!     when: { every_year: 01-01 }
//!     quiet: all_day
//! ```

mod country;
mod day;
mod flaws;
mod special;
mod working;

use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::flow::TimeOfDay;
pub use country::zone_of_country;
pub use day::{BadMonthDay, MonthDay, Weekday};
pub use special::{Quiet, SpecialDates, SpecialDay};
pub use working::WorkingClock;

/// A store's hours, in the zone of whoever it is about.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a> {
    /// The recipient's time zone where it is known, else the store's.
    pub zone: &'a TimeZone,
    /// The store's calendar.
    pub calendar: &'a Calendar,
}

/// The hours and days on which a store sends no messages, whatever its flows say. Empty at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The hours of an ordinary day in which no message is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// Days with hours of their own; at most [`Calendar::MAX_SPECIAL_DAYS`]. Where several fall on one
    /// date, all of them hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special_days: Vec<SpecialDay>,
}

/// Hours without messages: quiet at `from`, open again at `to`. They may span midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When they begin.
    pub from: TimeOfDay,
    /// When they are over.
    pub to: TimeOfDay,
}

/// A part of one date without messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuietPart<'a> {
    /// Its first moment.
    from: Time,
    /// The first moment after it; absent where it lasts until the date ends.
    pub(crate) to: Option<Time>,
    /// The special day that it comes from, by name; absent for the ordinary quiet hours.
    pub(crate) special: Option<&'a str>,
}

impl QuietPart<'_> {
    fn holds(&self, time: Time) -> bool {
        self.from <= time && self.to.is_none_or(|to| time < to)
    }
}

impl Calendar {
    /// The most special days.
    pub const MAX_SPECIAL_DAYS: usize = 100;
    /// The most days on end that may be without an open moment.
    pub const MAX_CLOSED_DAYS: i32 = 30;

    /// What keeps messages back at a local time; what a special day says comes before ordinary hours.
    pub(crate) fn quiet_at(&self, local: DateTime) -> Option<QuietPart<'_>> {
        self.quiet_parts(local.date()).find(|part| part.holds(local.time()))
    }

    /// All parts of a date that are without messages; they may overlap.
    pub(crate) fn quiet_parts(&self, date: Date) -> impl Iterator<Item = QuietPart<'_>> {
        let replaced = self.special_days.iter().any(|day| day.replaces(date));
        let ordinary = self.quiet_hours.filter(|_| !replaced);
        let ordinary = ordinary.into_iter().flat_map(|hours| hours.of_one_date(None));
        self.special_days.iter().flat_map(move |day| day.quiet_parts(date)).chain(ordinary)
    }
}

impl QuietHours {
    /// Whether they run past midnight. Those that end as they begin last 24 hours.
    fn spans_midnight(&self) -> bool {
        self.from >= self.to
    }

    /// The part on the date on which they begin.
    fn evening<'a>(&self, special: Option<&'a str>) -> QuietPart<'a> {
        let to = (!self.spans_midnight()).then(|| self.to.time());
        QuietPart { from: self.from.time(), to, special }
    }

    /// The part on the date after, of those that span midnight.
    fn morning<'a>(&self, special: Option<&'a str>) -> Option<QuietPart<'a>> {
        let part = QuietPart { from: Time::MIN, to: Some(self.to.time()), special };
        self.spans_midnight().then_some(part)
    }

    /// Both parts on one and the same date.
    fn of_one_date<'a>(&self, special: Option<&'a str>) -> impl Iterator<Item = QuietPart<'a>> + use<'a> {
        self.morning(special).into_iter().chain([self.evening(special)])
    }
}
