//! Tasks for programs.

use axum::{
    Json,
    extract::{Path, Query},
};
use serde::Deserialize;

use super::{A_PART, Answer, json};
use crate::{desk::Desk, failure::Failure, filters::Part};

#[derive(Deserialize)]
pub(crate) struct Shown {
    /// Those that are done, in the place of those that are open.
    #[serde(default)]
    pub(crate) done: bool,
}

pub(crate) async fn tasks(desk: Desk, Query(shown): Query<Shown>, Query(part): Query<Part>) -> Answer {
    let limit = part.limit(A_PART);
    json(&desk.console.tasks().list(desk.store(), shown.done, limit, part.after).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marked {
    pub(crate) done: bool,
}

pub(crate) async fn mark(desk: Desk, Path(task): Path<String>, Json(marked): Json<Marked>) -> Answer {
    let task = desk.mark_task(&task, marked.done).await?;
    json(&task.ok_or_else(|| Failure::missing("task"))?)
}
