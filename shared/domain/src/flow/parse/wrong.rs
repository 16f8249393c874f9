//! What a part of a flow is refused for while it is read.

use serde::de;
use std::fmt;

use super::{tree::Steps, words};

/// A part that cannot be read.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The way to it, from the inside out.
    pub(super) steps: Steps,
    /// What is wrong, in words.
    pub(super) message: String,
    /// How the rest can be read all the same.
    pub(super) repair: Repair,
}

/// What makes the rest of a flow readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// The part reads as whatever is wanted.
    Blank,
    /// So does what it is a part of.
    BlankAround,
    /// The part is passed over; it was `meant` for another field.
    Drop { meant: Option<&'static str> },
    /// It has no fields.
    Empty,
    /// It gets this field.
    Add(&'static str),
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>, repair: Repair) -> Self {
        Self { steps: Vec::new(), message: message.into(), repair }
    }

    /// The same, of a node that this is the child `step` of.
    pub(super) fn within(mut self, step: usize) -> Self {
        self.steps.push(step);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), Repair::Blank)
    }

    fn invalid_length(count: usize, expected: &dyn de::Expected) -> Self {
        let expected = words::plain(&expected.to_string());
        Self::new(format!("expected {expected}, found {count}"), Repair::Blank)
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::new(words::unknown("word", found, known), Repair::Blank)
    }

    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        let meant = words::nearest(found, known);
        Self::new(words::unknown("field", found, known), Repair::Drop { meant })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is missing", Repair::Add(field))
    }
}
