//! Reading flows from YAML or JSON (which is YAML), with problems that name line and field.

mod check;
mod fields;
mod read;
mod repair;
mod tree;
mod words;
mod wrong;

use std::fmt;

use super::Flow;
use repair::{Mistake, Reading};
use tree::Tree;

/// The most bytes that a flow may have.
pub const MAX_BYTES: usize = 64 * 1024;
/// How deep lists and fields may lie in one another; the deepest flow within its limits has 14.
const MAX_NESTING: usize = 32;
/// The most problems that are told of one flow.
pub const MAX_PROBLEMS: usize = 50;

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
/// Every problem that was found, in the order of the lines, up to [`MAX_PROBLEMS`] and a last one that says
/// that there are more. What a problem keeps from being read is not judged; where the text is no YAML at
/// all, that is the only one.
pub fn flow(text: &str) -> Result<Flow, Vec<Problem>> {
    flow_and(text, |_| Vec::new())
}

/// The same, with what `more` has to say: paths, and what is wrong there. It is asked about whatever could be
/// read of a flow; what follows from the rest that could not is left out.
///
/// # Errors
/// As of [`flow`].
pub fn flow_and(text: &str, more: impl FnOnce(&Flow) -> Vec<(String, String)>) -> Result<Flow, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        return Err(vec![whole(format!("has {} bytes; {MAX_BYTES} is the most", text.len()))]);
    }
    let tree = Tree::of(text);
    if let Some(problem) = unreadable(&tree) {
        return Err(vec![problem]);
    }
    let second = tree.second.map(|place| (Some(place), String::new(), SECOND.to_owned()));
    let mut reading = Reading::of(tree);
    reading.mistakes.extend(second);
    let read = reading.flow();
    if let Some(flow) = &read {
        reading.check(check::check(flow).into_iter().chain(more(flow)));
    }
    match read.filter(|_| reading.mistakes.is_empty()) {
        Some(flow) => Ok(flow),
        None => Err(told(reading.mistakes)),
    }
}

/// The line, from 1, of a field of a flow's text, by its path; where it is not written, that of the
/// nearest one around it.
pub fn line_of(text: &str, field: &str) -> Option<u64> {
    Tree::of(text).place_of(field).map(|(line, _)| line)
}

const SECOND: &str = "a second flow begins here; write one flow at a time";

/// Why nothing can be read at all.
fn unreadable(tree: &Tree) -> Option<Problem> {
    if let Some((place, why)) = &tree.broken {
        let too_deep = why.contains("recursion limit");
        let message =
            if too_deep { words::TOO_DEEP.to_owned() } else { format!("cannot be read as YAML: {why}") };
        return Some(Problem { line: Some(place.0), field: tree.path_at(*place), message });
    }
    let empty = || Problem { line: Some(1), ..whole("the text ends before the flow does".to_owned()) };
    tree.root.is_none().then(empty)
}

fn whole(message: String) -> Problem {
    Problem { line: None, field: String::new(), message }
}

/// Mistakes in the order of the lines, not too many.
fn told(mut mistakes: Vec<Mistake>) -> Vec<Problem> {
    mistakes.sort();
    mistakes.dedup();
    let more = mistakes.len() > MAX_PROBLEMS;
    mistakes.truncate(MAX_PROBLEMS);
    let problem = |(place, field, message): Mistake| {
        let message = words::shortened(&message).into_owned();
        Problem { line: place.map(|(line, _)| line), field, message }
    };
    let mut problems: Vec<Problem> = mistakes.into_iter().map(problem).collect();
    if more {
        problems.push(whole(format!("there are more problems than these {MAX_PROBLEMS}")));
    }
    if problems.is_empty() {
        // Only a text that cannot be put right part by part comes here.
        problems.push(whole("cannot be read as a flow".to_owned()));
    }
    problems
}
