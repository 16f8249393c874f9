//! When stages are due.

use harkara_domain::flow::{Delay, Stage, TimeOfDay};
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use proptest::prelude::*;

use crate::make::InZone;

fn stage(fields: &[(&str, &str)]) -> Stage {
    let mut json = serde_json::json!({ "name": "x" });
    for (field, value) in fields {
        json[*field] = (*value).into();
    }
    serde_json::from_value(json).unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn read(zoned: &str) -> Zoned {
    zoned.parse().unwrap_or_else(|error| panic!("{zoned}: {error}"))
}

/// The stage's fields, the base and when it is due, both with offset and zone.
type Line = (&'static [(&'static str, &'static str)], &'static str, &'static str);

const DUE: &[Line] = &[
    // No words: at once.
    (&[], "2026-11-20T10:00:07+05[Asia/Karachi]", "2026-11-20T10:00:07+05[Asia/Karachi]"),
    (&[("after", "1d 2h")], "2026-11-20T10:00+05[Asia/Karachi]", "2026-11-21T12:00+05[Asia/Karachi]"),
    (&[("after_previous", "90m")], "2026-11-20T23:00+05[Asia/Karachi]", "2026-11-21T00:30+05[Asia/Karachi]"),
    // `at`: the same day, or the next if past.
    (&[("at", "18:00")], "2026-11-20T14:00+05[Asia/Karachi]", "2026-11-20T18:00+05[Asia/Karachi]"),
    (&[("at", "18:00")], "2026-11-20T18:00+05[Asia/Karachi]", "2026-11-20T18:00+05[Asia/Karachi]"),
    (&[("at", "18:00")], "2026-11-20T18:00:01+05[Asia/Karachi]", "2026-11-21T18:00+05[Asia/Karachi]"),
    (
        &[("at", "18:00"), ("not_before", "09:00")],
        "2026-11-20T20:00+05[Asia/Karachi]",
        "2026-11-21T18:00+05[Asia/Karachi]",
    ),
    (
        &[("at", "18:00"), ("not_before", "09:00")],
        "2026-11-20T02:00+05[Asia/Karachi]",
        "2026-11-20T18:00+05[Asia/Karachi]",
    ),
    (
        // Whole days mean that day, whatever the hour.
        &[("after", "1d"), ("at", "11:00")],
        "2026-11-20T12:00+05[Asia/Karachi]",
        "2026-11-21T11:00+05[Asia/Karachi]",
    ),
    (
        &[("after", "1w"), ("at", "11:00")],
        "2026-11-20T10:00+05[Asia/Karachi]",
        "2026-11-27T11:00+05[Asia/Karachi]",
    ),
    (
        // Hours are waited for first.
        &[("after", "24h"), ("at", "11:00")],
        "2026-11-20T12:00+05[Asia/Karachi]",
        "2026-11-22T11:00+05[Asia/Karachi]",
    ),
    (&[("at", "18:00")], "2026-12-31T20:00+05[Asia/Karachi]", "2027-01-01T18:00+05[Asia/Karachi]"),
    // Windows.
    (
        &[("not_before", "09:00"), ("not_after", "21:00")],
        "2026-11-20T21:00+05[Asia/Karachi]",
        "2026-11-20T21:00+05[Asia/Karachi]",
    ),
    (
        &[("not_before", "09:00"), ("not_after", "21:00")],
        "2026-11-20T21:00:01+05[Asia/Karachi]",
        "2026-11-21T09:00+05[Asia/Karachi]",
    ),
    (
        &[("not_before", "09:00"), ("not_after", "21:00")],
        "2026-11-20T03:00+05[Asia/Karachi]",
        "2026-11-20T09:00+05[Asia/Karachi]",
    ),
    (&[("not_after", "21:00")], "2026-11-20T22:00+05[Asia/Karachi]", "2026-11-21T00:00+05[Asia/Karachi]"),
    (&[("not_before", "09:00")], "2026-11-20T23:59+05[Asia/Karachi]", "2026-11-20T23:59+05[Asia/Karachi]"),
    (
        &[("not_before", "21:00"), ("not_after", "02:00")],
        "2026-11-20T12:00+05[Asia/Karachi]",
        "2026-11-20T21:00+05[Asia/Karachi]",
    ),
    (
        &[("not_before", "21:00"), ("not_after", "02:00")],
        "2026-11-20T01:30+05[Asia/Karachi]",
        "2026-11-20T01:30+05[Asia/Karachi]",
    ),
    (
        &[("not_before", "21:00"), ("not_after", "02:00"), ("at", "01:00")],
        "2026-11-20T22:00+05[Asia/Karachi]",
        "2026-11-21T01:00+05[Asia/Karachi]",
    ),
    // London springs forward on 2026-03-29, 01:00 to 02:00: a day later is the same wall time.
    (&[("after", "1d")], "2026-03-28T10:00+00[Europe/London]", "2026-03-29T10:00+01[Europe/London]"),
    (&[("after", "24h")], "2026-03-28T10:00+00[Europe/London]", "2026-03-29T11:00+01[Europe/London]"),
    (&[("after", "1d")], "2026-03-28T01:30+00[Europe/London]", "2026-03-29T02:30+01[Europe/London]"),
    (&[("at", "01:30")], "2026-03-29T00:00+00[Europe/London]", "2026-03-29T02:30+01[Europe/London]"),
    (&[("not_before", "01:30")], "2026-03-29T00:10+00[Europe/London]", "2026-03-29T02:00+01[Europe/London]"),
    // A window that the gap swallows whole opens on the next day.
    (
        &[("not_before", "01:10"), ("not_after", "01:50")],
        "2026-03-29T00:30+00[Europe/London]",
        "2026-03-30T01:10+01[Europe/London]",
    ),
    // London falls back on 2026-10-25, 02:00 to 01:00.
    (&[("after", "1d")], "2026-10-24T10:00+01[Europe/London]", "2026-10-25T10:00+00[Europe/London]"),
    (&[("at", "01:30")], "2026-10-25T00:00+01[Europe/London]", "2026-10-25T01:30+01[Europe/London]"),
    (&[("at", "01:30")], "2026-10-25T01:40+01[Europe/London]", "2026-10-26T01:30+00[Europe/London]"),
    (&[("not_before", "01:30")], "2026-10-25T01:20+00[Europe/London]", "2026-10-25T01:30+00[Europe/London]"),
    (
        &[("not_before", "00:30"), ("not_after", "01:15")],
        "2026-10-25T01:40+01[Europe/London]",
        "2026-10-25T01:00+00[Europe/London]",
    ),
    // New York: 2026-03-08 and 2026-11-01, both at 02:00.
    (
        &[("after", "1d"), ("at", "02:30")],
        "2026-03-07T00:00-05[America/New_York]",
        "2026-03-08T03:30-04[America/New_York]",
    ),
    (&[("after", "1w")], "2026-10-28T18:00-04[America/New_York]", "2026-11-04T18:00-05[America/New_York]"),
    // Samoa had no 30 December in 2011.
    (
        &[("not_before", "09:00"), ("not_after", "21:00")],
        "2011-12-29T22:00-10[Pacific/Apia]",
        "2011-12-31T09:00+14[Pacific/Apia]",
    ),
];

#[test]
fn a_stage_is_due_when_its_words_say() {
    for (fields, base, expected) in DUE {
        let (base, expected) = (read(base), read(expected));
        let due = stage(fields).due(base.timestamp(), base.time_zone());
        assert_eq!(due.to_zoned(base.time_zone().clone()), expected, "{fields:?} from {base}");
    }
}

#[test]
fn waits_are_read_as_people_write_them() {
    for (text, normal) in [
        ("0m", "0s"),
        ("30m", "30m"),
        ("2h", "2h"),
        ("1d", "1d"),
        ("1d 2h", "1d 2h"),
        ("1d2h", "1d 2h"),
        (" 45 minutes ", "45m"),
        ("1 day", "1d"),
        ("2 weeks", "2w"),
        ("1.5h", "1h 30m"),
        ("90s", "90s"),
        ("400d", "400d"),
    ] {
        let delay: Delay = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(delay.to_string(), normal);
        assert_eq!(delay.to_string().parse::<Delay>().unwrap(), delay);
    }
    for bad in [
        "",
        "5",
        "soon",
        "-5m",
        "5m ago",
        "1mo",
        "1 month",
        "1y",
        "0.5s",
        "100ms",
        "401d",
        "100w",
        "99999h",
        "2h 1mo",
        "1h 1d",
        "9223372036854775807h",
        "1d 2x",
    ] {
        assert!(bad.parse::<Delay>().is_err(), "{bad}");
    }
}

#[test]
fn times_of_day_are_hours_and_minutes() {
    for (text, normal) in [("18:00", "18:00"), ("9:05", "09:05"), ("00:00", "00:00"), (" 23:59 ", "23:59")] {
        assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), normal);
    }
    for bad in [
        "",
        "18",
        "18.00",
        "24:00",
        "12:60",
        "+9:00",
        "-1:00",
        "9:5",
        "18:00:00",
        "6 pm",
        "١٨:٠٠",
        "128:00",
        ":30",
    ] {
        assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
    }
}

