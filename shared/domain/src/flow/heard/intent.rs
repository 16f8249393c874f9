//! What a customer is after, told by the words that people use for it.
//!
//! An intent has phrases that tell it wherever they stand, and phrases that tell it only where nothing
//! else is said: “ok” is a yes, “ok, but when does it come?” is none. Phrases are listed in one spelling,
//! in Latin letters (see [`crate::phrase`]); Urdu letters and other spellings mean the same.

use serde::{Deserialize, Serialize};

use super::{OwnWords, phrases::PHRASES};
use crate::phrase::{Clause, Found, Speech};

/// What a customer is after, told by the words that people use for it, in English, Urdu and Roman Urdu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Yes, send it.
    Confirm,
    /// No, do not send it.
    Cancel,
    /// Where is it?
    WhereIsIt,
    /// Something is wrong with it.
    Complaint,
    /// No more messages: only where nothing else is said.
    Stop,
    /// Messages again, please: only where nothing else is said.
    Start,
}

impl Intent {
    /// Every intent.
    pub const ALL: [Self; 6] =
        [Self::Confirm, Self::Cancel, Self::WhereIsIt, Self::Complaint, Self::Stop, Self::Start];

    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
            Self::WhereIsIt => "where_is_it",
            Self::Complaint => "complaint",
            Self::Stop => "stop",
            Self::Start => "start",
        }
    }

    /// Whether a text tells it. `own` are the store's own words; those for `stop` and `start` count only
    /// where nothing else is said, as the built-in ones do.
    pub fn heard_in(self, text: &str, own: &OwnWords) -> bool {
        self.is_in(&Speech::of(text), own)
    }

    pub(super) fn is_in(self, said: &Speech, own: &OwnWords) -> bool {
        let Some(built_in) = PHRASES.get(&self) else { return false };
        let own: Vec<Speech> =
            own.get(&self).into_iter().flatten().map(|phrase| Speech::of(phrase)).collect();
        let own: Vec<Vec<&str>> = own.iter().map(Speech::words).collect();
        let alone: Vec<Vec<&str>> = built_in.alone.iter().chain(&own).cloned().collect();
        if said.is_only(&alone, &built_in.beside) {
            return true;
        }
        if matches!(self, Self::Stop | Self::Start) {
            return false;
        }
        let anywhere: Vec<&Vec<&str>> = built_in.anywhere.iter().chain(&own).collect();
        said.clauses().any(|clause| self.can_be_in(clause) && self.stands_in(clause, &anywhere))
    }

    fn stands_in(self, clause: Clause<'_>, phrases: &[&Vec<&str>]) -> bool {
        // Where they say “cancel”, that word alone decides: “I don't want to cancel”.
        let cancels = self == Self::Cancel && clause.has_any(&["cancel"]);
        let phrases = phrases.iter().filter(|phrase| !cancels || phrase.contains(&"cancel"));
        phrases.flat_map(|phrase| clause.find(phrase)).any(|found| !self.is_denied(found))
    }

    /// Whether a clause can tell it at all: who asks whether, when or why something was done does not ask
    /// for it.
    fn can_be_in(self, clause: Clause<'_>) -> bool {
        match self {
            Self::Confirm => {
                !clause.asks && !clause.has_any(QUESTIONS) && !clause.has_any(&["message", "dobara"])
            }
            Self::Cancel => !clause.has_any(&["kyun", "message"]),
            Self::WhereIsIt | Self::Complaint | Self::Stop | Self::Start => true,
        }
    }

    /// Whether the words around it turn it into its opposite, or tell that it is done already.
    fn is_denied(self, found: Found<'_>) -> bool {
        match self {
            Self::Confirm => denied_before(found, true) || denied_after(found),
            Self::Cancel => denied_before(found, false) || denied_after(found) || is_done(found),
            Self::Complaint => {
                let none = ["no", "koi nahi", "without", "nothing"];
                let last = found.before.last().is_some_and(|word| none.contains(&word.as_str()));
                last || denied_before(found, true) || denied_after(found)
            }
            Self::WhereIsIt | Self::Stop | Self::Start => false,
        }
    }
}

/// “don't cancel”, “please do not cancel”, “I don't want to cancel”, “mat cancel karo”. “nahi” before it
/// is a no of its own, “nahi, cancel kar do”, unless `always`, or an infinitive follows: “nahi cancel karna”.
fn denied_before(found: Found<'_>, always: bool) -> bool {
    let mut before = found.before.iter().rev().map(String::as_str);
    let infinitive = found.after.first().is_some_and(|word| word == "karna");
    match found.before.last().map(String::as_str) {
        Some("mat" | "na") => return true,
        Some("nahi") => return always || infinitive,
        _ => {}
    }
    let first = before.find(|word| !BETWEEN.contains(word));
    matches!(first, Some("dont" | "not"))
}

/// “cancel nahi karna”, “order cancel mat karo”, “cancel na karo”; not “cancel kar do na”, which is a plea.
fn denied_after(found: Found<'_>) -> bool {
    let passed = |word: &&String| {
        ["kar", "karna", "order", "ko", "bhi", "koi", "hai", "it", "mera"].contains(&word.as_str())
    };
    let mut after = found.after.iter();
    let skipped = found.after.iter().take_while(passed).count().min(3);
    let negator = after.nth(skipped).map(String::as_str);
    let next = after.next().map(String::as_str);
    match negator {
        Some("mat") => true,
        Some("nahi") => !matches!(next, Some("chahiye" | "lena")),
        Some("na") => matches!(next, Some("kar" | "karna" | "do" | "ho" | "bhej")),
        _ => false,
    }
}

/// “cancel ho gaya”, “cancel kar diya”, “cancel hua”.
fn is_done(found: Found<'_>) -> bool {
    let mut after = found.after.iter().map(String::as_str);
    matches!(
        (after.next(), after.next()),
        (Some("hua" | "huwa" | "hui" | "hogaya" | "hogya" | "kardiya" | "krdiya" | "ہوا" | "ہوگیا"), _)
            | (Some("ho"), Some("gaya" | "gya" | "gea" | "chuka"))
            | (Some("kar"), Some("diya" | "dia" | "chuke"))
    )
}

/// What may stand between “don't” and what is not to be done.
const BETWEEN: &[&str] = &[
    "want", "to", "please", "you", "u", "have", "need", "the", "mera", "wish", "going", "ask", "asked",
    "say", "said", "tell", "told", "ever", "yet",
];

/// Words that make a question of a clause.
const QUESTIONS: &[&str] =
    &["kya", "kab", "kahan", "kyun", "kitne", "when", "where", "did", "is", "was", "how"];
