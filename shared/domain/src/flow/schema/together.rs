//! Fields that go together, or do not.

use schemars::Schema;
use serde_json::{Value, json};

/// A stage does something, and a fork's fields come with the fork.
pub(crate) fn stage(schema: &mut Schema) {
    let does = ["message", "workflow", "wait_for", "split", "branches"];
    schema.insert("anyOf".to_owned(), does.map(filled).into_iter().collect());
    let needed = json!({ "timeout": ["wait_for"], "wait_for": ["timeout"] });
    schema.insert("dependentRequired".to_owned(), needed);
    let forks = ["wait_for", "branches"].map(with).into_iter().collect::<Value>();
    let alone = json!({ "otherwise": { "anyOf": forks }, "after": { "not": with("after_previous") } });
    schema.insert("dependentSchemas".to_owned(), alone);
}

/// A coupon takes off so many per cent or so much.
pub(crate) fn offer(schema: &mut Schema) {
    schema.insert("oneOf".to_owned(), ["percent", "amount"].map(with).into_iter().collect());
}

/// What has a field, with something in it.
fn filled(field: &str) -> Value {
    json!({ "required": [field], "properties": { field: { "minItems": 1 } } })
}

/// What has a field.
fn with(field: &str) -> Value {
    json!({ "required": [field] })
}
