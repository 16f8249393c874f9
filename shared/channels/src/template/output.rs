//! One `{{ … }}`: a variable and what filters make of it.
//!
//! Liquid itself compiles and renders it. What Liquid does not tell is read here: which variables it
//! uses, and which of them may be missing, so that a message never goes out with a hole in it.

use liquid::Parser;

use super::{RenderError, Variables, growth, variables::VARIABLES};

/// The filters that a template may use: those for text out of Liquid's standard ones.
pub const FILTERS: [&str; 10] = [
    "default",
    "upcase",
    "downcase",
    "capitalize",
    "strip",
    "truncate",
    "append",
    "prepend",
    "replace",
    "remove",
];

/// One `{{ … }}`, compiled.
pub(super) struct Output {
    /// The variable, then those that its `default` filters name: the first that has a value is used.
    alternatives: Vec<&'static str>,
    /// A `default` of fixed words makes sure that there is a value.
    settled: bool,
    /// What other filters' arguments name: all must have a value.
    needed: Vec<&'static str>,
    compiled: liquid::Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name, a path or a number.
    Word(&'t str),
    /// In quotes, which are not part of it.
    Text(&'t str),
    Pipe,
    Colon,
    Comma,
}

impl Output {
    /// Reads what is between the braces.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn parse(source: &str, parser: &Parser) -> Result<Self, String> {
        let tokens = lex(source)?;
        let mut groups = tokens.split(|token| *token == Token::Pipe);
        let Some([Token::Word(name)]) = groups.next() else {
            return Err(format!("`{source}` must begin with a variable, and filters follow a `|`"));
        };
        let (mut alternatives, mut needed) = (vec![variable(name)?], Vec::new());
        let (mut settled, mut changed) = (false, false);
        let (mut filters, mut length) = (0, growth::begins_with(name));
        for group in groups {
            let (filter, arguments) = filter(group, source)?;
            filters += 1;
            length = growth::behind(filter, &arguments, length);
            match (filter, arguments.as_slice()) {
                // Behind another filter it would be too late: that would have worked on nothing.
                ("default", _) if changed => {
                    return Err(format!("`{source}`: `default` must come before other filters"));
                }
                ("default", [Token::Word(word)]) if !is_number(word) => {
                    alternatives.push(variable(word)?);
                }
                ("default", [_]) => settled = true,
                (_, arguments) => {
                    changed = true;
                    for argument in arguments {
                        if let Token::Word(word) = argument
                            && !is_number(word)
                        {
                            needed.push(variable(word)?);
                        }
                    }
                }
            }
        }
        if filters > growth::MAX_FILTERS {
            return Err(format!("has {filters} filters on `{name}`; {} is the most", growth::MAX_FILTERS));
        }
        if length > growth::MAX_LENGTH {
            let most = growth::MAX_LENGTH;
            return Err(format!(
                "the filters on `{name}` could make {length} characters of it; {most} is the most"
            ));
        }
        let compiled = parser.parse(&format!("{{{{ {source} }}}}")).map_err(|error| plain(&error))?;
        Ok(Self { alternatives, settled, needed, compiled })
    }

    /// Whether there is no filling it in without a coupon.
    pub(super) fn asks_for_coupon(&self) -> bool {
        let of_coupon = |name: &&str| name.starts_with("coupon.");
        (!self.settled && self.alternatives.iter().all(of_coupon)) || self.needed.iter().any(of_coupon)
    }

    /// The variables that it names.
    pub(super) fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.alternatives.iter().chain(&self.needed).copied()
    }

    /// The variable for which there can be no value where only `there` are: it has neither another to take
    /// its place, nor words.
    pub(super) fn missing(&self, there: impl Fn(&str) -> bool) -> Option<&'static str> {
        let needed = self.needed.iter().find(|name| !there(name));
        let settled = self.settled || self.alternatives.iter().any(|name| there(name));
        needed.or_else(|| self.alternatives.first().filter(|_| !settled)).copied()
    }

    /// Fills it in.
    ///
    /// # Errors
    /// [`RenderError::MissingValue`] where there is no value, or filters leave nothing of it;
    /// [`RenderError::Filter`] where a filter cannot take the value.
    pub(super) fn fill(&self, variables: &Variables) -> Result<String, RenderError> {
        let has = |name: &&&str| variables.has(name);
        let first = self.alternatives.first().copied().unwrap_or_default();
        if !self.settled && self.alternatives.iter().find(has).is_none() {
            return Err(RenderError::MissingValue { variable: first });
        }
        if let Some(variable) = self.needed.iter().find(|name| !variables.has(name)) {
            return Err(RenderError::MissingValue { variable });
        }
        let mut bytes = Vec::with_capacity(64);
        self.compiled
            .render_to(&mut bytes, variables)
            .map_err(|error| RenderError::Filter { variable: first, problem: plain(&error) })?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.trim().is_empty() {
            return Err(RenderError::MissingValue { variable: first });
        }
        Ok(text)
    }
}

fn filter<'t>(group: &[Token<'t>], source: &str) -> Result<(&'t str, Vec<Token<'t>>), String> {
    let bad = || format!("`{source}`: a filter is a name, then `:` and values joined by commas");
    let [Token::Word(name), rest @ ..] = group else { return Err(bad()) };
    if !FILTERS.contains(name) {
        return Err(format!("unknown filter `{name}`; there are: {}", FILTERS.join(", ")));
    }
    let mut arguments = Vec::new();
    for (place, token) in rest.iter().enumerate() {
        match (place, token) {
            (0, Token::Colon) => {}
            (place, Token::Comma) if place > 0 && place % 2 == 0 => {}
            (place, Token::Word(_) | Token::Text(_)) if place % 2 == 1 => arguments.push(*token),
            _ => return Err(bad()),
        }
    }
    if !rest.is_empty() && rest.len() % 2 == 1 {
        return Err(bad());
    }
    Ok((name, arguments))
}

fn variable(name: &str) -> Result<&'static str, String> {
    VARIABLES.iter().map(|(known, _)| *known).find(|known| *known == name).ok_or_else(|| {
        let known: Vec<&str> = VARIABLES.iter().map(|(known, _)| *known).collect();
        format!("unknown variable `{name}`; there are: {}", known.join(", "))
    })
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

fn lex(source: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '|' => (Token::Pipe, 1),
            ':' => (Token::Colon, 1),
            ',' => (Token::Comma, 1),
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(first).ok_or_else(|| format!("`{source}`: a quote is left open"))?;
                (Token::Text(inner.get(..end).unwrap_or_default()), end + 2)
            }
            _ => {
                let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
                let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
                if end == 0 {
                    return Err(format!("`{source}`: `{first}` has no place here"));
                }
                (Token::Word(rest.get(..end).unwrap_or_default()), end)
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// Liquid's words on one line, without its drawing of the place.
fn plain(error: &liquid::Error) -> String {
    let words = error.to_string();
    let words = words.rsplit_once("\n  = ").map_or(words.as_str(), |(_, words)| words);
    crate::text::one_line(words.trim_start_matches("liquid:"))
}
