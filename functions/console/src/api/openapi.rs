//! The description of the JSON API for programs: OpenAPI 3.1.
//!
//! What can be told by `track` is described by the declarations that it is read with; the rest stands in
//! `openapi.json`, which the tests hold against the addresses and against real answers. A derive for
//! every type that is answered would describe what serde writes, and link a generator into a function
//! that answers this once a day.

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use harkara_sources::track;
use serde_json::Value;
use std::sync::OnceLock;

use crate::failure::Failure;

const WRITTEN: &str = include_str!("openapi.json");

/// The document.
pub(crate) async fn openapi() -> Result<Response, Failure> {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let text = match DOCUMENT.get() {
        Some(text) => text,
        None => {
            let made = document().map_err(Failure::fault)?;
            DOCUMENT.get_or_init(|| made)
        }
    };
    Ok(([(CONTENT_TYPE, "application/json")], text.as_str()).into_response())
}

fn document() -> serde_json::Result<String> {
    let mut document: Value = serde_json::from_str(WRITTEN)?;
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.extend(track::schemas());
    }
    serde_json::to_string(&document)
}
