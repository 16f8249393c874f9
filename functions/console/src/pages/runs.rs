//! The list of runs.

use askama::Template;
use axum::{extract::Query, response::Response};
use harkara_domain::{
    FlowId,
    run::{RunStatus, StageRun},
};
use harkara_engine::read::{RunFilter, RunStory};
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, encoded, page},
    failure::Failure,
    filters::{MAX_LIMIT, Part, address, day, filled},
    words::{self, Badge, when::Zoned},
};

const A_PAGE: usize = 50;

/// A run, with its stages.
pub(crate) struct RunRow {
    pub(crate) order: String,
    pub(crate) order_href: String,
    pub(crate) flow: String,
    pub(crate) flow_href: String,
    pub(crate) version: u32,
    pub(crate) trigger: String,
    pub(crate) started: String,
    pub(crate) status: Badge,
    pub(crate) cancelled: Option<String>,
    pub(crate) stages: Vec<StageRow>,
}

/// A stage of a run.
pub(crate) struct StageRow {
    pub(crate) name: String,
    pub(crate) status: Badge,
    pub(crate) when: String,
    pub(crate) tries: u32,
    pub(crate) reason: Option<String>,
    pub(crate) receipt: Option<&'static str>,
}

impl RunRow {
    pub(crate) fn of(story: &RunStory, zoned: &Zoned) -> Self {
        let run = &story.run;
        let stage = |(place, state): (usize, &StageRun)| {
            let name = story.stages.get(place).cloned();
            StageRow::of(name.unwrap_or_else(|| format!("Stage {}", place + 1)), state, zoned)
        };
        Self {
            order: run.subject.to_string(),
            order_href: format!("/orders/{}", encoded(&run.subject.to_string())),
            flow: story.flow.clone(),
            flow_href: format!("/flows/{}", encoded(run.flow.as_str())),
            version: run.version,
            trigger: run.occurrence.to_string(),
            started: zoned.words(run.started_at),
            status: words::run(run.status),
            cancelled: run.cancelled.as_ref().map(|reason| words::capital(&reason.to_string())),
            stages: run.stages.iter().enumerate().map(stage).collect(),
        }
    }
}

impl StageRow {
    fn of(name: String, state: &StageRun, zoned: &Zoned) -> Self {
        let when = match (state.ended_at, state.due) {
            (Some(at), _) => zoned.words(at),
            (None, Some(due)) => format!("due {}", zoned.words(due)),
            (None, None) => "after the stage before".to_owned(),
        };
        Self {
            name,
            status: words::stage(state.status),
            when,
            tries: state.tries,
            reason: state.reason.as_ref().map(words::why),
            receipt: state.furthest_receipt().map(|mark| words::receipt(mark.status).0),
        }
    }
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    frame: Frame,
    filter: Filters,
    flows: Vec<(String, String)>,
    statuses: Vec<(&'static str, Badge)>,
    runs: Vec<RunRow>,
    older: Option<String>,
    newest: Option<String>,
}

/// Which runs, as the form and the API have it.
#[derive(Default, Deserialize)]
pub(crate) struct Filters {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    after: Option<String>,
    limit: Option<usize>,
}

const STATUSES: [RunStatus; 4] =
    [RunStatus::Running, RunStatus::Finished, RunStatus::Failed, RunStatus::Cancelled];

impl Filters {
    /// # Errors
    /// 400 for a state or a date that is none.
    pub(crate) fn filter(&self, zoned: &Zoned) -> Result<RunFilter, Failure> {
        let status = |text: &str| {
            let known = STATUSES.into_iter().find(|status| status.as_str() == text);
            known.ok_or_else(|| Failure::bad("A run is running, finished, failed or cancelled."))
        };
        Ok(RunFilter {
            flow: filled(&self.flow).map(FlowId::from),
            status: filled(&self.status).map(status).transpose()?,
            from: day(&self.from, |text| zoned.day_begins(text))?,
            to: day(&self.to, |text| zoned.day_ends(text))?,
        })
    }

    pub(crate) fn part(&self) -> Part {
        Part { limit: self.limit.map(|limit| limit.min(MAX_LIMIT)), after: self.after.clone() }
    }

    fn address(&self, after: &str) -> String {
        let Self { flow, status, from, to, .. } = self;
        let fields =
            [("flow", flow.as_str()), ("status", status), ("from", from), ("to", to), ("after", after)];
        address("/runs", &fields)
    }
}

pub(crate) async fn runs(desk: Desk, Query(filters): Query<Filters>) -> Result<Response, Failure> {
    let zoned = desk.zoned();
    let (filter, part) = (filters.filter(&zoned)?, filters.part());
    let listed = desk.console.reader.runs(desk.store(), &filter, part.limit(A_PAGE), part.after).await?;
    let flows = desk.shelf.flows.iter().map(|loaded| (loaded.head.id.to_string(), loaded.flow.name.clone()));
    let template = RunsPage {
        frame: desk.frame("/runs", "Runs"),
        flows: flows.collect(),
        statuses: STATUSES.into_iter().map(|status| (status.as_str(), words::run(status))).collect(),
        runs: listed.entries.iter().map(|story| RunRow::of(story, &zoned)).collect(),
        older: listed.next.map(|next| filters.address(&next)),
        newest: filters.after.as_ref().map(|_| filters.address("")),
        filter: filters,
    };
    page(&template)
}
