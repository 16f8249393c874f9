//! Operators: what a condition asks of a value.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{fact::PaymentMethod, order::Confirmation, status::OrderStatus};

/// Operators on a value of a fixed set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice<T> {
    /// It is this.
    Is(T),
    /// It is anything but this.
    IsNot(T),
    /// It is one of these.
    In(Vec<T>),
    /// It is none of these.
    NotIn(Vec<T>),
}

/// Operators on text; case and surrounding blanks do not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// It is this.
    Is(String),
    /// It is anything but this.
    IsNot(String),
    /// It is one of these.
    In(Vec<String>),
    /// It is none of these.
    NotIn(Vec<String>),
}

/// Operators on an amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// It is this or more.
    AtLeast(Number),
    /// It is this or less.
    AtMost(Number),
    /// It is between the two, both included.
    Between(Number, Number),
}

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

/// How one condition came out: whether it held, and what the order had.
pub(super) struct Verdict {
    pub(super) held: bool,
    pub(super) actual: String,
}

/// What an operator can do with a value of type `A`.
pub(super) trait Operator<A> {
    /// Judges a value.
    fn judge(&self, actual: A) -> Verdict;
    /// A clause about `subject`: `the city is one of Karachi, Lahore`.
    fn words(&self, subject: &str) -> String;
    /// What is wrong with how it is written: the operator, and why it cannot be meant.
    fn flaw(&self) -> Option<(&'static str, &'static str)> {
        None
    }
}

/// A value that is written as a word of the flow language.
pub(super) trait Word: Copy + PartialEq {
    /// The word.
    fn word(self) -> &'static str;
}

impl Word for PaymentMethod {
    fn word(self) -> &'static str {
        match self {
            Self::Cod => "cod",
            Self::Prepaid => "prepaid",
        }
    }
}

impl Word for Confirmation {
    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for OrderStatus {
    fn word(self) -> &'static str {
        self.as_str()
    }
}

const EMPTY: &str = "names nothing; give it at least one value";

impl<T: Word> Operator<T> for Choice<T> {
    fn judge(&self, actual: T) -> Verdict {
        let held = match self {
            Self::Is(wanted) => *wanted == actual,
            Self::IsNot(wanted) => *wanted != actual,
            Self::In(wanted) => wanted.contains(&actual),
            Self::NotIn(wanted) => !wanted.contains(&actual),
        };
        Verdict { held, actual: spoken(actual) }
    }

    fn words(&self, subject: &str) -> String {
        let join = |list: &[T]| list.iter().copied().map(spoken).collect::<Vec<_>>().join(", ");
        match self {
            Self::Is(value) => format!("{subject} is {}", spoken(*value)),
            Self::IsNot(value) => format!("{subject} is not {}", spoken(*value)),
            Self::In(list) => format!("{subject} is one of {}", join(list)),
            Self::NotIn(list) => format!("{subject} is none of {}", join(list)),
        }
    }

    fn flaw(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::In(list) if list.is_empty() => Some(("in", EMPTY)),
            Self::NotIn(list) if list.is_empty() => Some(("not_in", EMPTY)),
            _ => None,
        }
    }
}

fn spoken<T: Word>(value: T) -> String {
    value.word().replace('_', " ")
}

impl Operator<&str> for Text {
    fn judge(&self, actual: &str) -> Verdict {
        let actual = actual.trim();
        let folded = actual.to_lowercase();
        let same = |wanted: &String| wanted.trim().to_lowercase() == folded;
        let held = match self {
            Self::Is(wanted) => same(wanted),
            Self::IsNot(wanted) => !same(wanted),
            Self::In(wanted) => wanted.iter().any(same),
            Self::NotIn(wanted) => !wanted.iter().any(same),
        };
        Verdict { held, actual: if actual.is_empty() { "empty" } else { actual }.to_owned() }
    }

    fn words(&self, subject: &str) -> String {
        match self {
            Self::Is(value) => format!("{subject} is {value}"),
            Self::IsNot(value) => format!("{subject} is not {value}"),
            Self::In(list) => format!("{subject} is one of {}", list.join(", ")),
            Self::NotIn(list) => format!("{subject} is none of {}", list.join(", ")),
        }
    }

    fn flaw(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::In(list) if list.is_empty() => Some(("in", EMPTY)),
            Self::NotIn(list) if list.is_empty() => Some(("not_in", EMPTY)),
            _ => None,
        }
    }
}

impl Operator<Decimal> for Amount {
    fn judge(&self, actual: Decimal) -> Verdict {
        let held = match self {
            Self::AtLeast(bound) => actual >= bound.0,
            Self::AtMost(bound) => actual <= bound.0,
            Self::Between(low, high) => (low.0..=high.0).contains(&actual),
        };
        Verdict { held, actual: Number(actual).to_string() }
    }

    fn words(&self, subject: &str) -> String {
        match self {
            Self::AtLeast(bound) => format!("{subject} is at least {bound}"),
            Self::AtMost(bound) => format!("{subject} is at most {bound}"),
            Self::Between(low, high) => format!("{subject} is between {low} and {high}"),
        }
    }

    fn flaw(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Between(low, high) if low > high => {
                Some(("between", "has the higher number first, so nothing is between the two"))
            }
            _ => None,
        }
    }
}

/// A plain yes or no.
impl Operator<bool> for bool {
    fn judge(&self, actual: bool) -> Verdict {
        Verdict { held: *self == actual, actual: if actual { "so" } else { "not so" }.to_owned() }
    }

    fn words(&self, subject: &str) -> String {
        format!("it is {}{subject}", if *self { "" } else { "not " })
    }
}
