//! Where each field of a text stands.

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

/// A place in a text: line and column, both from 1.
pub(super) type Place = (u64, u64);

/// The fields and list items of a text with the place at which each begins, in the order of the
/// text; up to the first mistake, for a text that is not well-formed.
#[derive(Debug, Default)]
pub(super) struct Outline {
    fields: Vec<(String, Place)>,
    blanks: Vec<String>,
}

/// A list or mapping that is being read.
enum Open {
    List { path: String, next: usize },
    Map { path: String, key: Option<String> },
}

impl Outline {
    /// Reads the outline of a YAML or JSON text.
    pub(super) fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let mut open: Vec<Open> = Vec::new();
        for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
            let place = (as_u64(span.start.line()), as_u64(span.start.col()).saturating_add(1));
            match event {
                Event::MappingStart(..) => {
                    let path = outline.enter(&mut open, place);
                    open.push(Open::Map { path, key: None });
                }
                Event::SequenceStart(..) => {
                    let path = outline.enter(&mut open, place);
                    open.push(Open::List { path, next: 0 });
                }
                Event::MappingEnd | Event::SequenceEnd => drop(open.pop()),
                Event::Scalar(text, style, ..) => {
                    if let Some(Open::Map { path, key: key @ None }) = open.last_mut() {
                        let field = if path.is_empty() { text.to_string() } else { format!("{path}.{text}") };
                        outline.fields.push((field.clone(), place));
                        *key = Some(field);
                        continue;
                    }
                    let path = outline.enter(&mut open, place);
                    if style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                        outline.blanks.push(path);
                    }
                }
                Event::Alias(_) => drop(outline.enter(&mut open, place)),
                _ => {}
            }
        }
        outline
    }

    /// The path of a value that begins here. A field was noted with its key, so only items are new.
    fn enter(&mut self, open: &mut [Open], place: Place) -> String {
        match open.last_mut() {
            None => String::new(),
            Some(Open::List { path, next }) => {
                let item = format!("{path}[{next}]");
                *next += 1;
                self.fields.push((item.clone(), place));
                item
            }
            // A key that is itself a list or mapping has no path; the reader refuses it.
            Some(Open::Map { key, .. }) => key.take().unwrap_or_default(),
        }
    }

    /// The field or item that `place` is in or at the beginning of.
    pub(super) fn field_at(&self, place: Place) -> &str {
        let before = self.fields.partition_point(|(_, start)| *start <= place);
        before.checked_sub(1).and_then(|last| self.fields.get(last)).map_or("", |(path, _)| path)
    }

    /// What the field at `place` is a field of; of a place that no field begins at, what it is in.
    pub(super) fn around(&self, place: Place) -> &str {
        let field = self.field_at(place);
        let begins = self.fields.iter().any(|(path, start)| path == field && *start == place);
        if begins && !field.ends_with(']') { parent(field) } else { field }
    }

    /// Where a field stands; where it is not written, the nearest one around it.
    pub(super) fn place_of(&self, path: &str) -> Option<Place> {
        let mut path = path;
        while !path.is_empty() {
            if let Some((_, place)) = self.fields.iter().find(|(field, _)| field == path) {
                return Some(*place);
            }
            path = parent(path);
        }
        None
    }

    /// The fields and items that are written without a value.
    pub(super) fn blanks(&self) -> &[String] {
        &self.blanks
    }
}

fn parent(path: &str) -> &str {
    path.rfind(['.', '[']).and_then(|end| path.get(..end)).unwrap_or_default()
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
