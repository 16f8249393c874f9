//! The time machine: what a flow would have done with what really happened.

mod report;

use askama::Template;
use axum::{
    Form,
    extract::Path,
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use harkara_domain::FlowId;
use harkara_engine::time_machine::{Question, Report, Step};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::time_machine::{LINES, let_others, lines},
    desk::{Desk, Frame, encoded, page},
    dress::Dressed,
    failure::Failure,
    flows,
    words::when::Zoned,
};
use report::ReportView;

#[derive(Template)]
#[template(path = "time_machine.html")]
struct TimeMachinePage {
    frame: Frame,
    href: String,
    name: String,
    /// The most days that can be asked for.
    most: u16,
    days: u16,
    /// There is a draft to choose from.
    chooses: bool,
    current: bool,
    problem: Option<String>,
    report: Option<ReportView>,
}

/// The report alone, for the page that is waiting for it.
#[derive(Template)]
#[template(path = "time_machine_report.html")]
struct ReportPart {
    report: ReportView,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    days: u16,
    #[serde(default)]
    current: bool,
}

pub(crate) async fn show(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    page(&blank(&desk, &FlowId::from(id)).await?)
}

async fn blank(desk: &Desk, id: &FlowId) -> Result<TimeMachinePage, Failure> {
    let head = desk.console.setup.flow_head(desk.store(), id).await?.value;
    let name = flows::said(&head).map_or_else(|| id.to_string(), |flow| flow.name);
    let most = desk.shelf.settings.journal_days;
    Ok(TimeMachinePage {
        frame: desk.frame("/flows", format!("Time machine: {name}")),
        href: format!("/flows/{}", encoded(id.as_str())),
        name,
        most,
        days: Question::DAYS.min(most),
        chooses: head.draft.is_some(),
        current: false,
        problem: None,
        report: None,
    })
}

/// Goes through what happened. To our own script it says line by line how far it is, and last the report as
/// a part of the page; without a script the page comes when all is done.
pub(crate) async fn ask(
    desk: Desk,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Result<Response, Failure> {
    let id = FlowId::from(id);
    let mut template = blank(&desk, &id).await?;
    (template.days, template.current) = (asked.days, asked.current);
    let question = Question { flow: Some(id), current: asked.current, text: None, days: asked.days };
    let by_lines = headers.get(ACCEPT).is_some_and(|kind| kind == LINES);
    let set_out = desk.console.time_machine().set_out(desk.store(), &question).await;
    let mut journey = match set_out.map_err(Failure::from) {
        Ok(journey) => journey,
        Err(failure) if by_lines => return Ok(one_line(&json!({ "error": failure.words }))),
        Err(failure) if failure.status.is_server_error() => return Err(failure),
        Err(failure) => return refused(template, failure),
    };
    let zoned = desk.zoned();
    if by_lines {
        return Ok(lines(journey, move |report| match part(report, &zoned) {
            Ok(html) => json!({ "html": html }),
            Err(error) => json!({ "error": Failure::from(error).words }),
        }));
    }
    loop {
        let_others().await;
        match journey.go().await.map_err(Failure::from) {
            Ok(Step::Under(_)) => {}
            Ok(Step::Arrived(report)) => {
                template.report = Some(ReportView::of(*report, &zoned));
                return page(&template);
            }
            Err(failure) if failure.status.is_server_error() => return Err(failure),
            Err(failure) => return refused(template, failure),
        }
    }
}

fn part(report: Report, zoned: &Zoned) -> askama::Result<String> {
    ReportPart { report: ReportView::of(report, zoned) }.render()
}

fn one_line(told: &Value) -> Response {
    ([(CONTENT_TYPE, LINES)], format!("{told}\n")).into_response()
}

/// The form again, with what is wrong.
fn refused(template: TimeMachinePage, failure: Failure) -> Result<Response, Failure> {
    let status = if failure.status == StatusCode::CONFLICT {
        failure.status
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let template = TimeMachinePage { problem: Some(failure.words), ..template };
    let mut answer = (status, page(&template)?).into_response();
    answer.extensions_mut().insert(Dressed);
    Ok(answer)
}
