//! What activating a flow would change, before it is done.

use askama::Template;
use axum::{extract::Path, response::Response};
use harkara_domain::FlowId;
use harkara_engine::ownership::{Needed, Preview, Room};

use super::flows::badge;
use crate::{
    desk::{Desk, Frame, encoded, page},
    diff::{self, Line},
    failure::Failure,
    words::Badge,
};

#[derive(Template)]
#[template(path = "flow_activation.html")]
struct ActivationPage {
    frame: Frame,
    href: String,
    name: String,
    badge: Badge,
    because: Option<String>,
    seen: u64,
    changes: bool,
    /// What it is compared with.
    before: Option<u32>,
    after: u32,
    lines: Vec<Line>,
    text: String,
    room: String,
    templates: Vec<Needed>,
    runs: Vec<String>,
    obstacles: Vec<String>,
}

pub(crate) async fn preview(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    let preview = desk.console.setup.preview(desk.store(), &FlowId::from(id.as_str())).await?;
    let changes = preview.changes();
    let runs = runs(&preview);
    let Preview { name, state, because, seen, before, after, room, templates, obstacles, .. } = preview;
    page(&ActivationPage {
        frame: desk.frame("/flows", format!("Activate {name}")),
        href: format!("/flows/{}", encoded(&id)),
        badge: badge(state),
        lines: before.as_ref().map_or_else(Vec::new, |before| diff::page(&before.text, &after.text)),
        before: before.map(|before| before.version),
        after: after.version,
        text: after.text,
        room: room_words(&room),
        name,
        because,
        seen,
        changes,
        templates,
        runs,
        obstacles,
    })
}

fn runs(preview: &Preview) -> Vec<String> {
    let words = |count: usize| if count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
    let at_least = if preview.all_runs { "" } else { "at least " };
    let line = |one: &harkara_engine::ownership::InFlight| {
        format!("{at_least}{} with version {}", words(one.count), one.version)
    };
    preview.runs.iter().map(line).collect()
}

fn room_words(room: &Room) -> String {
    let active = match room.active.as_slice() {
        [] => "no flow is active".to_owned(),
        names => format!("active now: {}", names.join(", ")),
    };
    match room.most {
        Some(most) => format!("The plan {} has room for {most} active flows; {active}.", room.plan),
        None => format!("The plan {} sets no limit; {active}.", room.plan),
    }
}
