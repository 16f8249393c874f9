//! Where the sentinel keeps what it knows.

use harkara_domain::StoreId;
use jiff::Timestamp;

use super::{stamp, store_partition};
use crate::port::{IndexKey, Key};

/// The entry of a store in the list of those that are watched.
pub fn watched(store: &StoreId) -> Key {
    Key::new(WATCHED, store.as_str())
}

/// Where it stands in that list: by when the sentinel looks at it next.
pub fn watched_list(store: &StoreId, next: Timestamp) -> IndexKey {
    IndexKey { pk: WATCHED.to_owned(), sk: format!("{}#{store}", stamp(next)) }
}

/// The partition of that list, of all stores.
pub const WATCHED: &str = "watched";

/// How often facts usually come to a store.
pub fn watch(store: &StoreId) -> Key {
    Key::new(store_partition(store), "watch")
}

/// A store's silences.
pub fn silences(store: &StoreId) -> String {
    format!("z#{store}")
}

/// The place of a silence among them.
pub fn silence_place(since: Timestamp, feed: &str) -> String {
    format!("{}#{feed}", stamp(since))
}

/// What is said of webhooks that were refused for their signature.
pub fn refusals(store: &StoreId) -> String {
    format!("g#{store}")
}

/// One such word. The source is in it, so that two of one moment stand beside each other.
pub fn refusal(store: &StoreId, at: Timestamp, source: &str) -> Key {
    Key::new(refusals(store), format!("{}#{source}", stamp(at)))
}
