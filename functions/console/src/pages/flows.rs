//! The list of flows.

use askama::Template;
use axum::{extract::Query, response::Response};
use harkara_engine::{catalog::FlowHead, ownership::FlowState};
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, encoded, page},
    failure::Failure,
    flows,
    words::{self, Badge, flow::for_whom, when::Zoned},
};

/// What the list and a flow's own page say of it.
pub(crate) struct FlowRow {
    pub(crate) href: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) trigger: String,
    pub(crate) for_whom: String,
    pub(crate) stages: usize,
    pub(crate) version: u32,
    pub(crate) state: FlowState,
    pub(crate) badge: Badge,
    pub(crate) has_draft: bool,
    pub(crate) because: Option<String>,
    pub(crate) changed: String,
    /// Runs that go on.
    pub(crate) runs: usize,
}

impl FlowRow {
    pub(crate) fn of(head: &FlowHead, runs: usize, zoned: &Zoned) -> Self {
        // Saved under an earlier form of the language, it is shown by its id until it is saved anew.
        let flow = flows::said(head);
        let said = flow.as_ref();
        Self {
            href: format!("/flows/{}", encoded(head.id.as_str())),
            id: head.id.to_string(),
            name: said.map_or_else(|| head.id.to_string(), |flow| flow.name.clone()),
            trigger: said.map_or_else(String::new, |flow| flow.trigger.to_string()),
            for_whom: said.map_or_else(String::new, for_whom),
            stages: said.map_or(0, |flow| flow.places().len()),
            version: head.version,
            state: head.state,
            badge: badge(head.state),
            has_draft: head.draft.is_some(),
            because: head.because.clone(),
            changed: zoned.words(head.changed_at),
            runs,
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state == FlowState::Active
    }

    pub(crate) fn is_archived(&self) -> bool {
        self.state == FlowState::Archived
    }

    /// Whether there is anything to activate.
    pub(crate) fn activates(&self) -> bool {
        !self.is_archived() && (!self.is_active() || self.has_draft)
    }
}

pub(crate) fn badge(state: FlowState) -> Badge {
    let tone = match state {
        FlowState::Active => "good",
        FlowState::Paused => "warn",
        FlowState::Draft => "info",
        FlowState::Archived => "calm",
    };
    Badge::new(words::capital(state.as_str()), tone)
}

#[derive(Template)]
#[template(path = "flows.html")]
struct FlowsPage {
    frame: Frame,
    flows: Vec<FlowRow>,
    archived: bool,
    /// Whether all runs were counted.
    all_runs: bool,
    room: String,
}

#[derive(Deserialize)]
pub(crate) struct Shown {
    #[serde(default)]
    archived: bool,
}

pub(crate) async fn flows(desk: Desk, Query(shown): Query<Shown>) -> Result<Response, Failure> {
    let (zoned, heads) = (desk.zoned(), flows::heads(&desk, shown.archived).await?);
    let in_flight = desk.console.setup.in_flight(desk.store()).await?;
    let active = heads.iter().filter(|head| head.is_active()).count();
    let plan = desk.shelf.settings.plan;
    let room = match plan.active_flows() {
        Some(most) => format!("{active} of the {most} active flows of the plan {plan}"),
        None => format!("{active} active"),
    };
    let rows = heads.iter().map(|head| FlowRow::of(head, in_flight.count(&head.id), &zoned));
    page(&FlowsPage {
        frame: desk.frame("/flows", "Flows"),
        flows: rows.collect(),
        archived: shown.archived,
        all_runs: in_flight.all,
        room,
    })
}
