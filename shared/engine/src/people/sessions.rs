//! Sessions: who is signed in.

use harkara_domain::{StoreId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{People, PeopleError, Person, person_digest, token};
use crate::{
    keys,
    port::{Expect, Write},
    record::{item, load},
};

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The person.
    pub person: UserId,
    /// The digest of their e-mail address, by which they are found.
    pub address: String,
    /// Until when, at the latest.
    pub until: Timestamp,
}

impl People {
    /// How long a session lasts, in real time.
    pub const SESSION: SignedDuration = SignedDuration::from_hours(7 * 24);

    /// Opens a session; the token for the cookie.
    ///
    /// # Errors
    /// When no token can be made, or the write fails.
    pub async fn open_session(&self, store: &StoreId, person: &Person) -> Result<String, PeopleError> {
        let token = token::fresh()?;
        let until = self.ends_after(Self::SESSION);
        let address = person_digest(store, &person.email);
        let session = Session { person: person.id.clone(), address, until };
        let mut item = item(keys::session(store, &token::digest("session", &token)), &session);
        item.expires_at = Some(until);
        self.table.write(vec![Write::Put(item, Expect::Absent)]).await?;
        Ok(token)
    }

    /// Who a token is of, as they are now: somebody who was removed, or whose role has changed, is
    /// so from the next request on.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn signed_in(&self, store: &StoreId, token: &str) -> Result<Option<Person>, PeopleError> {
        let key = keys::session(store, &token::digest("session", token));
        let Some(session) = load::<Session>(&*self.table, &key).await? else { return Ok(None) };
        if session.value.until <= self.clock.now() {
            return Ok(None);
        }
        let person = load::<Person>(&*self.table, &keys::person(store, &session.value.address)).await?;
        Ok(person.map(|stored| stored.value).filter(|person| person.id == session.value.person))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the write fails.
    pub async fn close_session(&self, store: &StoreId, token: &str) -> Result<(), PeopleError> {
        let key = keys::session(store, &token::digest("session", token));
        Ok(self.table.write(vec![Write::Delete(key, Expect::Any)]).await?)
    }
}
