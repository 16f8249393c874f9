//! Queues and schedules, with the manners of SQS and EventBridge Scheduler: at least once, in no order, late.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use harkara_engine::port::{
    Delivery, Outgoing, Queue, QueueError, QueueName, Scheduler, SchedulerError, Unprocessed,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    deployments::{as_known, newer, next_version, older},
    fate::Fate,
    ledger::Ledger,
};

/// How long a message is hidden from others while somebody has it.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(180);
/// How often it is received before it is redriven, and from the last queue set aside for people.
const RECEIVES: u32 = 5;
const LAST_RECEIVES: u32 = 10;

struct Message {
    queue: QueueName,
    body: String,
    visible: Timestamp,
    receives: u32,
    /// Of the delivery that somebody has.
    receipt: u64,
}

#[derive(Default)]
struct Held {
    messages: BTreeMap<u64, Message>,
    schedules: BTreeMap<String, (Timestamp, QueueName, String)>,
    /// What not even the dead-letter function could file.
    lost: Vec<String>,
    made: u64,
}

/// Both.
#[derive(Clone)]
pub(crate) struct Queues {
    held: Arc<Mutex<Held>>,
    fate: Fate,
    ledger: Ledger,
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

impl Queues {
    /// Empty ones.
    pub(crate) fn new(fate: Fate, ledger: Ledger) -> Self {
        Self { held: Arc::default(), fate, ledger }
    }

    /// A body as another deployment writes it that is at work, too, now and then.
    fn written(&self, body: String) -> String {
        let odds = |odds: &crate::fate::Odds| odds.schedule;
        if self.fate.happens("job of an older deployment", odds) {
            older(&body)
        } else if self.fate.happens("job of a newer deployment", odds) {
            newer(&body)
        } else if self.fate.happens("job of the next version", |odds| odds.schedule / 50) {
            next_version(&body)
        } else {
            body
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, queue: QueueName, body: String, visible: Timestamp) {
        let mut held = self.held();
        held.made += 1;
        let id = held.made;
        held.messages.insert(id, Message { queue, body, visible, receives: 0, receipt: 0 });
    }

    /// The queues in which something is to be had, with the earliest time of each.
    pub(crate) fn next(&self) -> BTreeMap<QueueName, Timestamp> {
        let mut next = BTreeMap::new();
        for message in self.held().messages.values() {
            let at = next.entry(message.queue).or_insert(message.visible);
            *at = message.visible.min(*at);
        }
        next
    }

    /// The earliest time at which a schedule fires.
    pub(crate) fn next_schedule(&self) -> Option<Timestamp> {
        self.held().schedules.values().map(|(at, ..)| *at).min()
    }

    /// How many messages there are, in flight or not, and how many schedules.
    pub(crate) fn left(&self) -> (usize, usize) {
        let held = self.held();
        (held.messages.len(), held.schedules.len())
    }

    /// What not even the dead-letter function could file.
    pub(crate) fn lost(&self) -> Vec<String> {
        self.held().lost.clone()
    }

    /// Up to ten of the visible messages, in no order.
    pub(crate) fn receive(&self, queue: QueueName) -> Vec<Delivery> {
        let now = self.fate.now();
        let mut held = self.held();
        let mut visible: Vec<u64> = held
            .messages
            .iter()
            .filter(|(_, m)| m.queue == queue && m.visible <= now)
            .map(|(id, _)| *id)
            .collect();
        let mut batch = Vec::new();
        let most = 1 + self.fate.below(10);
        while batch.len() < most && !visible.is_empty() {
            let id = visible.swap_remove(self.fate.below(visible.len()));
            held.made += 1;
            let receipt = held.made;
            let Some(message) = held.messages.get_mut(&id) else { continue };
            let limit = if queue == QueueName::Failures { LAST_RECEIVES } else { RECEIVES };
            if message.receives >= limit {
                let body = message.body.clone();
                held.messages.remove(&id);
                drop(held);
                if queue == QueueName::Failures {
                    self.held().lost.push(body);
                } else {
                    self.put(QueueName::Failures, body, now);
                }
                held = self.held();
                continue;
            }
            message.receives += 1;
            message.receipt = receipt;
            // Delivered twice at once: the other copy stays to be had.
            let doubled = self.fate.happens("message delivered twice", |odds| odds.doubled);
            message.visible = if doubled { now } else { now + VISIBILITY };
            // In the end the newer deployment is the only one.
            let body = if self.fate.is_calm() { as_known(&message.body) } else { message.body.clone() };
            let receives = message.receives;
            batch.push(Delivery { id: id.to_string(), receipt: receipt.to_string(), body, receives });
        }
        batch
    }

    /// Deletes what was worked on; the rest comes again.
    pub(crate) fn settle(&self, batch: &[Delivery], unprocessed: &Unprocessed) {
        let mut held = self.held();
        for delivery in batch {
            let done = !unprocessed.0.contains(&delivery.id);
            if let Ok(id) = delivery.id.parse::<u64>()
                && done
            {
                held.messages.remove(&id);
            }
        }
    }

    /// Fires the schedules whose time has come: late, twice or never as fate has it.
    pub(crate) fn fire(&self) {
        let now = self.fate.now();
        let due: Vec<String> = self
            .held()
            .schedules
            .iter()
            .filter(|(_, (at, ..))| *at <= now)
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            let Some((_, queue, body)) = self.held().schedules.remove(&name) else { continue };
            if self.fate.happens("schedule never fires", |odds| odds.schedule / 4) {
                continue;
            }
            let late = self.fate.happens("schedule fires late", |odds| odds.schedule);
            let at = if late { now + self.fate.between(1_000, 600_000) } else { now };
            if self.fate.happens("schedule fires twice", |odds| odds.schedule) {
                self.put(queue, body.clone(), at + self.fate.between(0, 60_000));
            }
            self.put(queue, body, at);
        }
    }
}

#[async_trait]
impl Queue for Queues {
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError> {
        let failed = |problem: &str| QueueError { queue, problem: problem.to_owned() };
        self.fate.step().await;
        if self.fate.strikes("send failed", |odds| odds.failed) {
            return Err(failed("the simulation says no"));
        }
        let now = self.fate.now();
        for message in messages {
            if message.body.len() > Outgoing::MAX_BODY || message.delay > Outgoing::MAX_DELAY {
                return Err(failed("over a limit"));
            }
            let late = self.fate.happens("message late", |odds| odds.schedule);
            let late = if late { self.fate.between(1_000, 120_000) } else { SignedDuration::ZERO };
            if queue == QueueName::Events {
                self.ledger.given(&message.body);
            }
            let body = self.written(message.body);
            self.fate.note(|| format!("sends to {queue}: {body}"));
            self.put(queue, body, now + signed(message.delay) + late);
        }
        if self.fate.strikes("send's answer lost", |odds| odds.answer_lost) {
            return Err(failed("the answer was lost"));
        }
        self.fate.step().await;
        Ok(())
    }

