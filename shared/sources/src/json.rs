//! Reading vendors' JSON: numbers that are strings, strings that are numbers, and errors that repeat
//! nothing of the body.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};
use serde_json::{error::Category, value::RawValue};
use std::{borrow::Cow, fmt};

use crate::{Malformed, limits};

/// Parses a body into a shape, borrowing from it.
pub(crate) fn read<'a, T: Deserialize<'a>>(what: &str, body: &'a [u8]) -> Result<T, Malformed> {
    if limits::too_deep(body, limits::DEPTH) {
        return Err(Malformed(format!("{what} nests too deeply")));
    }
    serde_json::from_slice(body).map_err(|error| malformed(what, &error))
}

/// The same for a part of a body that was left unread at first.
pub(crate) fn read_part<'a, T: Deserialize<'a>>(what: &str, part: &'a RawValue) -> Result<T, Malformed> {
    serde_json::from_str(part.get()).map_err(|error| malformed(what, &error))
}

/// Says where, not what: the parser's own words may quote a customer.
fn malformed(what: &str, error: &serde_json::Error) -> Malformed {
    let fault = match error.classify() {
        Category::Data => "has an unexpected shape",
        Category::Eof => "ends too early",
        Category::Syntax | Category::Io => "is not JSON",
    };
    Malformed(format!("{what} {fault} at line {}, column {}", error.line(), error.column()))
}

/// Text, or a whole number standing where text is meant (a postal code, a phone number). A float is
/// refused: an id beyond 64 bits would come out rounded, as another's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a whole number")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A vendor's id: a whole number or text, `gid://shopify/Order/42` included, of which the last part
/// counts. Anything that [`limits::is_id`] refuses is an error.
#[derive(Clone, Debug)]
pub(crate) struct Id<'a>(Text<'a>);

impl Id<'_> {
    pub(crate) fn as_str(&self) -> &str {
        bare_id(&self.0)
    }
}

/// What counts of an id.
pub(crate) fn bare_id(text: &str) -> &str {
    if !text.starts_with("gid://") {
        return text;
    }
    let last = text.rsplit('/').next().unwrap_or_default();
    last.split('?').next().unwrap_or_default()
}

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Self(Text::deserialize(deserializer)?);
        if limits::is_id(id.as_str()) { Ok(id) } else { Err(de::Error::custom("not an id")) }
    }
}

/// A number of pieces; a negative one is none, one beyond `u32` is its maximum.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count(pub(crate) u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count(u32::try_from(number).unwrap_or(u32::MAX)))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Count, E> {
                Ok(Count(u32::try_from(number.max(0)).unwrap_or(u32::MAX)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                text.trim()
                    .parse()
                    .map_err(|_| E::custom("not a whole number"))
                    .and_then(|n| self.visit_i64(n))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A time with its offset (ISO 8601), within [`limits::in_reach`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct When(pub(crate) Timestamp);

impl std::str::FromStr for When {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let at: Option<Timestamp> = text.trim().parse().ok();
        at.filter(|at| limits::in_reach(*at))
            .map(Self)
            .ok_or_else(|| Malformed("a time is unreadable".to_owned()))
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// An exact amount out of a string or a number, read from the very digits of the body: a float in
/// between would lose some.
pub(crate) fn amount(raw: &RawValue) -> Option<Decimal> {
    let text = raw.get().trim_matches('"').trim();
    if text.len() > 40 {
        return None;
    }
    let amount = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    };
    amount.ok().filter(|amount| limits::is_price(*amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount_of(text: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        amount(raw).map(|amount| amount.to_string())
    }

    #[test]
    fn money_keeps_every_digit() {
        assert_eq!(amount_of("\"4490.00\"").as_deref(), Some("4490.00"));
        assert_eq!(amount_of("89.99").as_deref(), Some("89.99"));
        assert_eq!(amount_of("100000000000000.0000001").as_deref(), Some("100000000000000.0000001"));
        assert_eq!(amount_of("\"0.7e2\"").as_deref(), Some("70"));
        for bad in
            ["\"\"", "\"free\"", "true", "1e400", "1e-400", "\"1e99999999999\"", "99999999999999999", "[1]"]
        {
            assert_eq!(amount_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_id_is_a_number_or_text_and_fits_into_keys() {
        let read = |text: &str| serde_json::from_str::<Id<'_>>(text).ok().map(|id| id.as_str().to_owned());
        assert_eq!(read("820982911946154508").as_deref(), Some("820982911946154508"));
        assert_eq!(read("\"6100000000042\"").as_deref(), Some("6100000000042"));
        assert_eq!(read("\"gid://shopify/Order/42?source=x\"").as_deref(), Some("42"));
        for bad in [
            "\"\"",
            "\"a/b\"",
            "\"a#b\"",
            "1.5e300",
            "123456789012345678901234",
            "null",
            "{}",
            "\"gid://shopify/Order/\"",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn counts_and_times_are_bounded() {
        let count = |text: &str| serde_json::from_str::<Count>(text).ok().map(|count| count.0);
        assert_eq!(count("3"), Some(3));
        assert_eq!(count("\"3\""), Some(3));
        assert_eq!(count("-3"), Some(0));
        assert_eq!(count("99999999999"), Some(u32::MAX));
        assert_eq!(count("1.5"), None);
        let when = |text: &str| text.parse::<When>().ok().map(|when| when.0.to_string());
        assert_eq!(when("2026-11-22T14:05:09+05:00").as_deref(), Some("2026-11-22T09:05:09Z"));
        for bad in ["", "2026-11-22", "2026-11-22T14:05:09", "9999-12-30T00:00:00Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(when(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_error_says_where_and_repeats_nothing() {
        let body = br#"{"a": "0300-1234567"}"#;
        let Err(Malformed(words)) = read::<std::collections::BTreeMap<String, Count>>("the order", body)
        else {
            panic!("a phone number is no count")
        };
        assert!(words.starts_with("the order has an unexpected shape at line 1"), "{words}");
        assert!(!words.contains("0300"), "{words}");
    }
}
