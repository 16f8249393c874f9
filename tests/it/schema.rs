//! Meta's own schema of what it takes, and the flow language's.

use jsonschema::Validator;
use serde_json::Value;
use std::sync::OnceLock;

const SCHEMA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/fixtures/specs/bodies/meta-whatsapp-messages.post.Version_Phone_Number_ID_messages.json.schema.json"
);

fn schema() -> Option<&'static Validator> {
    static VALIDATOR: OnceLock<Option<Validator>> = OnceLock::new();
    let made = VALIDATOR.get_or_init(|| {
        let Ok(text) = std::fs::read_to_string(SCHEMA) else {
            eprintln!("SKIPPED: requests are not checked against Meta's schema; there is no {SCHEMA}");
            return None;
        };
        Some(jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap())
    });
    made.as_ref()
}

/// What Meta's schema has against a body; nothing where the schema is not at hand.
pub(crate) fn faults(body: &Value) -> Vec<String> {
    schema().map_or_else(Vec::new, |schema| schema.iter_errors(body).map(|fault| fault.to_string()).collect())
}

#[test]
fn the_schema_refuses_what_whatsapp_would() {
    if schema().is_none() {
        return;
    }
    let bare = serde_json::json!({ "messaging_product": "telegram", "to": 5, "type": "template" });
    assert!(!faults(&bare).is_empty());
}

/// What the flow language's schema has against a flow.
pub(crate) fn flow_faults(flow: &Value) -> Vec<String> {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    let schema = || {
        let schema = serde_json::from_str(include_str!("../../docs/flow.schema.json")).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
    VALIDATOR.get_or_init(schema).iter_errors(flow).map(|fault| fault.to_string()).collect()
}
