//! What every response wears: security headers, and failures in a page or in JSON.

use askama::Template;
use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use crate::{failure::Failure, guard::is_api};

/// No script, style or frame but our own files; nothing inline. Forms go home only.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    heading: &'a str,
    words: &'a str,
}

/// Marks a page with an error status that says what is wrong itself, such as a form to correct.
#[derive(Clone, Copy)]
pub(crate) struct Dressed;

/// Dresses every response.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let api = is_api(request.uri().path());
    let mut response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if failed && response.extensions().get::<Dressed>().is_none() {
        let kept: Vec<_> = [ALLOW, RETRY_AFTER]
            .into_iter()
            .filter_map(|name| Some((response.headers_mut().remove(&name)?, name)))
            .collect();
        response = told(response.extensions().get::<Failure>(), status, api);
        kept.into_iter().for_each(|(value, name)| {
            response.headers_mut().insert(name, value);
        });
    }
    wear(response.headers_mut());
    response
}

fn wear(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

fn told(failure: Option<&Failure>, status: StatusCode, api: bool) -> Response {
    let words = failure.map_or_else(|| usual(status), |failure| failure.words.as_str());
    if api {
        return (status, axum::Json(serde_json::json!({ "error": words }))).into_response();
    }
    let page = FailurePage { heading: heading(status), words };
    let text = page.render().unwrap_or_else(|_| words_only(status).to_owned());
    (status, Html(text)).into_response()
}

fn words_only(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("That did not work.")
}

fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Nothing here",
        StatusCode::FORBIDDEN => "Not for you",
        StatusCode::TOO_MANY_REQUESTS => "Not so fast",
        StatusCode::GONE => "Too late",
        _ if status.is_client_error() => "That cannot be done",
        _ => "Something went wrong",
    }
}

/// For what no handler of ours said.
pub(crate) fn usual(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is no such page.",
        StatusCode::METHOD_NOT_ALLOWED => "This cannot be done here.",
        StatusCode::PAYLOAD_TOO_LARGE => {
            "That is too much at once: 64 KB is the most, 1 MB of facts and 4 MB of a bundle."
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The request has the wrong content type.",
        _ if status.is_client_error() => "The request cannot be read.",
        _ => "Something went wrong here. Please try again in a moment.",
    }
}
