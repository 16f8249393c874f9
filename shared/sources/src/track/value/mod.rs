//! The values of fields.

mod contact;
mod id;
mod list;
mod number;
mod time;

use serde_json::{Value, json};

use super::shape::{Path, Reader, Schemas, Shape};
use crate::limits::line;
pub(super) use contact::{Country, Email, Language, Number, Page};
pub(super) use id::{Key, MessageReference, OwnId, Reference};
pub(super) use list::{Consent, Many, OneOf, Word};
pub(super) use number::{Amount, Pieces, Price, Whole};
pub(super) use time::{Day, Moment, MonthDay, Zone};

/// The text of a value with 1 to `max` characters.
fn text<'v>(value: &'v Value, max: usize, at: &Path<'_>, reader: &mut Reader) -> Option<&'v str> {
    let text = value.as_str().filter(|text| (1..=max).contains(&text.chars().count()));
    if text.is_none() {
        reader.fault(at, &format!("is to be text of 1 to {max} characters"));
    }
    text
}

/// Reads a text by what `of` makes of it, or says what it is to be.
fn text_as<T>(
    (value, max): (&Value, usize),
    at: &Path<'_>,
    reader: &mut Reader,
    wanted: &str,
    of: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let read = of(text(value, max, at, reader)?);
    if read.is_none() {
        reader.fault(at, wanted);
    }
    read
}

/// One line of at most `MAX` characters.
pub(in crate::track) struct Line<const MAX: usize>(pub(in crate::track) String);

impl<const MAX: usize> Shape for Line<MAX> {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        text_as((value, MAX), at, reader, "is blank", |text| line(text, MAX)).map(Self)
    }
}
