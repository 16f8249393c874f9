//! Reading flows from YAML or JSON (which is YAML), with problems that name line and field.

mod check;
mod outline;
mod words;

use std::fmt;

use serde_saphyr::{MergeKeyPolicy, Options};

use super::Flow;
use outline::Outline;

/// The most bytes that a flow may have.
pub const MAX_BYTES: usize = 64 * 1024;
/// How deep lists and fields may lie in one another; the deepest flow within its limits has 14.
const MAX_NESTING: usize = 32;

/// What is wrong with a flow, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; `None` where it concerns the whole flow.
    pub line: Option<u64>,
    /// The path of the field: `stages[1].after`; empty where it concerns the whole flow.
    pub field: String,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// Reads and validates a flow.
///
/// # Errors
/// What could not be read (the first mistake, since the rest depends on it), or else every problem
/// that was found, in the order of the lines.
pub fn flow(text: &str) -> Result<Flow, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        let message = format!("has {} bytes; {MAX_BYTES} is the most", text.len());
        return Err(vec![Problem { line: None, field: String::new(), message }]);
    }
    let outline = Outline::of(text);
    let flow: Flow = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| vec![unreadable(&error, &outline)])?;
    let blanks = outline.blanks().iter().map(|path| (path.clone(), NO_VALUE.to_owned()));
    let mut found: Vec<_> = check::check(&flow)
        .into_iter()
        .chain(blanks)
        .map(|(field, message)| (outline.place_of(&field), field, message))
        .collect();
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Ok(flow);
    }
    let problem = |(place, field, message): (Option<outline::Place>, _, _)| Problem {
        line: place.map(|(line, _)| line),
        field,
        message,
    };
    Err(found.into_iter().map(problem).collect())
}

/// The line, from 1, of a field of a flow's text, by its path; where it is not written, that of the
/// nearest one around it.
pub fn line_of(text: &str, field: &str) -> Option<u64> {
    Outline::of(text).place_of(field).map(|(line, _)| line)
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_NESTING,
            // Beyond the other limit, so that the reader names depth as what is wrong.
            flow_nesting_limit: 2 * MAX_NESTING,
            max_documents: 2,
            max_aliases: 0,
            max_anchors: 0,
        },
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A field without a value would count as left out, which is rarely what somebody who wrote it meant:
/// a `skip_if:` with nothing behind it would never skip.
const NO_VALUE: &str = "has no value; give it one, or leave the line out";

fn unreadable(error: &serde_saphyr::Error, outline: &Outline) -> Problem {
    let place = error.location().map(|location| (location.line(), location.column()));
    let field = place.map(|place| outline.field_at(place)).unwrap_or_default().to_owned();
    let line = place.map(|(line, _)| line);
    match error {
        serde_saphyr::Error::SerdeMissingField { field: missing, .. } => {
            // The reader notices at the last field of what lacks another.
            let around = place.map(|place| outline.around(place)).unwrap_or_default();
            let line = outline.place_of(around).map(|(line, _)| line);
            let field = if around.is_empty() { (*missing).to_owned() } else { format!("{around}.{missing}") };
            Problem { line, field, message: "is missing".to_owned() }
        }
        _ if outline.blanks().contains(&field) => Problem { line, field, message: NO_VALUE.to_owned() },
        other => Problem { line, field, message: words::words(other) },
    }
}
