//! The people of a store: who may sign in, their sessions, API keys for programs, the waits after
//! failed sign-ins, and the audit log of what people changed.
//!
//! Tokens are 256 random bits and are kept as digests only; a password is kept as an argon2id hash.

mod audit;
mod keys_for_programs;
mod links;
pub mod password;
mod sessions;
mod team;
mod throttle;
pub mod token;

use harkara_domain::{StoreId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

use crate::port::{Clock, Table, TableError, WriteError};
pub use audit::AuditEntry;
pub use keys_for_programs::{ApiKey, NewKey};
pub use links::{Invitation, Offer};
pub use sessions::Session;
pub use throttle::Attempt;

/// What somebody may do. The derived order is the order of rights: each may do what the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything but people, keys and the audit log.
    Viewer,
    /// Also acts on orders, starts replays, switches flows.
    Operator,
    /// Also manages people and API keys, and reads the audit log.
    Owner,
}

impl Role {
    /// Every role, the one with the fewest rights first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Owner];

    /// As in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody who may sign in. The `Debug` form hides the address and the hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Theirs alone, and new for each joining: sessions of somebody who was removed stay void.
    pub id: UserId,
    /// E-mail address, in lower case.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The argon2id hash of their password, as a PHC string.
    pub password: String,
    /// When they joined.
    pub joined_at: Timestamp,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({:?}, {})", self.id, self.role)
    }
}

/// Something about people that was not done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// What was typed cannot be taken; the text says why.
    #[error("{0}")]
    Invalid(&'static str),
    /// The link or key was used, has expired, or never was.
    #[error("this link is not valid any more")]
    Gone,
    /// Somebody has this address already.
    #[error("somebody with this e-mail address is here already")]
    Taken,
    /// A store without an owner could not be managed any more.
    #[error("the last owner cannot be removed")]
    LastOwner,
    /// The system gave no random bits, or a hash could not be made.
    #[error("no secret could be made: {0}")]
    Secret(String),
    /// A read failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A write failed.
    #[error(transparent)]
    Write(WriteError),
}

impl From<WriteError> for PeopleError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

/// The people of stores.
#[derive(Clone)]
pub struct People {
    /// Where they are kept.
    pub table: Arc<dyn Table>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl People {
    /// When something that lasts so long in real time from now ends, on this clock.
    fn ends_after(&self, real: SignedDuration) -> Timestamp {
        self.clock.now().saturating_add(self.clock.real(real)).unwrap_or(Timestamp::MAX)
    }
}

/// An e-mail address as it is compared and kept: without spaces around it, in lower case.
///
/// # Errors
/// [`PeopleError::Invalid`] for what cannot be one. Whether it exists is not asked.
pub fn address(text: &str) -> Result<String, PeopleError> {
    const BAD: PeopleError = PeopleError::Invalid("That does not look like an e-mail address.");
    let text = text.trim().to_lowercase();
    let (name, host) = text.split_once('@').ok_or(BAD)?;
    // 254: RFC 5321, section 4.5.3.1.3, without the brackets.
    let sound = !name.is_empty() && host.contains('.') && !host.contains('@') && text.len() <= 254;
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if sound && plain { Ok(text) } else { Err(BAD) }
}

fn person_digest(store: &StoreId, email: &str) -> String {
    harkara_domain::id::digest(&format!("person\n{store}\n{email}"))
}
