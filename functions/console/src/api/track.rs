//! Facts that no source brings, told by the shop's own programs.

use axum::{
    Json,
    body::Bytes,
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use harkara_domain::{Fact, fact::Actor};
use harkara_engine::{
    count::{self, Fate, Source},
    ingest,
    port::QueueName,
};
use harkara_sources::{
    Rate,
    track::{self, Problem, Refused, Telling},
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Answer;
use crate::{desk::Desk, dress::Dressed, failure::Failure, guard::Caller, words::capital};

/// 202: the facts are in the queue, and the matcher folds them in a moment. 422 with every problem; 429 for more
/// than [`Rate::USUAL`] and 503 when the queue fails, both with `Retry-After`: what was told is to be told again
/// then, and counts once.
pub(crate) async fn track(desk: Desk, headers: HeaderMap, body: Bytes) -> Answer {
    if !is_json(&headers) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into());
    }
    let by = actor(&desk.caller);
    let telling = Telling {
        store: desk.store(),
        by: &by,
        received_at: desk.now,
        is_zone: |name| TimeZone::get(name).is_ok(),
    };
    let counters = &desk.console.counters;
    if let Err(seconds) = desk.console.rates.take(desk.store().as_str(), "track", Rate::USUAL, desk.now) {
        counters.webhooks_refused.add((Source::Track, count::Refused::TooMany));
        return Ok(too_many(seconds));
    }
    let facts = match track::parse(telling, &body) {
        Ok(facts) => facts,
        Err(refused) => {
            counters.webhooks_refused.add((Source::Track, count::Refused::Malformed));
            return refusal(&refused);
        }
    };
    let ids: Vec<String> = facts.iter().map(|fact| fact.id.to_string()).collect();
    enqueue(&desk, facts).await?;
    counters.facts.add_many((Source::Track, Fate::TakenIn), ids.len());
    let told = json!({ "facts": ids.len(), "ids": ids });
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}

async fn enqueue(desk: &Desk, facts: Vec<Fact>) -> Result<(), Failure> {
    // A body within its limits holds no fact that a queue's message cannot.
    let messages = ingest::jobs(facts).ok_or_else(|| Failure::from(StatusCode::PAYLOAD_TOO_LARGE))?;
    desk.console.queue.send(QueueName::Events, messages).await.map_err(|error| {
        tracing::error!(%error, "facts were not taken in");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Not taken in. Please send it again in a moment.")
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn actor(caller: &Caller) -> Actor {
    match caller.name.strip_prefix(Caller::KEY) {
        Some(name) if caller.session.is_none() => Actor::Program(name.to_owned()),
        _ => Actor::Person(caller.name.clone()),
    }
}

fn too_many(seconds: i64) -> Response {
    let body = Json(json!({ "error": format!("Too many at once. Send it again in {seconds} s.") }));
    let mut answer =
        (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())], body).into_response();
    answer.extensions_mut().insert(Dressed);
    answer
}

fn refusal(refused: &Refused) -> Answer {
    match refused {
        Refused::Unreadable(_) => Err(Failure::bad(format!("{}.", capital(&refused.to_string())))),
        Refused::Problems(problems) => {
            let told: Vec<Value> = problems.iter().map(told).collect();
            let words = "Some fields are wrong; nothing was taken in.";
            let body = Json(json!({ "error": words, "problems": told }));
            let mut answer: Response = (StatusCode::UNPROCESSABLE_ENTITY, body).into_response();
            answer.extensions_mut().insert(Dressed);
            Ok(answer)
        }
    }
}

fn told(problem: &Problem) -> Value {
    json!({ "field": problem.field, "message": problem.message })
}
