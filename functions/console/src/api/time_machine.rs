//! The time machine for programs.

use axum::{
    Json,
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use futures::stream;
use harkara_engine::time_machine::{Journey, Question, Report, Step, TimeMachine, TimeMachineError};
use serde_json::{Value, json};
use std::{convert::Infallible, future::poll_fn, task::Poll};

use super::Answer;
use crate::{Console, desk::Desk, failure::Failure, words::capital};

impl Console {
    /// What answers questions about flows by what has happened.
    pub(crate) fn time_machine(&self) -> TimeMachine {
        TimeMachine {
            table: self.table.clone(),
            catalog: self.reader.catalog.clone(),
            secrets: self.secrets.clone(),
            clock: self.clock.clone(),
            under_way: self.under_way.clone(),
        }
    }
}

/// Changes nothing, so whoever may look may ask. The answer comes line by line, each of them JSON: how far
/// it is, and last the report, or what went wrong on the way. It goes on while somebody reads.
pub(crate) async fn ask(desk: Desk, Json(question): Json<Question>) -> Answer {
    let journey = desk.console.time_machine().set_out(desk.store(), &question).await?;
    Ok(lines(journey, |report| json!({ "report": report })))
}

/// The media type of lines.
pub(crate) const LINES: &str = "application/x-ndjson";

/// A journey line by line; `told` makes the last one.
pub(crate) fn lines(journey: Journey, told: impl Fn(Report) -> Value + Clone + Send + 'static) -> Response {
    let lines = stream::unfold(Some(journey), move |journey| {
        let told = told.clone();
        async move {
            let mut journey = journey?;
            let_others().await;
            let (line, more) = match journey.go().await {
                Ok(Step::Under(progress)) => (json!(progress), true),
                Ok(Step::Arrived(report)) => (told(*report), false),
                Err(error) => (json!({ "error": Failure::from(error).words }), false),
            };
            Some((Ok::<_, Infallible>(format!("{line}\n")), more.then_some(journey)))
        }
    });
    ([(CONTENT_TYPE, LINES)], Body::from_stream(lines)).into_response()
}

/// Gives whoever else is served by this thread their turn.
pub(crate) async fn let_others() {
    let mut had = false;
    poll_fn(|context| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl From<TimeMachineError> for Failure {
    fn from(error: TimeMachineError) -> Self {
        let words = || format!("{}.", capital(&error.to_string()));
        match error {
            TimeMachineError::Flow(error) => error.into(),
            TimeMachineError::Busy => Self::new(StatusCode::CONFLICT, words()),
            TimeMachineError::Question(_) | TimeMachineError::TooMuch(_) => Self::bad(words()),
            TimeMachineError::Table(error) => error.into(),
            TimeMachineError::Secrets(error) => error.into(),
        }
    }
}
