//! Quiet hours, special days, weekdays, working clocks and days of the year.

use harkara_domain::{
    calendar::{Calendar, Hours, MonthDay, Weekday, WorkingClock, zone_of_country},
    flow::timing::{Closed, When},
};
use jiff::{
    SignedDuration, Span, Timestamp, Zoned,
    civil::{Date, date},
    tz::TimeZone,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const OPEN: When<'static> = When {
    after: None,
    after_previous: None,
    at: None,
    not_before: None,
    not_after: None,
    on: &[],
    spread: None,
    speaks: true,
};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn read(zoned: &str) -> Zoned {
    zoned.parse().unwrap_or_else(|error| panic!("{zoned}: {error}"))
}

fn time<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> Option<T> {
    Some(text.parse().unwrap())
}

/// What stands in the documentation of the module.
const WRITTEN: &str = r#"
quiet_hours: { from: "22:00", to: "09:00" }
special_days:
  - name: Jumma
    when: { every: friday }
    quiet: { also: { from: "12:30", to: "14:30" } }
  - name: Ramadan
    when: { dates: { from: 2027-02-08, to: 2027-03-09 } }
    quiet: { instead: { from: "01:00", to: "19:30" } }
  - name: Eid
    when: { dates: { from: 2027-03-10, to: 2027-03-12 } }
    quiet: all_day
  - name: New Year's Day
    when: { every_year: 01-01 }
    quiet: all_day
  - name: Night of the Sale
    when: { date: 2026-11-26 }
    quiet: { also: { from: "20:00", to: "10:00" } }
"#;

fn written() -> Calendar {
    let calendar: Calendar = serde_saphyr::from_str(WRITTEN).unwrap();
    assert_eq!(calendar.flaws(), []);
    calendar
}

