//! Operators: what a condition asks of a value.
//!
//! One file an operator family. What a shop wrote is folded and compiled when it is read, so that
//! [`Operator::holds`] compares without allocating; words are made only for a verdict.

mod amount;
mod choice;
mod city;
mod country;
mod family;
mod flow;
mod hour;
mod number;
mod pattern;
mod set;
mod text;

use std::borrow::Cow;

pub use amount::{Amount, Elapsed, Measure};
pub use choice::{Choice, Word};
pub use city::{City, CityName, CitySeen};
pub use country::{BadCountry, Country};
pub use family::Family;
pub use flow::FlowName;
pub use hour::Hour;
pub use number::{Number, Whole};
pub use pattern::Pattern;
pub use set::{Member, Set};
pub use text::{Each, Folded, Text};

/// The most values that a list of an operator may have.
pub const MAX_VALUES: usize = 200;
/// The most characters of a text or pattern that a value is compared with.
pub const MAX_TEXT: usize = 200;

/// How one condition came out: whether it held, and what there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it held.
    pub held: bool,
    /// The value that was found, in words.
    pub actual: String,
}

/// What is wrong with how an operator is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The path within the condition: `in`, `in[3]`; empty where the condition has no operator.
    pub at: Cow<'static, str>,
    /// Why it cannot be meant: `names nothing; …`.
    pub why: Cow<'static, str>,
}

impl Flaw {
    fn new(at: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Self {
        Self { at: at.into(), why: why.into() }
    }
}

/// What an operator can do with a value of type `A`, which is cheap to copy: a number, a reference, an
/// iterator.
pub trait Operator<A: Clone> {
    /// Whether it holds of a value. Allocates nothing.
    fn holds(&self, actual: A) -> bool;
    /// Whether it holds where nothing is known: only of `exists: false`.
    fn holds_of_nothing(&self) -> bool {
        false
    }
    /// A value, in words: `Karachi`, `1500`, `empty`.
    fn spoken(&self, actual: A) -> String;
    /// A clause about `subject`: `the city is one of Karachi, Lahore`.
    fn words(&self, subject: &str) -> String;
    /// What is wrong with how it is written.
    fn flaws(&self) -> Vec<Flaw> {
        Vec::new()
    }
    /// Judges a value, in words.
    fn judge(&self, actual: A) -> Verdict {
        Verdict { held: self.holds(actual.clone()), actual: self.spoken(actual) }
    }
}

/// A plain yes or no.
impl Operator<bool> for bool {
    fn holds(&self, actual: bool) -> bool {
        *self == actual
    }

    fn spoken(&self, actual: bool) -> String {
        if actual { "so" } else { "not so" }.to_owned()
    }

    fn words(&self, subject: &str) -> String {
        format!("it is {}{subject}", if *self { "" } else { "not " })
    }
}

const EMPTY: &str = "names nothing; give it at least one value";

/// What is wrong with the length of a list of values.
fn list_flaw<T>(at: &'static str, list: &[T]) -> Option<Flaw> {
    match list.len() {
        0 => Some(Flaw::new(at, EMPTY)),
        1..=MAX_VALUES => None,
        count => Some(Flaw::new(at, format!("has {count} values; {MAX_VALUES} is the most"))),
    }
}

/// What is wrong with a text to compare with.
fn text_flaw(at: impl Into<Cow<'static, str>>, text: &str) -> Option<Flaw> {
    let count = text.chars().count();
    if text.trim().is_empty() {
        Some(Flaw::new(at, "is empty; to ask whether there is one at all, write `exists`"))
    } else if count > MAX_TEXT {
        Some(Flaw::new(at, format!("has {count} characters; {MAX_TEXT} is the most")))
    } else {
        None
    }
}

/// What is wrong with a list of texts and with each of them.
fn texts_flaws<T: AsRef<str>>(at: &'static str, list: &[T]) -> Vec<Flaw> {
    let texts = list.iter().take(MAX_VALUES).enumerate();
    let each = texts.filter_map(|(i, text)| text_flaw(format!("{at}[{i}]"), text.as_ref()));
    list_flaw(at, list).into_iter().chain(each).collect()
}

/// Values in a row, the first ten of them: `Karachi, Lahore and 12 more`.
fn row(values: impl Iterator<Item = impl Into<String>>) -> String {
    const SHOWN: usize = 10;
    let mut values = values;
    let shown: Vec<String> = values.by_ref().take(SHOWN).map(Into::into).collect();
    match values.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `the city is known`, of a value that may be missing.
fn known(subject: &str, wanted: bool) -> String {
    format!("{subject} is {}known", if wanted { "" } else { "not " })
}
