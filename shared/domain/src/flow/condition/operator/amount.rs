//! Operators on what is counted or measured.

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Flaw, Number, Operator, Whole, known};
use crate::flow::timing::Delay;

/// Operators on an amount or a count: `order_count: { at_least: 5 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Amount_{N}"))]
#[serde(rename_all = "snake_case")]
pub enum Amount<N = Number> {
    /// It is exactly this.
    Is(N),
    /// It is this or more.
    AtLeast(N),
    /// It is this or less.
    AtMost(N),
    /// It is between the two, both included.
    Between(N, N),
    /// Whether there is one.
    Exists(bool),
}

/// Operators on how long ago something was: `order_age: { at_least: 2d }`. A day has 24 hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Elapsed {
    /// It was this long ago or longer.
    AtLeast(Delay),
    /// It was this long ago or less.
    AtMost(Delay),
    /// It was between the two ago, both included.
    // Apart, so that no condition is larger for it.
    Between(Box<(Delay, Delay)>),
    /// Whether it was at all.
    Exists(bool),
}

/// A bound as it is written, and what it bounds.
pub trait Measure: Copy + fmt::Display {
    /// What is measured.
    type Actual: Copy + PartialOrd;
    /// What the larger of two is called.
    const LARGER: &'static str;
    /// The bound, to compare with.
    fn bound(self) -> Self::Actual;
    /// A value that was measured, in words.
    fn spoken(actual: Self::Actual) -> String;
}

impl Measure for Number {
    type Actual = Decimal;
    const LARGER: &'static str = "higher number";
    #[inline]
    fn bound(self) -> Decimal {
        self.0
    }
    fn spoken(actual: Decimal) -> String {
        Self(actual).to_string()
    }
}

impl Measure for Whole {
    type Actual = u32;
    const LARGER: &'static str = "higher number";
    #[inline]
    fn bound(self) -> u32 {
        self.0
    }
    fn spoken(actual: u32) -> String {
        actual.to_string()
    }
}

impl Measure for Delay {
    type Actual = SignedDuration;
    const LARGER: &'static str = "longer time";
    fn bound(self) -> SignedDuration {
        self.nominal()
    }
    fn spoken(actual: SignedDuration) -> String {
        let minutes = actual.as_mins();
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let parts = [(days, "d"), (hours, "h"), (minutes, "m")];
        let said: Vec<String> =
            parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n}{unit}")).collect();
        if said.is_empty() { "under 1m".to_owned() } else { said.join(" ") }
    }
}

impl<N: Measure> Operator<N::Actual> for Amount<N> {
    #[inline]
    fn holds(&self, actual: N::Actual) -> bool {
        match self {
            Self::Is(wanted) => actual == wanted.bound(),
            Self::AtLeast(low) => actual >= low.bound(),
            Self::AtMost(high) => actual <= high.bound(),
            Self::Between(low, high) => actual >= low.bound() && actual <= high.bound(),
            Self::Exists(wanted) => *wanted,
        }
    }
    fn holds_of_nothing(&self) -> bool {
        matches!(self, Self::Exists(false))
    }
    fn spoken(&self, actual: N::Actual) -> String {
        N::spoken(actual)
    }
    fn words(&self, subject: &str) -> String {
        match self {
            Self::Is(wanted) => format!("{subject} is {wanted}"),
            Self::AtLeast(low) => format!("{subject} is at least {low}"),
            Self::AtMost(high) => format!("{subject} is at most {high}"),
            Self::Between(low, high) => format!("{subject} is between {low} and {high}"),
            Self::Exists(wanted) => known(subject, *wanted),
        }
    }
    fn flaws(&self) -> Vec<Flaw> {
        match self {
            Self::Between(low, high) if low.bound() > high.bound() => {
                let why = format!("has the {} first, so nothing is between the two", N::LARGER);
                vec![Flaw::new("between", why)]
            }
            _ => Vec::new(),
        }
    }
}

impl Elapsed {
    /// The same question about an amount of time.
    fn amount(&self) -> Amount<Delay> {
        match self {
            Self::AtLeast(low) => Amount::AtLeast(*low),
            Self::AtMost(high) => Amount::AtMost(*high),
            Self::Between(bounds) => Amount::Between(bounds.0, bounds.1),
            Self::Exists(wanted) => Amount::Exists(*wanted),
        }
    }
}

impl Operator<SignedDuration> for Elapsed {
    fn holds(&self, actual: SignedDuration) -> bool {
        self.amount().holds(actual)
    }
    fn holds_of_nothing(&self) -> bool {
        self.amount().holds_of_nothing()
    }
    fn spoken(&self, actual: SignedDuration) -> String {
        Delay::spoken(actual)
    }
    fn words(&self, subject: &str) -> String {
        self.amount().words(subject)
    }
    fn flaws(&self) -> Vec<Flaw> {
        self.amount().flaws()
    }
}
