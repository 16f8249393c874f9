//! When a stage is due, and when it may act.

use jiff::{
    SignedDuration, Span, Timestamp,
    civil::{Date, DateTime, Time},
};
use sha2::{Digest, Sha256};
use std::{fmt, iter};

use super::{Delay, TimeOfDay};
use crate::calendar::{Hours, Weekday};

/// When a stage is due and may act, as its flow says.
#[derive(Clone, Copy, Debug)]
pub struct When<'a> {
    /// How long after the trigger.
    pub after: Option<Delay>,
    /// How long after the stage before was done with.
    pub after_previous: Option<Delay>,
    /// At this time of that day, or of the next if past.
    pub at: Option<TimeOfDay>,
    /// The first moment of its send window in a day.
    pub not_before: Option<TimeOfDay>,
    /// The last moment of its send window; one that comes before `not_before` is on the day after.
    pub not_after: Option<TimeOfDay>,
    /// The days of the week on which its send window opens; every day, where empty.
    pub on: &'a [Weekday],
    /// It is due later by a share of this, so that a herd does not act at once.
    pub spread: Option<Delay>,
    /// It sends a message: the store's quiet hours and special days hold for it.
    pub speaks: bool,
}

/// What keeps a stage from acting at a moment; reads as words for the shop's team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed<'a> {
    /// It does not act on this day of the week.
    Weekday,
    /// Its own send window.
    Window,
    /// A special day of the store's calendar, by name.
    SpecialDay(&'a str),
    /// The store's quiet hours.
    QuietHours,
}

impl fmt::Display for Closed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekday => f.write_str("waiting for its day of the week"),
            Self::Window => f.write_str("waiting for the send window"),
            Self::SpecialDay(name) => write!(f, "{name} (special day)"),
            Self::QuietHours => f.write_str("quiet hours"),
        }
    }
}

