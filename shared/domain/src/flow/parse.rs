//! Reading flows from YAML or JSON, with problems that name line and field.

use std::fmt;

use super::Flow;

/// What is wrong with a flow, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; `None` where it concerns the whole flow.
    pub line: Option<u64>,
    /// The path of the field: `stages[1].after`.
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
/// Every problem that was found, in the order of the lines.
pub fn flow(text: &str) -> Result<Flow, Vec<Problem>> {
    serde_saphyr::from_str(text).map_err(|error| {
        vec![Problem { line: None, field: String::new(), message: error.to_string() }]
    })
}
