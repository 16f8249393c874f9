//! When a stage is due, in the shop's time zone.

use jiff::{SignedDuration, Span, SpanFieldwise, SpanRelativeTo, Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use super::Stage;

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

impl Stage {
    /// Whether it counts from the end of the stage before it.
    pub fn follows_previous(&self) -> bool {
        self.after_previous.is_some()
    }

    /// When it is due; never before `base`, which is the trigger's time, or the end of the stage
    /// before for one that counts from there. With `at`, a wait of whole days means that day, whatever
    /// the hour it counts from: `after: 1d` and `at: "11:00"` is eleven o'clock on the day after. Any
    /// other wait comes first, then the next time that it is `at`. An `at` that a clock change leaves
    /// out is moved past the gap; of one that it brings twice, the first is meant.
    pub fn due(&self, base: Timestamp, zone: &TimeZone) -> Timestamp {
        let delay = self.after.or(self.after_previous).map_or_else(Span::new, |delay| delay.0.0);
        let start = base.to_zoned(zone.clone());
        let day = start.date();
        let due = start.checked_add(delay).unwrap_or(start);
        let hours = delay.get_hours() != 0 || delay.get_minutes() != 0 || delay.get_seconds() != 0;
        let from = if due.date() > day && !hours { base } else { due.timestamp() };
        let at = self.at.and_then(|at| {
            // A third day, because a clock set back over midnight can make tomorrow's time past too.
            days(due.date(), 3)
                .filter_map(|day| zone.to_ambiguous_zoned(day.to_datetime(at.0)).compatible().ok())
                .map(|time| time.timestamp())
                .find(|time| *time >= from)
        });
        self.opening(at.unwrap_or(due.timestamp()), zone)
    }

    /// The first moment from `now` on at which its window is open: `now` itself, if it is. A window
    /// that a clock change leaves out altogether opens on the day after.
    pub fn opening(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let open = |time: Timestamp| self.window_holds(TimeOfDay(zone.to_datetime(time).time()));
        if open(now) {
            return now;
        }
        // A window opens when the clock comes to `not_before` (of a time that comes twice, both
        // count), or when the clock is changed to a time within it.
        let earliest = self.not_before.map_or(civil::Time::MIN, |time| time.0);
        let by_clock = days(zone.to_datetime(now).date(), 4).flat_map(|day| {
            let opening = zone.to_ambiguous_timestamp(day.to_datetime(earliest));
            [opening.earlier().ok(), opening.later().ok()].into_iter().flatten()
        });
        let horizon = now.saturating_add(SignedDuration::from_hours(4 * 24)).unwrap_or(now);
        let by_change = zone.following(now).map(|change| change.timestamp()).take_while(|at| *at <= horizon);
        by_clock.chain(by_change).filter(|time| *time >= now && open(*time)).min().unwrap_or(now)
    }

    /// Whether `not_before` and `not_after` let something happen at `time`, both included. A window
    /// may span midnight: from 21:00 to 02:00.
    pub fn window_holds(&self, time: TimeOfDay) -> bool {
        let earliest = self.not_before.map_or(civil::Time::MIN, |time| time.0);
        let latest = self.not_after.map_or(civil::Time::MAX, |time| time.0);
        if earliest <= latest {
            (earliest..=latest).contains(&time.0)
        } else {
            time.0 >= earliest || time.0 <= latest
        }
    }
}

/// `count` days from `first` on.
fn days(first: civil::Date, count: usize) -> impl Iterator<Item = civil::Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(count)
}
