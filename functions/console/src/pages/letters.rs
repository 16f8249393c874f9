//! Dead letters: the list, and what would run if they were run again.

use askama::Template;
use axum::{extract::Query, response::Response};
use harkara_engine::{
    bury::{self, Content, DeadLetter},
    keys,
    port::Query as TableQuery,
    record::decode,
    replay::{Prospect, Replay, Replayer},
};

use crate::{
    desk::{Desk, Frame, encoded, page},
    failure::Failure,
    filters::{LettersForm, Part, Whose, address},
    words::{self, Badge, when::Zoned},
};

const A_PAGE: usize = 50;
/// Messages of queues are shown up to here.
const MAX_BODY_SHOWN: usize = 2000;
const REPLAYS_SHOWN: usize = 5;

/// A dead letter in a list.
pub(crate) struct LetterRow {
    when: String,
    what: String,
    order: Option<(String, String)>,
    reason: String,
    attempts: u32,
    replayed: Option<String>,
    again: String,
    body: Option<String>,
    prospect: Option<Badge>,
    because: Option<String>,
}

impl LetterRow {
    fn of(letter: &DeadLetter, of: &str, zoned: &Zoned) -> Self {
        let (what, order, body) = match &letter.content {
            Content::Stage { job, flow, stage } => {
                let href = format!("/orders/{}", encoded(&job.subject.to_string()));
                (format!("“{stage}” of {flow}"), Some((href, job.subject.to_string())), None)
            }
            Content::Message { body } => {
                let shown = body.chars().take(MAX_BODY_SHOWN).collect();
                ("A message of a queue".to_owned(), None, Some(shown))
            }
        };
        let replayed = letter.replayed.as_ref();
        Self {
            when: zoned.words(letter.at),
            what,
            order,
            reason: words::why(&letter.reason),
            attempts: letter.attempts,
            replayed: replayed.map(|(at, by)| format!("Run again {} by {by}", zoned.words(*at))),
            again: address("/dead-letters/preview", &[("id", &letter.id), ("of", of)]),
            body,
            prospect: None,
            because: None,
        }
    }

    fn with(mut self, prospect: &Prospect) -> Self {
        let (badge, because) = match prospect {
            Prospect::Run => (Badge::new("Will run", "good"), None),
            Prospect::LeaveOut(reason) => (Badge::new("Left out", "calm"), Some(words::why(reason))),
            Prospect::Gone => {
                (Badge::new("Gone", "calm"), Some("There is nothing to run any more".to_owned()))
            }
        };
        (self.prospect, self.because) = (Some(badge), because);
        self
    }
}

/// A replay in a list.
pub(crate) struct ReplayRow {
    href: String,
    when: String,
    by: String,
    done: usize,
    total: usize,
    ended: bool,
}

#[derive(Template)]
#[template(path = "letters.html")]
struct LettersPage {
    frame: Frame,
    flows: Vec<String>,
    letters: Vec<LetterRow>,
    nobodys: Vec<LetterRow>,
    replays: Vec<ReplayRow>,
    older: Option<String>,
    newest: Option<String>,
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    form: LettersForm,
    total: usize,
    letters: Vec<LetterRow>,
    rest: usize,
    runs: usize,
}

pub(crate) async fn letters(desk: Desk, Query(part): Query<Part>) -> Result<Response, Failure> {
    let (reader, zoned) = (&desk.console.reader, desk.zoned());
    let listed = reader.dead_letters(desk.store(), part.limit(A_PAGE), part.after.clone()).await?;
    let nobodys = reader.dead_letters(&bury::NOBODY.into(), A_PAGE, None).await?;
    let rows = |letters: &[DeadLetter], of: &str| -> Vec<LetterRow> {
        letters.iter().map(|letter| LetterRow::of(letter, of, &zoned)).collect()
    };
    let template = LettersPage {
        frame: desk.frame("/dead-letters", "Dead letters"),
        flows: desk.shelf.flows.iter().map(|loaded| loaded.flow.name.clone()).collect(),
        letters: rows(&listed.entries, ""),
        nobodys: rows(&nobodys.entries, "nobody"),
        replays: replays(&desk, &zoned).await?,
        older: listed.next.map(|next| address("/dead-letters", &[("after", &next)])),
        newest: part.after.map(|_| "/dead-letters".to_owned()),
    };
    page(&template)
}

async fn replays(desk: &Desk, zoned: &Zoned) -> Result<Vec<ReplayRow>, Failure> {
    let query = TableQuery::partition(keys::replays(desk.store())).newest_first().limit(REPLAYS_SHOWN);
    let mut rows = Vec::new();
    for item in &desk.console.table.query(query).await?.items {
        let Replay { id, by, at, total, done, ended_at, .. } = decode::<Replay>(item)?.value;
        let (href, when) = (format!("/replays/{}", encoded(&id)), zoned.words(at));
        rows.push(ReplayRow { href, when, by, done, total, ended: ended_at.is_some() });
    }
    Ok(rows)
}

pub(crate) async fn preview(desk: Desk, Query(form): Query<LettersForm>) -> Result<Response, Failure> {
    let zoned = desk.zoned();
    let store = Whose { of: form.of.clone() }.store(&desk);
    let preview = desk.console.replayer.preview(&store, &form.filter(&zoned)?).await?;
    let looked_at = preview.first.len().min(Replayer::PREVIEWED);
    let runs = preview.first.iter().filter(|previewed| previewed.prospect == Prospect::Run).count();
    let row = |previewed: &harkara_engine::replay::Previewed| {
        LetterRow::of(&previewed.letter, &form.of, &zoned).with(&previewed.prospect)
    };
    let template = PreviewPage {
        frame: desk.frame("/dead-letters", "Run again"),
        letters: preview.first.iter().map(row).collect(),
        total: preview.total,
        rest: preview.total.saturating_sub(looked_at),
        runs,
        form,
    };
    page(&template)
}
