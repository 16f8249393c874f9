//! The JSON Schemas of all kinds.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::{
    KINDS, Kind, MAX_FACTS,
    shape::{Schemas, describe},
    value::{Key, Moment},
};

pub(super) fn describe_kind<K: Kind>(schemas: &mut Schemas) -> String {
    let mut schema = describe::<K>(schemas);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("kind".to_owned(), json!({ "const": K::KIND }));
        let id = json!({ "$ref": schemas.add::<Key>("FactKey"),
            "description": "Yours: a fact that is told again is the same by it, where `at` is the same too. \
                            Without one, the same content is the same fact." });
        properties.insert("id".to_owned(), id);
        let at = json!({ "$ref": schemas.add::<Moment>("Moment"),
            "description": "When it happened: at most 5 minutes ahead and 30 days ago." });
        properties.insert("at".to_owned(), at);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.extend([json!("kind"), json!("at")]);
    }
    schemas.put(K::NAME, schema)
}

/// The JSON Schemas (2020-12) of what [`super::parse`] reads, by name, as components of an OpenAPI document:
/// `Track` is the body. They refuse nothing that `parse` takes; what is wrong beyond their reach (a
/// number that no numbering plan knows, a time too long ago) only `parse` refuses.
pub fn schemas() -> BTreeMap<String, Value> {
    let mut schemas = Schemas::default();
    let kinds: Vec<(&str, String)> =
        KINDS.iter().map(|entry| (entry.name, (entry.describe)(&mut schemas))).collect();
    let all: Vec<Value> = kinds.iter().map(|(_, at)| json!({ "$ref": at })).collect();
    let mapping: Map<String, Value> =
        kinds.into_iter().map(|(name, at)| (name.to_owned(), at.into())).collect();
    let fact = schemas.put(
        "TrackedFact",
        json!({
            "description": "Something that happened.",
            "oneOf": all,
            "discriminator": { "propertyName": "kind", "mapping": mapping },
        }),
    );
    let batch = schemas.put(
        "TrackedFacts",
        json!({
            "description": "Several facts: all are taken, or none.",
            "type": "object",
            "properties": {
                "facts": { "type": "array", "items": { "$ref": fact }, "minItems": 1, "maxItems": MAX_FACTS },
            },
            "required": ["facts"],
            "additionalProperties": false,
        }),
    );
    let body = json!({
        "description": "One fact, or several.",
        "oneOf": [{ "$ref": fact }, { "$ref": batch }],
    });
    schemas.put("Track", body);
    schemas.into_all()
}
