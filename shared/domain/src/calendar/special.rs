//! Days with hours of their own: Jumma, Ramadan, Eid, a sale.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use super::{MonthDay, QuietHours, QuietPart, Weekday};

/// Days on which messages keep other hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialDay {
    /// What the team calls it; it is shown as the reason why a message waits.
    pub name: String,
    /// On which dates.
    pub when: SpecialDates,
    /// Which hours are without messages then.
    pub quiet: Quiet,
}

/// On which dates a special day falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SpecialDates {
    /// One date, `{ date: 2026-11-27 }`.
    Date(Date),
    /// All dates of a range, both ends included: `{ dates: { from: 2027-03-10, to: 2027-03-12 } }`. At most
    /// [`SpecialDates::MAX_DAYS`].
    Dates {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
    },
    /// That day of every week, `{ every: friday }`.
    Every(Weekday),
    /// That day of every year, `{ every_year: 08-14 }`.
    EveryYear(MonthDay),
}

/// Which hours of a special day are without messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quiet {
    /// `all_day`: from midnight to midnight.
    AllDay,
    /// `{ also: { from: "12:30", to: "14:30" } }`: these besides the ordinary quiet hours. They begin on the
    /// special day: those that span midnight end on the day after.
    Also(QuietHours),
    /// `{ instead: { from: "01:00", to: "19:30" } }`: these, and not the ordinary ones. They say which hours
    /// of each date are quiet: those that span midnight are its first and its last hours.
    Instead(QuietHours),
}

impl SpecialDay {
    /// The most characters of its name.
    pub const MAX_NAME: usize = 80;

    /// Whether the ordinary quiet hours do not hold on `date`.
    pub(super) fn replaces(&self, date: Date) -> bool {
        matches!(self.quiet, Quiet::Instead(_)) && self.when.falls_on(date)
    }

    /// The parts of `date` that it keeps without messages.
    pub(super) fn quiet_parts(&self, date: Date) -> impl Iterator<Item = QuietPart<'_>> {
        let name = Some(self.name.as_str());
        let today = self.when.falls_on(date);
        let parts = match self.quiet {
            Quiet::AllDay => [today.then_some(QuietPart { from: Time::MIN, to: None, special: name }), None],
            Quiet::Also(hours) => {
                let yesterday = date.yesterday().is_ok_and(|date| self.when.falls_on(date));
                let morning = hours.morning(name).filter(|_| yesterday);
                [morning, today.then(|| hours.evening(name))]
            }
            Quiet::Instead(hours) if today => [hours.morning(name), Some(hours.evening(name))],
            Quiet::Instead(_) => [None, None],
        };
        parts.into_iter().flatten()
    }
}

impl SpecialDates {
    /// The most dates of a range.
    pub const MAX_DAYS: i32 = 366;

    /// Whether `date` is one of them.
    pub fn falls_on(&self, date: Date) -> bool {
        match self {
            Self::Date(one) => *one == date,
            Self::Dates { from, to } => (*from..=*to).contains(&date),
            Self::Every(weekday) => *weekday == Weekday::of(date),
            Self::EveryYear(day) => day.falls_on(date),
        }
    }
}
