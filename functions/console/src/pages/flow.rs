//! One flow: what it does, its versions with their differences, and what people do with it.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::Response,
};
use harkara_domain::FlowId;
use harkara_engine::ownership::{Change, Changed, FlowState, VersionLine};
use jiff::Timestamp;
use serde::Deserialize;

use super::flows::FlowRow;
use crate::{
    desk::{Desk, Frame, Notice, encoded, page},
    diff::{self, Line},
    failure::Failure,
    filters::{Part, address},
    flows,
    words::{
        flow::{StageWords, stages},
        when::Zoned,
    },
};

/// The latest versions and changes that a flow's own page shows.
const LATEST: usize = 20;

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    frame: Frame,
    row: FlowRow,
    stages: Vec<StageWords>,
    text: String,
    draft: Option<(String, Vec<Line>)>,
    past: Vec<PastRow>,
}

/// A version, or something else that was done.
struct PastRow {
    at: Timestamp,
    when: String,
    who: String,
    what: String,
    /// Shows what the version changed.
    href: Option<String>,
}

fn version_row(row: &str, line: VersionLine, zoned: &Zoned) -> PastRow {
    let VersionLine { version, saved_at, by } = line;
    let (before, after) = (version.saturating_sub(1).to_string(), version.to_string());
    let between = [("from", before.as_str()), ("to", after.as_str())];
    let href = (version > 1).then(|| address(&format!("{row}/versions"), &between));
    PastRow { at: saved_at, when: zoned.words(saved_at), who: by, what: format!("Version {version}"), href }
}

fn change_row(change: Change, zoned: &Zoned) -> PastRow {
    let what = match change.changed {
        Changed::State { to: FlowState::Active, .. } => "Activated",
        Changed::State { to: FlowState::Paused, .. } => "Paused",
        Changed::State { to: FlowState::Archived, .. } => "Archived",
        Changed::State { to: FlowState::Draft, .. } => "Restored",
        Changed::DraftSaved => "Draft saved",
        Changed::DraftDropped => "Draft dropped",
    };
    let because = change.because.map_or_else(String::new, |because| format!(": {because}"));
    let what = format!("{what}, with version {}{because}", change.version);
    PastRow { at: change.at, when: zoned.words(change.at), who: change.by, what, href: None }
}

/// The latest that was done with a flow.
async fn past(desk: &Desk, id: &FlowId, href: &str) -> Result<Vec<PastRow>, Failure> {
    let (setup, zoned) = (&desk.console.setup, desk.zoned());
    let versions = setup.versions(desk.store(), id, LATEST, None).await?;
    let changes = setup.changes(desk.store(), id, LATEST, None).await?;
    let mut rows: Vec<PastRow> =
        changes.entries.into_iter().map(|change| change_row(change, &zoned)).collect();
    rows.extend(versions.entries.into_iter().map(|line| version_row(href, line, &zoned)));
    // A version comes before what was done with it at the same moment, so the other way round here.
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    rows.truncate(LATEST);
    Ok(rows)
}

pub(crate) async fn flow(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = FlowId::from(id);
    let head = desk.console.setup.flow_head(desk.store(), &id).await?.value;
    let runs = desk.console.setup.in_flight(desk.store()).await?.count(&id);
    let row = FlowRow::of(&head, runs, &desk.zoned());
    let draft = head.draft.as_ref().map(|draft| {
        let words = format!("saved {} by {}", desk.zoned().words(draft.saved_at), draft.by);
        (words, diff::page(&head.text, &draft.text))
    });
    page(&FlowPage {
        frame: desk.frame("/flows", row.name.clone()),
        stages: flows::said(&head).as_ref().map(stages).unwrap_or_default(),
        past: past(&desk, &id, &row.href).await?,
        text: head.text,
        draft,
        row,
    })
}

#[derive(Template)]
#[template(path = "flow_versions.html")]
struct VersionsPage {
    frame: Frame,
    href: String,
    name: String,
    versions: Vec<String>,
    from: String,
    to: String,
    /// Each side's time and author.
    sides: [String; 2],
    lines: Vec<Line>,
    older: Option<String>,
}

/// Which two texts; the latest two, where nothing was asked for.
#[derive(Deserialize)]
pub(crate) struct Between {
    from: Option<String>,
    to: Option<String>,
}

pub(crate) async fn versions(
    desk: Desk,
    Path(id): Path<String>,
    Query(between): Query<Between>,
    Query(part): Query<Part>,
) -> Result<Response, Failure> {
    let (id, zoned, setup) = (FlowId::from(id), desk.zoned(), &desk.console.setup);
    let head = setup.flow_head(desk.store(), &id).await?.value;
    let listed = setup.versions(desk.store(), &id, part.limit(LATEST), part.after).await?;
    let mut names: Vec<String> = listed.entries.iter().map(|line| line.version.to_string()).collect();
    if head.draft.is_some() {
        names.insert(0, "draft".to_owned());
    }
    let to = between.to.unwrap_or_else(|| names.first().cloned().unwrap_or_else(|| head.version.to_string()));
    let from = between.from.or_else(|| names.get(1).cloned()).unwrap_or_else(|| to.clone());
    let before = setup.written(desk.store(), &id, flows::which(&from)?).await?;
    let after = setup.written(desk.store(), &id, flows::which(&to)?).await?;
    for chosen in [&from, &to] {
        if !names.contains(chosen) {
            names.push(chosen.clone());
        }
    }
    let side = |at, by: &str| format!("saved {} by {by}", zoned.words(at));
    let href = format!("/flows/{}", encoded(id.as_str()));
    let older = |next: String| {
        address(&format!("{href}/versions"), &[("after", &next), ("from", &from), ("to", &to)])
    };
    page(&VersionsPage {
        frame: desk.frame("/flows", format!("Versions of {id}")),
        name: flows::said(&head).map_or_else(|| id.to_string(), |flow| flow.name),
        versions: names,
        sides: [side(before.saved_at, &before.by), side(after.saved_at, &after.by)],
        lines: diff::page(&before.text, &after.text),
        older: listed.next.map(older),
        href,
        from,
        to,
    })
}

#[derive(Deserialize)]
pub(crate) struct StateForm {
    state: FlowState,
    /// Of the preview that was looked at.
    seen: Option<u64>,
}

pub(crate) async fn state(
    desk: Desk,
    Path(id): Path<String>,
    Form(form): Form<StateForm>,
) -> Result<Response, Failure> {
    flows::bring(&desk, &FlowId::from(id.as_str()), form.state, form.seen).await?;
    let notice = match form.state {
        FlowState::Active => Notice::Activated,
        FlowState::Paused => Notice::Paused,
        FlowState::Archived => Notice::Archived,
        FlowState::Draft => Notice::Restored,
    };
    Ok(notice.at(&format!("/flows/{}", encoded(&id))))
}

pub(crate) async fn drop_draft(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    let (setup, by) = (&desk.console.setup, &desk.caller.name);
    setup.drop_draft(desk.store(), &FlowId::from(id.as_str()), by).await?;
    Ok(Notice::DraftDropped.at(&format!("/flows/{}", encoded(&id))))
}
