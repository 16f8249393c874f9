//! Keeps a task for the team.

use harkara_domain::{fact::Deed, flow::action::TaskToDo};

use super::{Came, Loaded, StageRunner};
use crate::{
    job::StageJob,
    port::WriteError,
    settings::Settings,
    tasks::{self, Task},
};

impl StageRunner {
    pub(super) async fn keep_task(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        place: u16,
        task: &TaskToDo,
    ) -> Came {
        let stage = loaded.run.value.reference(job.stage, 0);
        let since = loaded.acting_since(job);
        let team = task.team.clone().unwrap_or_else(|| Settings::OPS.to_owned());
        let kept = Task {
            id: tasks::id(&stage, place),
            title: task.title.clone(),
            team: team.clone(),
            subject: job.subject.clone(),
            by: loaded.flow.name.clone(),
            made_at: since,
            due: task.due.map(|due| due.from(since, &loaded.shelf.zone)),
            done: None,
        };
        match self.table.write(vec![tasks::new(&job.store, &kept)]).await {
            // It was kept by a try before; what became of it since is the team's.
            Ok(()) | Err(WriteError::Expectation(_)) => {
                Came::Done(Some(Deed::TaskMade { title: kept.title, team }))
            }
            Err(error) => Came::Again(error.to_string()),
        }
    }
}
