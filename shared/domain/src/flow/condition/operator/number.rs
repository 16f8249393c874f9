//! Numbers as a flow writes them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An exact number, written as a number or as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub Decimal);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Number, E> {
                Ok(Number(n.into()))
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Number, E> {
                Ok(Number(n.into()))
            }
            fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Number, E> {
                // The shortest text that reads back as this float is what was written.
                self.visit_str(&n.to_string())
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                let bad = |_| E::custom(format!("“{text}” is not a number such as 1500 or 1499.50"));
                text.trim().parse().map(Number).map_err(bad)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A whole number from 0 on: of pieces, orders, days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Number", into = "u32")]
pub struct Whole(pub u32);

/// The number has decimals, is negative, or too large.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0} is not a whole number from 0 on")]
pub struct NotWhole(Number);

impl TryFrom<Number> for Whole {
    type Error = NotWhole;
    fn try_from(number: Number) -> Result<Self, NotWhole> {
        let whole = number.0.is_integer().then_some(number.0);
        whole.and_then(|whole| u32::try_from(whole).ok()).map(Self).ok_or(NotWhole(number))
    }
}

impl From<Whole> for u32 {
    fn from(whole: Whole) -> Self {
        whole.0
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
