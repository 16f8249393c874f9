//! Lists, and words of a few.

use harkara_domain::flow::Channel;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::Line;
use crate::track::shape::{Path, Reader, Schemas, Shape};

/// A list of at most `MAX` entries.
pub(in crate::track) struct Many<S, const MAX: usize>(pub(in crate::track) Vec<S>);

impl<S: Shape, const MAX: usize> Shape for Many<S, MAX> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": S::schema(schemas), "maxItems": MAX })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let Some(entries) = value.as_array().filter(|entries| entries.len() <= MAX) else {
            reader.fault(at, &format!("is to be a list of at most {MAX}"));
            return None;
        };
        let read = entries.iter().enumerate().map(|(place, value)| S::read(value, &at.entry(place), reader));
        // All are read before any is missed.
        read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>().map(Self)
    }
}

impl<const LINE: usize, const MAX: usize> Many<Line<LINE>, MAX> {
    pub(in crate::track) fn texts(self) -> Vec<String> {
        self.0.into_iter().map(|line| line.0).collect()
    }
}

/// Whether somebody wants marketing, by channel.
pub(in crate::track) struct Consent(pub(in crate::track) BTreeMap<Channel, bool>);

impl Shape for Consent {
    fn schema(_: &mut Schemas) -> Value {
        let channels: serde_json::Map<String, Value> = Channel::ALL
            .iter()
            .map(|channel| (channel.as_str().to_owned(), json!({ "type": "boolean" })))
            .collect();
        json!({ "type": "object", "properties": channels, "additionalProperties": false })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let Some(given) = value.as_object() else {
            reader.fault(at, "is to be an object: { \"whatsapp\": true }");
            return None;
        };
        let mut consent = BTreeMap::new();
        for (name, wants) in given {
            let place = at.field(name);
            match Channel::ALL.iter().find(|channel| channel.as_str() == name) {
                Some(channel) => {
                    consent.extend(bool::read(wants, &place, reader).map(|wants| (*channel, wants)));
                }
                None => reader.fault(&place, "is not a channel"),
            }
        }
        (consent.len() == given.len()).then_some(Self(consent))
    }
}

/// A word of a few.
pub(in crate::track) trait Word: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// As it is written.
    fn word(self) -> &'static str;
}

/// One of the words of `W`.
pub(in crate::track) struct OneOf<W>(pub(in crate::track) W);

impl<W: Word> Shape for OneOf<W> {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "enum": words::<W>() })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let meant = W::ALL.iter().find(|word| value.as_str() == Some(word.word()));
        if meant.is_none() {
            reader.fault(at, &format!("is to be one of {}", words::<W>().join(", ")));
        }
        meant.map(|meant| Self(*meant))
    }
}

fn words<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|word| word.word()).collect()
}
