//! Two deployments of the code at once: what the older and the newer one write, met by this one.

use serde_json::{Map, Value, json};

fn object(text: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

fn changed(body: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let Some(mut fields) = object(body.as_bytes()) else { return body.to_owned() };
    change(&mut fields);
    Value::Object(fields).to_string()
}

/// A job as it was written before its fields had company.
pub(crate) fn older(body: &str) -> String {
    const SINCE: [&str; 4] = ["series", "failed", "priority", "after"];
    let strip = |fields: &mut Map<String, Value>| {
        fields.remove("told");
        fields.retain(|field, value| !(SINCE.contains(&field.as_str()) && is_default(value)));
    };
    changed(body, |job| match job.get("job").and_then(Value::as_str) {
        Some("stage" | "replay") => strip(job),
        Some("failure") => _ = job.get_mut("stage").and_then(Value::as_object_mut).map(strip),
        _ => {}
    })
}

fn is_default(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_u64() == Some(0)
}

/// A job with more in it than is known here.
pub(crate) fn newer(body: &str) -> String {
    changed(body, |job| {
        _ = job.insert(UNKNOWN.to_owned(), json!({ "since": 2 }));
        let facts = job.get_mut("facts").and_then(Value::as_array_mut);
        for fact in facts.into_iter().flatten().filter_map(Value::as_object_mut) {
            _ = fact.insert(UNKNOWN.to_owned(), json!([1, 2]));
        }
    })
}

/// A field that is not known here.
const UNKNOWN: &str = "of_a_newer_deployment";

/// A job of the next version, which only a newer deployment can read.
pub(crate) fn next_version(body: &str) -> String {
    changed(body, |job| _ = job.insert("v".to_owned(), json!(2)))
}

/// What a newer deployment makes of a job of the next version.
pub(crate) fn as_known(body: &str) -> String {
    changed(body, |job| {
        if job.get("v") == Some(&json!(2)) {
            _ = job.insert("v".to_owned(), json!(1));
        }
    })
}

/// A record with more in it than is known here.
pub(crate) fn newer_record(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields = object(body)?;
    _ = fields.insert(UNKNOWN.to_owned(), json!({ "since": 2 }));
    serde_json::to_vec(&fields).ok()
}

/// What a newer deployment makes of a dead letter with such a job.
pub(crate) fn known_letter(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields = object(body)?;
    let job = fields.get_mut("content")?.pointer_mut("/message/body")?;
    *job = Value::String(as_known(job.as_str()?));
    serde_json::to_vec(&fields).ok()
}
