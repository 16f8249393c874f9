//! Writing flows.

use askama::Template;
use axum::{
    Form,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use harkara_domain::{FlowId, flow::parse};
use harkara_engine::setup::SetupError;
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, Notice, encoded, page},
    dress::Dressed,
    failure::Failure,
    flows,
};

#[derive(Template)]
#[template(path = "flow_editor.html")]
struct EditorPage {
    frame: Frame,
    /// The flow that is edited; empty for a new one.
    flow: String,
    back: String,
    text: String,
    active: bool,
    problems: Vec<String>,
}

async fn editor(desk: &Desk, flow: &str, text: Option<String>) -> Result<EditorPage, Failure> {
    let head = match flow {
        "" => None,
        id => Some(desk.console.setup.flow_head(desk.store(), &FlowId::from(id)).await?.value),
    };
    let kept = || head.as_ref().map_or_else(|| BEGINNING.to_owned(), |head| head.next_text().to_owned());
    let title = if flow.is_empty() { "New flow".to_owned() } else { format!("Edit {flow}") };
    Ok(EditorPage {
        frame: desk.frame("/flows", title),
        back: if flow.is_empty() { "/flows".to_owned() } else { format!("/flows/{}", encoded(flow)) },
        text: text.unwrap_or_else(kept),
        active: head.as_ref().is_some_and(harkara_engine::catalog::FlowHead::is_active),
        flow: flow.to_owned(),
        problems: Vec::new(),
    })
}

/// What a new flow begins with.
const BEGINNING: &str = "name: \ntrigger: order_created\nstages:\n  - name: \n    after: 0m\n    message: { channels: [whatsapp], template:  }\n";

pub(crate) async fn new(desk: Desk) -> Result<Response, Failure> {
    page(&editor(&desk, "", None).await?)
}

pub(crate) async fn edit(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    page(&editor(&desk, &id, None).await?)
}

#[derive(Deserialize)]
pub(crate) struct SaveForm {
    #[serde(default)]
    flow: String,
    text: String,
    #[serde(default)]
    draft: bool,
}

/// Saves it, or shows it again with what is wrong.
pub(crate) async fn save(desk: Desk, Form(form): Form<SaveForm>) -> Result<Response, Failure> {
    // Browsers send the ends of lines as CR LF.
    let text = form.text.replace("\r\n", "\n");
    let renamed =
        parse::flow(&text).is_ok_and(|flow| !form.flow.is_empty() && flow.id().as_str() != form.flow);
    let saved = if renamed {
        let words =
            "name: this name is another flow's. A flow keeps its name; write a new flow for another one";
        Err(SetupError::Problems(vec![words.to_owned()]))
    } else if form.flow.is_empty() {
        unwritten(&desk, &text).await
    } else {
        Ok(())
    };
    let saved = match saved {
        Ok(()) => flows::save(&desk, &text, form.draft).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(head) => {
            let notice = if head.draft.is_some() && form.draft { Notice::DraftSaved } else { Notice::Saved };
            Ok(notice.at(&format!("/flows/{}", encoded(head.id.as_str()))))
        }
        Err(SetupError::Problems(problems)) => {
            let template = EditorPage { problems, ..editor(&desk, &form.flow, Some(text)).await? };
            let mut answer = (StatusCode::UNPROCESSABLE_ENTITY, page(&template)?).into_response();
            answer.extensions_mut().insert(Dressed);
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

/// A new flow must not take the place of one that there is.
async fn unwritten(desk: &Desk, text: &str) -> Result<(), SetupError> {
    let Ok(flow) = parse::flow(text) else { return Ok(()) };
    match desk.console.setup.flow_head(desk.store(), &flow.id()).await {
        Err(SetupError::NoFlow) => Ok(()),
        Ok(_) => Err(SetupError::Problems(vec![format!("name: there is a flow {} already", flow.id())])),
        Err(error) => Err(error),
    }
}
