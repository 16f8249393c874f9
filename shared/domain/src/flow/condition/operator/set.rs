//! Operators on several values at once: tags, flags, channels.

use serde::{Deserialize, Serialize};

use super::{Flaw, Folded, Word, list_flaw, row, text_flaw};
use crate::flow::condition::Operator;

/// Operators on several values at once: `order_tags: { contains_any: [vip, gift] }`. Unlike a single
/// value, an order's tags are known when there are none: `contains_none` holds then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Set_{T}"))]
#[serde(rename_all = "snake_case")]
pub enum Set<T = Folded> {
    /// This is among them.
    Contains(T),
    /// At least one of these is among them.
    ContainsAny(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<T>),
    /// Each of these is among them.
    ContainsAll(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<T>),
    /// Not one of these is among them.
    ContainsNone(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<T>),
    /// Whether there are any.
    Exists(bool),
}

/// What a [`Set`] can look for among values of type `A`.
pub trait Member<A> {
    /// Whether a value is this.
    fn is(&self, actual: A) -> bool;
    /// In words.
    fn spoken(&self) -> String;
    /// A value that was found, in words.
    fn found(actual: A) -> String;
    /// What is wrong with how it is written.
    fn flaw(&self, at: String) -> Option<Flaw>;
}

impl Member<&str> for Folded {
    fn is(&self, actual: &str) -> bool {
        Folded::is(self, actual)
    }
    fn spoken(&self) -> String {
        self.as_ref().to_owned()
    }
    fn found(actual: &str) -> String {
        actual.trim().to_owned()
    }
    fn flaw(&self, at: String) -> Option<Flaw> {
        text_flaw(at, self.as_ref())
    }
}

impl<T: Word> Member<T> for T {
    fn is(&self, actual: T) -> bool {
        *self == actual
    }
    fn spoken(&self) -> String {
        Word::spoken(*self)
    }
    fn found(actual: T) -> String {
        Word::spoken(actual)
    }
    fn flaw(&self, _: String) -> Option<Flaw> {
        None
    }
}

impl<T: Member<I::Item>, I: Iterator + Clone> Operator<I> for Set<T> {
    fn holds(&self, actual: I) -> bool {
        let has = |wanted: &T| actual.clone().any(|value| wanted.is(value));
        match self {
            Self::Contains(wanted) => has(wanted),
            Self::ContainsAny(wanted) => wanted.iter().any(has),
            Self::ContainsAll(wanted) => wanted.iter().all(has),
            Self::ContainsNone(wanted) => !wanted.iter().any(has),
            Self::Exists(wanted) => *wanted == actual.clone().next().is_some(),
        }
    }

    fn holds_of_nothing(&self) -> bool {
        matches!(self, Self::Exists(false))
    }

    fn spoken(&self, actual: I) -> String {
        let said = row(actual.map(T::found));
        if said.is_empty() { "none".to_owned() } else { said }
    }

    fn words(&self, subject: &str) -> String {
        let join = |list: &[T]| row(list.iter().map(Member::spoken));
        match self {
            Self::Contains(wanted) => format!("{subject} contain {}", wanted.spoken()),
            Self::ContainsAny(list) => format!("{subject} contain any of {}", join(list)),
            Self::ContainsAll(list) => format!("{subject} contain all of {}", join(list)),
            Self::ContainsNone(list) => format!("{subject} contain none of {}", join(list)),
            Self::Exists(true) => format!("{subject} are not empty"),
            Self::Exists(false) => format!("{subject} are empty"),
        }
    }

    fn flaws(&self) -> Vec<Flaw> {
        let (at, list) = match self {
            Self::Contains(wanted) => return wanted.flaw("contains".to_owned()).into_iter().collect(),
            Self::Exists(_) => return Vec::new(),
            Self::ContainsAny(list) => ("contains_any", list),
            Self::ContainsAll(list) => ("contains_all", list),
            Self::ContainsNone(list) => ("contains_none", list),
        };
        let values = list.iter().take(super::MAX_VALUES).enumerate();
        let each = values.filter_map(|(i, value)| value.flaw(format!("{at}[{i}]")));
        list_flaw(at, list).into_iter().chain(each).collect()
    }
}
