//! The flows, and their switch.

use askama::Template;
use axum::{Form, extract::Path, response::Response};
use harkara_domain::FlowId;
use harkara_engine::catalog::{FlowHead, LoadedFlow};
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, Notice, encoded, page},
    failure::Failure,
    words::{
        self,
        flow::{StageWords, for_whom, stages},
        when::Zoned,
    },
};

struct FlowRow {
    href: String,
    name: String,
    trigger: &'static str,
    for_whom: String,
    stages: usize,
    version: u32,
    active: bool,
    because: Option<String>,
    changed: String,
}

impl FlowRow {
    fn of(loaded: &LoadedFlow, zoned: &Zoned) -> Self {
        let head = &loaded.head;
        Self {
            href: format!("/flows/{}", encoded(head.id.as_str())),
            name: loaded.flow.name.clone(),
            trigger: words::trigger(loaded.flow.trigger),
            for_whom: for_whom(&loaded.flow),
            stages: loaded.flow.stages.len(),
            version: head.version,
            active: head.active,
            because: head.because.clone(),
            changed: zoned.words(head.changed_at),
        }
    }
}

#[derive(Template)]
#[template(path = "flows.html")]
struct FlowsPage {
    frame: Frame,
    flows: Vec<FlowRow>,
}

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    frame: Frame,
    id: String,
    row: FlowRow,
    stages: Vec<StageWords>,
    text: String,
}

pub(crate) async fn flows(desk: Desk) -> Result<Response, Failure> {
    let zoned = desk.zoned();
    let flows = desk.shelf.flows.iter().map(|loaded| FlowRow::of(loaded, &zoned)).collect();
    page(&FlowsPage { frame: desk.frame("/flows", "Flows"), flows })
}

pub(crate) async fn flow(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    let found = desk.shelf.flows.iter().find(|loaded| loaded.head.id.as_str() == id);
    let loaded = found.ok_or_else(|| Failure::missing("flow"))?;
    let template = FlowPage {
        frame: desk.frame("/flows", loaded.flow.name.clone()),
        id: loaded.head.id.to_string(),
        row: FlowRow::of(loaded, &desk.zoned()),
        stages: stages(&loaded.flow),
        text: loaded.head.text.clone(),
    };
    page(&template)
}

/// On or off.
#[derive(Deserialize)]
pub(crate) struct Switch {
    pub(crate) active: bool,
}

/// Switches a flow, with its line in the log.
pub(crate) async fn set(desk: &Desk, id: &str, active: bool) -> Result<FlowHead, Failure> {
    if !desk.shelf.flows.iter().any(|loaded| loaded.head.id.as_str() == id) {
        return Err(Failure::missing("flow"));
    }
    let what = if active { "switched a flow on" } else { "switched a flow off" };
    desk.console.people().log(desk.store(), &desk.caller.name, what, id).await?;
    Ok(desk.console.setup.switch(desk.store(), &FlowId::from(id), active).await?)
}

pub(crate) async fn switch(
    desk: Desk,
    Path(id): Path<String>,
    Form(form): Form<Switch>,
) -> Result<Response, Failure> {
    set(&desk, &id, form.active).await?;
    Ok(Notice::Switched.at(&format!("/flows/{}", encoded(&id))))
}
