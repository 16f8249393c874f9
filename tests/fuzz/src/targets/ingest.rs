//! Requests to the webhooks' address, from the first byte to the queue.

use bytes::Bytes;
use futures::executor::block_on;
use harkara_engine::{
    ingest::Ingest,
    job::Job,
    port::{Queue, QueueName},
};
use harkara_sources::{shopify, whatsapp};
use http::{Method, Response, StatusCode};
use std::sync::{Arc, LazyLock};

use crate::{
    request::Request,
    sample::{KEY, SECRET, TOKEN, tells},
    world::{MemoryQueue, MemorySecrets, StillClock},
};

static QUEUE: LazyLock<Arc<MemoryQueue>> = LazyLock::new(Arc::default);
static INGEST: LazyLock<Ingest> = LazyLock::new(|| {
    let connection = connection();
    ingest(MemorySecrets::of(&[("shopify", connection.clone()), ("whatsapp", connection)]), QUEUE.clone())
});

/// How the store is connected.
pub(super) fn connection() -> String {
    let connection = serde_json::json!({
        "secrets": [SECRET], "verify_token": TOKEN, "region": "PK", "reference_key": KEY,
        // Here it is always the same time: nothing would ever be let in again.
        "rate": { "per_second": u32::MAX, "burst": u32::MAX },
    });
    connection.to_string()
}

/// The ingest of a store that is connected so.
pub(super) fn ingest(secrets: MemorySecrets, queue: Arc<dyn Queue>) -> Ingest {
    Ingest {
        secrets: Arc::new(secrets),
        queue,
        clock: Arc::new(StillClock),
        counters: Arc::default(),
        rates: Arc::default(),
        refusals: Arc::default(),
    }
}

pub(super) fn run(data: &[u8]) {
    let Some(mut request) = Request::read(data) else { return };
    let signed = [shopify::SIGNATURE, whatsapp::SIGNATURE];
    let vouched = signed.iter().any(|name| request.headers.get(*name).is_some_and(|given| given == "signed"));
    request.sign(shopify::SIGNATURE, |body| shopify::sign(SECRET, body));
    request.sign(whatsapp::SIGNATURE, |body| whatsapp::sign(SECRET, body));
    let mut inbound = http::Request::new(Bytes::copy_from_slice(request.body));
    *inbound.method_mut() = request.method.clone();
    *inbound.uri_mut() = request.uri.clone();
    *inbound.headers_mut() = request.headers.clone();
    let answer = block_on(harkara_ingest::handle(&INGEST, &inbound));
    let sent = taken();
    answered(&answer);
    // A handshake's challenge comes back, whatever it says.
    let said = String::from_utf8_lossy(answer.body());
    assert!(request.method == Method::GET || !tells(&said), "{said}");
    assert!(vouched || sent.is_empty(), "taken in without a signature");
    let refused = answer.status() != StatusCode::OK || request.method != Method::POST;
    assert!(!refused || sent.is_empty(), "{} and yet taken in", answer.status());
    let again = block_on(harkara_ingest::handle(&INGEST, &inbound));
    assert!(again.status() == answer.status() && again.body() == answer.body(), "answered otherwise again");
    assert!(taken() == sent, "taken in as something else again");
    if !refused {
        told(&answer, &sent);
    }
}

/// What was taken in. That something was refused for its signature is said beside it, at the one time that it is
/// here once.
fn taken() -> Vec<(QueueName, String)> {
    let is_taken = |body: &str| !matches!(Job::read(body), Ok(Job::Refusals(_)));
    QUEUE.take().into_iter().filter(|(_, body)| is_taken(body)).collect()
}

/// An answer that a stranger may have.
fn answered(answer: &Response<Bytes>) {
    let known = [200, 400, 401, 404, 405, 413].contains(&answer.status().as_u16());
    assert!(known, "answered {}", answer.status());
    assert!(answer.body().len() <= 2_000, "{} bytes", answer.body().len());
}

/// What was said to have been taken in is in the queue, one subject a message.
fn told(answer: &Response<Bytes>, sent: &[(QueueName, String)]) {
    let said: serde_json::Value = serde_json::from_slice(answer.body()).expect("an answer is JSON");
    let mut facts = 0;
    for (queue, body) in sent {
        assert!(*queue == QueueName::Events);
        let Ok(Job::Facts(job)) = Job::read(body) else { panic!("a message that is no job: {body}") };
        let subject = job.facts.first().map(|fact| fact.subject());
        assert!(job.facts.iter().all(|fact| Some(fact.subject()) == subject), "two subjects in a message");
        facts += job.facts.len();
    }
    assert!(
        said.get("facts").and_then(serde_json::Value::as_u64) == Some(facts as u64),
        "{said}, but {facts}"
    );
}
