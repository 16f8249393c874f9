//! What customers write, as flows ask about it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::phrase::Speech;
pub use intent::Intent;

mod intent;
mod phrases;

/// What a message of the customer must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// One of these words or phrases: whole words, without regard to case, accents and common spellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_OWN), inner(length(min = 1, max = MAX_PHRASE))))]
    pub contains: Vec<String>,
    /// What the customer is after, as their words tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
}

impl Heard {
    /// Whether what they wrote has one of the words, and the purpose, that are asked for. `own` are the
    /// store's own words.
    pub fn fits(&self, text: &str, own: &OwnWords) -> bool {
        let said = Speech::of(text);
        let word = self.contains.is_empty() || self.contains.iter().any(|word| said.has(word));
        word && self.intent.is_none_or(|intent| intent.is_in(&said, own))
    }
}

/// Words and phrases that a store adds to those that are built in, by what they tell.
pub type OwnWords = BTreeMap<Intent, Vec<String>>;

/// The most phrases that a store may add for one intent.
pub const MAX_OWN: usize = 100;
/// The most characters of a phrase.
pub const MAX_PHRASE: usize = 60;

/// What is wrong with a store's own words: for each flaw its path, which begins with `path`, and why.
pub fn flaws(own: &OwnWords, path: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (intent, phrases) in own {
        let at = format!("{path}.{}", intent.as_str());
        if phrases.len() > MAX_OWN {
            found.push((at.clone(), format!("has {} phrases; {MAX_OWN} is the most", phrases.len())));
        }
        for (place, phrase) in phrases.iter().take(MAX_OWN).enumerate() {
            let length = phrase.chars().count();
            let why = if length > MAX_PHRASE {
                format!("has {length} characters; {MAX_PHRASE} is the most")
            } else if Speech::of(phrase).words().is_empty() {
                "has no word in it".to_owned()
            } else {
                continue;
            };
            found.push((format!("{at}[{place}]"), why));
        }
    }
    found
}
