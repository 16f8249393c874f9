//! Times in the store's zone, as people say them.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// The store's zone, and the time that "today" is meant from.
#[derive(Clone, Debug)]
pub(crate) struct Zoned {
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
}

impl Zoned {
    /// `today 18:00`, `tomorrow 11:00`, `22 Nov 14:05`, `22 Nov 2025 14:05`.
    pub(crate) fn words(&self, at: Timestamp) -> String {
        let (then, now) = (self.zone.to_datetime(at), self.zone.to_datetime(self.now));
        let day = match then.date().since(now.date()).map(|span| span.get_days()) {
            Ok(0) => "today".to_owned(),
            Ok(1) => "tomorrow".to_owned(),
            Ok(-1) => "yesterday".to_owned(),
            _ if then.year() == now.year() => then.strftime("%-d %b").to_string(),
            _ => then.strftime("%-d %b %Y").to_string(),
        };
        format!("{day} {}", then.strftime("%H:%M"))
    }

    /// The whole time, for a `<time>` element's `datetime`.
    pub(crate) fn machine(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// With the day of the week, and the seconds where there are any: `Sun 22 Nov 14:05`.
    pub(crate) fn full(&self, at: Timestamp) -> String {
        let then = self.zone.to_datetime(at);
        let year = if then.year() == self.zone.to_datetime(self.now).year() { "" } else { " %Y" };
        let seconds = if then.second() == 0 { "" } else { ":%S" };
        then.strftime(&format!("%a %-d %b{year} %H:%M{seconds}")).to_string()
    }

    /// How long after `began` a time is, in its two largest units: `+1 d 2 h`, `at once`.
    pub(crate) fn since(began: Timestamp, at: Timestamp) -> String {
        let seconds = at.duration_since(began).as_secs();
        let parts = [
            (seconds / 86400, "d"),
            (seconds / 3600 % 24, "h"),
            (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).take(2);
        let words: Vec<String> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
        if words.is_empty() { "at once".to_owned() } else { format!("+{}", words.join(" ")) }
    }

    /// A local time, `YYYY-MM-DDTHH:MM` as fields for one send it.
    pub(crate) fn local(&self, text: &str) -> Option<Timestamp> {
        let local: DateTime = text.trim().parse().ok()?;
        Some(self.zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp())
    }

    /// The beginning of today.
    pub(crate) fn midnight(&self) -> Timestamp {
        self.first_of(self.zone.to_datetime(self.now).date()).unwrap_or(self.now)
    }

    fn first_of(&self, day: Date) -> Option<Timestamp> {
        Some(self.zone.to_ambiguous_zoned(day.at(0, 0, 0, 0)).compatible().ok()?.timestamp())
    }

    /// The beginning of a day, `YYYY-MM-DD` as date fields send it.
    pub(crate) fn day_begins(&self, day: &str) -> Option<Timestamp> {
        self.first_of(day.trim().parse().ok()?)
    }

    /// The last millisecond of a day.
    pub(crate) fn day_ends(&self, day: &str) -> Option<Timestamp> {
        let day: Date = day.trim().parse().ok()?;
        Some(self.first_of(day.tomorrow().ok()?)? - SignedDuration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_stores_zone() {
        // 22 November 2026, 23:30 in Karachi, is still the 22nd there though 18:30 in London.
        let now: Timestamp = "2026-11-22T18:30:00Z".parse().unwrap();
        let zoned = Zoned { zone: TimeZone::get("Asia/Karachi").unwrap(), now };
        let say = |text: &str| zoned.words(text.parse().unwrap());
        assert_eq!(say("2026-11-22T13:00:00Z"), "today 18:00");
        assert_eq!(say("2026-11-22T19:00:00Z"), "tomorrow 00:00");
        assert_eq!(say("2026-11-21T18:59:00Z"), "yesterday 23:59");
        assert_eq!(say("2026-11-01T09:05:00Z"), "1 Nov 14:05");
        assert_eq!(say("2025-11-22T09:05:00Z"), "22 Nov 2025 14:05");
        assert_eq!(zoned.midnight().to_string(), "2026-11-21T19:00:00Z");
        assert_eq!(zoned.day_begins("2026-11-22"), Some(zoned.midnight()));
        assert_eq!(zoned.day_ends("2026-11-22").unwrap().to_string(), "2026-11-22T18:59:59.999Z");
        assert_eq!(zoned.day_begins("22/11/2026"), None);
        assert_eq!(zoned.full(now), "Sun 22 Nov 23:30");
        assert_eq!(zoned.full("2027-01-01T00:00:07Z".parse().unwrap()), "Fri 1 Jan 2027 05:00:07");
        assert_eq!(zoned.local("2026-11-22T23:30"), Some(now));
        assert_eq!(zoned.local("tomorrow"), None);
        let later = |seconds| Zoned::since(now, now + SignedDuration::from_secs(seconds));
        assert_eq!([0, 30 * 60, 26 * 3600, 86401].map(later), ["at once", "+30 min", "+1 d 2 h", "+1 d 1 s"]);
    }
}