/// The moment asked for, when a message may go out, and what keeps it until then.
const DEFERRED: &[(&str, &str, Option<Closed<'static>>)] = {
    const QUIET: Option<Closed<'static>> = Some(Closed::QuietHours);
    const fn on(day: &'static str) -> Option<Closed<'static>> {
        Some(Closed::SpecialDay(day))
    }
    &[
        ("2026-11-23T21:59:59+05[Asia/Karachi]", "2026-11-23T21:59:59+05[Asia/Karachi]", None),
        ("2026-11-23T22:00+05[Asia/Karachi]", "2026-11-24T09:00+05[Asia/Karachi]", QUIET),
        ("2026-11-24T08:59:59+05[Asia/Karachi]", "2026-11-24T09:00+05[Asia/Karachi]", QUIET),
        ("2026-11-24T09:00+05[Asia/Karachi]", "2026-11-24T09:00+05[Asia/Karachi]", None),
        // Fridays.
        ("2026-11-20T12:29:59+05[Asia/Karachi]", "2026-11-20T12:29:59+05[Asia/Karachi]", None),
        ("2026-11-20T12:30+05[Asia/Karachi]", "2026-11-20T14:30+05[Asia/Karachi]", on("Jumma")),
        ("2026-11-19T12:30+05[Asia/Karachi]", "2026-11-19T12:30+05[Asia/Karachi]", None),
        // Ramadan: between iftar and one in the night.
        ("2027-02-07T22:30+05[Asia/Karachi]", "2027-02-08T00:00+05[Asia/Karachi]", QUIET),
        ("2027-02-09T23:30+05[Asia/Karachi]", "2027-02-09T23:30+05[Asia/Karachi]", None),
        ("2027-02-10T01:00+05[Asia/Karachi]", "2027-02-10T19:30+05[Asia/Karachi]", on("Ramadan")),
        ("2027-02-12T13:00+05[Asia/Karachi]", "2027-02-12T19:30+05[Asia/Karachi]", on("Jumma")),
        // Then Eid, and the quiet hours of the day after it. That day is Saturday.
        ("2027-03-09T23:59+05[Asia/Karachi]", "2027-03-09T23:59+05[Asia/Karachi]", None),
        ("2027-03-10T00:00+05[Asia/Karachi]", "2027-03-13T09:00+05[Asia/Karachi]", on("Eid")),
        ("2028-01-01T15:00+05[Asia/Karachi]", "2028-01-02T09:00+05[Asia/Karachi]", on("New Year's Day")),
        // Hours that are added belong to the day on which they begin.
        ("2026-11-26T08:00+05[Asia/Karachi]", "2026-11-26T09:00+05[Asia/Karachi]", QUIET),
        ("2026-11-26T09:30+05[Asia/Karachi]", "2026-11-26T09:30+05[Asia/Karachi]", None),
        ("2026-11-26T20:00+05[Asia/Karachi]", "2026-11-27T10:00+05[Asia/Karachi]", on("Night of the Sale")),
        // The clock of whoever it is for.
        ("2026-11-20T12:45+00[Europe/London]", "2026-11-20T14:30+00[Europe/London]", on("Jumma")),
        ("2026-03-28T23:00+00[Europe/London]", "2026-03-29T09:00+01[Europe/London]", QUIET),
        ("2026-10-31T23:00-04[America/New_York]", "2026-11-01T09:00-05[America/New_York]", QUIET),
    ]
};

#[test]
fn messages_wait_for_the_calendar_and_work_does_not() {
    let calendar = written();
    for (now, expected, closed) in DEFERRED {
        let (now, expected) = (read(now), read(expected));
        let hours = Hours { zone: now.time_zone(), calendar: &calendar };
        let opening = OPEN.opening(now.timestamp(), hours).to_zoned(now.time_zone().clone());
        assert_eq!(opening, expected, "{now}");
        assert_eq!(OPEN.why_not(now.timestamp(), hours), *closed, "{now}");
        let silent = When { speaks: false, ..OPEN };
        assert_eq!(silent.opening(now.timestamp(), hours), now.timestamp());
        assert_eq!(silent.why_not(now.timestamp(), hours), None);
    }
}

#[test]
fn what_keeps_a_stage_reads_as_words() {
    let calendar = written();
    let zone = zone("Asia/Karachi");
    let hours = Hours { zone: &zone, calendar: &calendar };
    let when = When { not_before: time("10:00"), not_after: time("21:00"), on: &[Weekday::Friday], ..OPEN };
    let why = |now: &str| when.why_not(read(now).timestamp(), hours).map(|closed| closed.to_string());
    let says = |now: &str, words: &str| assert_eq!(why(now).as_deref(), Some(words), "{now}");
    says("2026-11-19T23:00+05[Asia/Karachi]", "waiting for its day of the week");
    says("2026-11-20T09:30+05[Asia/Karachi]", "waiting for the send window");
    says("2026-11-20T13:00+05[Asia/Karachi]", "Jumma (special day)");
    assert_eq!(why("2026-11-20T15:00+05[Asia/Karachi]"), None);
    assert_eq!(
        OPEN.why_not(read("2026-11-20T23:00+05[Asia/Karachi]").timestamp(), hours).unwrap().to_string(),
        "quiet hours"
    );
}

/// What stage (in its own words), from when, and until when it waits without a calendar.
type Line = (When<'static>, &'static str, &'static str);

#[test]
fn weekdays_hold_for_every_stage() {
    let friday = When { on: &[Weekday::Friday], speaks: false, ..OPEN };
    let night = When { not_before: time("21:00"), not_after: time("02:00"), ..friday };
    let lines: &[Line] = &[
        (friday, "2026-11-19T10:00+05[Asia/Karachi]", "2026-11-20T00:00+05[Asia/Karachi]"),
        (friday, "2026-11-20T23:59:59+05[Asia/Karachi]", "2026-11-20T23:59:59+05[Asia/Karachi]"),
        (friday, "2026-11-21T00:00+05[Asia/Karachi]", "2026-11-27T00:00+05[Asia/Karachi]"),
        // The night belongs to the evening.
        (night, "2026-11-20T01:00+05[Asia/Karachi]", "2026-11-20T21:00+05[Asia/Karachi]"),
        (night, "2026-11-21T02:00+05[Asia/Karachi]", "2026-11-21T02:00+05[Asia/Karachi]"),
        (night, "2026-11-21T02:00:01+05[Asia/Karachi]", "2026-11-27T21:00+05[Asia/Karachi]"),
        // Sunday begins at 01:00 where the clock leaves midnight out.
        (
            When { on: &[Weekday::Sunday], ..OPEN },
            "2018-11-03T12:00-03[America/Sao_Paulo]",
            "2018-11-04T01:00-02[America/Sao_Paulo]",
        ),
        (
            When { on: &[Weekday::Sunday], ..OPEN },
            "2026-03-28T12:00+02[Asia/Beirut]",
            "2026-03-29T01:00+03[Asia/Beirut]",
        ),
        // The last hour of Saturday comes twice: what ends at 23:30 opens twice.
        (
            When { not_before: time("22:00"), not_after: time("23:30"), ..OPEN },
            "2026-10-24T23:40+03[Asia/Beirut]",
            "2026-10-24T23:00+02[Asia/Beirut]",
        ),
        // A minute of Sunday, then an hour of Saturday again.
        (
            When { on: &[Weekday::Saturday], ..OPEN },
            "2010-11-07T00:00:30-02:30[America/St_Johns]",
            "2010-11-06T23:01-03:30[America/St_Johns]",
        ),
        (
            When { on: &[Weekday::Saturday], not_before: time("23:30"), ..OPEN },
            "2010-11-07T00:00:30-02:30[America/St_Johns]",
            "2010-11-06T23:30-03:30[America/St_Johns]",
        ),
        // Samoa had no Friday that week.
        (friday, "2011-12-29T12:00-10[Pacific/Apia]", "2012-01-06T00:00+14[Pacific/Apia]"),
    ];
    for (when, now, expected) in lines {
        let (now, expected) = (read(now), read(expected));
        let hours = Hours { zone: now.time_zone(), calendar: &Calendar::default() };
        let opening = when.opening(now.timestamp(), hours).to_zoned(now.time_zone().clone());
        assert_eq!(opening, expected, "{when:?} at {now}");
    }
}

#[test]
fn a_day_may_open_before_the_end_of_the_day_before() {
    // At 00:01 on Sunday it was 23:01 on Saturday again.
    let day = |from: &str, to: &str| {
        let quiet = json!({ "also": { "from": from, "to": to } });
        json!({ "name": "x", "when": { "date": "2010-11-06" }, "quiet": quiet })
    };
    let calendar = json!({ "special_days": [day("23:00", "23:10"), day("23:40", "00:00")] });
    let calendar: Calendar = serde_json::from_value(calendar).unwrap();
    let zone = zone("America/St_Johns");
    let hours = Hours { zone: &zone, calendar: &calendar };
    for (now, expected) in [
        ("2010-11-06T23:45-02:30[America/St_Johns]", "2010-11-07T00:00-02:30[America/St_Johns]"),
        ("2010-11-06T23:01-03:30[America/St_Johns]", "2010-11-06T23:10-03:30[America/St_Johns]"),
    ] {
        assert_eq!(OPEN.opening(read(now).timestamp(), hours), read(expected).timestamp(), "{now}");
    }
}

#[test]
fn a_time_of_day_moves_to_the_day_that_opens() {
    let calendar = written();
    let monday = When { on: &[Weekday::Monday], ..OPEN };
    let karachi = |when: When<'static>, at: &str, base: &str, expected: &str| {
        let local = |moment: &str| format!("{moment}+05[Asia/Karachi]");
        (When { at: time(at), ..when }, local(base), local(expected))
    };
    let lines = [
        karachi(monday, "18:00", "2026-11-18T10:00", "2026-11-23T18:00"),
        karachi(monday, "18:00", "2026-11-23T17:00", "2026-11-23T18:00"),
        karachi(monday, "18:00", "2026-11-23T18:01", "2026-11-30T18:00"),
        // Eid: the same time of the day after.
        karachi(OPEN, "18:00", "2027-03-10T10:00", "2027-03-13T18:00"),
        // Jumma, and a fast: later on the same day.
        karachi(OPEN, "13:00", "2026-11-20T10:00", "2026-11-20T14:30"),
        karachi(OPEN, "13:00", "2027-02-15T10:00", "2027-02-15T19:30"),
        // A time that is always quiet: when it can.
        karachi(OPEN, "23:00", "2026-11-23T10:00", "2026-11-24T09:00"),
        karachi(monday, "23:00", "2026-11-23T10:00", "2026-11-30T09:00"),
        // In the night after Monday.
        karachi(
            When { not_before: time("21:00"), not_after: time("02:00"), speaks: false, ..monday },
            "01:00",
            "2026-11-18T10:00",
            "2026-11-24T01:00",
        ),
        // Saturday's midnight was over when the clock went back to Saturday.
        (
            When { at: time("00:00"), on: &[Weekday::Saturday], speaks: false, ..OPEN },
            "2010-11-06T12:00-02:30[America/St_Johns]".to_owned(),
            "2010-11-06T23:01-03:30[America/St_Johns]".to_owned(),
        ),
    ];
    for (when, base, expected) in lines {
        let (base, expected) = (read(&base), read(&expected));
        let hours = Hours { zone: base.time_zone(), calendar: &calendar };
        let due = when.due(base.timestamp(), hours, "").to_zoned(base.time_zone().clone());
        assert_eq!(due, expected, "{when:?} from {base}");
    }
}

#[test]
fn what_never_opens_is_looked_at_again() {
    let always: Calendar = serde_json::from_value(json!({ "special_days":
        [{ "name": "Closed", "when": { "dates": { "from": "2000-01-01", "to": "2100-01-01" } }, "quiet": "all_day" }]
    }))
    .unwrap();
    let (zone, now) = (zone("Asia/Karachi"), read("2026-11-20T10:00+05[Asia/Karachi]").timestamp());
    let later = now + SignedDuration::from_hours(24 * When::HORIZON_DAYS);
    assert_eq!(OPEN.opening(now, Hours { zone: &zone, calendar: &always }), later);
    let at = When { at: time("18:00"), ..OPEN };
    assert!(at.due(now, Hours { zone: &zone, calendar: &always }, "") >= later);
    // Just before the horizon, and just behind it.
    for (from, expected) in [(2376, 2376), (2400, 2400), (2405, 2400), (2424, 2400)] {
        let open = (now + SignedDuration::from_hours(from)).to_zoned(zone.clone());
        let last = open.date().yesterday().unwrap();
        let until = clock(i32::from(open.hour()) * 60);
        let closed: Calendar = serde_json::from_value(json!({ "special_days": [
            { "name": "Closed", "when": { "dates": { "from": "2000-01-01", "to": last } }, "quiet": "all_day" },
            { "name": "Morning", "when": { "date": last.tomorrow().unwrap() }, "quiet": { "also": { "from": "00:00", "to": until } } },
        ]}))
        .unwrap();
        let opening = OPEN.opening(now, Hours { zone: &zone, calendar: &closed });
        assert_eq!(opening, now + SignedDuration::from_hours(expected), "{from}");
    }
}

#[test]
fn the_longest_search_is_short() {
    let day = |index: u32| {
        let hours = json!({ "from": format!("{:02}:{:02}", index / 60 % 24, index % 60), "to": "00:00" });
        json!({ "name": "x", "when": { "dates": { "from": "2026-01-01", "to": "2028-01-01" } }, "quiet": { "also": hours } })
    };
    let days: Vec<Value> = (0..100).map(day).collect();
    let calendar: Calendar = serde_json::from_value(json!({ "special_days": days })).unwrap();
    let (zone, now) = (zone("Europe/London"), read("2026-11-20T10:00+00[Europe/London]").timestamp());
    let begun = std::time::Instant::now();
    OPEN.opening(now, Hours { zone: &zone, calendar: &calendar });
    assert!(begun.elapsed().as_millis() < 2_000, "{:?}", begun.elapsed());
}

#[test]
fn a_spread_is_stable_and_even() {
    let (zone, calendar) = (zone("Asia/Karachi"), Calendar::default());
    let hours = Hours { zone: &zone, calendar: &calendar };
    let base = read("2026-11-20T10:00+05[Asia/Karachi]").timestamp();
    let when = When { spread: time("20m"), ..OPEN };
    let share = |seed: &str| when.due(base, hours, seed).duration_since(base).as_secs();
    // These hold for ever: a stage that is asked again after a deployment must not move.
    assert_eq!(["run-1/0", "run-1/1", "run-2/0"].map(share), [982, 488, 309]);
    let mut minutes = [0; 20];
    for run in 0..20_000 {
        minutes[usize::try_from(share(&format!("run-{run}/0")) / 60).unwrap()] += 1;
    }
    assert!(minutes.iter().all(|count| (850..1150).contains(count)), "{minutes:?}");
    // Those who waited for the morning are spread over it.
    let calendar = written();
    let hours = Hours { zone: &zone, calendar: &calendar };
    let night = read("2026-11-24T02:00+05[Asia/Karachi]").timestamp();
    let nine = read("2026-11-24T09:00+05[Asia/Karachi]").timestamp();
    assert_eq!(when.due(night, hours, "run-1/0").duration_since(nine).as_secs(), share("run-1/0"));
    // Who would fall behind the window's end waits for the next.
    let last = read("2026-11-23T21:59:59+05[Asia/Karachi]").timestamp();
    assert_eq!(when.due(last, hours, "run-1/0"), nine);
    assert_eq!(When { spread: time("0s"), ..OPEN }.due(last, hours, "x"), last);
}

/// A stage and a calendar, as plain numbers: minutes of a day, days from a date.
#[derive(Clone, Debug)]
struct Rules {
    not_before: Option<i32>,
    not_after: Option<i32>,
    on: Vec<Weekday>,
    speaks: bool,
    quiet: Option<(i32, i32)>,
    special: Vec<(Falls, Kind)>,
    around: Date,
}

#[derive(Clone, Copy, Debug)]
enum Falls {
    Range(i32, i32),
    Weekly(Weekday),
    Yearly(i32),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    All,
    Also(i32, i32),
    Instead(i32, i32),
}

fn clock(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl Rules {
    fn day(&self, offset: i32) -> Date {
        self.around + Span::new().days(offset)
    }

    fn calendar(&self) -> Calendar {
        let hours = |from: i32, to: i32| json!({ "from": clock(from), "to": clock(to) });
        let special = self.special.iter().map(|(falls, kind)| {
            let when = match falls {
                Falls::Range(from, 0) => json!({ "date": self.day(*from) }),
                Falls::Range(from, more) => {
                    json!({ "dates": { "from": self.day(*from), "to": self.day(from + more) } })
                }
                Falls::Weekly(weekday) => json!({ "every": weekday }),
                Falls::Yearly(offset) => {
                    json!({ "every_year": self.day(*offset).strftime("%m-%d").to_string() })
                }
            };
            let quiet = match kind {
                Kind::All => json!("all_day"),
                Kind::Also(from, to) => json!({ "also": hours(*from, *to) }),
                Kind::Instead(from, to) => json!({ "instead": hours(*from, *to) }),
            };
            json!({ "name": "x", "when": when, "quiet": quiet })
        });
        let mut calendar = json!({ "special_days": special.collect::<Vec<_>>() });
        if let Some((from, to)) = self.quiet {
            calendar["quiet_hours"] = hours(from, to);
        }
        serde_json::from_value(calendar).unwrap()
    }

    fn when(&self) -> When<'_> {
        let written = |minute: Option<i32>| minute.and_then(|minute| time(&clock(minute)));
        When {
            not_before: written(self.not_before),
            not_after: written(self.not_after),
            on: &self.on,
            speaks: self.speaks,
            ..OPEN
        }
    }

    fn falls(&self, falls: Falls, day: Date) -> bool {
        match falls {
            Falls::Range(from, more) => (0..=more).any(|offset| self.day(from + offset) == day),
            Falls::Weekly(weekday) => format!("{:?}", day.weekday()) == format!("{weekday:?}"),
            Falls::Yearly(offset) => {
                self.day(offset).strftime("%m%d").to_string() == day.strftime("%m%d").to_string()
            }
        }
    }

    /// Whether a local moment is open, told without a thought for speed.
    fn open(&self, zone: &TimeZone, moment: Timestamp) -> bool {
        let local = zone.to_datetime(moment);
        let (today, yesterday) = (local.date(), local.date().yesterday().unwrap());
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let second = i32::from(local.second());
        let begun = self.not_before.is_none_or(|from| minute >= from);
        let not_over = self.not_after.is_none_or(|to| minute * 60 + second <= to * 60);
        let over_night = matches!((self.not_before, self.not_after), (Some(from), Some(to)) if from > to);
        let on = |day: Date| {
            self.on.is_empty() || self.on.iter().any(|on| format!("{:?}", day.weekday()) == format!("{on:?}"))
        };
        let own = if over_night {
            (begun && on(today)) || (not_over && on(yesterday))
        } else {
            begun && not_over && on(today)
        };
        let circle =
            |from: i32, to: i32| (minute - from).rem_euclid(1440) < (to - from - 1).rem_euclid(1440) + 1;
        let replaced = self
            .special
            .iter()
            .any(|(falls, kind)| matches!(kind, Kind::Instead(..)) && self.falls(*falls, today));
        let quiet = self.special.iter().any(|(falls, kind)| match kind {
            Kind::All => self.falls(*falls, today),
            Kind::Instead(from, to) => self.falls(*falls, today) && circle(*from, *to),
            Kind::Also(from, to) => {
                let begins = if minute >= *from { today } else { yesterday };
                self.falls(*falls, begins) && circle(*from, *to)
            }
        });
        let ordinary = !replaced && self.quiet.is_some_and(|(from, to)| circle(from, to));
        own && !(self.speaks && (quiet || ordinary))
    }

    fn first_open(&self, zone: &TimeZone, now: Timestamp, days: i64) -> Option<Timestamp> {
        if self.open(zone, now) {
            return Some(now);
        }
        let next = now.as_second().div_euclid(60) + 1;
        (next..next + days * 1440)
            .map(|minute| Timestamp::from_second(minute * 60).unwrap())
            .find(|time| self.open(zone, *time))
    }
}

const ZONES: [&str; 8] = [
    "Asia/Karachi",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
];

/// A zone, and a moment of the years from 2009 to 2027, most of them near a clock change.
fn any_moment() -> impl Strategy<Value = (TimeZone, Timestamp)> {
    let year: Timestamp = "2009-01-01T00:00:00Z".parse().unwrap();
    let moment = (0i64..6800, 0i64..86_400, any::<bool>(), prop_oneof![-7200i64..7200, -400_000i64..100_000]);
    (prop::sample::select(ZONES.to_vec()), moment, any::<bool>()).prop_map(
        move |(name, (day, second, near, by), whole)| {
            let zone = zone(name);
            let time = year + SignedDuration::from_secs(day * 86_400 + second);
            let change = zone.following(time).next().filter(|_| near).map(|change| change.timestamp());
            let time = change.map_or(time, |change| change + SignedDuration::from_secs(by));
            let time =
                if whole { time - SignedDuration::from_secs(time.as_second().rem_euclid(60)) } else { time };
            (zone, time)
        },
    )
}

fn any_minute() -> impl Strategy<Value = i32> {
    // Half of them near midnight, where clocks are changed.
    prop_oneof![0i32..1440, (-70i32..200).prop_map(|minute| minute.rem_euclid(1440))]
}

fn any_weekday() -> impl Strategy<Value = Weekday> {
    prop::sample::select(Weekday::ALL.to_vec())
}

fn any_special() -> impl Strategy<Value = (Falls, Kind)> {
    let falls = prop_oneof![
        (-2i32..4, 0i32..6).prop_map(|(from, more)| Falls::Range(from, more)),
        any_weekday().prop_map(Falls::Weekly),
        // Not across a 29 February, which has a test of its own.
        (0i32..3).prop_map(Falls::Yearly),
    ];
    let kind = prop_oneof![
        Just(Kind::All),
        (any_minute(), any_minute()).prop_map(|(from, to)| Kind::Also(from, to)),
        (any_minute(), any_minute()).prop_map(|(from, to)| Kind::Instead(from, to)),
    ];
    (falls, kind)
}

fn any_rules() -> impl Strategy<Value = (Rules, TimeZone, Timestamp)> {
    let window = (prop::option::of(any_minute()), prop::option::of(any_minute()));
    let on = prop_oneof![Just(vec![]), prop::collection::vec(any_weekday(), 1..4)];
    let quiet = prop::option::of((any_minute(), any_minute()));
    let special = prop::collection::vec(any_special(), 0..4);
    (window, on, prop::bool::weighted(0.8), quiet, special, any_moment()).prop_map(
        |((not_before, not_after), on, speaks, quiet, special, (zone, now))| {
            let around = zone.to_datetime(now).date();
            let leap = (around - Span::new().days(4)..=around + Span::new().days(14)).contains(&date(
                around.year(),
                3,
                1,
            ));
            let special =
                special.into_iter().filter(|(falls, _)| !leap || !matches!(falls, Falls::Yearly(_)));
            let special = special.collect();
            (Rules { not_before, not_after, on, speaks, quiet, special, around }, zone, now)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stage_opens_at_its_first_open_minute((rules, zone, now) in any_rules()) {
        let (calendar, when) = (rules.calendar(), rules.when());
        let hours = Hours { zone: &zone, calendar: &calendar };
        let opening = when.opening(now, hours);
        prop_assert_eq!(when.why_not(now, hours).is_none(), rules.open(&zone, now));
        match rules.first_open(&zone, now, 25) {
            Some(first) => {
                prop_assert_eq!(opening, first, "{} for {}", opening.to_zoned(zone.clone()), first.to_zoned(zone.clone()));
                prop_assert_eq!(when.opening(opening, hours), opening);
            }
            None => prop_assert!(opening > now + SignedDuration::from_hours(25 * 24)),
        }
    }

    #[test]
    fn openings_come_in_order((rules, zone, now) in any_rules(), later in 0i64..500_000) {
        let (calendar, when) = (rules.calendar(), rules.when());
        let hours = Hours { zone: &zone, calendar: &calendar };
        let opening = when.opening(now, hours);
        let horizon = now + SignedDuration::from_hours(24 * When::HORIZON_DAYS);
        prop_assert!((now..=horizon).contains(&opening));
        prop_assert!(opening <= when.opening(now + SignedDuration::from_secs(later), hours));
    }

    #[test]
    fn what_is_due_may_act_and_comes_in_order(
        (rules, zone, base) in any_rules(),
        (wait, at, spread) in (0i32..4000, prop::option::of(any_minute()), prop::option::of(1i32..90)),
        (later, seed) in (0i64..300_000, "[a-z]{1,6}"),
    ) {
        let calendar = rules.calendar();
        let hours = Hours { zone: &zone, calendar: &calendar };
        let when = When {
            after: time(&format!("{wait}m")),
            at: at.and_then(|at| time(&clock(at))),
            spread: spread.and_then(|spread| time(&format!("{spread}m"))),
            ..rules.when()
        };
        let due = when.due(base, hours, &seed);
        prop_assert!(due >= base + SignedDuration::from_mins(wait.into()));
        prop_assert_eq!(when.due(base, hours, &seed), due);
        prop_assert!(due <= when.due(base + SignedDuration::from_secs(later), hours, &seed));
        if due < base + SignedDuration::from_hours(24 * When::HORIZON_DAYS) {
            prop_assert_eq!(when.why_not(due, hours), None);
        }
        if at.is_none() {
            let first = when.opening(base + SignedDuration::from_mins(wait.into()), hours);
            let all = SignedDuration::from_mins(spread.unwrap_or(0).into());
            prop_assert!(first <= due && due <= when.opening(first + all, hours));
            prop_assert!(spread.is_some() || due == first);
        }
    }
}

#[test]
fn calendars_are_read_strictly_and_kept() {
    let calendar = written();
    let json = serde_json::to_value(&calendar).unwrap();
    assert_eq!(serde_json::from_value::<Calendar>(json).unwrap(), calendar);
    let yaml = serde_saphyr::to_string(&calendar).unwrap();
    assert_eq!(serde_saphyr::from_str::<Calendar>(&yaml).unwrap(), calendar);
    assert_eq!(serde_json::from_str::<Calendar>("{}").unwrap(), Calendar::default());
    assert_eq!(serde_json::to_string(&Calendar::default()).unwrap(), "{}");
    let day = |when: Value, quiet: Value| json!({ "special_days": [{ "name": "x", "when": when, "quiet": quiet }] });
    assert!(serde_json::from_value::<Calendar>(day(json!({ "every": "friday" }), json!("all_day"))).is_ok());
    for (bad, says) in [
        (json!({ "quiet": {} }), "unknown field `quiet`"),
        (json!({ "quiet_hours": { "from": "22:00" } }), "missing field `to`"),
        (json!({ "quiet_hours": { "from": "22:00", "to": "25:00" } }), "“25:00” is not a time of day"),
        (json!({ "quiet_hours": { "from": "22:00", "to": "09:00", "on": "x" } }), "unknown field `on`"),
        (day(json!({ "every": "jumma" }), json!("all_day")), "unknown variant `jumma`"),
        (day(json!({ "yearly": "01-01" }), json!("all_day")), "unknown variant `yearly`"),
        (day(json!({ "every_year": "02-30" }), json!("all_day")), "“02-30” is not a day of the year"),
        (day(json!({ "date": "2027-02-29" }), json!("all_day")), "not valid: parameter 'day' for `2027-02`"),
        (day(json!({ "dates": { "from": "2027-01-01" } }), json!("all_day")), "missing field `to`"),
        (
            day(json!({ "dates": { "from": "2027-01-01", "to": "2027-01-01", "x": 1 } }), json!("all_day")),
            "unknown field `x`",
        ),
        (day(json!({ "every": "friday" }), json!("never")), "unknown variant `never`"),
        (
            day(json!({ "every": "friday" }), json!({ "also": { "from": "1:00", "to": "2:00", "x": 1 } })),
            "unknown field `x`",
        ),
    ] {
        let error = serde_json::from_value::<Calendar>(bad.clone()).unwrap_err().to_string();
        assert!(error.contains(says), "{bad}: {error}");
    }
}

fn flaws(calendar: Value) -> Vec<(String, String)> {
    serde_json::from_value::<Calendar>(calendar).unwrap().flaws()
}

fn quiet(from: &str, to: &str) -> Value {
    json!({ "quiet_hours": { "from": from, "to": to } })
}

fn special(days: &[Value]) -> Value {
    json!({ "special_days": days })
}

fn day(when: Value, quiet: Value) -> Value {
    Value::from_iter([("name", "x".into()), ("when", when), ("quiet", quiet)])
}

fn closed(when: Value) -> Value {
    day(when, json!("all_day"))
}

fn dates(from: &str, to: &str) -> Value {
    json!({ "dates": { "from": from, "to": to } })
}

fn hours(kind: &str, from: &str, to: &str) -> Value {
    json!({ kind: { "from": from, "to": to } })
}

#[test]
fn calendars_that_leave_time_are_kept() {
    for sound in [
        json!({}),
        quiet("22:00", "09:00"),
        quiet("10:00", "09:00"),
        quiet("00:00", "23:00"),
        special(&[day(json!({ "every": "friday" }), hours("also", "10:00", "09:59"))]),
        special(&[closed(dates("2027-01-01", "2027-01-30"))]),
        special(&[closed(dates("2027-01-01", "2027-01-01"))]),
        special(&[day(dates("2027-01-01", "2028-01-01"), hours("instead", "01:00", "19:00"))]),
    ] {
        assert_eq!(flaws(sound.clone()), [], "{sound}");
    }
}

/// The calendar has this flaw, and no other.
fn refused(calendar: Value, path: &str, says: &str) {
    let found = flaws(calendar);
    let [(at, message)] = found.as_slice() else { panic!("{path}: {found:?}") };
    assert_eq!(at, path, "{message}");
    assert!(message.contains(says), "{path}: {message}");
}

#[test]
fn calendars_that_cannot_be_meant_are_refused() {
    let same = "is the same as `from`, which leaves no time to send in";
    refused(quiet("09:00", "09:00"), "quiet_hours.to", same);
    let little = "leaves 59 minutes of the day, 09:01 to 10:00; 60 is the least";
    refused(quiet("10:00", "09:01"), "quiet_hours.to", little);
    let friday = |quiet: Value| special(&[day(json!({ "every": "friday" }), quiet)]);
    refused(friday(hours("also", "09:00", "09:00")), "special_days[0].quiet.also.to", same);
    let instead = friday(hours("instead", "01:00", "00:30"));
    refused(instead, "special_days[0].quiet.instead.to", "leaves 30 minutes");
    let range = |from: &str, to: &str| special(&[day(dates(from, to), hours("instead", "01:00", "19:00"))]);
    let path = "special_days[0].when.dates.to";
    refused(range("2027-03-12", "2027-03-10"), path, "2027-03-10 comes before `from`, 2027-03-12");
    let long = "2028-01-02 is more than 366 days from `from`, 2027-01-01";
    refused(range("2027-01-01", "2028-01-02"), path, long);
    refused(
        special(&vec![closed(json!({ "every": "friday" })); 101]),
        "special_days",
        "has 101 days; 100 is",
    );
    for (name, says) in [(" ".to_owned(), "is empty"), ("ع".repeat(81), "has 81 characters; 80 is the most")]
    {
        let mut calendar = friday(json!("all_day"));
        calendar["special_days"][0]["name"] = name.into();
        refused(calendar, "special_days[0].name", says);
    }
    let mut three = special(&[day(dates("2027-01-02", "2027-01-01"), hours("also", "2:00", "2:00"))]);
    three["quiet_hours"] = json!({ "from": "1:00", "to": "1:00" });
    assert_eq!(flaws(three).len(), 3);
}

#[test]
fn calendars_that_close_for_too_long_are_refused() {
    let refused = |calendar: Value, from: &str| {
        let says = format!("leave no open moment for more than 30 days on end, from {from} on");
        refused(calendar, "special_days", &says);
    };
    refused(special(&[closed(dates("2027-02-02", "2027-03-04"))]), "2027-02-02");
    assert_eq!(flaws(special(&[closed(dates("2027-02-02", "2027-03-03"))])), []);
    let week: Vec<Value> = Weekday::ALL.iter().map(|on| closed(json!({ "every": on }))).collect();
    refused(special(&week), "2024-01-01");
    assert_eq!(flaws(special(&week[1..])), []);
    // Only where February has its 29 days.
    let yearly = |day: i32| (date(2028, 2, 1) + Span::new().days(day)).strftime("%m-%d").to_string();
    let yearly: Vec<Value> = (0..31).map(|day| closed(json!({ "every_year": yearly(day) }))).collect();
    refused(special(&yearly), "2024-02-01");
    // Thirty days, closed by parts, and a yearly one right behind or before them; far ahead, so that it is
    // not found among the years to come.
    let linked = |yearly: &str| {
        special(&[
            day(dates("2060-02-02", "2060-03-01"), hours("also", "11:00", "00:00")),
            day(dates("2060-02-02", "2060-03-02"), hours("also", "00:00", "12:00")),
            day(json!({ "date": "2060-03-02" }), hours("also", "12:00", "00:00")),
            day(dates("2060-02-01", "2060-03-09"), hours("also", "01:00", "02:00")),
            closed(json!({ "every_year": yearly })),
        ])
    };
    refused(linked("03-03"), "2060-02-02");
    refused(linked("02-01"), "2060-02-01");
    assert_eq!(flaws(linked("03-04")), []);
}

#[test]
fn the_ends_of_the_calendar_do_no_harm() {
    for (from, to) in
        [("-009999-01-01", "9999-12-31"), ("9999-12-31", "9999-12-31"), ("-009999-01-01", "-009999-01-01")]
    {
        let dates = json!({ "dates": { "from": from, "to": to } });
        let calendar = json!({ "special_days": [{ "name": "x", "when": dates, "quiet": "all_day" }] });
        let calendar: Calendar = serde_json::from_value(calendar).unwrap();
        assert_eq!(calendar.flaws().is_empty(), from == to);
        for now in [Timestamp::MIN, Timestamp::MAX] {
            for zone in ZONES.map(zone) {
                let hours = Hours { zone: &zone, calendar: &calendar };
                let when = When { at: time("18:00"), on: &[Weekday::Friday], spread: time("1d"), ..OPEN };
                assert!(when.due(now, hours, "x") >= now);
                assert!(WorkingClock::default().elapses(now, &zone) >= now);
            }
        }
    }
}

/// Walks minute by minute and counts those of working days.
fn elapsed_slowly(clock: &WorkingClock, from: Timestamp, zone: &TimeZone) -> Timestamp {
    let mut left = i64::from(clock.hours) * 60;
    let mut now = from;
    while left > 0 {
        let day = format!("{:?}", zone.to_datetime(now).weekday());
        if !clock.without.iter().any(|without| format!("{without:?}") == day) {
            left -= 1;
        }
        now += SignedDuration::from_mins(1);
    }
    now
}

#[test]
fn a_stall_is_counted_on_working_days() {
    let usual = WorkingClock::default();
    assert_eq!(usual, serde_json::from_str("{}").unwrap());
    assert_eq!(usual, serde_json::from_str(r#"{"hours":72,"without":["saturday","sunday"]}"#).unwrap());
    assert!(serde_json::from_str::<WorkingClock>(r#"{"days":3}"#).is_err());
    let day: WorkingClock = serde_json::from_str(r#"{"hours":24}"#).unwrap();
    let friday: WorkingClock = serde_json::from_str(r#"{"hours":24,"without":["friday"]}"#).unwrap();
    let always: WorkingClock = serde_json::from_str(r#"{"without":[]}"#).unwrap();
    let never = WorkingClock { hours: 24, without: Weekday::ALL.to_vec() };
    for (clock, from, expected) in [
        (&usual, "2026-11-16T10:00+05[Asia/Karachi]", "2026-11-19T10:00+05[Asia/Karachi]"),
        (&usual, "2026-11-19T10:00+05[Asia/Karachi]", "2026-11-24T10:00+05[Asia/Karachi]"),
        // Until Friday is over, and not until Monday begins.
        (&usual, "2026-11-18T00:00+05[Asia/Karachi]", "2026-11-21T00:00+05[Asia/Karachi]"),
        (&usual, "2026-11-21T10:00+05[Asia/Karachi]", "2026-11-26T00:00+05[Asia/Karachi]"),
        (&friday, "2026-11-19T10:00+05[Asia/Karachi]", "2026-11-21T10:00+05[Asia/Karachi]"),
        (&always, "2026-11-19T10:00+05[Asia/Karachi]", "2026-11-22T10:00+05[Asia/Karachi]"),
        (&never, "2026-11-19T10:00+05[Asia/Karachi]", "2026-11-20T10:00+05[Asia/Karachi]"),
        // Sundays have 23 and 25 hours there, which count only where Sundays do.
        (&day, "2026-03-27T10:00+00[Europe/London]", "2026-03-30T10:00+01[Europe/London]"),
        (&friday, "2026-03-28T10:00+00[Europe/London]", "2026-03-29T11:00+01[Europe/London]"),
        (&friday, "2026-10-31T10:00-04[America/New_York]", "2026-11-01T09:00-05[America/New_York]"),
        // Sunday had begun when the clock went back to Saturday.
        (&day, "2010-11-06T22:30-02:30[America/St_Johns]", "2010-11-09T00:00-03:30[America/St_Johns]"),
        (
            &WorkingClock { hours: 24, without: vec![Weekday::Saturday] },
            "2010-11-06T23:30-03:30[America/St_Johns]",
            "2010-11-07T23:30-03:30[America/St_Johns]",
        ),
        (&friday, "2026-03-28T10:00+02[Asia/Beirut]", "2026-03-29T11:00+03[Asia/Beirut]"),
    ] {
        let (from, expected) = (read(from), read(expected));
        let zone = from.time_zone();
        assert_eq!(
            clock.elapses(from.timestamp(), zone).to_zoned(zone.clone()),
            expected,
            "{clock:?} from {from}"
        );
        assert_eq!(clock.flaws().is_empty(), clock != &never);
    }
    for (hours, sound) in [(0, false), (1, true), (1440, true), (1441, false)] {
        let flaws = WorkingClock { hours, ..WorkingClock::default() }.flaws();
        assert_eq!(flaws.is_empty(), sound, "{flaws:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_working_clock_elapses_when_its_minutes_have_passed(
        hours in 1u16..200,
        without in prop::collection::vec(any_weekday(), 0..5),
        (zone, from) in any_moment(),
        later in 0i64..400_000,
    ) {
        let clock = WorkingClock { hours, without };
        let elapses = clock.elapses(from, &zone);
        prop_assert!(elapses <= clock.elapses(from + SignedDuration::from_secs(later), &zone));
        // Whole minutes can be walked; and before 2012 St John's began some days twice, at 00:01.
        let whole = from - SignedDuration::from_secs(from.as_second().rem_euclid(60));
        if zone.iana_name() != Some("America/St_Johns") || from.to_zoned(zone.clone()).year() >= 2012 {
            prop_assert_eq!(clock.elapses(whole, &zone), elapsed_slowly(&clock, whole, &zone));
        }
    }

    #[test]
    fn a_day_of_the_year_comes_every_year(from in 0i32..9000, day in 0i32..366, text in "[0-9]{2}-[0-9]{2}|.{0,6}") {
        let from = date(2020, 1, 1) + Span::new().days(from);
        let day = MonthDay::of(date(2024, 1, 1) + Span::new().days(day));
        let next = day.next_on_or_after(from).unwrap();
        let walked = from.series(Span::new().days(1)).find(|date| day.falls_on(*date));
        prop_assert_eq!(Some(next), walked);
        prop_assert_eq!(day.in_year(next.year()), Some(next));
        prop_assert_eq!(day.to_string().parse::<MonthDay>().unwrap(), day);
        if let Ok(read) = text.parse::<MonthDay>() {
            prop_assert_eq!(read.to_string(), text.trim());
        }
    }
}

#[test]
fn days_of_the_year_are_month_and_day() {
    let day = |text: &str| text.parse::<MonthDay>().unwrap();
    for (text, from, next) in [
        ("08-14", date(2026, 8, 14), date(2026, 8, 14)),
        ("08-14", date(2026, 8, 15), date(2027, 8, 14)),
        ("12-31", date(2026, 1, 1), date(2026, 12, 31)),
        ("01-01", date(2026, 12, 31), date(2027, 1, 1)),
        ("02-29", date(2026, 1, 1), date(2026, 2, 28)),
        ("02-29", date(2026, 3, 1), date(2027, 2, 28)),
        ("02-29", date(2028, 2, 28), date(2028, 2, 29)),
        ("02-29", date(2100, 1, 1), date(2100, 2, 28)),
    ] {
        assert_eq!(day(text).next_on_or_after(from), Some(next), "{text} from {from}");
    }
    assert_eq!(day("01-01").next_on_or_after(date(9999, 6, 1)), None);
    assert!(day("02-29").falls_on(date(2026, 2, 28)) && day("02-28").falls_on(date(2026, 2, 28)));
    assert!(!day("02-29").falls_on(date(2028, 2, 28)) && !day("02-29").falls_on(date(2026, 3, 1)));
    assert!(!day("03-29").falls_on(date(2026, 2, 28)) && !day("02-29").falls_on(date(2026, 2, 27)));
    assert_eq!(serde_json::to_value(day("02-29")).unwrap(), "02-29");
    assert!(day("02-29") < day("03-01") && day("01-31") < day("02-01"));
    for bad in [
        "",
        "8-14",
        "08-14-2026",
        "2026-08-14",
        "13-01",
        "00-10",
        "02-30",
        "04-31",
        "+1-01",
        "08/14",
        "٠١-٠١",
    ] {
        assert!(bad.parse::<MonthDay>().is_err(), "{bad}");
    }
}

#[test]
fn weekdays_are_written_as_they_are_read() {
    for (index, weekday) in Weekday::ALL.iter().enumerate() {
        // The first of June 2026 is a Monday.
        assert_eq!(Weekday::of(date(2026, 6, 1) + Span::new().days(i64::try_from(index).unwrap())), *weekday);
        assert_eq!(serde_json::to_value(weekday).unwrap(), weekday.as_str());
        assert_eq!(weekday.to_string().to_lowercase(), weekday.as_str());
    }
    assert_eq!(Weekday::Friday.to_string(), "Friday");
}

#[test]
fn countries_with_one_clock_have_a_zone() {
    for (country, expected) in [
        ("PK", "Asia/Karachi"),
        ("pk", "Asia/Karachi"),
        ("IN", "Asia/Kolkata"),
        ("AE", "Asia/Dubai"),
        ("SA", "Asia/Riyadh"),
        ("GB", "Europe/London"),
        ("BD", "Asia/Dhaka"),
        ("CN", "Asia/Shanghai"),
        ("DE", "Europe/Berlin"),
        ("ZW", "Africa/Harare"),
        ("AD", "Europe/Andorra"),
    ] {
        assert_eq!(zone_of_country(country), Some(expected), "{country}");
    }
    for several in ["US", "CA", "AU", "RU", "BR", "ID", "MX", "CD", "MN"] {
        assert_eq!(zone_of_country(several), None, "{several}");
    }
    for none in ["", "P", "PKK", "XX", "# ", "Pakistan", "پک", "92"] {
        assert_eq!(zone_of_country(none), None, "{none}");
    }
    let codes =
        (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| String::from_utf8(vec![a, b]).unwrap()));
    let known: Vec<_> = codes.filter_map(|code| zone_of_country(&code)).collect();
    assert_eq!(known.len(), 234);
    for zone in known {
        assert!(TimeZone::get(zone).is_ok(), "{zone}");
    }
}
