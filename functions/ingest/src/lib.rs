//! Webhooks: `POST /webhooks/{store}/{source}`, and the GET with which a vendor checks the address.

use bytes::Bytes;
use harkara_engine::{
    count::{Refused, Source},
    ingest::{Ingest, Refusal},
};
use harkara_sources::Inbound;
use http::{Method, Request, Response, StatusCode, header};

/// Answers a request to `/webhooks/{store}/{source}`; any other path is 404.
///
/// 200 for what was taken in or knowingly ignored, 401 for a bad signature, 400 for a body that is
/// not what it says, 404 for a store or source that is not configured, 413 for a body over
/// [`Ingest::MAX_BODY`], 429 for more than the source's rate and 503 when something of ours failed, both with
/// the seconds after which the vendor should send it again (`Retry-After`).
pub async fn handle(ingest: &Ingest, request: &Request<Bytes>) -> Response<Bytes> {
    let Some((store, source)) = place(request.uri().path()) else {
        return refuse(&Refusal::Unknown);
    };
    let inbound = Inbound {
        headers: request.headers(),
        query: request.uri().query().unwrap_or_default(),
        body: request.body(),
    };
    match *request.method() {
        Method::POST => match ingest.webhook(store, source, inbound).await {
            Ok(taken) => {
                json(StatusCode::OK, &serde_json::json!({ "facts": taken.facts, "ignored": taken.ignored }))
            }
            Err(refusal) => refuse(&refusal),
        },
        Method::GET => match ingest.handshake(store, source, inbound).await {
            // Whatever is echoed must never be taken for a page.
            Ok(answer) => respond(StatusCode::OK, "text/plain; charset=utf-8", answer.into()),
            Err(refusal) => refuse(&refusal),
        },
        _ => json(StatusCode::METHOD_NOT_ALLOWED, &serde_json::json!({ "error": "webhooks are posted" })),
    }
}

/// The answer to a request whose body was not read, because it is over [`Ingest::MAX_BODY`].
pub fn too_large(ingest: &Ingest) -> Response<Bytes> {
    ingest.counters.webhooks_refused.add((Source::Other, Refused::TooLarge));
    refuse(&Refusal::TooLarge)
}

fn place(path: &str) -> Option<(&str, &str)> {
    let (store, source) = path.strip_prefix("/webhooks/")?.split_once('/')?;
    let sound = |part: &str| !part.is_empty() && part.len() <= 64 && !part.contains(['/', '#', '%']);
    (sound(store) && sound(source)).then_some((store, source))
}

/// After how many seconds to send a webhook again that was not taken in: a restart takes a few.
const AGAIN: i64 = 10;

fn refuse(refusal: &Refusal) -> Response<Bytes> {
    let status = match refusal {
        Refusal::Unknown => StatusCode::NOT_FOUND,
        Refusal::Signature(_) => StatusCode::UNAUTHORIZED,
        Refusal::Malformed(_) => StatusCode::BAD_REQUEST,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::TooMany(seconds) => {
            return later(StatusCode::TOO_MANY_REQUESTS, &refusal.to_string(), *seconds);
        }
        Refusal::Unavailable(problem) => {
            tracing::error!(%problem, "a webhook was not taken in");
            return later(StatusCode::SERVICE_UNAVAILABLE, "not taken in; send it again", AGAIN);
        }
    };
    json(status, &serde_json::json!({ "error": refusal.to_string() }))
}

fn later(status: StatusCode, words: &str, seconds: i64) -> Response<Bytes> {
    let mut response = json(status, &serde_json::json!({ "error": words }));
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response<Bytes> {
    respond(status, "application/json", body.to_string().into())
}

fn respond(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
    response
}
