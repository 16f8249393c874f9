//! What is wrong, in the words of somebody who writes flows.

use std::borrow::Cow;

use super::tree::What;

/// The most characters of a flow's own words that a message repeats.
const MAX_QUOTED: usize = 80;
/// The most characters of a message.
const MAX_MESSAGE: usize = 1000;
/// From how many names on a list of all of them is no help, where a near one can be named.
const MANY: usize = 20;
/// How alike two names are, from 0 to 1, for one to be meant by the other.
const ALIKE: f64 = 0.6;

pub(super) const TOO_DEEP: &str = "is nested too deeply";

/// A text's beginning, for a message or a path.
pub(super) fn clip(text: &str) -> Cow<'_, str> {
    begin(text, MAX_QUOTED)
}

/// A message that repeats a long text.
pub(super) fn shortened(message: &str) -> Cow<'_, str> {
    begin(message, MAX_MESSAGE)
}

fn begin(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// A name that nobody knows here, with those that are known.
pub(super) fn unknown(kind: &str, found: &str, known: &[&str]) -> String {
    let found = clip(found);
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let near = nearest(&found, known);
    match (near, known) {
        (_, []) => format!("unknown {kind} `{found}`; none is expected here"),
        (_, [_]) => format!("unknown {kind} `{found}`, expected {list}"),
        (Some(near), many) if many.len() > MANY => {
            format!("unknown {kind} `{found}`; did you mean `{near}`?")
        }
        (Some(near), _) => {
            format!("unknown {kind} `{found}`; did you mean `{near}`? It can be one of {list}")
        }
        (None, _) => format!("unknown {kind} `{found}`, expected one of {list}"),
    }
}

/// The name that was most likely meant.
pub(super) fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let found = clip(found.trim()).to_lowercase().replace([' ', '-'], "_");
    let alike = known.iter().map(|name| (strsim::normalized_damerau_levenshtein(&found, name), *name));
    let best = alike.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(alike, _)| *alike >= ALIKE).map(|(_, name)| name)
}

/// What stands somewhere: `the number 5`, `a list`.
pub(super) fn found(what: &What) -> String {
    match what {
        What::Scalar { text, plain: true } if text.parse::<f64>().is_ok() => {
            format!("the number {}", clip(text))
        }
        What::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "false") => text.clone(),
        What::Scalar { text, .. } => format!("the text “{}”", clip(text)),
        What::List(_) => "a list".to_owned(),
        What::Fields(fields) if fields.is_empty() => "empty".to_owned(),
        What::Fields(_) => "fields with values".to_owned(),
        What::Blank | What::Gone => "nothing".to_owned(),
    }
}

/// Something else was expected.
pub(super) fn other(what: &What, expected: &str) -> String {
    format!("is {}; expected {expected}", found(what))
}

/// Names in a row, as what can be written.
pub(super) fn names(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(MANY).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MANY { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// Serde speaks of Rust's types.
pub(super) fn plain(expected: &str) -> String {
    let pair = expected.contains("Between") || expected == "a tuple of size 2";
    if pair { "two values, such as [1000, 5000] or [2d, 5d]".to_owned() } else { expected.to_owned() }
}
