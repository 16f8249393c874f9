//! The JSON API: the same reads and changes for programs.

pub(crate) mod bundle;
pub(crate) mod flows;
pub(crate) mod openapi;
pub(crate) mod rehearsal;
pub(crate) mod tasks;
pub(crate) mod time_machine;
pub(crate) mod track;
pub(crate) mod why;

use axum::{
    Json,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use harkara_domain::OrderId;
use serde::Serialize;

use crate::{
    act::{self, Asked},
    desk::Desk,
    failure::Failure,
    filters::{LettersBody, Part, Whose},
    pages::{replays, runs::Filters},
};

const A_PART: usize = 50;

type Answer = Result<Response, Failure>;

fn json(value: &impl Serialize) -> Answer {
    Ok(Json(value).into_response())
}

pub(crate) async fn orders(desk: Desk, Query(part): Query<Part>) -> Answer {
    let limit = part.limit(A_PART);
    json(&desk.console.reader.orders(desk.store(), limit, part.after).await?)
}

pub(crate) async fn order(desk: Desk, Path(order): Path<String>) -> Answer {
    let story = desk.console.reader.order(desk.store(), &OrderId::from(order)).await?;
    json(&story.ok_or_else(|| Failure::missing("order"))?)
}

/// Days are dates of the store's time zone.
pub(crate) async fn runs(desk: Desk, Query(filters): Query<Filters>) -> Answer {
    let (filter, part) = (filters.filter(&desk.zoned())?, filters.part());
    json(&desk.console.reader.runs(desk.store(), &filter, part.limit(A_PART), part.after).await?)
}

pub(crate) async fn outbox(desk: Desk, Query(part): Query<Part>) -> Answer {
    let limit = part.limit(A_PART);
    json(&desk.console.reader.outbox(desk.store(), limit, part.after).await?)
}

pub(crate) async fn dead_letters(desk: Desk, Query(whose): Query<Whose>, Query(part): Query<Part>) -> Answer {
    let limit = part.limit(A_PART);
    json(&desk.console.reader.dead_letters(&whose.store(&desk), limit, part.after).await?)
}

pub(crate) async fn preview(desk: Desk, Query(whose): Query<Whose>, Json(body): Json<LettersBody>) -> Answer {
    json(&desk.console.replayer.preview(&whose.store(&desk), &body.into()).await?)
}

pub(crate) async fn start_replay(
    desk: Desk,
    Query(whose): Query<Whose>,
    Json(body): Json<LettersBody>,
) -> Answer {
    let replay = replays::begin(&desk, &whose, body.into()).await?;
    Ok((StatusCode::ACCEPTED, Json(replay)).into_response())
}

pub(crate) async fn replay(desk: Desk, Path(id): Path<String>, Query(whose): Query<Whose>) -> Answer {
    let replay = desk.console.replayer.progress(&whose.store(&desk), &id).await?;
    json(&replay.ok_or_else(|| Failure::missing("replay"))?)
}

/// 202: the action is a fact, which the matcher folds in a moment.
pub(crate) async fn act(desk: Desk, Path(order): Path<String>, Json(asked): Json<Asked>) -> Answer {
    let (id, seen) = act::act(&desk, &OrderId::from(order), &asked).await?;
    let body = serde_json::json!({ "fact": id, "folded": seen });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

pub(crate) async fn counters(desk: Desk) -> Answer {
    json(&desk.console.counters.all())
}
