//! Countries as a flow writes them.

use serde::{Deserialize, Serialize};

use super::Word;

/// A country by its code of two letters, ISO 3166-1 alpha-2: `PK`. Read in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// The text is not two letters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is not a country of two letters, such as PK")]
pub struct BadCountry(String);

impl Country {
    /// The country of a code.
    pub fn of(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.trim().as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_alphabetic).then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }
}

impl Word for Country {
    fn word(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TryFrom<String> for Country {
    type Error = BadCountry;
    fn try_from(text: String) -> Result<Self, BadCountry> {
        Self::of(&text).ok_or(BadCountry(text))
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.word().to_owned()
    }
}
