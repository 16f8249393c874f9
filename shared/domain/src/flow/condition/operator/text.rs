//! Operators on text.

use serde::{Deserialize, Serialize};

use super::{Flaw, Operator, Pattern, known, row, text_flaw, texts_flaws};

/// Operators on text; case and surrounding blanks do not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// It is this.
    Is(Folded),
    /// It is anything but this.
    IsNot(Folded),
    /// It is one of these.
    In(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<Folded>),
    /// It is none of these.
    NotIn(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<Folded>),
    /// It has this in it.
    Contains(Folded),
    /// It has this form: `*` stands for any characters, `?` for one.
    Matches(Pattern),
    /// Whether there is one; an empty text is none.
    Exists(bool),
}

/// Each of several texts, of an order's lines say: it is enough that one is, contains or matches; for
/// `is_not` and `not_in` none may be.
#[derive(Clone, Debug)]
pub struct Each<I>(pub I);

/// A text as it was written, and as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Folded {
    written: String,
    folded: String,
}

/// The characters of a text as they are compared: in lower case, without surrounding blanks.
pub(super) fn fold(text: &str) -> impl Iterator<Item = char> + Clone {
    text.trim().chars().flat_map(char::to_lowercase)
}

impl Folded {
    /// Whether a text is the same but for case and surrounding blanks.
    pub fn is(&self, text: &str) -> bool {
        let text = text.trim();
        // Most texts are ASCII, and settled by the first comparison.
        self.folded.eq_ignore_ascii_case(text) || (!text.is_ascii() && self.folded.chars().eq(fold(text)))
    }

    /// Whether a text has it in it.
    pub fn is_in(&self, text: &str) -> bool {
        let (wanted, bytes) = (self.folded.as_bytes(), text.as_bytes());
        if wanted.is_empty() || text.is_ascii() {
            return wanted.is_empty()
                || bytes.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted));
        }
        let mut rest = fold(text);
        loop {
            let mut ahead = rest.clone();
            if self.folded.chars().all(|wanted| ahead.next() == Some(wanted)) {
                return true;
            }
            if rest.next().is_none() {
                return false;
            }
        }
    }
}

impl From<String> for Folded {
    fn from(written: String) -> Self {
        Self { folded: fold(&written).collect(), written }
    }
}

impl From<Folded> for String {
    fn from(text: Folded) -> Self {
        text.written
    }
}

impl AsRef<str> for Folded {
    fn as_ref(&self) -> &str {
        &self.written
    }
}

impl Text {
    /// Whether it asks what a text is not, so that of several none may be that.
    fn denies(&self) -> bool {
        matches!(self, Self::IsNot(_) | Self::NotIn(_) | Self::Exists(false))
    }
}

impl Operator<&str> for Text {
    fn holds(&self, actual: &str) -> bool {
        match self {
            Self::Is(wanted) => wanted.is(actual),
            Self::IsNot(wanted) => !wanted.is(actual),
            Self::In(wanted) => wanted.iter().any(|wanted| wanted.is(actual)),
            Self::NotIn(wanted) => !wanted.iter().any(|wanted| wanted.is(actual)),
            Self::Contains(part) => part.is_in(actual),
            Self::Matches(pattern) => pattern.is_of(actual),
            Self::Exists(wanted) => *wanted != actual.trim().is_empty(),
        }
    }

    fn holds_of_nothing(&self) -> bool {
        matches!(self, Self::Exists(false))
    }

    fn spoken(&self, actual: &str) -> String {
        let actual = actual.trim();
        if actual.is_empty() { "empty" } else { actual }.to_owned()
    }

    fn words(&self, subject: &str) -> String {
        let join = |list: &[Folded]| row(list.iter().map(Folded::as_ref));
        match self {
            Self::Is(value) => format!("{subject} is {}", value.written),
            Self::IsNot(value) => format!("{subject} is not {}", value.written),
            Self::In(list) => format!("{subject} is one of {}", join(list)),
            Self::NotIn(list) => format!("{subject} is none of {}", join(list)),
            Self::Contains(part) => format!("{subject} contains {}", part.written),
            Self::Matches(pattern) => format!("{subject} looks like {}", pattern.as_ref()),
            Self::Exists(wanted) => known(subject, *wanted),
        }
    }

    fn flaws(&self) -> Vec<Flaw> {
        match self {
            Self::Is(value) => text_flaw("is", value.as_ref()).into_iter().collect(),
            Self::IsNot(value) => text_flaw("is_not", value.as_ref()).into_iter().collect(),
            Self::In(list) => texts_flaws("in", list),
            Self::NotIn(list) => texts_flaws("not_in", list),
            Self::Contains(part) => text_flaw("contains", part.as_ref()).into_iter().collect(),
            Self::Matches(pattern) => pattern.flaw("matches").into_iter().collect(),
            Self::Exists(_) => Vec::new(),
        }
    }
}

impl<'a, I: Iterator<Item = &'a str> + Clone> Operator<Each<I>> for Text {
    fn holds(&self, actual: Each<I>) -> bool {
        let mut texts = actual.0.peekable();
        match texts.peek() {
            // Of no text at all nothing holds, not even that it is something else.
            None => Operator::<&str>::holds_of_nothing(self),
            Some(_) if self.denies() => texts.all(|text| self.holds(text)),
            Some(_) => texts.any(|text| self.holds(text)),
        }
    }

    fn holds_of_nothing(&self) -> bool {
        Operator::<&str>::holds_of_nothing(self)
    }

    fn spoken(&self, actual: Each<I>) -> String {
        let said = row(actual.0.filter(|text| !text.trim().is_empty()).map(str::trim));
        if said.is_empty() { "none".to_owned() } else { said }
    }

    fn words(&self, subject: &str) -> String {
        Operator::<&str>::words(self, subject)
    }

    fn flaws(&self) -> Vec<Flaw> {
        Operator::<&str>::flaws(self)
    }
}