impl When<'_> {
    /// How far ahead [`When::opening`] looks, in days of 24 hours: three times what a calendar may close.
    pub const HORIZON_DAYS: i64 = 100;

    /// When it is due: always a moment at which it may act (but see [`When::opening`]), and never before
    /// `base`, which is the trigger's time, or the end of the stage before for one that counts from there.
    ///
    /// With `at`, a wait of whole days means that day, whatever the hour it counts from: `after: 1d` and
    /// `at: "11:00"` is eleven o'clock on the day after. Any other wait comes first, then the next time
    /// that it is `at`. An `at` that a clock change leaves out is moved past the gap; of one that it brings
    /// twice, the first is meant. On a day that is closed from `at` on, it is `at` of the day that opens.
    ///
    /// `spread` counts from the moment at which it could act, so that those who waited for the morning do
    /// not all act at nine sharp. `seed` names the run and the stage: the share is always the same for it.
    pub fn due(&self, base: Timestamp, hours: Hours<'_>, seed: &str) -> Timestamp {
        let delay = self.after.or(self.after_previous).map_or_else(Span::new, Delay::span);
        let start = base.to_zoned(hours.zone.clone());
        let day = start.date();
        let due = start.checked_add(delay).unwrap_or(start);
        let precise = delay.get_hours() != 0 || delay.get_minutes() != 0 || delay.get_seconds() != 0;
        let from = if due.date() > day && !precise { base } else { due.timestamp() };
        let at = self.at.and_then(|at| {
            // A third day, because a clock set back over midnight can make tomorrow's time past too.
            let mut times = days(due.date(), 3).filter_map(|day| moment(day, at, hours));
            times.find(|time| *time >= from).map(|time| self.opening_at(at, time, hours))
        });
        let first = at.unwrap_or_else(|| self.opening(due.timestamp(), hours));
        match first.saturating_add(self.share(seed)) {
            Ok(later) if later > first => self.opening(later, hours),
            _ => first,
        }
    }

    /// The first moment from `now` on at which its window, weekdays, quiet hours and special days all let
    /// it act: `now` itself, if they do. What a clock change leaves out opens at the change, or on the next
    /// day if it ends within the gap; of what it brings twice, both count. Where nothing opens within
    /// [`When::HORIZON_DAYS`], it is the end of those, to look again.
    pub fn opening(&self, now: Timestamp, hours: Hours<'_>) -> Timestamp {
        if self.why_not(now, hours).is_none() {
            return now;
        }
        let ahead = SignedDuration::from_hours(24 * Self::HORIZON_DAYS);
        let horizon = now.saturating_add(ahead).unwrap_or(now);
        let open = |time: &Timestamp| (now..=horizon).contains(time) && self.why_not(*time, hours).is_none();
        let changes = hours.zone.following(now).map(|change| change.timestamp());
        let by_change = changes.take_while(|time| *time <= horizon).find(open);
        // A clock set back over midnight brings yesterday again, and makes the last hour of a day come after
        // the first of the next: the day after the first that opens may open before it.
        let today = hours.zone.to_datetime(now).date();
        let by_clock = days(today.yesterday().unwrap_or(today), 2 + Self::HORIZON_DAYS)
            .map(|day| self.starts(day, hours).filter(open).min())
            .skip_while(Option::is_none)
            .take(2)
            .flatten()
            .min();
        [by_change, by_clock].into_iter().flatten().min().unwrap_or(horizon)
    }

    /// Whether `not_before` and `not_after` let something happen at `time`, both included. A window
    /// may span midnight: from 21:00 to 02:00.
    pub fn window_holds(&self, time: TimeOfDay) -> bool {
        let (earliest, latest) = self.window();
        if self.spans_midnight() {
            time.time() >= earliest || time.time() <= latest
        } else {
            (earliest..=latest).contains(&time.time())
        }
    }

    /// How long its window is open, from its first moment to its last.
    pub fn window_lasts(&self) -> SignedDuration {
        let (earliest, latest) = self.window();
        let forward = earliest.duration_until(latest);
        if forward.is_negative() { forward + SignedDuration::from_hours(24) } else { forward }
    }

    /// What keeps it from acting at `now`; nothing, if it may act. Of several, its own rules come first,
    /// and a special day before the ordinary quiet hours.
    pub fn why_not<'h>(&self, now: Timestamp, hours: Hours<'h>) -> Option<Closed<'h>> {
        let local = hours.zone.to_datetime(now);
        if !self.on.is_empty() && !self.on.contains(&Weekday::of(self.day(local))) {
            return Some(Closed::Weekday);
        }
        if !self.window_holds(local.time().into()) {
            return Some(Closed::Window);
        }
        let quiet = hours.calendar.quiet_at(local).filter(|_| self.speaks)?;
        Some(quiet.special.map_or(Closed::QuietHours, Closed::SpecialDay))
    }

    fn window(&self) -> (Time, Time) {
        let time = |time: Option<TimeOfDay>, open: Time| time.map_or(open, TimeOfDay::time);
        (time(self.not_before, Time::MIN), time(self.not_after, Time::MAX))
    }

    fn spans_midnight(&self) -> bool {
        let (earliest, latest) = self.window();
        earliest > latest
    }

    /// The day that a local time belongs to: what comes after midnight in a window that spans it still
    /// belongs to the evening. Friday's window of 21:00 to 02:00 ends on Saturday.
    fn day(&self, local: DateTime) -> Date {
        let night = self.spans_midnight() && local.time() <= self.window().1;
        let yesterday = local.date().yesterday().ok().filter(|_| night);
        yesterday.unwrap_or(local.date())
    }

    /// The opening for an `at` that falls on `meant`.
    fn opening_at(&self, at: TimeOfDay, meant: Timestamp, hours: Hours<'_>) -> Timestamp {
        let opening = self.opening(meant, hours);
        let day_of = |time: Timestamp| self.day(hours.zone.to_datetime(time));
        let day = day_of(opening);
        let night = self.spans_midnight() && at.time() <= self.window().1;
        let date = if night { day.tomorrow().unwrap_or(day) } else { day };
        // Never before the opening: where the clock goes back over midnight, that may be a day before.
        let again = moment(date, at, hours).map(|time| self.opening(time.max(opening), hours));
        // `at` may be closed every day: then it acts when it can.
        again.filter(|time| day_of(*time) == day).unwrap_or(opening)
    }

    /// All moments of a day at which it may begin to be open, but for clock changes.
    fn starts(&self, day: Date, hours: Hours<'_>) -> impl Iterator<Item = Timestamp> {
        let ends = hours.calendar.quiet_parts(day).filter_map(|part| part.to);
        [Time::MIN, self.window().0].into_iter().chain(ends).flat_map(move |time| {
            let moment = hours.zone.to_ambiguous_timestamp(day.to_datetime(time));
            [moment.earlier().ok(), moment.later().ok()].into_iter().flatten()
        })
    }

    /// Which part of `spread` is its own: whole seconds, spread evenly.
    fn share(&self, seed: &str) -> SignedDuration {
        let seconds = self.spread.map_or(0, |spread| spread.nominal().as_secs());
        // SHA-256, since what is due must not move with a compiler's hasher.
        let digest = Sha256::new().chain_update("spread\n").chain_update(seed).finalize();
        let sample = digest.iter().take(8).fold(0u128, |sum, byte| (sum << 8) | u128::from(*byte));
        let share = (sample * u128::try_from(seconds).unwrap_or(0)) >> 64;
        SignedDuration::from_secs(i64::try_from(share).unwrap_or(0))
    }
}

/// When it is `at` on a date; past the gap, or the first of two.
fn moment(date: Date, at: TimeOfDay, hours: Hours<'_>) -> Option<Timestamp> {
    hours.zone.to_ambiguous_timestamp(date.to_datetime(at.time())).compatible().ok()
}

/// `count` days from `first` on.
fn days(first: Date, count: i64) -> impl Iterator<Item = Date> {
    iter::successors(Some(first), |day| day.tomorrow().ok()).zip(0..count).map(|(day, _)| day)
}
