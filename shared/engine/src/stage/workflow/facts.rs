//! What actions say of orders and customers, and what the timeline is told. The ids are derived from the
//! run, and so are the times: a repetition must be the same fact to the letter.

use harkara_domain::{
    Fact, FactBody, FactId, FlowId, Occurrence, Reason, Subject,
    fact::{Actor, CustomerAction, CustomerFact, Deed, OrderAction},
    flow::{Action, action::Effect},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

use super::{Came, Loaded, Progress, StageRunner};
use crate::{
    job::{FactsJob, Job, StageJob},
    port::{Outgoing, QueueError, QueueName},
    rehearsal::words,
};

impl StageRunner {
    /// Says what the actions say that are facts, each subject's in one job; keeps tasks. What is not
    /// possible here is left undone, with a reason.
    pub(super) async fn say_facts(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        actions: &[Action],
        progress: &mut Progress,
    ) {
        let (mut facts, mut said) = (Vec::new(), Vec::new());
        for (place, action) in (0..).zip(actions) {
            let effect = action.effect(&job.run);
            if let Effect::Alert(team) = effect {
                // The mail comes last, and then the action is done; also one that went out in a try that could
                // not say so.
                let escalated = OrderAction::Escalated { team: team.to_owned() };
                facts.extend(of_order(loaded, job, escalated).ok().map(|body| (place, body)));
                continue;
            }
            if progress.is_done(place) {
                continue;
            }
            let body = match effect {
                Effect::Order(action) => of_order(loaded, job, action),
                Effect::Customer(action) => of_customer(loaded, action),
                Effect::Start(flow) => start(loaded, job, flow),
                Effect::Task(task) => {
                    let came = self.keep_task(loaded, job, place, task).await;
                    progress.take(place, came);
                    continue;
                }
                Effect::Alert(_) | Effect::Coupon(_) | Effect::Call(_) | Effect::Mail(_) => continue,
            };
            match body {
                Ok(body) => {
                    facts.push((place, body));
                    said.push(place);
                }
                Err(reason) => {
                    let deed = Deed::NotDone { action: words::name(action), reason };
                    progress.take(place, Came::Done(Some(deed)));
                }
            }
        }
        let facts = facts.into_iter().map(|(place, body)| fact(loaded, job, (place, ""), body)).collect();
        match self.say(facts).await {
            Ok(()) => progress.acted.extend(said),
            Err(error) => progress.take(0, Came::Again(error.to_string())),
        }
    }

    /// Tells the timeline what was done since it was last told.
    pub(super) async fn say_deeds(&self, loaded: &Loaded, job: &StageJob, progress: &mut Progress) {
        let by = Actor::Flow(loaded.flow.name.clone());
        let done = |(place, deed): &(u16, Option<Deed>)| {
            let (subject, deed) = (job.subject.clone(), deed.clone()?);
            let body = FactBody::Done { subject, deed, by: by.clone() };
            Some(fact(loaded, job, (*place, "/done"), body))
        };
        match self.say(progress.fresh.iter().filter_map(done).collect()).await {
            Ok(()) => progress.acted.extend(progress.fresh.drain(..).map(|(place, _)| place)),
            Err(error) => progress.take(0, Came::Again(error.to_string())),
        }
    }

    async fn say(&self, facts: Vec<Fact>) -> Result<(), QueueError> {
        let mut by_subject: BTreeMap<Option<Subject>, Vec<Fact>> = BTreeMap::new();
        for fact in facts {
            by_subject.entry(fact.subject()).or_default().push(fact);
        }
        let message = |facts| Outgoing::now(Job::Facts(FactsJob { facts }).body());
        let messages: Vec<Outgoing> = by_subject.into_values().map(message).collect();
        if messages.is_empty() { Ok(()) } else { self.queue.send(QueueName::Events, messages).await }
    }
}

pub(in crate::stage) fn of_order(
    loaded: &Loaded,
    job: &StageJob,
    action: OrderAction,
) -> Result<FactBody, Reason> {
    let order = job.subject.order().ok_or(Reason::NotAnOrder)?.clone();
    Ok(FactBody::Action { order, action, by: Actor::Flow(loaded.flow.name.clone()) })
}

pub(in crate::stage) fn of_customer(loaded: &Loaded, action: CustomerAction) -> Result<FactBody, Reason> {
    let customer = loaded.view.customer_id().ok_or(Reason::NoCustomer)?.clone();
    let by = Actor::Flow(loaded.flow.name.clone());
    Ok(FactBody::Customer { customer, said: CustomerFact::Acted { action, by } })
}

/// The matcher starts the flow, or says why it does not: it is off, or this has gone too deep.
pub(in crate::stage) fn start(loaded: &Loaded, job: &StageJob, flow: FlowId) -> Result<FactBody, Reason> {
    if !loaded.shelf.flows.iter().any(|held| held.head.id == flow) {
        return Err(Reason::NoSuchFlow { flow });
    }
    let run = &loaded.run.value;
    let deep = run.occurrence.deep().saturating_add(1);
    let occurrence = Occurrence::StartedBy { flow, stage: run.reference(job.stage, 0), deep };
    Ok(FactBody::Occurred { subject: job.subject.clone(), occurrence })
}

pub(in crate::stage) fn fact(
    loaded: &Loaded,
    job: &StageJob,
    (place, what): (u16, &str),
    body: FactBody,
) -> Fact {
    // So that of two actions on one flag or tag the later one holds.
    let order = SignedDuration::from_nanos(i64::from(place));
    Fact {
        id: FactId::new(format!("flow/{}/{}/{place}{what}", job.run, job.stage)),
        store: job.store.clone(),
        source: "flow".into(),
        occurred_at: first_due(loaded, job) + order,
        received_at: loaded.now,
        body,
    }
}

/// When the stage was first due, which no retry moves.
pub(super) fn first_due(loaded: &Loaded, job: &StageJob) -> Timestamp {
    let run = &loaded.run.value;
    run.first_due(&loaded.flow, job.stage, loaded.hours()).unwrap_or(run.started_at)
}
