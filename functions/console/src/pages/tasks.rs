//! Tasks: what flows ask the team to do.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::Response,
};
use harkara_domain::Subject;
use harkara_engine::tasks::Task;
use serde::Deserialize;

use crate::{
    api::tasks::Shown,
    desk::{Desk, Frame, Notice, encoded, page},
    failure::Failure,
    filters::{Part, address},
    words::when::Zoned,
};

const A_PAGE: usize = 50;

/// A task in the list.
struct TaskRow {
    id: String,
    title: String,
    team: String,
    by: String,
    about: String,
    /// The page of what it is about, where there is one.
    href: Option<String>,
    /// When it is due, or was done and by whom.
    when: String,
    late: bool,
}

impl TaskRow {
    fn of(task: Task, zoned: &Zoned) -> Self {
        let when = match (&task.done, task.due) {
            (Some((at, by)), _) => format!("Done {} by {by}", zoned.words(*at)),
            (None, Some(due)) => format!("Due {}", zoned.words(due)),
            (None, None) => format!("Since {}", zoned.words(task.made_at)),
        };
        let about = task.subject.to_string();
        let href = matches!(task.subject, Subject::Order(_)).then(|| format!("/orders/{}", encoded(&about)));
        let late = task.done.is_none() && task.due.is_some_and(|due| due < zoned.now);
        Self { id: task.id, title: task.title, team: task.team, by: task.by, about, href, when, late }
    }
}

/// The form at a task.
#[derive(Deserialize)]
pub(crate) struct Marked {
    done: bool,
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    frame: Frame,
    done: bool,
    tasks: Vec<TaskRow>,
    older: Option<String>,
    newest: Option<String>,
}

pub(crate) async fn tasks(
    desk: Desk,
    Query(shown): Query<Shown>,
    Query(part): Query<Part>,
) -> Result<Response, Failure> {
    let (zoned, done) = (desk.zoned(), if shown.done { "true" } else { "false" });
    let limit = part.limit(A_PAGE);
    let listed = desk.console.tasks().list(desk.store(), shown.done, limit, part.after.clone()).await?;
    let template = TasksPage {
        frame: desk.frame("/tasks", "Tasks"),
        done: shown.done,
        tasks: listed.entries.into_iter().map(|task| TaskRow::of(task, &zoned)).collect(),
        older: listed.next.map(|next| address("/tasks", &[("done", done), ("after", &next)])),
        newest: part.after.map(|_| address("/tasks", &[("done", done)])),
    };
    page(&template)
}

pub(crate) async fn mark(
    desk: Desk,
    Path(task): Path<String>,
    Form(marked): Form<Marked>,
) -> Result<Response, Failure> {
    desk.mark_task(&task, marked.done).await?.ok_or_else(|| Failure::missing("task"))?;
    Ok(Notice::Done.at("/tasks"))
}

impl Desk {
    /// Marks a task done, or open again, and writes that down.
    pub(crate) async fn mark_task(&self, id: &str, done: bool) -> Result<Option<Task>, Failure> {
        let task = self.console.tasks().mark(self.store(), id, done, &self.caller.name).await?;
        if task.is_some() {
            let what = if done { "marked a task done" } else { "marked a task open" };
            self.console.people().log(self.store(), &self.caller.name, what, id).await?;
        }
        Ok(task)
    }
}
