//! Flows for programs.

use axum::{
    Json,
    extract::{Path, Query},
};
use harkara_domain::FlowId;
use harkara_engine::{
    catalog::FlowHead,
    ownership::{FlowState, Preview, Written},
    setup::Which,
};
use serde::{Deserialize, Serialize};

use super::{A_PART, Answer, json};
use crate::{desk::Desk, diff, failure::Failure, filters::Part, flows};

#[derive(Deserialize)]
pub(crate) struct Shown {
    /// Those that are archived, too.
    #[serde(default)]
    archived: bool,
}

pub(crate) async fn flows(desk: Desk, Query(shown): Query<Shown>) -> Answer {
    let mut heads = flows::heads(&desk, shown.archived).await?;
    // What the text says is for us; the text says it to everybody.
    heads.iter_mut().for_each(|head| head.flow = None);
    json(&heads)
}

fn bare(head: FlowHead) -> Answer {
    json(&FlowHead { flow: None, ..head })
}

pub(crate) async fn flow(desk: Desk, Path(id): Path<String>) -> Answer {
    bare(desk.console.setup.flow_head(desk.store(), &FlowId::from(id)).await?.value)
}

pub(crate) async fn versions(desk: Desk, Path(id): Path<String>, Query(part): Query<Part>) -> Answer {
    let (id, limit) = (flows::existing(&desk, &id).await?, part.limit(A_PART));
    json(&desk.console.setup.versions(desk.store(), &id, limit, part.after).await?)
}

pub(crate) async fn changes(desk: Desk, Path(id): Path<String>, Query(part): Query<Part>) -> Answer {
    let (id, limit) = (flows::existing(&desk, &id).await?, part.limit(A_PART));
    json(&desk.console.setup.changes(desk.store(), &id, limit, part.after).await?)
}

pub(crate) async fn version(desk: Desk, Path((id, version)): Path<(String, String)>) -> Answer {
    let id = flows::existing(&desk, &id).await?;
    json(&desk.console.setup.written(desk.store(), &id, flows::which(&version)?).await?)
}

#[derive(Deserialize)]
pub(crate) struct Between {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Told {
    from: u32,
    to: u32,
    diff: String,
}

pub(crate) async fn diff(desk: Desk, Path(id): Path<String>, Query(between): Query<Between>) -> Answer {
    let id = flows::existing(&desk, &id).await?;
    let (from, to) = (flows::which(&between.from)?, flows::which(&between.to)?);
    let before = desk.console.setup.written(desk.store(), &id, from).await?;
    let after = desk.console.setup.written(desk.store(), &id, to).await?;
    json(&Told { from: before.version, to: after.version, diff: unified(&id, Some(&before), (&after, to)) })
}

fn unified(id: &FlowId, before: Option<&Written>, (after, which): (&Written, Which)) -> String {
    let name = |version: u32| format!("{id} version {version}");
    let from = before.map_or_else(|| "/dev/null".to_owned(), |before| name(before.version));
    let to = if which == Which::Draft { format!("{id} draft") } else { name(after.version) };
    diff::unified(before.map_or("", |before| &before.text), &after.text, (&from, &to))
}

#[derive(Serialize)]
struct Previewed {
    #[serde(flatten)]
    preview: Preview,
    changes: bool,
    diff: String,
}

pub(crate) async fn preview(desk: Desk, Path(id): Path<String>) -> Answer {
    let id = FlowId::from(id);
    let preview = desk.console.setup.preview(desk.store(), &id).await?;
    let is_draft = preview.before.as_ref().is_some_and(|before| before.version != preview.after.version);
    let which = if is_draft { Which::Draft } else { Which::Version(preview.after.version) };
    let diff = unified(&id, preview.before.as_ref(), (&preview.after, which));
    json(&Previewed { changes: preview.changes(), diff, preview })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveBody {
    text: String,
    /// Keep it beside the current version.
    #[serde(default)]
    draft: bool,
}

pub(crate) async fn save(desk: Desk, Json(body): Json<SaveBody>) -> Answer {
    bare(flows::save(&desk, &body.text, body.draft).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateBody {
    state: FlowState,
    /// Of a preview: refuse if the flow was changed since.
    seen: Option<u64>,
}

pub(crate) async fn state(desk: Desk, Path(id): Path<String>, Json(body): Json<StateBody>) -> Answer {
    bare(flows::bring(&desk, &FlowId::from(id), body.state, body.seen).await?)
}

pub(crate) async fn drop_draft(desk: Desk, Path(id): Path<String>) -> Answer {
    let (setup, by) = (&desk.console.setup, &desk.caller.name);
    match setup.drop_draft(desk.store(), &FlowId::from(id), by).await {
        Err(harkara_engine::setup::SetupError::NoVersion) => Err(Failure::missing("draft")),
        dropped => bare(dropped?),
    }
}
