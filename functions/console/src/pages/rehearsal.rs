//! Dry runs: what a flow, or the text of one that is being written, would do.

mod asked;
mod told;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use harkara_domain::{FlowId, flow::parse};
use harkara_engine::rehearsal::RehearsalError;

use crate::{
    desk::{Desk, Frame, encoded, page},
    dress::Dressed,
    failure::Failure,
    flows,
    words::capital,
};
use asked::{Asked, happenings};
use told::Answer;

#[derive(Template)]
#[template(path = "rehearsal.html")]
struct RehearsalPage {
    frame: Frame,
    /// The page of the flow, where it is one of the store's.
    flow: Option<String>,
    name: String,
    action: String,
    /// There are both a version that was current and a draft to choose from.
    chooses: bool,
    asked: Asked,
    happenings: Vec<(String, String)>,
    problems: Vec<String>,
    answer: Option<Answer>,
}

/// Where a text is rehearsed that is not one of the store's flows.
const OF_TEXT: &str = "/rehearsal";

/// One of the store's flows. Without a word more it is rehearsed on an invented subject.
pub(crate) async fn show(
    desk: Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    of_flow(desk, id, asked).await
}

/// The same, with what does not fit into an address.
pub(crate) async fn post(
    desk: Desk,
    Path(id): Path<String>,
    Form(asked): Form<Asked>,
) -> Result<Response, Failure> {
    of_flow(desk, id, asked).await
}

/// A text that is being written.
pub(crate) async fn of_text(desk: Desk, Form(asked): Form<Asked>) -> Result<Response, Failure> {
    let asked = asked.tidied();
    let name =
        parse::flow(&asked.text).map_or_else(|_| "a flow that is being written".to_owned(), |flow| flow.name);
    let template = RehearsalPage {
        frame: desk.frame("/flows", format!("Rehearsal of {name}")),
        flow: None,
        name,
        action: OF_TEXT.to_owned(),
        chooses: false,
        asked,
        happenings: happenings(),
        problems: Vec::new(),
        answer: None,
    };
    answer(&desk, None, template).await
}

async fn of_flow(desk: Desk, id: String, asked: Asked) -> Result<Response, Failure> {
    let id = FlowId::from(id);
    let head = desk.console.setup.flow_head(desk.store(), &id).await?.value;
    let href = format!("/flows/{}", encoded(id.as_str()));
    let name = flows::said(&head).map_or_else(|| id.to_string(), |flow| flow.name);
    let template = RehearsalPage {
        frame: desk.frame("/flows", format!("Rehearsal of {name}")),
        action: format!("{href}/rehearsal"),
        flow: Some(href),
        name,
        chooses: head.draft.is_some(),
        asked: asked.tidied(),
        happenings: happenings(),
        problems: Vec::new(),
        answer: None,
    };
    answer(&desk, Some(id), template).await
}

/// The page with what came of it, or with what is wrong with what was asked.
async fn answer(desk: &Desk, id: Option<FlowId>, mut template: RehearsalPage) -> Result<Response, Failure> {
    let zoned = desk.zoned();
    let told = match template.asked.wish(id, &zoned) {
        Err(problems) => Err(problems),
        Ok(wish) => match desk.console.rehearser().rehearse(desk.store(), &wish).await {
            Ok(told) => Ok(told),
            Err(RehearsalError::Problems(problems)) => Err(problems),
            Err(error @ (RehearsalError::Wish(_) | RehearsalError::Unknown(_))) => {
                Err(vec![capital(&error.to_string()) + "."])
            }
            Err(error) => return Err(error.into()),
        },
    };
    match told {
        Ok(told) => {
            template.answer = Some(Answer::of(told, &zoned));
            page(&template)
        }
        Err(problems) => {
            template.problems = problems;
            let mut answer = (StatusCode::UNPROCESSABLE_ENTITY, page(&template)?).into_response();
            answer.extensions_mut().insert(Dressed);
            Ok(answer)
        }
    }
}
