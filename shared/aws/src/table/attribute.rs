//! The names of attributes, and what they weigh. They are short since every item pays for them, and
//! none is among DynamoDB's reserved words.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An item, or its key, as DynamoDB has it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// Partition.
pub(super) const PK: &str = "pk";
/// Place within it.
pub(super) const SK: &str = "sk";
/// Partition and place in the index `list`.
pub(super) const LIST: (&str, &str) = ("lp", "ls");
/// Partition and place in the index `due`.
pub(super) const DUE: (&str, &str) = ("dp", "ds");
/// The version, a number that counts up.
pub(super) const VERSION: &str = "v";
/// The body as it is: text, or bytes where it is no text.
pub(super) const BODY: &str = "b";
/// The body, compressed.
pub(super) const PACKED: &str = "z";
/// When it may vanish, in whole seconds since 1970, rounded up: DynamoDB's time to live.
pub(super) const EXPIRY: &str = "x";
/// How many milliseconds before [`EXPIRY`] it really may; absent for none.
pub(super) const EARLIER: &str = "xm";
/// By which write the item came to be as it is.
pub(super) const NONCE: &str = "w";
/// How the names of counters begin.
pub(super) const COUNTER: &str = "n_";

/// DynamoDB bills and limits by this, in bytes: names, and values by their type.
pub(super) fn size(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(blob) => blob.as_ref().len(),
        // A byte for two digits, and one more.
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        _ => 1,
    }
}

/// A whole number.
pub(super) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}
