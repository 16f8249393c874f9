//! DynamoDB's limits on what a [`Table`](super::Table) holds. Every adapter checks by these before it
//! writes, so that what works on one works on the others.

use super::{IndexKey, Item, Key, Write, WriteError};

/// The most parts of a write.
pub const MAX_PARTS: usize = 100;
/// The largest item in bytes: body, keys, places in indexes and [`NAMES`].
pub const MAX_ITEM: usize = 400 * 1024;
/// What the names of attributes, the version, the expiry and an adapter's own marks take of an item.
pub const NAMES: usize = 64;
/// The most bytes that a write holds together.
pub const MAX_TOGETHER: usize = 4 << 20;
/// The longest partition key in bytes.
pub const MAX_PK: usize = 2048;
/// The longest sort key in bytes.
pub const MAX_SK: usize = 1024;

/// Whether the two are a key: neither empty nor too long.
pub fn is_key(pk: &str, sk: &str) -> bool {
    (1..=MAX_PK).contains(&pk.len()) && (1..=MAX_SK).contains(&sk.len())
}

/// Whether a write keeps to the limits.
///
/// # Errors
/// [`WriteError::TooLarge`] with what is over.
pub fn check(writes: &[Write]) -> Result<(), WriteError> {
    let too_large = |problem: String| Err(WriteError::TooLarge(problem));
    if writes.len() > MAX_PARTS {
        return too_large(format!("{} parts; at most {MAX_PARTS}", writes.len()));
    }
    let mut together = 0;
    for (position, write) in writes.iter().enumerate() {
        let key = write.key();
        if writes.iter().take(position).any(|other| other.key() == key) {
            return too_large(format!("part {position} is at the same item as an earlier one"));
        }
        if !is_key(&key.pk, &key.sk) {
            return too_large(format!("the key of part {position} is empty or too long"));
        }
        let Write::Put(item, _) = write else { continue };
        if !places(item).all(|place| is_key(&place.pk, &place.sk)) {
            return too_large(format!("an index key of part {position} is empty or too long"));
        }
        let size = size(key, item);
        if size > MAX_ITEM {
            return too_large(format!("the item of part {position} has {size} bytes; at most {MAX_ITEM}"));
        }
        together += size;
    }
    if together > MAX_TOGETHER {
        return too_large(format!("{together} bytes together; at most {MAX_TOGETHER}"));
    }
    Ok(())
}

fn places(item: &Item) -> impl Iterator<Item = &IndexKey> {
    [item.list.as_ref(), item.due.as_ref()].into_iter().flatten()
}

fn size(key: &Key, item: &Item) -> usize {
    let places: usize = places(item).map(|place| place.pk.len() + place.sk.len()).sum();
    key.pk.len() + key.sk.len() + places + item.body.len() + NAMES
}
