//! A text with outputs in it.

use liquid::Parser;

use super::{RenderError, Variables, output::Output};

/// A text, compiled.
pub(super) struct Text {
    parts: Vec<Part>,
}

enum Part {
    Words(String),
    Output(Output),
}

/// The most outputs of a text: Meta's bodies have room for some hundred, subjects need a few.
const MAX_OUTPUTS: usize = 100;

/// What is wrong with a text, and how many lines into it.
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) message: String,
}

impl Text {
    /// Reads a text whose only Liquid is `{{ … }}`.
    ///
    /// # Errors
    /// Every fault that was found.
    pub(super) fn parse(source: &str, parser: &Parser) -> Result<Self, Vec<Fault>> {
        let (mut parts, mut faults) = (Vec::new(), Vec::new());
        let mut rest = source.trim();
        let start = source.len() - source.trim_start().len();
        let line = |rest: &str| {
            let at = start + source.trim().len() - rest.len();
            let before = source.get(..at).unwrap_or_default();
            u64::try_from(before.matches('\n').count()).unwrap_or(0)
        };
        while !rest.is_empty() {
            let stop = ["{{", "{%", "}}", "%}"].iter().filter_map(|mark| rest.find(mark)).min();
            let (words, marked) = rest.split_at(stop.unwrap_or(rest.len()));
            if !words.is_empty() {
                parts.push(Part::Words(words.to_owned()));
            }
            if marked.is_empty() {
                break;
            }
            if parts.len() + faults.len() >= 2 * MAX_OUTPUTS {
                let message = format!("has more than {MAX_OUTPUTS} outputs; that is the most");
                faults.push(Fault { line: line(marked), message });
                break;
            }
            match inner(marked) {
                Ok((source, after)) => {
                    match Output::parse(source, parser) {
                        Ok(output) => parts.push(Part::Output(output)),
                        Err(message) => faults.push(Fault { line: line(marked), message }),
                    }
                    rest = after;
                }
                Err(message) => {
                    faults.push(Fault { line: line(marked), message: message.to_owned() });
                    break;
                }
            }
        }
        if faults.is_empty() { Ok(Self { parts }) } else { Err(faults) }
    }

    /// Its outputs, in their order.
    pub(super) fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.parts.iter().filter_map(|part| match part {
            Part::Output(output) => Some(output),
            Part::Words(_) => None,
        })
    }

    /// Fills it in; `parameters` takes what each output became.
    pub(super) fn fill(
        &self,
        variables: &Variables,
        parameters: &mut Vec<String>,
    ) -> Result<String, RenderError> {
        let mut text = String::with_capacity(256);
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Output(output) => {
                    let value = output.fill(variables)?;
                    text.push_str(&value);
                    parameters.push(value);
                }
            }
        }
        Ok(text)
    }

    /// Whether there is no filling it in without a coupon.
    pub(super) fn asks_for_coupon(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Output(output) if output.asks_for_coupon()))
    }

    /// The text as Meta registers it: each output is `{{n}}`, counted from 1.
    pub(super) fn numbered(&self) -> String {
        let mut number = 0;
        self.parts
            .iter()
            .map(|part| match part {
                Part::Words(words) => words.clone(),
                Part::Output(_) => {
                    number += 1;
                    format!("{{{{{number}}}}}")
                }
            })
            .collect()
    }

    /// Why Meta would refuse it as a template's body. It wants words at both ends and between any two
    /// variables (as Twilio documents for error 63040 and `twilio/quick-reply`), and at most 1,024 characters.
    pub(super) fn refused_by_meta(&self) -> Option<String> {
        let words =
            |part: Option<&Part>| matches!(part, Some(Part::Words(words)) if !words.trim().is_empty());
        if !words(self.parts.first()) || !words(self.parts.last()) {
            return Some("the text must begin and end with words: Meta refuses a variable there".to_owned());
        }
        let outputs: Vec<usize> =
            (0..self.parts.len()).filter(|at| matches!(self.parts.get(*at), Some(Part::Output(_)))).collect();
        if outputs.iter().any(|at| !words(self.parts.get(at + 1))) {
            return Some(
                "there must be words between two variables: Meta refuses them side by side".to_owned(),
            );
        }
        let length = self.numbered().chars().count();
        (length > crate::whatsapp::MAX_TEMPLATE_BODY)
            .then(|| format!("{length} characters; Meta takes {}", crate::whatsapp::MAX_TEMPLATE_BODY))
    }
}

/// Splits what follows a mark into the inside of an output and what comes after it.
fn inner(marked: &str) -> Result<(&str, &str), &'static str> {
    let Some(open) = marked.strip_prefix("{{") else {
        return Err(if marked.starts_with("{%") {
            "tags (`{% … %}`) are not for messages: use `{{ … }}` with a `default`"
        } else {
            "closing braces without opening ones"
        });
    };
    let mut quote = None;
    for (at, c) in open.char_indices() {
        match quote {
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {
                if let Some(after) = open.get(at..).and_then(|tail| tail.strip_prefix("}}")) {
                    let source = open.get(..at).unwrap_or_default();
                    // It would change the words around it, and so what is registered with Meta.
                    return if source.starts_with('-') || source.ends_with('-') {
                        Err("`{{-` and `-}}` are not for messages")
                    } else {
                        Ok((source.trim(), after))
                    };
                }
            }
        }
    }
    Err("`{{` without `}}`")
}
