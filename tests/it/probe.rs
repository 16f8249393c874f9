//! The ports with ears: what is asked of them is counted, can be held, can be lost.

use async_trait::async_trait;
use harkara_embedded::ManualClock;
use harkara_engine::port::{
    Clock, Item, Key, Outgoing, Page, Query, Queue, QueueError, QueueName, Scheduler, SchedulerError, Table,
    TableError, Write, WriteError,
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Notify;

use crate::{cost::Meter, grants};

/// Holds whoever comes to it until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    reached: Arc<Notify>,
    go: Arc<Notify>,
}

impl Gate {
    pub(crate) async fn pass(&self) {
        self.reached.notify_one();
        self.go.notified().await;
    }

    /// Waits until somebody is held; fails when nobody comes.
    pub(crate) async fn reached(&self) {
        let wait = Duration::from_secs(10);
        tokio::time::timeout(wait, self.reached.notified()).await.expect("nobody came to the gate");
    }

    pub(crate) fn open(&self) {
        self.go.notify_one();
    }
}

type Matches = Box<dyn Fn(&[Write]) -> bool + Send>;

#[derive(Default)]
struct State {
    counts: BTreeMap<String, u64>,
    /// When something may come to pass by itself.
    alarms: BTreeSet<Timestamp>,
    losing: bool,
    failing_reads: bool,
    failing_sends: Option<QueueName>,
    oversized: bool,
    hold: Option<(Matches, Gate)>,
    meter: Meter,
}

/// The ports, listened to.
pub(crate) struct Probe {
    table: Arc<dyn Table>,
    queue: Arc<dyn Queue>,
    scheduler: Arc<dyn Scheduler>,
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

impl Probe {
    pub(crate) fn new(
        table: Arc<dyn Table>,
        queue: Arc<dyn Queue>,
        scheduler: Arc<dyn Scheduler>,
        clock: Arc<ManualClock>,
    ) -> Self {
        Self { table, queue, scheduler, clock, state: Mutex::default() }
    }

    /// What was asked since the last call, by name.
    pub(crate) fn counted(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.state.lock().unwrap().counts)
    }

    /// From now on stages, and facts of a later time, that are handed on are lost, though queue and scheduler seem to take them.
    /// Says how it was before.
    pub(crate) fn lose(&self, losing: bool) -> bool {
        std::mem::replace(&mut self.state.lock().unwrap().losing, losing)
    }

    /// From now on reads fail.
    pub(crate) fn fail_reads(&self, failing: bool) {
        self.state.lock().unwrap().failing_reads = failing;
    }

    /// From now on a queue takes nothing; or each does.
    pub(crate) fn fail_sends(&self, to: Option<QueueName>) {
        self.state.lock().unwrap().failing_sends = to;
    }

    /// From now on what is written of orders is over a limit.
    pub(crate) fn oversize(&self, oversized: bool) {
        self.state.lock().unwrap().oversized = oversized;
    }

    /// Holds the next write that `matches` before it is made.
    pub(crate) fn hold(&self, matches: impl Fn(&[Write]) -> bool + Send + 'static) -> Gate {
        let gate = Gate::default();
        self.state.lock().unwrap().hold = Some((Box::new(matches), gate.clone()));
        gate
    }

    /// Bills what is asked from now on.
    pub(crate) fn meter<T>(&self, with: impl FnOnce(&mut Meter) -> T) -> T {
        with(&mut self.state.lock().unwrap().meter)
    }

    pub(crate) fn alarm(&self, at: Timestamp) {
        self.state.lock().unwrap().alarms.insert(at);
    }

    /// The first time after `now` at which something may come to pass.
    pub(crate) fn next_alarm(&self, now: Timestamp) -> Option<Timestamp> {
        let mut state = self.state.lock().unwrap();
        state.alarms.retain(|at| *at > now);
        state.alarms.first().copied()
    }

