//! A phone number in E.164. Sources normalise with a library; this type only guards the shape.

use serde::{Deserialize, Serialize};
use std::fmt;

/// `+` and 6 to 15 digits (ITU-T E.164). Its `Debug` form hides all but the last two digits, so
/// that a stray log line does not carry a customer's number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(Box<str>);

/// The text is not a phone number in E.164.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an E.164 phone number")]
pub struct BadPhone;

impl Phone {
    /// Accepts `+` and 6 to 15 digits.
    ///
    /// # Errors
    /// [`BadPhone`] for anything else.
    pub fn e164(text: &str) -> Result<Self, BadPhone> {
        let digits = text.strip_prefix('+').ok_or(BadPhone)?;
        let sound = (6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if sound { Ok(Self(text.into())) } else { Err(BadPhone) }
    }

    /// With the plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the plus sign, as Meta writes a `wa_id`.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }
}

impl TryFrom<String> for Phone {
    type Error = BadPhone;
    fn try_from(text: String) -> Result<Self, BadPhone> {
        Self::e164(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0.into()
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(…{})", self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default())
    }
}
