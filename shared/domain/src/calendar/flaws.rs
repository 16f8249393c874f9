//! What the types of a calendar cannot say: limits, and hours that cannot be meant.

use jiff::{Span, civil::Date};

use super::{Calendar, Quiet, QuietHours, SpecialDates, SpecialDay};

/// The fewest minutes that a day's quiet hours must leave open.
const MIN_OPEN: i64 = 60;

/// After so many years from a leap year on, weekdays and leap days come back as they were.
const CYCLE_YEARS: i16 = 28;

/// A path with what is wrong there.
type Found = Vec<(String, String)>;

impl Calendar {
    /// Every problem, each with the path of its field (`special_days[0].when.dates.to`) and a sentence that
    /// begins behind it. Empty for a calendar that may be kept.
    pub fn flaws(&self) -> Found {
        let mut found = Found::new();
        if let Some(hours) = self.quiet_hours {
            hours.flaws("quiet_hours", MIN_OPEN, &mut found);
        }
        let count = self.special_days.len();
        if count > Self::MAX_SPECIAL_DAYS {
            let most = Self::MAX_SPECIAL_DAYS;
            found.push(("special_days".to_owned(), format!("has {count} days; {most} is the most")));
        }
        for (index, day) in self.special_days.iter().take(Self::MAX_SPECIAL_DAYS).enumerate() {
            day.flaws(&format!("special_days[{index}]"), &mut found);
        }
        // Only of hours that mean something, and of ranges that are not too long to walk.
        if let Some(first) = found.is_empty().then(|| self.closed_too_long()).flatten() {
            let most = Self::MAX_CLOSED_DAYS;
            let message = format!("leave no open moment for more than {most} days on end, from {first} on");
            found.push(("special_days".to_owned(), message));
        }
        found
    }

    /// The first date of more than [`Calendar::MAX_CLOSED_DAYS`] without an open moment. What comes back is
    /// looked at for as long as it takes to repeat, what happens once with the weeks around it.
    fn closed_too_long(&self) -> Option<Date> {
        let around = Span::new().days(Self::MAX_CLOSED_DAYS);
        let once = self.special_days.iter().filter_map(|day| match day.when {
            SpecialDates::Date(date) => Some((date, date)),
            SpecialDates::Dates { from, to } => Some((from, to)),
            SpecialDates::Every(_) | SpecialDates::EveryYear(_) => None,
        });
        let mut periods: Vec<_> =
            once.map(|(from, to)| (from.saturating_sub(around), to.saturating_add(around))).collect();
        if periods.len() < self.special_days.len() {
            let years = (Date::new(2024, 1, 1).ok(), Date::new(2024 + CYCLE_YEARS, 12, 31).ok());
            periods.extend(years.0.zip(years.1));
        }
        periods.into_iter().find_map(|(from, to)| self.closed_run(from, to))
    }

    fn closed_run(&self, from: Date, to: Date) -> Option<Date> {
        let mut days_on_end = 0;
        let mut first = from;
        for day in from.series(Span::new().days(1)).take_while(|day| *day <= to) {
            if !self.closed_all(day) {
                days_on_end = 0;
                continue;
            }
            if days_on_end == 0 {
                first = day;
            }
            days_on_end += 1;
            if days_on_end > Self::MAX_CLOSED_DAYS {
                return Some(first);
            }
        }
        None
    }

    fn closed_all(&self, date: Date) -> bool {
        let mut parts: Vec<_> = self.quiet_parts(date).collect();
        parts.sort_by_key(|part| part.from);
        let mut reached = jiff::civil::Time::MIN;
        for part in parts {
            if part.from > reached {
                return false;
            }
            match part.to {
                None => return true,
                Some(to) => reached = reached.max(to),
            }
        }
        false
    }
}

impl SpecialDay {
    fn flaws(&self, path: &str, found: &mut Found) {
        let length = self.name.chars().count();
        if self.name.trim().is_empty() {
            found.push((format!("{path}.name"), "is empty".to_owned()));
        } else if length > Self::MAX_NAME {
            let most = Self::MAX_NAME;
            found.push((format!("{path}.name"), format!("has {length} characters; {most} is the most")));
        }
        if let SpecialDates::Dates { from, to } = self.when {
            let most = SpecialDates::MAX_DAYS;
            let last = from.saturating_add(Span::new().days(most - 1));
            let flaw = if to < from {
                Some(format!("{to} comes before `from`, {from}"))
            } else {
                (to > last).then(|| format!("{to} is more than {most} days from `from`, {from}"))
            };
            found.extend(flaw.map(|message| (format!("{path}.when.dates.to"), message)));
        }
        match self.quiet {
            Quiet::AllDay => {}
            Quiet::Also(hours) => hours.flaws(&format!("{path}.quiet.also"), 1, found),
            Quiet::Instead(hours) => hours.flaws(&format!("{path}.quiet.instead"), MIN_OPEN, found),
        }
    }
}

impl QuietHours {
    /// `open` is how many minutes of a day they must leave.
    fn flaws(&self, path: &str, open: i64, found: &mut Found) {
        let (from, to) = (self.from, self.to);
        let minutes = from.time().duration_since(to.time()).as_mins().rem_euclid(24 * 60);
        let message = if minutes == 0 {
            "is the same as `from`, which leaves no time to send in".to_owned()
        } else if minutes < open {
            format!("leaves {minutes} minutes of the day, {to} to {from}; {open} is the least")
        } else {
            return;
        };
        found.push((format!("{path}.to"), message));
    }
}
