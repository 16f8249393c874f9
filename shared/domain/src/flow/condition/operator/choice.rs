//! Operators on a value of a fixed set.

use serde::{Deserialize, Serialize};

use super::{Flaw, Operator, list_flaw, row};
use crate::{
    calendar::Weekday,
    fact::{FinancialStatus, PaymentMethod},
    flow::Channel,
    money::Currency,
    order::Confirmation,
    status::OrderStatus,
};

/// Operators on a value of a fixed set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Choice_{T}"))]
#[serde(rename_all = "snake_case")]
pub enum Choice<T> {
    /// It is this.
    Is(T),
    /// It is anything but this.
    IsNot(T),
    /// It is one of these.
    In(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<T>),
    /// It is none of these.
    NotIn(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<T>),
}

/// A value that is written as a word of the flow language.
pub trait Word: Copy + PartialEq {
    /// The word.
    fn word(&self) -> &str;

    /// The word as people say it: `out for delivery`.
    fn spoken(self) -> String {
        self.word().replace('_', " ")
    }
}

impl Word for PaymentMethod {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Word for FinancialStatus {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Word for Currency {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Word for Channel {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Word for Confirmation {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Word for OrderStatus {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl Word for Weekday {
    fn word(&self) -> &str {
        self.as_str()
    }
}

impl<T: Word> Operator<T> for Choice<T> {
    fn holds(&self, actual: T) -> bool {
        match self {
            Self::Is(wanted) => *wanted == actual,
            Self::IsNot(wanted) => *wanted != actual,
            Self::In(wanted) => wanted.contains(&actual),
            Self::NotIn(wanted) => !wanted.contains(&actual),
        }
    }

    fn spoken(&self, actual: T) -> String {
        actual.spoken()
    }

    fn words(&self, subject: &str) -> String {
        let join = |list: &[T]| row(list.iter().map(|value| value.spoken()));
        match self {
            Self::Is(value) => format!("{subject} is {}", value.spoken()),
            Self::IsNot(value) => format!("{subject} is not {}", value.spoken()),
            Self::In(list) => format!("{subject} is one of {}", join(list)),
            Self::NotIn(list) => format!("{subject} is none of {}", join(list)),
        }
    }

    fn flaws(&self) -> Vec<Flaw> {
        let flaw = match self {
            Self::Is(_) | Self::IsNot(_) => None,
            Self::In(list) => list_flaw("in", list),
            Self::NotIn(list) => list_flaw("not_in", list),
        };
        flaw.into_iter().collect()
    }
}
