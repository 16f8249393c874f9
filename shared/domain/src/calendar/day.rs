//! Days of the week and of the year.

use jiff::civil::{self, Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A day of the week, as in `on: [monday, friday]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday: Jumma.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// All seven, from Monday on.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The day of the week of a date.
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        }
    }

    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A day of every year, `MM-DD`: a birthday, an anniversary. 29 February falls on 28 February in years
/// that have no 29th, so that it stays within its month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MonthDay {
    month: i8,
    day: i8,
}

/// The text is not a day of the year.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a day of the year such as \"08-14\", month first")]
pub struct BadMonthDay(String);

impl MonthDay {
    /// The day of the year of a date; its year is forgotten.
    pub fn of(date: Date) -> Self {
        Self { month: date.month(), day: date.day() }
    }

    /// Whether it falls on `date`. Two fall on 28 February of a year without a 29th.
    pub fn falls_on(self, date: Date) -> bool {
        let here = Self::of(date);
        let stands_in = here.month == 2 && here.day == 28 && !date.in_leap_year();
        here == self || (stands_in && self.month == 2 && self.day == 29)
    }

    /// Its date in a year; absent beyond the calendar, the years -9999 to 9999.
    pub fn in_year(self, year: i16) -> Option<Date> {
        let last = Date::new(year, self.month, 1).ok()?.days_in_month();
        Date::new(year, self.month, self.day.min(last)).ok()
    }

    /// The first date from `date` on, itself included, on which it falls; absent beyond the year 9999.
    pub fn next_on_or_after(self, date: Date) -> Option<Date> {
        let this_year = self.in_year(date.year()).filter(|day| *day >= date);
        this_year.or_else(|| self.in_year(date.year().checked_add(1)?))
    }
}

impl FromStr for MonthDay {
    type Err = BadMonthDay;

    fn from_str(text: &str) -> Result<Self, BadMonthDay> {
        let number = |digits: &str| {
            let sound = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            sound.then(|| digits.parse().ok()).flatten()
        };
        let read = || {
            let (month, day) = text.trim().split_once('-')?;
            // A leap year has every day that there is.
            Date::new(2000, number(month)?, number(day)?).ok()
        };
        read().map(Self::of).ok_or_else(|| BadMonthDay(text.to_owned()))
    }
}

impl TryFrom<String> for MonthDay {
    type Error = BadMonthDay;
    fn try_from(text: String) -> Result<Self, BadMonthDay> {
        text.parse()
    }
}

impl From<MonthDay> for String {
    fn from(day: MonthDay) -> Self {
        day.to_string()
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}
