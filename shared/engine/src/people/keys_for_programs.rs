//! API keys: how programs sign in.

use harkara_domain::StoreId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{People, PeopleError, Role, token};
use crate::{
    keys,
    port::{Expect, Query, Write},
    record::{decode, load, put},
};

/// What is kept of an API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its digest, which names it.
    pub id: String,
    /// What the team calls it.
    pub name: String,
    /// What it may do; never an owner's part.
    pub role: Role,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub by: String,
}

/// A key that was just made, with the text that is shown this once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The key itself.
    pub secret: String,
    /// What is kept of it.
    pub key: ApiKey,
}

impl People {
    /// How API keys begin, so that one that leaks is known for what it is.
    pub const KEY_PREFIX: &str = "hk_";
    /// The most characters of a key's name.
    pub const MAX_KEY_NAME: usize = 60;

    /// Makes an API key.
    ///
    /// # Errors
    /// [`PeopleError::Invalid`] for a bad name, or a role that a program may not have; and when no key
    /// can be made, or the write fails.
    pub async fn make_key(
        &self,
        store: &StoreId,
        name: &str,
        role: Role,
        by: &str,
    ) -> Result<NewKey, PeopleError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > Self::MAX_KEY_NAME {
            return Err(PeopleError::Invalid("A key needs a name of at most 60 characters."));
        }
        if role == Role::Owner {
            return Err(PeopleError::Invalid("A key can be a viewer or an operator."));
        }
        let secret = format!("{}{}", Self::KEY_PREFIX, token::fresh()?);
        let id = token::digest("key", &secret);
        let key = ApiKey { id, name: name.to_owned(), role, made_at: self.clock.now(), by: by.to_owned() };
        self.table.write(vec![put(keys::api_key(store, &key.id), &key, Expect::Absent)]).await?;
        Ok(NewKey { secret, key })
    }

    /// The key that a secret is of, if it is good.
    ///
    /// # Errors
    /// When the read fails.
    pub async fn key(&self, store: &StoreId, secret: &str) -> Result<Option<ApiKey>, PeopleError> {
        if !secret.starts_with(Self::KEY_PREFIX) {
            return Ok(None);
        }
        let key = keys::api_key(store, &token::digest("key", secret));
        Ok(load::<ApiKey>(&*self.table, &key).await?.map(|stored| stored.value))
    }

    /// All keys, the latest first.
    ///
    /// # Errors
    /// When the read fails.
    pub async fn keys(&self, store: &StoreId) -> Result<Vec<ApiKey>, PeopleError> {
        let query = Query::partition(keys::people(store)).prefix(keys::API_KEY);
        let page = self.table.query(query).await?;
        let mut all = Vec::new();
        for item in &page.items {
            all.push(decode::<ApiKey>(item)?.value);
        }
        all.sort_by_key(|key| std::cmp::Reverse(key.made_at));
        Ok(all)
    }

    /// Revokes a key; what it was, if it was.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn revoke(&self, store: &StoreId, id: &str) -> Result<Option<ApiKey>, PeopleError> {
        let place = keys::api_key(store, id);
        let Some(stored) = load::<ApiKey>(&*self.table, &place).await? else { return Ok(None) };
        self.table.write(vec![Write::Delete(place, Expect::Any)]).await?;
        Ok(Some(stored.value))
    }
}
