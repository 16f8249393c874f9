//! Typed records over the table's items.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    port::{Expect, Item, Key, Query, Table, TableError, Write, WriteError},
    trace::misfit,
};

/// A value with the version that it was read at.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// For [`Expect::Version`].
    pub version: u64,
}

/// How often something is read and tried anew when other writers come between, before whoever asked
/// must come again.
pub(crate) const MAX_ROUNDS: u32 = 20;

/// Whether it was written; `false` when somebody else was faster, and what was read has to be read again.
///
/// # Errors
/// Whatever else kept it from being written.
pub(crate) fn unless_raced(written: Result<(), WriteError>) -> Result<bool, WriteError> {
    match written {
        Ok(()) => Ok(true),
        Err(WriteError::Expectation(_) | WriteError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What to expect of an item that was read so.
pub fn expect<T>(stored: Option<&Stored<T>>) -> Expect {
    stored.map_or(Expect::Absent, |stored| Expect::Version(stored.version))
}

/// The value of an item.
///
/// # Errors
/// [`TableError`] when the body is not such a value.
pub fn decode<T: DeserializeOwned>(item: &Item) -> Result<Stored<T>, TableError> {
    let value = serde_json::from_slice(&item.body).map_err(|error| {
        let problem = misfit(&error);
        TableError::Failed(format!("{}/{} cannot be read: {problem}", item.key.pk, item.key.sk))
    })?;
    Ok(Stored { value, version: item.version })
}

/// Reads a value.
///
/// # Errors
/// [`TableError`] when the table fails or the body is not such a value.
pub async fn load<T: DeserializeOwned>(
    table: &dyn Table,
    key: &Key,
) -> Result<Option<Stored<T>>, TableError> {
    table.get(key).await?.map(|item| decode(&item)).transpose()
}

/// All items of a range, page after page.
///
/// # Errors
/// When the table fails.
pub async fn all(table: &dyn Table, query: Query) -> Result<Vec<Item>, TableError> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = table.query(query.clone().after(after)).await?;
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(items);
        }
    }
}

/// An item of a value, without index places.
pub fn item<T: Serialize>(key: Key, value: &T) -> Item {
    // Our own types have text keys and finite numbers, so they always serialise; an empty body would
    // be refused by `decode` rather than read as something else.
    Item::new(key, serde_json::to_vec(value).unwrap_or_default())
}

/// A put of a value without index places.
pub fn put<T: Serialize>(key: Key, value: &T, expect: Expect) -> Write {
    Write::Put(item(key, value), expect)
}
