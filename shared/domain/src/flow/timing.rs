//! When a stage is due, in the shop's time zone.

use jiff::{Span, SpanFieldwise, Timestamp, civil, tz::TimeZone};
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

impl FromStr for Delay {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(format!("“{text}” is not a wait such as 30m, 2h or 1d"));
        let span: Span = text.parse().map_err(|_| bad())?;
        let too_fine = span.get_milliseconds() != 0 || span.get_microseconds() != 0 || span.get_nanoseconds() != 0;
        let too_coarse = span.get_years() != 0 || span.get_months() != 0;
        if span.is_negative() || too_fine || too_coarse || span.get_days() > 400 {
            return Err(bad());
        }
        Ok(Self(span.fieldwise()))
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
        let (hour, minute) = text.split_once(':').ok_or_else(bad)?;
        let (hour, minute) = (hour.parse().map_err(|_| bad())?, minute.parse().map_err(|_| bad())?);
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

    /// When it is due. `base` is the trigger's time, or the end of the stage before for one that
    /// counts from there. A time that a clock change leaves out is moved past the gap; of one that
    /// it brings twice, the first is meant.
    pub fn due(&self, base: Timestamp, zone: &TimeZone) -> Timestamp {
        let delay = self.after.or(self.after_previous).map_or_else(Span::new, |delay| delay.0.0);
        let start = base.to_zoned(zone.clone());
        let mut due = start.checked_add(delay).unwrap_or(start);
        if let Some(at) = self.at {
            let today = due.date().to_datetime(at.0);
            let at_time = |day: civil::DateTime| zone.to_ambiguous_zoned(day).compatible().ok();
            let same_day = at_time(today).filter(|time| *time >= due);
            let next_day = || today.tomorrow_same_time().and_then(at_time);
            due = same_day.or_else(next_day).unwrap_or(due);
        }
        self.opening(due.timestamp(), zone)
    }

    /// The first moment from `now` on at which its window is open: `now` itself, if it is.
    pub fn opening(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let local = now.to_zoned(zone.clone());
        let time = local.time();
        let earliest = self.not_before.map_or(civil::Time::MIN, |t| t.0);
        let latest = self.not_after.map_or(civil::Time::MAX, |t| t.0);
        // A window may span midnight: from 21:00 to 02:00.
        let open = if earliest <= latest {
            (earliest..=latest).contains(&time)
        } else {
            time >= earliest || time <= latest
        };
        if open {
            return now;
        }
        let today = local.date().to_datetime(earliest);
        let day = if time < earliest { Some(today) } else { today.tomorrow_same_time() };
        day.and_then(|day| zone.to_ambiguous_zoned(day).compatible().ok())
            .map_or(now, |opening| opening.timestamp())
    }
}

/// The same wall time on the day after.
trait TomorrowSameTime {
    fn tomorrow_same_time(self) -> Option<civil::DateTime>;
}

impl TomorrowSameTime for civil::DateTime {
    fn tomorrow_same_time(self) -> Option<civil::DateTime> {
        self.date().tomorrow().ok().map(|day| day.to_datetime(self.time()))
    }
}