    fn count(&self, what: &str, pk: Option<&str>) {
        // What a store has set up is read again every five seconds whatever the orders: apart.
        let name = if pk.is_some_and(|pk| pk.starts_with("s#")) {
            format!("set-up {what}")
        } else {
            what.to_owned()
        };
        *self.state.lock().unwrap().counts.entry(name).or_default() += 1;
    }

    fn reads_fail(&self) -> Result<(), TableError> {
        let failing = self.state.lock().unwrap().failing_reads;
        if failing { Err(TableError::Failed("told to fail".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Table for Probe {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        grants::check("dynamodb:GetItem", "Table");
        self.count("get", Some(&key.pk));
        self.reads_fail()?;
        let found = self.table.get(key).await?;
        self.meter(|meter| meter.get(&key.pk, found.as_ref()));
        Ok(found)
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        grants::check_query(&query);
        self.count("query", Some(&query.pk));
        self.reads_fail()?;
        let page = self.table.query(query.clone()).await?;
        self.meter(|meter| meter.query(&query, &page.items));
        Ok(page)
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        writes.iter().for_each(grants::check_write);
        let what =
            if writes.len() > 1 { format!("write of {}", writes.len()) } else { "write of 1".to_owned() };
        self.count(&what, writes.first().map(|write| write.key().pk.as_str()));
        let gate = {
            let mut state = self.state.lock().unwrap();
            let held = state.hold.take_if(|(matches, _)| matches(&writes));
            held.map(|(_, gate)| gate)
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let of_orders = writes.iter().any(|write| write.key().pk.starts_with("o#"));
        if of_orders && self.state.lock().unwrap().oversized {
            return Err(WriteError::TooLarge("told to be".to_owned()));
        }
        let mut parts = Vec::new();
        for write in &writes {
            parts.push((
                write.clone(),
                self.table.get(write.key()).await.map_err(|e| WriteError::Failed(e.to_string()))?,
            ));
        }
        self.table.write(writes).await?;
        self.meter(|meter| meter.write(&parts));
        Ok(())
    }
}

#[async_trait]
impl Queue for Probe {
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError> {
        grants::check_send(queue);
        self.count(&format!("send to {queue}"), None);
        if self.state.lock().unwrap().failing_sends == Some(queue) {
            return Err(QueueError { queue, problem: "told to fail".to_owned() });
        }
        self.meter(|meter| meter.send(&messages));
        let now = self.clock.now();
        messages.iter().for_each(|message| self.alarm(now + message.delay));
        let later = queue == QueueName::Events && messages.iter().all(|message| !message.delay.is_zero());
        let losing = self.state.lock().unwrap().losing
            && (later || matches!(queue, QueueName::Stages | QueueName::PriorityStages));
        if losing { Ok(()) } else { self.queue.send(queue, messages).await }
    }

    async fn set_visibility(
        &self,
        queue: QueueName,
        receipt: &str,
        hidden_for: Duration,
    ) -> Result<(), QueueError> {
        grants::check("sqs:ChangeMessageVisibility", "StagesQueue");
        self.count("set visibility", None);
        self.meter(|meter| meter.bill().visibilities += 1);
        self.alarm(self.clock.now() + hidden_for);
        self.queue.set_visibility(queue, receipt, hidden_for).await
    }
}

#[async_trait]
impl Scheduler for Probe {
    async fn at(
        &self,
        name: &str,
        when: Timestamp,
        queue: QueueName,
        body: String,
    ) -> Result<(), SchedulerError> {
        grants::check("scheduler:CreateSchedule", "schedule");
        self.count("schedule", None);
        // When it fires, Scheduler sends.
        self.meter(|meter| {
            meter.bill().schedules += 1;
            meter.bill().sends += 1;
        });
        self.alarm(when + Duration::from_millis(1));
        let losing = self.state.lock().unwrap().losing;
        if losing { Ok(()) } else { self.scheduler.at(name, when, queue, body).await }
    }

    async fn cancel(&self, name: &str) -> Result<(), SchedulerError> {
        grants::check("scheduler:DeleteSchedule", "schedule");
        self.count("cancel schedule", None);
        self.scheduler.cancel(name).await
    }
}
