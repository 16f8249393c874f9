//! How long an output may become. Filters can multiply: `replace: "a", "aaaa…"` three times over makes gigabytes
//! out of a name, so a template whose outputs could grow like that is refused when it is read.

use super::output::Token;

/// The most filters of one output.
pub(super) const MAX_FILTERS: usize = 10;
/// The most characters that an output may be able to come to.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

/// The most characters of a variable's value: links may be long, all else is cut short.
fn longest(name: &str) -> usize {
    if name.ends_with("url") { 2_000 } else { 250 }
}

fn length(argument: Option<&Token<'_>>) -> usize {
    match argument {
        Some(Token::Text(text)) => text.chars().count(),
        Some(Token::Word(name)) => longest(name),
        _ => 0,
    }
}

/// The most characters of a variable before any filter.
pub(super) fn begins_with(name: &str) -> usize {
    longest(name)
}

/// The most characters behind a filter, of what has at most `before` ahead of it.
pub(super) fn behind(filter: &str, arguments: &[Token<'_>], before: usize) -> usize {
    match filter {
        "default" => before.max(length(arguments.first())),
        "append" | "prepend" => before.saturating_add(length(arguments.first())),
        "replace" => {
            // What is replaced may be a single character throughout; nothing stands before each and at the end.
            let (old, new) = (length(fixed(arguments)), length(arguments.get(1)));
            let places = before.checked_div(old).unwrap_or_else(|| before.saturating_add(1));
            before.saturating_add(places.saturating_mul(new))
        }
        // One letter can have three in capitals (ΐ), and `truncate` puts its dots behind what is shorter already.
        "upcase" | "downcase" | "capitalize" => before.saturating_mul(3),
        "truncate" => before.saturating_add(length(arguments.get(1)).max(3)),
        _ => before,
    }
}

/// What is replaced, where its length is known; a variable may be one character long.
fn fixed<'a, 't>(arguments: &'a [Token<'t>]) -> Option<&'a Token<'t>> {
    arguments.first().map(|first| match first {
        Token::Text(_) => first,
        _ => &Token::Text("x"),
    })
}
