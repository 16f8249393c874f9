//! The form of the flow editor: between what is written and its fields. Nothing is kept.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use harkara_domain::flow::{Written, parse};
use serde::{Deserialize, Serialize};

use crate::{desk::Desk, dress::Dressed, failure::Failure};

/// A flow by its text, or by its fields.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    Text(String),
    Flow(Written),
}

/// The same flow both ways, with what is wrong with it.
#[derive(Serialize)]
struct Told {
    text: String,
    /// Its fields; nothing where the text cannot be read as YAML.
    flow: Option<Written>,
    /// The text has comments, which fields cannot hold.
    comments: bool,
    problems: Vec<Wrong>,
}

/// One thing that is wrong.
#[derive(Serialize)]
struct Wrong {
    /// The path of the field; empty for the whole flow.
    field: String,
    message: String,
}

/// Tells the fields of a text, or the text of fields, whether the flow is sound or not.
pub(crate) async fn convert(_: Desk, Json(asked): Json<Asked>) -> Result<Response, Failure> {
    let (text, flow) = match asked {
        Asked::Text(text) => {
            let flow = Written::read(&text);
            (text, flow)
        }
        Asked::Flow(flow) => (flow.text().map_err(Failure::fault)?, Some(flow)),
    };
    let problems = parse::flow(&text).err().unwrap_or_default();
    let problems = problems
        .into_iter()
        .map(|problem| Wrong { field: problem.field, message: problem.message })
        .collect();
    let status = if flow.is_some() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let told = Told { comments: Written::has_comments(&text), text, flow, problems };
    let mut answer = (status, Json(told)).into_response();
    answer.extensions_mut().insert(Dressed);
    Ok(answer)
}
