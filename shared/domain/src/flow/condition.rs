//! Conditions: what an order must be for a flow to take it, or for a stage to be left out.
//!
//! A new condition is one variant with its doc line, and one arm in [`Condition::judge`].

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{
    customer::CustomerView,
    fact::PaymentMethod,
    order::{Confirmation, OrderView},
    reason::Reason,
    status::OrderStatus,
};

/// What conditions are judged on, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The order.
    pub order: &'a OrderView,
    /// Its customer, where one is known.
    pub customer: Option<&'a CustomerView>,
    /// The time.
    pub now: Timestamp,
}

/// A condition, or a group of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every one holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// Not one holds.
    None(Vec<Condition>),
    /// How the order is paid: `cod` or `prepaid`.
    PaymentMethod(Choice<PaymentMethod>),
    /// The city that the order goes to; compared without regard to case.
    City(Text),
    /// What the order costs, in its own currency.
    OrderTotal(Amount),
    /// Whether this is the customer's first order.
    FirstTimeCustomer(bool),
    /// Whether the customer wants it: `pending`, `confirmed`, `cancelled`, `not_needed`.
    Confirmation(Choice<Confirmation>),
    /// Where the order stands.
    OrderStatus(Choice<OrderStatus>),
}

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
                text.trim().parse().map(Number).map_err(|_| E::custom("not a number"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// How one condition came out: whether it held, and what the order had.
struct Verdict {
    held: bool,
    actual: String,
}

impl Condition {
    /// Whether it holds.
    pub fn holds(&self, on: Circumstances<'_>) -> bool {
        self.check(on).is_ok()
    }

    /// Holds, or says which condition did not and what the order had instead.
    ///
    /// # Errors
    /// [`Reason::ConditionFailed`] for the first one that failed.
    pub fn check(&self, on: Circumstances<'_>) -> Result<(), Reason> {
        match self {
            Self::All(conditions) => conditions.iter().try_for_each(|condition| condition.check(on)),
            Self::Any(conditions) => {
                let mut first = None;
                for condition in conditions {
                    match condition.check(on) {
                        Ok(()) => return Ok(()),
                        Err(reason) => first = first.or(Some(reason)),
                    }
                }
                let actual = match first {
                    Some(Reason::ConditionFailed { actual, .. }) => actual,
                    _ => "nothing of it".to_owned(),
                };
                Err(Reason::ConditionFailed { condition: self.to_string(), actual })
            }
            Self::None(conditions) => match conditions.iter().find(|condition| condition.holds(on)) {
                None => Ok(()),
                Some(held) => Err(Reason::ConditionFailed {
                    condition: self.to_string(),
                    actual: held.judge(on).map_or_else(|| "so".to_owned(), |verdict| verdict.actual),
                }),
            },
            leaf => match leaf.judge(on) {
                Some(verdict) if verdict.held => Ok(()),
                Some(verdict) => {
                    Err(Reason::ConditionFailed { condition: leaf.to_string(), actual: verdict.actual })
                }
                None => Err(Reason::ConditionFailed {
                    condition: leaf.to_string(),
                    actual: "not known".to_owned(),
                }),
            },
        }
    }

    /// `None` where the order does not say.
    fn judge(&self, on: Circumstances<'_>) -> Option<Verdict> {
        let snapshot = on.order.snapshot.as_ref();
        Some(match self {
            Self::All(_) | Self::Any(_) | Self::None(_) => return None,
            Self::PaymentMethod(choice) => choice.judge(snapshot?.payment),
            Self::City(text) => text.judge(&snapshot?.address.as_ref()?.city),
            Self::OrderTotal(amount) => amount.judge(snapshot?.total.amount),
            Self::FirstTimeCustomer(wanted) => {
                let first = on.customer.is_none_or(|customer| customer.orders <= 1);
                Verdict { held: first == *wanted, actual: if first { "first" } else { "repeat" }.to_owned() }
            }
            Self::Confirmation(choice) => choice.judge(on.order.confirmation()),
            Self::OrderStatus(choice) => choice.judge(on.order.status()),
        })
    }

    /// How many conditions and groups it is made of, and how deep: both are limited.
    pub fn size(&self) -> (usize, usize) {
        match self {
            Self::All(inner) | Self::Any(inner) | Self::None(inner) => inner
                .iter()
                .map(Self::size)
                .fold((1, 1), |(count, depth), (c, d)| (count + c, depth.max(d + 1))),
            _ => (1, 1),
        }
    }
}

/// How a value of a fixed set reads in a sentence.
pub trait Word: Copy {
    /// The word.
    fn word(self) -> &'static str;
}

impl Word for PaymentMethod {
    /// The word.
    fn word(self) -> &'static str {
        match self {
            Self::Cod => "cod",
            Self::Prepaid => "prepaid",
        }
    }
}

impl Word for Confirmation {
    /// The word.
    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for OrderStatus {
    /// The word.
    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl<T: Word + PartialEq> Choice<T> {
    fn judge(&self, actual: T) -> Verdict {
        let held = match self {
            Self::Is(wanted) => *wanted == actual,
            Self::IsNot(wanted) => *wanted != actual,
            Self::In(wanted) => wanted.contains(&actual),
            Self::NotIn(wanted) => !wanted.contains(&actual),
        };
        Verdict { held, actual: actual.word().replace('_', " ") }
    }

    fn words(&self) -> String {
        let join = |list: &[T]| list.iter().map(|v| v.word().replace('_', " ")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Is(value) => format!("is {}", value.word().replace('_', " ")),
            Self::IsNot(value) => format!("is not {}", value.word().replace('_', " ")),
            Self::In(list) => format!("is one of {}", join(list)),
            Self::NotIn(list) => format!("is none of {}", join(list)),
        }
    }
}

impl Text {
    fn judge(&self, actual: &str) -> Verdict {
        let same = |wanted: &String| wanted.trim().to_lowercase() == actual.trim().to_lowercase();
        let held = match self {
            Self::Is(wanted) => same(wanted),
            Self::IsNot(wanted) => !same(wanted),
            Self::In(wanted) => wanted.iter().any(same),
            Self::NotIn(wanted) => !wanted.iter().any(same),
        };
        let actual = if actual.trim().is_empty() { "empty" } else { actual.trim() };
        Verdict { held, actual: actual.to_owned() }
    }

    fn words(&self) -> String {
        match self {
            Self::Is(value) => format!("is {value}"),
            Self::IsNot(value) => format!("is not {value}"),
            Self::In(list) => format!("is one of {}", list.join(", ")),
            Self::NotIn(list) => format!("is none of {}", list.join(", ")),
        }
    }
}

impl Amount {
    fn judge(&self, actual: Decimal) -> Verdict {
        let held = match self {
            Self::AtLeast(bound) => actual >= bound.0,
            Self::AtMost(bound) => actual <= bound.0,
            Self::Between(low, high) => (low.0..=high.0).contains(&actual),
        };
        Verdict { held, actual: actual.normalize().to_string() }
    }

    fn words(&self) -> String {
        match self {
            Self::AtLeast(bound) => format!("at least {}", bound.0),
            Self::AtMost(bound) => format!("at most {}", bound.0),
            Self::Between(low, high) => format!("between {} and {}", low.0, high.0),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |list: &[Self], with: &str| list.iter().map(Self::to_string).collect::<Vec<_>>().join(with);
        match self {
            Self::All(list) => f.write_str(&join(list, " and ")),
            Self::Any(list) => write!(f, "either {}", join(list, " or ")),
            Self::None(list) => write!(f, "neither {}", join(list, " nor ")),
            Self::PaymentMethod(choice) => write!(f, "payment {}", choice.words()),
            Self::City(text) => write!(f, "the city {}", text.words()),
            Self::OrderTotal(amount) => write!(f, "a total of {}", amount.words()),
            Self::FirstTimeCustomer(true) => f.write_str("a first-time customer"),
            Self::FirstTimeCustomer(false) => f.write_str("a repeat customer"),
            Self::Confirmation(choice) => write!(f, "confirmation {}", choice.words()),
            Self::OrderStatus(choice) => write!(f, "the order {}", choice.words()),
        }
    }
}
