//! What an item weighs in DynamoDB, by which reads and writes are billed.

use harkara_engine::port::Item;

use super::{
    attribute::{VERSION, number, size},
    item::{content, key_attributes},
    nonce::Nonces,
};

/// The bytes of an item as it is stored: names and values, the body compressed where that pays. A
/// write is billed by the KB that it begins, a consistent read by each 4 KB.
pub fn stored_bytes(item: &Item) -> usize {
    let mut attributes = content(item, Nonces::new().next());
    attributes.extend(key_attributes(item.key.clone()));
    attributes.insert(VERSION.to_owned(), number(item.version.max(1)));
    size(&attributes)
}
