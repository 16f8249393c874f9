//! Times, days and zones.

use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::{text, text_as};
use crate::{
    limits::{self, NAME},
    track::shape::{Path, Reader, Schemas, Shape},
};

/// Whether a text has the form of `mask`, in which `0` stands for any digit.
fn has_form(text: &str, mask: &str) -> bool {
    let same = |(given, wanted): (u8, u8)| match wanted {
        b'0' => given.is_ascii_digit(),
        _ => given == wanted,
    };
    text.len() == mask.len() && text.bytes().zip(mask.bytes()).all(same)
}

/// A time with its offset (RFC 3339), of this century.
#[derive(Clone, Copy)]
pub(in crate::track) struct Moment(pub(in crate::track) Timestamp);

impl Moment {
    /// RFC 3339 alone: the parser knows other forms, too.
    fn of(text: &str) -> Option<Self> {
        let (clock, rest) = text.split_at_checked(19)?;
        let zone = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest,
        };
        let signed = |sign: char| zone.strip_prefix(sign).is_some_and(|zone| has_form(zone, "00:00"));
        let sound = has_form(clock, "0000-00-00T00:00:00") && (zone == "Z" || signed('+') || signed('-'));
        let at: Timestamp = text.parse().ok()?;
        (sound && limits::in_reach(at)).then_some(Self(at))
    }
}

impl Shape for Moment {
    fn schema(_: &mut Schemas) -> Value {
        let pattern = "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$";
        json!({ "type": "string", "format": "date-time", "pattern": pattern, "maxLength": 40 })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be a time with its offset: 2026-11-22T14:05:09+05:00";
        text_as((value, 40), at, reader, wanted, Self::of)
    }
}

/// A day: `2026-12-01`.
pub(in crate::track) struct Day(pub(in crate::track) Date);

impl Shape for Day {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "date", "pattern": "^20\\d\\d-\\d\\d-\\d\\d$" })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let of = |text: &str| {
            let day: Date = text.parse().ok()?;
            (has_form(text, "0000-00-00") && (2000..2100).contains(&day.year())).then_some(day)
        };
        text_as((value, 10), at, reader, "is to be a day: 2026-12-01", of).map(Self)
    }
}

/// A day of any year: `02-29`.
pub(in crate::track) struct MonthDay(pub(in crate::track) String);

impl Shape for MonthDay {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[01]\\d-[0-3]\\d$" })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        // A leap year has all the days that there are.
        let is_day = |text: &str| has_form(text, "00-00") && format!("2000-{text}").parse::<Date>().is_ok();
        let of = |text: &str| is_day(text).then(|| Self(text.to_owned()));
        text_as((value, 5), at, reader, "is to be a month and a day: 02-29", of)
    }
}

/// A time zone by its IANA name.
pub(in crate::track) struct Zone(pub(in crate::track) String);

impl Shape for Zone {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "minLength": 1, "maxLength": NAME })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let of = |c: char| c.is_ascii_alphanumeric() || "_+/-".contains(c);
        let name = text(value, NAME, at, reader)?;
        if name.chars().all(of) && reader.is_zone(name) {
            return Some(Self(name.to_owned()));
        }
        reader.fault(at, "is to be the IANA name of a time zone: Asia/Karachi");
        None
    }
}
