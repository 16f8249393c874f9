//! Replays: starting one, and watching it.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use harkara_engine::replay::{Filter, Replay};

use crate::{
    desk::{Desk, Frame, encoded, page},
    failure::Failure,
    filters::{LettersForm, Whose, address},
    words::when::Zoned,
};

/// How often the page loads itself anew where there is no script, in seconds.
const RELOAD: u32 = 3;

#[derive(Template)]
#[template(path = "replay.html")]
struct ReplayPage {
    frame: Frame,
    poll: String,
    of_what: String,
    by: String,
    when: String,
    total: usize,
    done: usize,
    started: usize,
    ended: Option<String>,
}

/// Which letters, in words.
pub(crate) fn of_what(filter: &Filter, zoned: &Zoned) -> String {
    if filter.id.is_some() {
        return "one dead letter".to_owned();
    }
    let mut words = "dead letters".to_owned();
    if let Some(flow) = &filter.flow {
        words += &format!(" of {flow}");
    }
    if let Some(error) = &filter.error {
        words += &format!(" whose reason says “{error}”");
    }
    if let Some(from) = filter.from {
        words += &format!(", from {}", zoned.words(from));
    }
    if let Some(to) = filter.to {
        words += &format!(", until {}", zoned.words(to));
    }
    words
}

pub(crate) async fn start(desk: Desk, Form(form): Form<LettersForm>) -> Result<Response, Failure> {
    let whose = Whose { of: form.of.clone() };
    let replay = begin(&desk, &whose, form.filter(&desk.zoned())?).await?;
    let path = format!("/replays/{}", encoded(&replay.id));
    Ok(Redirect::to(&address(&path, &[("of", &form.of)])).into_response())
}

/// Starts a replay, with its line in the log.
pub(crate) async fn begin(desk: &Desk, whose: &Whose, filter: Filter) -> Result<Replay, Failure> {
    let (console, who) = (&desk.console, &desk.caller.name);
    let what = format!("started a replay of {}", of_what(&filter, &desk.zoned()));
    let on = filter.id.clone().unwrap_or_default();
    console.people().log(desk.store(), who, &what, &on).await?;
    Ok(console.replayer.start(&whose.store(desk), filter, who).await?)
}

pub(crate) async fn replay(
    desk: Desk,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Response, Failure> {
    let replay = desk.console.replayer.progress(&whose.store(&desk), &id).await?;
    let replay = replay.ok_or_else(|| Failure::missing("replay"))?;
    let zoned = desk.zoned();
    let mut frame = desk.frame("/dead-letters", "Replay");
    frame.reload = replay.ended_at.is_none().then_some(RELOAD);
    // Without an end, the engine sets the moment of the start, which goes without saying.
    let to = replay.filter.to.filter(|to| *to < replay.at);
    let template = ReplayPage {
        frame,
        poll: address(&format!("/api/v1/replays/{}", encoded(&id)), &[("of", &whose.of)]),
        of_what: of_what(&Filter { to, ..replay.filter }, &zoned),
        by: replay.by,
        when: zoned.words(replay.at),
        total: replay.total,
        done: replay.done,
        started: replay.started,
        ended: replay.ended_at.map(|at| zoned.words(at)),
    };
    page(&template)
}
