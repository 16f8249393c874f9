//! Operators on a city.

use serde::{Deserialize, Serialize};

use super::{Flaw, MAX_VALUES, Operator, known, list_flaw, row, text_flaw};
use crate::place::{self, Cities};

/// Operators on a city: spellings, scripts and aliases of one city are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum City {
    /// It is this.
    Is(CityName),
    /// It is anything but this.
    IsNot(CityName),
    /// It is one of these.
    In(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<CityName>),
    /// It is none of these.
    NotIn(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<CityName>),
    /// Whether there is one.
    Exists(bool),
}

/// A city as it was written, and as it is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct CityName {
    written: Box<str>,
    normal: Box<str>,
    /// What it is where the store has no other word on it.
    built_in: Box<str>,
}

impl CityName {
    fn flaw(&self, at: String) -> Option<Flaw> {
        let nameless = self.normal.is_empty() && !self.written.trim().is_empty();
        let flaw = nameless.then(|| Flaw::new(at.clone(), "needs at least one letter or digit"));
        flaw.or_else(|| text_flaw(at, &self.written))
    }
}

impl From<String> for CityName {
    fn from(written: String) -> Self {
        let normal = place::normalise(&written);
        Self { built_in: place::built_in(&normal).into(), normal: normal.into(), written: written.into() }
    }
}

impl From<CityName> for String {
    fn from(city: CityName) -> Self {
        city.written.into()
    }
}

impl AsRef<str> for CityName {
    fn as_ref(&self) -> &str {
        &self.written
    }
}

/// The city of an order, worked out once for all conditions on it.
#[derive(Clone, Copy, Debug)]
pub struct CitySeen<'a> {
    /// As the customer wrote it.
    pub written: &'a str,
    /// What [`Cities::canonical`] makes of that.
    pub canonical: &'a str,
    /// The store's cities.
    pub cities: &'a Cities,
}

impl CitySeen<'_> {
    #[inline]
    fn is(self, wanted: &CityName) -> bool {
        let city = self.cities.own_alias(&wanted.normal).unwrap_or(&wanted.built_in);
        !self.canonical.is_empty() && city == self.canonical
    }
}

impl Operator<CitySeen<'_>> for City {
    fn holds(&self, actual: CitySeen<'_>) -> bool {
        match self {
            Self::Is(wanted) => actual.is(wanted),
            Self::IsNot(wanted) => !actual.is(wanted),
            Self::In(wanted) => wanted.iter().any(|wanted| actual.is(wanted)),
            Self::NotIn(wanted) => !wanted.iter().any(|wanted| actual.is(wanted)),
            Self::Exists(wanted) => *wanted != actual.canonical.is_empty(),
        }
    }

    fn holds_of_nothing(&self) -> bool {
        matches!(self, Self::Exists(false))
    }

    fn spoken(&self, actual: CitySeen<'_>) -> String {
        let written = actual.written.trim();
        if written.is_empty() { "empty" } else { written }.to_owned()
    }

    fn words(&self, subject: &str) -> String {
        let join = |list: &[CityName]| row(list.iter().map(CityName::as_ref));
        match self {
            Self::Is(city) => format!("{subject} is {}", city.written),
            Self::IsNot(city) => format!("{subject} is not {}", city.written),
            Self::In(list) => format!("{subject} is one of {}", join(list)),
            Self::NotIn(list) => format!("{subject} is none of {}", join(list)),
            Self::Exists(wanted) => known(subject, *wanted),
        }
    }

    fn flaws(&self) -> Vec<Flaw> {
        let each = |at: &'static str, list: &[CityName]| {
            let cities = list.iter().take(MAX_VALUES).enumerate();
            let flaws = cities.filter_map(|(i, city)| city.flaw(format!("{at}[{i}]")));
            list_flaw(at, list).into_iter().chain(flaws).collect()
        };
        match self {
            Self::Is(city) => city.flaw("is".to_owned()).into_iter().collect(),
            Self::IsNot(city) => city.flaw("is_not".to_owned()).into_iter().collect(),
            Self::In(list) => each("in", list),
            Self::NotIn(list) => each("not_in", list),
            Self::Exists(_) => Vec::new(),
        }
    }
}
