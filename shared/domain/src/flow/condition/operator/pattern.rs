//! Patterns: the form of a text.

use serde::{Deserialize, Serialize};

use super::{Flaw, text::fold, text_flaw};

/// The form of a whole text: `*` stands for any characters or none, `?` for exactly one; the rest is
/// compared as [`Folded`](super::Folded) is.
///
/// Not a regular expression: `SALE*` is what a shop's team writes without being taught, no pattern can
/// be slow or wrong, and no engine has to be linked. [`Expression`](crate::flow::expression::Expression)
/// is there for more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    written: String,
    folded: String,
}

impl Pattern {
    /// Whether a text has this form. Its time is at most the product of both lengths.
    pub fn is_of(&self, text: &str) -> bool {
        let (mut pattern, mut text) = (self.folded.chars(), fold(text));
        // Behind the last `*`: where to go on once it stands for one more character.
        let mut retry = None;
        loop {
            let (mut ahead, mut rest) = (pattern.clone(), text.clone());
            match (ahead.next(), rest.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    retry = Some((ahead.clone(), text.clone()));
                    pattern = ahead;
                }
                (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                    (pattern, text) = (ahead, rest);
                }
                (Some(_), None) => return false,
                (_, Some(_)) => {
                    let Some((behind, from)) = &mut retry else { return false };
                    from.next();
                    (pattern, text) = (behind.clone(), from.clone());
                }
            }
        }
    }

    pub(super) fn flaw(&self, at: &'static str) -> Option<Flaw> {
        let anything = || Flaw::new(at, "matches anything; to ask whether there is one, write `exists`");
        let flaw = text_flaw(at, &self.written);
        flaw.or_else(|| self.folded.chars().all(|c| c == '*').then(anything))
    }
}

impl From<String> for Pattern {
    fn from(written: String) -> Self {
        Self { folded: fold(&written).collect(), written }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.written
    }
}

impl AsRef<str> for Pattern {
    fn as_ref(&self) -> &str {
        &self.written
    }
}
