//! A text as a tree of lists, fields and scalars, each with its place.

mod place;

pub(super) use place::{below, parent};

use std::collections::HashSet;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use super::MAX_NESTING;

/// A place in a text: line and column, both from 1.
pub(super) type Place = (u64, u64);
/// The way to a node: at each list or mapping on it, which of its children, from 0.
pub(super) type Steps = Vec<usize>;

/// A value as it is written.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it begins; of a field, where its name does.
    pub(super) at: Place,
    pub(super) what: What,
}

/// What stands at a place.
#[derive(Debug)]
pub(super) enum What {
    /// A scalar; `plain`, where it is without quotes.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// Fields with values.
    Fields(Vec<(String, Node)>),
    /// Something that was found wrong: it reads as whatever is wanted.
    Blank,
    /// Something that was found wrong and is passed over.
    Gone,
}

/// A text that was read, up to the first mistake of a text that is not well-formed.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Nothing, for a text without a value.
    pub(super) root: Option<Node>,
    /// What is wrong with how it is written, and of which node.
    pub(super) flaws: Vec<(Steps, String)>,
    /// Where it is not well-formed, and why.
    pub(super) broken: Option<(Place, String)>,
    /// Where a second document begins.
    pub(super) second: Option<Place>,
}

const NO_ANCHORS: &str = "anchors (&), aliases (*) and merges (<<) are not part of the flow language";
const NO_TAGS: &str = "tags (!) are not part of the flow language";
const NO_NAME: &str = "a field's name must be a word, and no list and no fields";
/// A field without a value would count as left out, which is rarely what somebody who wrote it meant:
/// a `skip_if:` with nothing behind it would never skip.
pub(super) const NO_VALUE: &str = "has no value; give it one, or leave the line out";

impl Tree {
    /// Reads a YAML or JSON text.
    pub(super) fn of(text: &str) -> Self {
        let options = serde_saphyr::granit_parser::options! { emit_unresolved_aliases: true };
        let events = Parser::new_from_str_with_options(text, options);
        let mut reader = Reader { events, tree: Self::default(), steps: Vec::new() };
        while let Some((event, span)) = reader.next() {
            if reader.tree.root.is_some() {
                reader.tree.second = Some(place(&span));
                break;
            }
            let root = reader.node(event, place(&span));
            reader.tree.root = Some(root);
        }
        reader.tree
    }

    /// The node at the end of a way.
    pub(super) fn node(&mut self, steps: &[usize]) -> Option<&mut Node> {
        steps.iter().try_fold(self.root.as_mut()?, |node, &step| match &mut node.what {
            What::List(items) => items.get_mut(step),
            What::Fields(fields) => fields.get_mut(step).map(|(_, node)| node),
            _ => None,
        })
    }
}

struct Reader<'t> {
    events: Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>,
    tree: Tree,
    steps: Steps,
}

impl<'t> Reader<'t> {
    /// The next event that a value has part in; comments and the marks between documents have none.
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        for event in self.events.by_ref() {
            match event {
                Ok((
                    event @ (Event::Scalar(..)
                    | Event::SequenceStart(..)
                    | Event::SequenceEnd
                    | Event::MappingStart(..)
                    | Event::MappingEnd
                    | Event::Alias(_)
                    | Event::UnresolvedAlias(_)),
                    span,
                )) => return Some((event, span)),
                Ok(_) => {}
                Err(error) => {
                    let marker = error.marker();
                    let at = (as_u64(marker.line()), as_u64(marker.col()).saturating_add(1));
                    self.tree.broken = Some((at, error.info()));
                    return None;
                }
            }
        }
        None
    }

    fn flaw(&mut self, why: impl Into<String>) {
        self.tree.flaws.push((self.steps.clone(), why.into()));
    }

    /// The value that an event begins; `at` is where its name or itself stands.
    fn node(&mut self, event: Event<'t>, at: Place) -> Node {
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 {
            self.flaw(NO_ANCHORS);
        } else if tag {
            self.flaw(NO_TAGS);
        }
        let starts = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        let what = match event {
            _ if starts && self.steps.len() >= MAX_NESTING => {
                self.flaw(super::words::TOO_DEEP);
                self.pass_over();
                What::Blank
            }
            Event::SequenceStart(..) => self.list(),
            Event::MappingStart(..) => self.fields(),
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    self.flaw(NO_VALUE);
                    What::Blank
                } else {
                    What::Scalar { text: text.into_owned(), plain }
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.flaw(NO_ANCHORS);
                What::Blank
            }
            _ => What::Blank,
        };
        Node { at, what }
    }

    fn list(&mut self) -> What {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next() {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            self.steps.push(items.len());
            items.push(self.node(event, place(&span)));
            self.steps.pop();
        }
        What::List(items)
    }

    fn fields(&mut self) -> What {
        let mut fields: Vec<(String, Node)> = Vec::new();
        let mut names = HashSet::new();
        while let Some((event, span)) = self.next() {
            let at = place(&span);
            let name = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, ..) => Some(text.into_owned()),
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    self.pass_over();
                    None
                }
                _ => None,
            };
            let why = match &name {
                None => Some(NO_NAME.to_owned()),
                Some(name) if name == "<<" => Some(NO_ANCHORS.to_owned()),
                Some(name) if !names.insert(name.clone()) => {
                    Some(format!("`{}` is written twice", super::words::clip(name)))
                }
                Some(_) => None,
            };
            let Some((event, _)) = self.next() else {
                fields.push((name.unwrap_or_default(), Node { at, what: What::Blank }));
                break;
            };
            self.steps.push(fields.len());
            let mut node = self.node(event, at);
            if let Some(why) = why {
                self.flaw(why);
                node.what = What::Gone;
            }
            self.steps.pop();
            fields.push((name.unwrap_or_else(|| "?".to_owned()), node));
        }
        What::Fields(fields)
    }

    /// Skips the rest of a list or mapping that has just begun.
    fn pass_over(&mut self) {
        let mut open = 1_usize;
        while open > 0 {
            match self.next() {
                Some((Event::SequenceStart(..) | Event::MappingStart(..), _)) => open += 1,
                Some((Event::SequenceEnd | Event::MappingEnd, _)) => open -= 1,
                Some(_) => {}
                None => break,
            }
        }
    }
}

fn place(span: &Span) -> Place {
    (as_u64(span.start.line()), as_u64(span.start.col()).saturating_add(1))
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