#[test]
fn waits_compare_by_their_nominal_length() {
    let nominal = |text: &str| text.parse::<Delay>().unwrap().nominal();
    assert!(
        nominal("90m") > nominal("1h")
            && nominal("1d") == nominal("24h")
            && nominal("1w") > nominal("6d 23h")
    );
}

/// What `opening` promises, found the slow way.
fn first_open_minute(stage: &Stage, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let open = |time: &Timestamp| {
        stage.window_holds(zone.to_datetime(*time).strftime("%H:%M").to_string().parse().unwrap())
    };
    (0..3 * 24 * 60).map(|minute| from + SignedDuration::from_mins(minute)).find(open)
}

fn any_zone() -> impl Strategy<Value = TimeZone> {
    let names = [
        "Asia/Karachi",
        "Europe/London",
        "America/New_York",
        "America/Havana",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
    ];
    prop::sample::select(names.to_vec()).prop_map(zone)
}

/// A minute of 2026, half of them near a clock change of one of the zones.
fn any_minute() -> impl Strategy<Value = Timestamp> {
    let year: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let changes = [
        "2026-03-29T01:00Z",
        "2026-10-25T01:00Z",
        "2026-03-08T07:00Z",
        "2026-11-01T06:00Z",
        "2026-04-04T15:00Z",
        "2026-10-03T15:30Z",
    ];
    let changes: Vec<Timestamp> =
        changes.iter().map(|text| text.replace('Z', ":00Z").parse().unwrap()).collect();
    prop_oneof![
        (0i64..525_600).prop_map(move |minute| year + SignedDuration::from_mins(minute)),
        (prop::sample::select(changes), -1600i64..1600)
            .prop_map(|(change, minute)| change + SignedDuration::from_mins(minute)),
    ]
}

