//! Reading a template from YAML (or JSON), with problems that name line and field.

use std::{collections::BTreeMap, fmt, sync::Arc};

use harkara_domain::fact::Choice;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

use super::{Inner, Problem, Template, Variables, Version, language, text::Text};
use crate::whatsapp::MAX_BUTTON_TITLE;

/// The most bytes that a template may have.
const MAX_BYTES: usize = 64 * 1024;

/// What Meta bills and judges a template as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// About an order that the customer placed.
    Utility,
    /// Everything that invites to buy; customers can opt out of it.
    Marketing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: Spanned<String>,
    category: Category,
    #[serde(default)]
    subject: Option<Spanned<Words>>,
    texts: Spanned<Words>,
    #[serde(default)]
    labels: BTreeMap<Choice, Spanned<Words>>,
    #[serde(default)]
    meta_languages: BTreeMap<String, String>,
}

/// One text for all languages, or one for each, in the order written.
enum Words {
    All(String),
    Each(Vec<(String, Spanned<String>)>),
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Words;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a text for each language")
            }
            fn visit_str<E>(self, text: &str) -> Result<Words, E> {
                Ok(Words::All(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Words, A::Error> {
                let mut each = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    each.push(entry);
                }
                Ok(Words::Each(each))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Reads and validates a template.
///
/// # Errors
/// Every problem that was found, in the order of the lines.
pub fn parse(yaml: &str) -> Result<Template, Vec<Problem>> {
    if yaml.len() > MAX_BYTES {
        let message = format!("has {} bytes; {MAX_BYTES} is the most", yaml.len());
        return Err(vec![Problem { line: None, field: String::new(), message }]);
    }
    let source: Source = serde_saphyr::from_str(yaml).map_err(|error| {
        let line = error.location().map(|location| location.line()).filter(|line| *line > 0);
        let message = crate::text::one_line(&error.without_snippet().to_string());
        // The line is told apart.
        let message =
            message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words).to_owned();
        vec![Problem { line, field: String::new(), message }]
    })?;
    let mut reader = Reader { yaml, parser: parser()?, problems: Vec::new() };
    let versions = reader.versions(&source);
    reader.check_name(&source.name);
    if reader.problems.is_empty() {
        let inner = Inner { name: source.name.value, category: source.category, versions };
        return Ok(Template { inner: Arc::new(inner) });
    }
    reader.problems.sort_by_key(|problem| problem.line);
    // What all languages share is found once for each.
    reader.problems.dedup();
    Err(reader.problems)
}

pub(super) fn parser() -> Result<liquid::Parser, Vec<Problem>> {
    liquid::ParserBuilder::with_stdlib()
        .build()
        .map_err(|error| vec![Problem { line: None, field: String::new(), message: error.to_string() }])
}

struct Reader<'y> {
    yaml: &'y str,
    parser: liquid::Parser,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Location, field: &str, message: impl Into<String>) {
        let line = Some(at.line()).filter(|line| *line > 0);
        self.problems.push(Problem { line, field: field.to_owned(), message: message.into() });
    }

    /// Meta takes lower-case letters, digits and underscores, at most 512.
    fn check_name(&mut self, name: &Spanned<String>) {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.value.is_empty() || name.value.len() > 512 || !name.value.bytes().all(fits) {
            self.problem(name.referenced, "name", "must be lower-case letters, digits and underscores");
        }
    }

    fn versions(&mut self, source: &Source) -> Vec<Version> {
        let Words::Each(texts) = &source.texts.value else {
            self.problem(source.texts.referenced, "texts", "needs a text for each language: `en: …`");
            return Vec::new();
        };
        if texts.is_empty() {
            self.problem(source.texts.referenced, "texts", "needs at least one language");
        }
        self.check_languages(source, texts);
        texts
            .iter()
            .filter_map(|(tag, body)| {
                let field = format!("texts.{tag}");
                let text = self.text(&body.value, body.referenced, &field);
                if let Some(refusal) = text.as_ref().and_then(Text::refused_by_meta) {
                    self.problem(body.referenced, &field, refusal);
                }
                let subject = source.subject.as_ref().and_then(|subject| self.subject(subject, tag));
                let labels = self.labels(&source.labels, tag);
                let meta_language =
                    source.meta_languages.get(tag).cloned().unwrap_or_else(|| language::meta_tag(tag));
                Some(Version { language: tag.clone(), meta_language, text: text?, subject, labels })
            })
            .collect()
    }

    fn check_languages(&mut self, source: &Source, texts: &[(String, Spanned<String>)]) {
        let there = |tag: &str| texts.iter().any(|(known, _)| known == tag);
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for (tag, body) in texts {
            if !language::is_tag(tag) {
                self.problem(body.referenced, "texts", format!("`{tag}` is not a language, such as en-PK"));
            }
            let meta = source.meta_languages.get(tag).cloned().unwrap_or_else(|| language::meta_tag(tag));
            if let Some(other) = taken.insert(meta.clone(), tag) {
                let message = format!("`{tag}` and `{other}` are both `{meta}` to Meta; see meta_languages");
                self.problem(body.referenced, "texts", message);
            }
        }
        let stray = |words: &Words| match words {
            Words::All(_) => Vec::new(),
            Words::Each(each) => {
                each.iter().filter(|(tag, _)| !there(tag)).map(|(tag, _)| tag.clone()).collect()
            }
        };
        let others =
            source.labels.iter().map(|(choice, words)| (format!("labels.{}", choice.as_str()), words));
        let others = others.chain(source.subject.iter().map(|words| ("subject".to_owned(), words)));
        for (field, words) in others {
            for tag in stray(&words.value) {
                self.problem(words.referenced, &field, format!("there is no text in `{tag}`"));
            }
        }
        for tag in source.meta_languages.keys().filter(|tag| !there(tag)) {
            let message = format!("there is no text in `{tag}`");
            self.problems.push(Problem { line: None, field: "meta_languages".to_owned(), message });
        }
    }

    fn text(&mut self, source: &str, at: Location, field: &str) -> Option<Text> {
        let text = match Text::parse(source, &self.parser) {
            Ok(text) => text,
            Err(faults) => {
                let first = self.first_line(at);
                for fault in faults {
                    let line = first.map(|line| line + fault.line);
                    self.problems.push(Problem { line, field: field.to_owned(), message: fault.message });
                }
                return None;
            }
        };
        // Finds filters with arguments that they cannot take before a customer's order does.
        if let Err(error) = text.fill(&Variables::sample(), &mut Vec::new()) {
            self.problem(at, field, error.to_string());
        }
        Some(text)
    }

    /// The line that a text's first line is on: below the mark of a block.
    fn first_line(&self, at: Location) -> Option<u64> {
        let line = Some(at.line()).filter(|line| *line > 0)?;
        let written = self.yaml.lines().nth(usize::try_from(line - 1).ok()?)?;
        let column = usize::try_from(at.column().saturating_sub(1)).ok()?;
        let block = written.chars().nth(column).is_some_and(|mark| matches!(mark, '|' | '>'));
        Some(line + u64::from(block))
    }

    fn subject(&mut self, subject: &Spanned<Words>, tag: &str) -> Option<Text> {
        let (words, at) = self.in_language(subject, tag, "subject")?;
        if words.trim().is_empty() || words.trim().contains('\n') {
            self.problem(at, "subject", "must be one line");
        }
        self.text(&words, at, "subject")
    }

    fn labels(&mut self, labels: &BTreeMap<Choice, Spanned<Words>>, tag: &str) -> BTreeMap<Choice, String> {
        let mut titles = BTreeMap::new();
        for (choice, words) in labels {
            let field = format!("labels.{}", choice.as_str());
            let Some((title, at)) = self.in_language(words, tag, &field) else { continue };
            let title = title.trim().to_owned();
            let length = title.chars().count();
            if length == 0 || length > MAX_BUTTON_TITLE {
                self.problem(
                    at,
                    &field,
                    format!("{length} characters; WhatsApp takes 1 to {MAX_BUTTON_TITLE}"),
                );
            }
            if title.contains("{{") || title.contains("{%") || title.contains('\n') {
                self.problem(at, &field, "must be plain words: it is registered as it stands");
            }
            if titles.values().any(|other| *other == title) {
                self.problem(at, &field, "two buttons with the same words");
            }
            titles.insert(*choice, title);
        }
        titles
    }

    fn in_language(&mut self, words: &Spanned<Words>, tag: &str, field: &str) -> Option<(String, Location)> {
        let found = match &words.value {
            Words::All(text) => Some((text.clone(), words.referenced)),
            Words::Each(each) => each
                .iter()
                .find(|(known, _)| known == tag)
                .map(|(_, text)| (text.value.clone(), text.referenced)),
        };
        if found.is_none() {
            self.problem(words.referenced, field, format!("is missing in `{tag}`"));
        }
        found
    }
}