    async fn set_visibility(
        &self,
        queue: QueueName,
        receipt: &str,
        hidden_for: Duration,
    ) -> Result<(), QueueError> {
        self.fate.step().await;
        if self.fate.strikes("visibility not set", |odds| odds.failed) {
            return Err(QueueError { queue, problem: "the simulation says no".to_owned() });
        }
        let visible = self.fate.now() + signed(hidden_for);
        let mut held = self.held();
        let message = held.messages.values_mut().find(|message| message.receipt.to_string() == receipt);
        message.into_iter().for_each(|message| message.visible = visible);
        Ok(())
    }
}

#[async_trait]
impl Scheduler for Queues {
    async fn at(
        &self,
        name: &str,
        when: Timestamp,
        queue: QueueName,
        body: String,
    ) -> Result<(), SchedulerError> {
        self.fate.step().await;
        if self.fate.strikes("schedule not made", |odds| odds.failed) {
            return Err(SchedulerError("the simulation says no".to_owned()));
        }
        self.fate.note(|| format!("schedules {when} {queue}: {body}"));
        if !self.held().schedules.contains_key(name) {
            if queue == QueueName::Events {
                self.ledger.given(&body);
            }
            let body = self.written(body);
            self.held().schedules.insert(name.to_owned(), (when, queue, body));
        }
        if self.fate.strikes("schedule's answer lost", |odds| odds.answer_lost) {
            return Err(SchedulerError("the answer was lost".to_owned()));
        }
        self.fate.step().await;
        Ok(())
    }

    async fn cancel(&self, name: &str) -> Result<(), SchedulerError> {
        self.fate.step().await;
        self.held().schedules.remove(name);
        Ok(())
    }
}
