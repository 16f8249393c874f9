//! A flow as fields and lists in the order in which they are written, sound or not: for those who change it
//! by other means than its text, such as a form.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::granit_parser::{Event, Parser};
use std::fmt;

/// What is written: a value, a list, or fields in their order. As JSON by serde, as YAML by [`Written::read`] and
/// [`Written::text`].
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// A field without a value.
    Nothing,
    /// `true` or `false`.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A number with decimals, as JSON has it.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Written>),
    /// Fields with their values.
    Fields(Vec<(String, Written)>),
}

/// What is written cannot be made a text.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written as YAML: {0}")]
pub struct Unwritable(String);

impl Written {
    /// As YAML.
    ///
    /// # Errors
    /// When the writer refuses, which it does of no flow.
    pub fn text(&self) -> Result<String, Unwritable> {
        serde_saphyr::to_string(self).map_err(|error| Unwritable(error.to_string()))
    }

    /// Whether a text has comments, which are no part of what is written.
    pub fn has_comments(text: &str) -> bool {
        Parser::new_from_str(text).map_while(Result::ok).any(|(event, _)| matches!(event, Event::Comment(..)))
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Fields(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or fields")
    }

    fn visit_unit<E: Error>(self) -> Result<Written, E> {
        Ok(Written::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Written, E> {
        Ok(Written::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Written, E> {
        Ok(Written::Truth(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Written, E> {
        Ok(Written::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Written, E> {
        // What is beyond a whole number's range is no number that a flow could mean; it stays what was typed.
        Ok(i64::try_from(number).map_or_else(|_| Written::Text(number.to_string()), Written::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Written, E> {
        Ok(Written::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Written, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(Written::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Written, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        Ok(Written::Fields(fields))
    }
}
