//! Waits and times of day.

use jiff::{SignedDuration, Span, SpanFieldwise, SpanRelativeTo, Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A wait as people write it: `30m`, `2h`, `1d`, `1d 2h`. A day is a calendar day of the shop's
/// time zone, so `1d` over a clock change is still "this time tomorrow".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delay(SpanFieldwise);

/// A time of day, `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(civil::Time);

/// The text is not a wait or a time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTime(String);

impl Delay {
    /// The longest wait, in days of 24 hours: long enough for "a year later", short enough that a
    /// slip of the pen does not park a message for ever.
    pub const MAX_DAYS: i64 = 400;

    /// How long it is when every day has 24 hours: for comparing waits, not for adding them to a time.
    pub fn nominal(self) -> SignedDuration {
        // Cannot fail: years and months are refused when it is read.
        let day = SpanRelativeTo::days_are_24_hours();
        self.0.0.to_duration(day).unwrap_or(SignedDuration::MAX)
    }

    /// When it is over, where it begins at `base`: days are those of the zone's calendar.
    pub fn from(self, base: Timestamp, zone: &TimeZone) -> Timestamp {
        let start = base.to_zoned(zone.clone());
        start.checked_add(self.0.0).map_or(base, |end| end.timestamp())
    }

    pub(super) fn span(self) -> Span {
        self.0.0
    }
}

impl FromStr for Delay {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(format!("“{text}” is not a wait such as 30m, 2h or 1d"));
        let span: Span = text.trim().parse().map_err(|_| bad())?;
        let too_fine =
            span.get_milliseconds() != 0 || span.get_microseconds() != 0 || span.get_nanoseconds() != 0;
        // Months and years differ in length; nobody should have to guess which one was meant.
        let too_coarse = span.get_years() != 0 || span.get_months() != 0;
        if span.is_negative() || too_fine || too_coarse {
            return Err(bad());
        }
        let delay = Self(span.fieldwise());
        if delay.nominal() > SignedDuration::from_hours(24 * Self::MAX_DAYS) {
            return Err(BadTime(format!("“{text}” is longer than {} days", Self::MAX_DAYS)));
        }
        Ok(delay)
    }
}

impl TryFrom<String> for Delay {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        text.parse()
    }
}

impl From<Delay> for String {
    fn from(delay: Delay) -> Self {
        delay.to_string()
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0.0)
    }
}

impl TimeOfDay {
    pub(crate) fn time(self) -> civil::Time {
        self.0
    }
}

impl From<civil::Time> for TimeOfDay {
    fn from(time: civil::Time) -> Self {
        Self(time)
    }
}

impl FromStr for TimeOfDay {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(format!("“{text}” is not a time of day such as \"18:00\""));
        let number = |digits: &str, lengths: std::ops::RangeInclusive<usize>| {
            let sound = lengths.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            sound.then(|| digits.parse::<i8>().ok()).flatten().ok_or_else(bad)
        };
        let (hour, minute) = text.trim().split_once(':').ok_or_else(bad)?;
        let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
        civil::Time::new(hour, minute, 0, 0).map(Self).map_err(|_| bad())
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}
