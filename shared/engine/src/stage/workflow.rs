//! Performs a stage's workflow: facts with ids derived from the run, and the alert mails.

use harkara_channels::email;
use harkara_domain::{Fact, FactBody, FactId, fact::Actor, flow::Action};

use super::{Loaded, StageRunner};
use jiff::Timestamp;

use crate::{
    job::{FactsJob, Job, StageJob},
    port::{Outgoing, QueueName},
};

impl StageRunner {
    /// Performs the actions; safe to repeat but for the alert mail, which comes last.
    pub(super) async fn workflow(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        actions: &[Action],
    ) -> Result<(), String> {
        let facts =
            actions.iter().enumerate().map(|(place, action)| fact(loaded, job, place, action)).collect();
        let message = vec![Outgoing::now(Job::Facts(FactsJob { facts }).body())];
        self.queue.send(QueueName::Events, message).await.map_err(|error| error.to_string())?;
        for action in actions {
            if let Action::EscalateTeam(team) = action {
                self.escalate(loaded, job, team).await?;
            }
        }
        self.counters.add("workflow.done");
        Ok(())
    }

    async fn escalate(&self, loaded: &Loaded, job: &StageJob, team: &str) -> Result<(), String> {
        let settings = &loaded.shelf.settings;
        let to = settings.team(team);
        if to.is_empty() {
            tracing::warn!(store = %job.store, team, "a flow alerts a team without addresses");
            return Ok(());
        }
        let order = &loaded.order;
        let name = order.snapshot.as_ref().map_or_else(|| job.order.to_string(), |s| s.name.clone());
        let stage = loaded.flow.stages.get(usize::from(job.stage)).map_or("", |stage| stage.name.as_str());
        let mut lines = vec![
            format!("The flow “{}” asks for a person, at its stage “{stage}”.", loaded.flow.name),
            format!(
                "The order is {}; its confirmation is {}.",
                order.status(),
                order.confirmation().as_str()
            ),
        ];
        if let Some(snapshot) = &order.snapshot {
            lines.push(format!("Total: {}.", snapshot.total));
        }
        let link = settings.link(&format!("/orders/{}", job.order));
        let subject = format!("{}: order {name} needs {team}", settings.name);
        let mail = email::alert(to, subject, &lines, link.as_deref());
        self.mailer.send(&job.store, mail).await.map(|_| ()).map_err(|error| error.to_string())
    }
}

fn fact(loaded: &Loaded, job: &StageJob, place: usize, action: &Action) -> Fact {
    Fact {
        id: FactId::new(format!("flow/{}/{}/{place}", job.run, job.stage)),
        store: job.store.clone(),
        source: "flow".into(),
        occurred_at: first_due(loaded, job),
        received_at: loaded.now,
        body: FactBody::Action {
            order: job.order.clone(),
            action: action.fact(&job.run),
            by: Actor::Flow(loaded.flow.name.clone()),
        },
    }
}

/// When the stage was first due, which no retry moves: a repetition must be the same fact to the letter.
fn first_due(loaded: &Loaded, job: &StageJob) -> Timestamp {
    let run = &loaded.run.value;
    let place = usize::from(job.stage);
    let Some(stage) = loaded.flow.stages.get(place) else { return run.started_at };
    let before =
        place.checked_sub(1).and_then(|place| run.stages.get(place)).and_then(|state| state.ended_at);
    let base = if stage.follows_previous() { before.unwrap_or(run.started_at) } else { run.started_at };
    stage.due(base, &loaded.shelf.zone)
}
