//! The audit log: what people changed.

use harkara_domain::StoreId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{People, PeopleError, token};
use crate::{
    keys,
    port::{Expect, Key, Query, Write},
    read::Listed,
    record::{decode, put},
};

/// One change by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: an e-mail address, or `API key <name>`.
    pub who: String,
    /// What they did, in words: `added a note`.
    pub what: String,
    /// On what: an order's id, a flow's, an address; empty where the words say it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on: String,
}

impl People {
    /// Writes a change down.
    ///
    /// # Errors
    /// When the write fails: the change should not be made then.
    pub async fn log(&self, store: &StoreId, who: &str, what: &str, on: &str) -> Result<(), PeopleError> {
        Ok(self.table.write(vec![self.entry(store, who, what, on)?]).await?)
    }

    /// What writes a change down in the transaction that makes it.
    pub(crate) fn entry(
        &self,
        store: &StoreId,
        who: &str,
        what: &str,
        on: &str,
    ) -> Result<Write, PeopleError> {
        let at = self.clock.now();
        let entry = AuditEntry { at, who: who.to_owned(), what: what.to_owned(), on: on.to_owned() };
        let place = format!("{}#{}", keys::stamp(at), token::fresh()?.get(..12).unwrap_or_default());
        Ok(put(Key::new(keys::audit(store), place), &entry, Expect::Absent))
    }

    /// The log, the latest first.
    ///
    /// # Errors
    /// When the read fails.
    pub async fn audit(
        &self,
        store: &StoreId,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<AuditEntry>, PeopleError> {
        let query = Query::partition(keys::audit(store)).newest_first().limit(limit).after(after);
        let page = self.table.query(query).await?;
        let mut entries = Vec::new();
        for item in &page.items {
            entries.push(decode::<AuditEntry>(item)?.value);
        }
        Ok(Listed { entries, next: page.next })
    }
}
