//! The clock by which an order is stalled: hours that pass on working days only.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::Weekday;

/// Hours that count on some days of the week only: 72 without Saturdays and Sundays, where nothing else is
/// said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkingClock {
    /// How many hours must pass; 1 to [`WorkingClock::MAX_HOURS`].
    pub hours: u16,
    /// The days whose hours do not count; not all seven.
    pub without: Vec<Weekday>,
}

impl Default for WorkingClock {
    fn default() -> Self {
        Self { hours: 72, without: vec![Weekday::Saturday, Weekday::Sunday] }
    }
}

impl WorkingClock {
    /// The most hours: 60 days.
    pub const MAX_HOURS: u16 = 60 * 24;

    /// When the hours have passed since `from`. They are hours of real time, so a day on which the clock
    /// is set forward brings 23 of them. A day lasts from its first moment to that of the day after, in
    /// `zone`. Where all seven days are left out, none is.
    pub fn elapses(&self, from: Timestamp, zone: &TimeZone) -> Timestamp {
        let counts = |day: Date| !self.without.contains(&Weekday::of(day)) || self.leaves_none();
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|time| time.timestamp());
        let mut left = SignedDuration::from_hours(i64::from(self.hours));
        let (mut now, mut day) = (from, zone.to_datetime(from).date());
        // Each turn is a day, and one of seven counts 22 hours at least: this ends after some 500.
        while let Some((next, end)) = day.tomorrow().ok().and_then(|next| Some((next, midnight(next)?))) {
            // A clock set back over midnight makes `from` a moment of yesterday, which is over.
            let end = end.max(now);
            if counts(day) {
                let passes = end.duration_since(now);
                if passes >= left {
                    break;
                }
                left -= passes;
            }
            (now, day) = (end, next);
        }
        now.saturating_add(left).unwrap_or(now)
    }

    /// Every problem, with the path of its field.
    pub fn flaws(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if !(1..=Self::MAX_HOURS).contains(&self.hours) {
            let most = Self::MAX_HOURS;
            found.push(("hours".to_owned(), format!("is {}; it must be 1 to {most} hours", self.hours)));
        }
        if self.leaves_none() {
            found.push(("without".to_owned(), "leaves out every day of the week".to_owned()));
        }
        found
    }

    fn leaves_none(&self) -> bool {
        Weekday::ALL.iter().all(|day| self.without.contains(day))
    }
}
