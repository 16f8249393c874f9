//! Filters as forms and programs send them.

use harkara_domain::StoreId;
use harkara_engine::{bury, replay::Filter};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    desk::{Desk, encoded},
    failure::Failure,
    words::when::Zoned,
};

/// The most entries that one part of a list has.
pub(crate) const MAX_LIMIT: usize = 200;

/// A part of a list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Part {
    pub(crate) limit: Option<usize>,
    pub(crate) after: Option<String>,
}

impl Part {
    /// As asked for, within what is allowed.
    pub(crate) fn limit(&self, usual: usize) -> usize {
        self.limit.unwrap_or(usual).clamp(1, MAX_LIMIT)
    }
}

/// A field that was left empty is a field that was left out.
pub(crate) fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// A day of a form: nothing, or a date.
///
/// # Errors
/// 400 for a text that is no date.
pub(crate) fn day(
    text: &str,
    edge: impl FnOnce(&str) -> Option<Timestamp>,
) -> Result<Option<Timestamp>, Failure> {
    let bad = || Failure::bad(format!("“{text}” is not a date such as 2026-11-22."));
    filled(text).map(|text| edge(text).ok_or_else(bad)).transpose()
}

/// Which dead letters, as the form on their page has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LettersForm {
    /// One letter.
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) flow: String,
    #[serde(default)]
    pub(crate) error: String,
    #[serde(default)]
    pub(crate) from: String,
    #[serde(default)]
    pub(crate) to: String,
    /// `nobody` for the letters that belong to no store.
    #[serde(default)]
    pub(crate) of: String,
}

impl LettersForm {
    /// # Errors
    /// 400 for a date that is none.
    pub(crate) fn filter(&self, zoned: &Zoned) -> Result<Filter, Failure> {
        let text = |text: &str| filled(text).map(str::to_owned);
        Ok(Filter {
            id: text(&self.id),
            flow: text(&self.flow),
            error: text(&self.error),
            from: day(&self.from, |text| zoned.day_begins(text))?,
            to: day(&self.to, |text| zoned.day_ends(text))?,
        })
    }
}

/// The same from programs. A field that is not known is refused: a filter with a slip of the pen in
/// it would be for everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LettersBody {
    id: Option<String>,
    flow: Option<String>,
    error: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl From<LettersBody> for Filter {
    fn from(body: LettersBody) -> Self {
        let LettersBody { id, flow, error, from, to } = body;
        Self { id, flow, error, from, to }
    }
}

/// Whose dead letters.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Whose {
    #[serde(default)]
    pub(crate) of: String,
}

impl Whose {
    /// The store's own, or those that belong to none.
    pub(crate) fn store(&self, desk: &Desk) -> StoreId {
        if self.nobody() { bury::NOBODY.into() } else { desk.store().clone() }
    }

    pub(crate) fn nobody(&self) -> bool {
        self.of == "nobody"
    }
}

/// A path with what comes behind the question mark; empty fields are left out.
pub(crate) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let filled = fields.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = filled.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}
