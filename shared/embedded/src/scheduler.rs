//! One-shot schedules: a table of them, and a ticker.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use harkara_engine::port::{Clock, QueueName, Scheduler, SchedulerError};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::{
    clock::{millis, real_span},
    shared::Shared,
    writer::op::{Answer, Op},
};

/// EventBridge Scheduler's longest name.
const MAX_NAME: usize = 64;
/// How long the ticker waits after a failure, such as a full disk.
const AGAIN: Duration = Duration::from_secs(1);

/// The scheduler. Nothing fires unless [`Schedules::run`] is running.
#[derive(Clone)]
pub struct Schedules {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

impl Schedules {
    pub(crate) fn new(shared: Arc<Shared>, clock: Arc<dyn Clock>) -> Self {
        Self { shared, clock }
    }

    /// Fires schedules as they become due, those of the past at once. Never returns.
    pub async fn run(&self) {
        loop {
            let next = self.shared.next_schedule.load(Ordering::Acquire);
            let now_ms = millis(self.clock.now());
            if next <= now_ms {
                if let Err(problem) = self.fire().await {
                    tracing::error!(%problem, "due schedules could not be sent");
                    tokio::time::sleep(AGAIN).await;
                }
            } else if next == i64::MAX {
                self.shared.rescheduled.notified().await;
            } else {
                tokio::select! {
                    () = self.shared.rescheduled.notified() => {}
                    () = tokio::time::sleep(real_span(self.clock.as_ref(), next)) => {}
                }
            }
        }
    }

    /// Sends what is due by now, in one transaction: the message in, the schedule out. At most some
    /// hundreds; [`Schedules::run`] goes on until nothing is left.
    pub async fn fire(&self) -> Result<(), SchedulerError> {
        let now_ms = millis(self.clock.now());
        self.ask(|reply| Op::Fire { now_ms, reply }).await
    }

    /// Makes the ticker look at the clock again. For a clock that is moved by hand.
    pub fn wake(&self) {
        self.shared.rescheduled.notify_one();
    }

    async fn ask(&self, op: impl FnOnce(oneshot::Sender<Answer>) -> Op) -> Result<(), SchedulerError> {
        let (reply, answer) = oneshot::channel();
        self.shared.mailbox.push(op(reply));
        answer.await.unwrap_or_else(|_| Err(Shared::CLOSED.to_owned())).map_err(SchedulerError)
    }
}

#[async_trait]
impl Scheduler for Schedules {
    async fn at(
        &self,
        name: &str,
        when: Timestamp,
        queue: QueueName,
        body: String,
    ) -> Result<(), SchedulerError> {
        let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_good) {
            return Err(SchedulerError(format!("{name:?} is no name: 1 to {MAX_NAME} of 0-9a-zA-Z-_.")));
        }
        // Rounded up: never before the time.
        let exact = when.subsec_nanosecond() % 1_000_000 == 0;
        let due_ms = millis(when) + i64::from(!exact);
        let name = name.to_owned();
        self.ask(|reply| Op::Schedule { name, queue, due_ms, body, reply }).await
    }

    async fn cancel(&self, name: &str) -> Result<(), SchedulerError> {
        let name = name.to_owned();
        self.ask(|reply| Op::Cancel { name, reply }).await
    }
}