fn any_time() -> impl Strategy<Value = Option<String>> {
    // Half of the times are small ones: that is where clocks are changed.
    prop::option::of((prop_oneof![0u8..4, 0u8..24], 0u8..60).prop_map(|(h, m)| format!("{h:02}:{m:02}")))
}

fn any_stage() -> impl Strategy<Value = Stage> {
    let delay =
        prop::option::of((0u32..50, 0u32..30, 0u32..60).prop_map(|(d, h, m)| format!("{d}d {h}h {m}m")));
    (delay, any_time(), any_time(), any_time()).prop_map(|(after, at, from, to)| {
        let fields = [("after", &after), ("at", &at), ("not_before", &from), ("not_after", &to)];
        let written: Vec<_> = fields.iter().filter_map(|(f, v)| v.as_deref().map(|v| (*f, v))).collect();
        stage(&written)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_due_before_its_base_or_outside_its_window(stage in any_stage(), base in any_minute(), zone in any_zone()) {
        let due = stage.due(base, &zone);
        prop_assert!(due >= base, "{due} < {base}");
        prop_assert_eq!(stage.opening(due, &zone), due);
        if stage.not_before != stage.not_after || stage.not_before.is_none() {
            let time = zone.to_datetime(due).strftime("%H:%M").to_string().parse().unwrap();
            prop_assert!(stage.window_holds(time));
        }
    }

    #[test]
    fn a_window_opens_at_its_first_open_minute(stage in any_stage(), now in any_minute(), zone in any_zone()) {
        let opening = stage.opening(now, &zone);
        prop_assert!(opening >= now);
        prop_assert_eq!(stage.opening(opening, &zone), opening);
        prop_assert_eq!(Some(opening), first_open_minute(&stage, now, &zone));
    }

    #[test]
    fn reading_a_wait_or_a_time_never_panics(text in "[-+0-9dhmsw:. ]{0,12}|.*") {
        if let Ok(delay) = text.parse::<Delay>() {
            prop_assert_eq!(delay.to_string().parse::<Delay>().unwrap(), delay);
        }
        if let Ok(time) = text.parse::<TimeOfDay>() {
            prop_assert_eq!(time.to_string().parse::<TimeOfDay>().unwrap(), time);
        }
    }
}
