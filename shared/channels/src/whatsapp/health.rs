//! Asking Meta how a number and its token are. Nothing is changed by it.

use jiff::Timestamp;
use serde_json::Value;

use super::Connection;
use crate::{HttpRequest, HttpResponse, Reach};

/// How a number stands with Meta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Messages can go out.
    Good,
    /// They can, and Meta warns.
    Warned(String),
    /// Meta does not know the token, or it is over.
    BadToken,
    /// The token may not use this number, or there is none of this id.
    NoSuchNumber,
    /// The number cannot send.
    Off(String),
    /// The answer tells nothing, for now.
    Unclear(u16),
}

/// Asks for the number by its id: `GET /{phone number id}`.
pub fn number(connection: &Connection) -> Option<HttpRequest> {
    let id = connection.credentials()?.phone_number_id;
    get(connection, &format!("{id}?fields=status,quality_rating,code_verification_status"))
}

/// Asks until when the token is good: `GET /debug_token`, of itself.
pub fn token(connection: &Connection) -> Option<HttpRequest> {
    let token: String = connection.credentials()?.access_token.bytes().map(escaped).collect();
    get(connection, &format!("debug_token?input_token={token}"))
}

fn get(connection: &Connection, path: &str) -> Option<HttpRequest> {
    Some(HttpRequest {
        method: "GET",
        url: format!("{}/{path}", connection.api_url.trim_end_matches('/')),
        reach: Reach::Anywhere,
        headers: vec![("authorization", format!("Bearer {}", connection.credentials()?.access_token))],
        body: Vec::new(),
    })
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// What the answer about a number means. Nothing of it is repeated but Meta's own words for states.
pub fn health(response: &HttpResponse) -> Health {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.pointer("/error/code").and_then(Value::as_i64);
    match (response.status, code) {
        // 190: the token is wrong or over; 102: its session is.
        (401, _) | (_, Some(190 | 102)) => return Health::BadToken,
        // 100 with an id that is unknown or not theirs; 10 and 200 to 299: a permission is missing.
        (_, Some(100 | 10 | 200..=299)) | (403 | 404, _) => return Health::NoSuchNumber,
        (200, None) => {}
        (status, _) => return Health::Unclear(status),
    }
    let state = |field: &str| body.get(field).and_then(Value::as_str).map(known).unwrap_or_default();
    match (state("status").as_str(), state("quality_rating").as_str()) {
        (off @ ("BANNED" | "DISCONNECTED" | "DELETED" | "OFFLINE" | "UNVERIFIED" | "PENDING"), _) => {
            Health::Off(off.to_owned())
        }
        (warned @ ("FLAGGED" | "RESTRICTED" | "RATE_LIMITED"), _) => Health::Warned(warned.to_owned()),
        (_, "RED") => Health::Warned("quality RED".to_owned()),
        _ => Health::Good,
    }
}

/// A state's name, and nothing else that may stand there.
fn known(state: &str) -> String {
    let is_name = state.len() <= 40 && state.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if is_name { state.to_owned() } else { String::new() }
}

/// Until when a token is good; `None` where Meta does not say, or for ever.
pub fn token_ends(response: &HttpResponse) -> Option<Timestamp> {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let ends = |field: &str| body.get("data")?.get(field)?.as_i64().filter(|at| *at > 0);
    let first = ["expires_at", "data_access_expires_at"].into_iter().filter_map(ends).min()?;
    Timestamp::from_second(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answered(status: u16, body: &Value) -> HttpResponse {
        HttpResponse { status, retry_after: None, body: body.to_string().into_bytes() }
    }

    #[test]
    fn what_meta_says_of_a_number() {
        let said = |status, body: Value| health(&answered(status, &body));
        assert_eq!(
            said(200, json!({ "id": "1", "status": "CONNECTED", "quality_rating": "GREEN" })),
            Health::Good
        );
        assert_eq!(said(401, json!({ "error": { "code": 190 } })), Health::BadToken);
        assert_eq!(said(400, json!({ "error": { "code": 190 } })), Health::BadToken);
        assert_eq!(said(400, json!({ "error": { "code": 100 } })), Health::NoSuchNumber);
        assert_eq!(said(200, json!({ "status": "BANNED" })), Health::Off("BANNED".to_owned()));
        assert_eq!(said(200, json!({ "quality_rating": "RED" })), Health::Warned("quality RED".to_owned()));
        assert_eq!(said(503, json!({})), Health::Unclear(503));
    }

    #[test]
    fn a_tokens_end_is_read_and_for_ever_is_none() {
        let ends = |body: Value| token_ends(&answered(200, &body)).map(Timestamp::as_second);
        assert_eq!(ends(json!({ "data": { "expires_at": 1_800_000_000 } })), Some(1_800_000_000));
        assert_eq!(ends(json!({ "data": { "expires_at": 0, "data_access_expires_at": 0 } })), None);
        assert_eq!(ends(json!({ "error": {} })), None);
    }

    #[test]
    fn the_token_cannot_break_out_of_its_address() {
        let connection: Connection =
            serde_json::from_value(json!({ "phone_number_id": "1", "access_token": "a&b=c d" })).unwrap();
        assert!(token(&connection).unwrap().url.ends_with("/debug_token?input_token=a%26b%3Dc%20d"));
        assert!(number(&Connection::default()).is_none());
    }
}
