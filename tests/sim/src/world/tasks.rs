//! What goes on: functions that are woken, go on step by step, end, or die.

use bytes::Bytes;
use harkara_domain::fact::Actor;
use harkara_engine::{
    ingest,
    port::{Delivery, QueueName, Unprocessed},
};
use harkara_onebox::world::World as Harkara;
use harkara_sources::track::{Telling, parse};
use http::Request;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Arrival, Incoming, TRACK, World};
use crate::{
    fate::Odds,
    ledger::Came,
    shop::TeamDeed,
    steps::{Running, TaskId},
};

/// How long a function may take before its machine ends it.
const LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// What a task is about.
pub(super) enum What {
    Webhook(Arrival),
    Batch(QueueName, Vec<Delivery>),
    Sweep,
    Team(TeamDeed, u32),
}

/// What a task came to.
pub(super) enum Done {
    Answered(u16),
    Handled(Unprocessed),
    Ended(bool),
}

/// A function at work.
pub(super) struct Task {
    pub(super) what: What,
    running: Running<Done>,
    until: Timestamp,
}

impl World {
    pub(super) fn spawn(&mut self, what: What, future: impl Future<Output = Done> + 'static) {
        self.made += 1;
        let (task, until) = (self.made, self.fate.now() + LIMIT);
        self.tasks.insert(task, Task { what, running: Box::pin(future), until });
        self.go_on(task, None);
    }

    /// Lets a task go on to its next step, and sees to what it came to.
    pub(super) fn go_on(&mut self, id: TaskId, gate: Option<u64>) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        let now = self.fate.now();
        if now > task.until {
            self.fate.fault("function out of time");
            return self.crashed(task);
        }
        if gate.is_some() && self.fate.happens("function dies", |odds| odds.crash) {
            return self.crashed(task);
        }
        let steps = self.fate.steps.clone();
        let done = match gate {
            Some(gate) => steps.open(gate, id, &mut task.running),
            None => steps.poll(id, &mut task.running),
        };
        match done {
            Some(done) => self.done(task.what, done),
            None => _ = self.tasks.insert(id, task),
        }
    }

    pub(super) fn crashed(&mut self, task: Task) {
        match task.what {
            What::Webhook(arrival) => self.again(arrival),
            What::Team(deed, tries) => self.team_again(deed, tries),
            What::Batch(queue, batch) => {
                batch
                    .iter()
                    .filter(|_| queue == QueueName::Events)
                    .for_each(|delivery| self.ledger.came(&delivery.body, Came::Died));
            }
            What::Sweep => {}
        }
    }

    pub(super) fn done(&mut self, what: What, done: Done) {
        match (what, done) {
            (What::Webhook(arrival), Done::Answered(200 | 202)) => {
                self.taken.push(Arrival { taken: self.fate.now(), ..arrival });
            }
            (What::Webhook(arrival), Done::Answered(429 | 503)) => self.again(arrival),
            (What::Webhook(_), Done::Answered(status)) => {
                self.violations.push(format!("a webhook was answered with {status}"));
            }
            (What::Batch(queue, batch), Done::Handled(unprocessed)) => {
                for delivery in batch.iter().filter(|_| queue == QueueName::Events) {
                    let again = unprocessed.0.contains(&delivery.id);
                    self.ledger.came(&delivery.body, if again { Came::Again } else { Came::Ended });
                }
                self.queues.settle(&batch, &unprocessed);
            }
            (What::Team(deed, tries), Done::Ended(false)) => self.team_again(deed, tries),
            _ => {}
        }
    }

    /// Shops and Meta post again until they are answered.
    pub(super) fn again(&mut self, arrival: Arrival) {
        let wait = SignedDuration::from_secs(10 << arrival.tries.min(8));
        self.put(self.fate.now() + wait, Incoming::Webhook(Arrival { tries: arrival.tries + 1, ..arrival }));
    }

    pub(super) fn team_again(&mut self, deed: TeamDeed, tries: u32) {
        if tries < 20 {
            self.put(self.fate.now() + SignedDuration::from_secs(30), Incoming::Team(deed, tries + 1));
        }
    }

    pub(super) fn comes(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Webhook(arrival) => {
                let mut request = Request::post(arrival.path);
                for (name, value) in &arrival.headers {
                    request = request.header(*name, value);
                }
                let Ok(request) = request.body(Bytes::from(arrival.body.clone())) else { return };
                let harkara = self.harkara.clone();
                let tracked = arrival.path == TRACK;
                self.spawn(What::Webhook(arrival), async move {
                    if tracked {
                        return Done::Answered(track(&harkara, request.body()).await);
                    }
                    Done::Answered(harkara_ingest::handle(&harkara.ingest, &request).await.status().as_u16())
                });
            }
            Incoming::Team(deed, tries) => {
                let harkara = self.harkara.clone();
                self.spawn(What::Team(deed, tries), async move { Done::Ended(deed.done(&harkara).await) });
            }
            Incoming::Storm(until) => self.fate.storm(until),
            Incoming::Calm => self.fate.set(Odds::NONE),
        }
    }

    pub(super) fn work(&mut self, queue: QueueName) {
        let batch = self.queues.receive(queue);
        if batch.is_empty() {
            return;
        }
        let (harkara, deliveries) = (self.harkara.clone(), batch.clone());
        self.spawn(What::Batch(queue, batch), async move {
            Done::Handled(match queue {
                QueueName::Events => harkara_matcher::handle(&harkara.matcher, &deliveries).await,
                QueueName::Stages | QueueName::PriorityStages => {
                    harkara_stage::handle(&harkara.stages, queue, &deliveries).await
                }
                QueueName::Failures => harkara_dead_letter::handle(&harkara.undertaker, &deliveries).await,
            })
        });
    }

    pub(super) fn sweep(&mut self) {
        self.swept = self.fate.now();
        let harkara = self.harkara.clone();
        self.spawn(
            What::Sweep,
            async move { Done::Ended(harkara_sweep::handle(&harkara.sweeper).await.is_ok()) },
        );
    }
}

/// What a shop's own program tells by the API: who may, is looked at elsewhere.
async fn track(harkara: &Harkara, body: &[u8]) -> u16 {
    let (store, by) = (World::store(), Actor::Program("till".to_owned()));
    let received_at = harkara.ports.clock.now();
    let is_zone = |name: &str| TimeZone::get(name).is_ok();
    let telling = Telling { store: &store, by: &by, received_at, is_zone };
    let Ok(facts) = parse(telling, body) else { return 422 };
    let Some(messages) = ingest::jobs(facts) else { return 413 };
    let sent = harkara.ports.queue.send(QueueName::Events, messages).await;
    if sent.is_ok() { 202 } else { 503 }
}
