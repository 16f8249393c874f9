//! Durable queues with SQS's manners: delays, visibility, receive counts, redrive.

mod lane;
mod ready;
mod window;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use harkara_engine::port::{Clock, Delivery, Outgoing, Queue, QueueError, QueueName, Unprocessed};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::{
    clock::{millis, millis_after},
    place::{due_of, last_of},
    readers::Readers,
    shared::Shared,
    writer::op::{Answer, Incoming, Op, Receipt},
};
pub(crate) use lane::Lane;
pub(crate) use ready::{GroupName, Held};
pub(crate) use window::{Hand, Load, Window};

/// SQS's longest visibility.
const MAX_VISIBILITY: Duration = Duration::from_secs(12 * 3600);
/// SQS's largest batch.
const MAX_BATCH: usize = 10;
/// Delayed messages are counted up to here; a console needs no more.
const COUNTED: i64 = 100_000;

/// What is in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that a poller would get now.
    pub visible: u64,
    /// Messages whose time has not come. Counted up to 100,000; more of them count as visible.
    pub delayed: u64,
    /// Delivered messages that are neither settled nor given up.
    pub in_flight: u64,
    /// When the earliest message that waits is or was due.
    pub oldest: Option<Timestamp>,
}

/// Both sides of the queues: the port to send, and what Lambda's event sources do on AWS.
#[derive(Clone)]
pub struct Queues {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
}

impl Queues {
    pub(crate) fn new(shared: Arc<Shared>, readers: Arc<Readers>, clock: Arc<dyn Clock>) -> Self {
        Self { shared, readers, clock }
    }

    /// Waits until something is due, then takes up to `max` messages (1 to 10). They stay hidden for
    /// the queue's visibility, then come again with a higher count. Dropping the future loses nothing.
    pub async fn receive(&self, queue: QueueName, max: usize) -> Vec<Delivery> {
        let lane = self.shared.lanes.of(queue);
        loop {
            let deliveries = self.try_receive(queue, max);
            if !deliveries.is_empty() {
                return deliveries;
            }
            lane.wait(self.clock.as_ref()).await;
        }
    }

    /// Like [`Queues::receive`], but gives an empty list where that would wait.
    pub fn try_receive(&self, queue: QueueName, max: usize) -> Vec<Delivery> {
        let lane = self.shared.lanes.of(queue);
        let taken = lane.take(self.clock.as_ref(), max.clamp(1, MAX_BATCH));
        let mailbox = &self.shared.mailbox;
        for receipt in taken.expired {
            mailbox.push(Op::Release { queue, receipt });
        }
        if let Some(target) = lane.settings.redrive_to {
            for receipt in taken.redrive {
                mailbox.push(Op::Redrive { queue, target, receipt });
            }
        }
        for load in taken.reload {
            mailbox.push(Op::Reload { queue, load });
        }
        if taken.earlier {
            lane.rearm();
        }
        if taken.baton && !taken.deliveries.is_empty() {
            lane.arrived();
        }
        taken.deliveries
    }

    /// Ends a batch: deletes what was processed and leaves the rest hidden until its visibility ends.
    /// `receipts` are those of the whole batch; a receipt that is no longer good is passed over. It
    /// does not wait for the disk: after a crash a processed message may come again.
    pub fn settle(&self, queue: QueueName, receipts: &[String], unprocessed: &Unprocessed) {
        let mut processed = Vec::with_capacity(receipts.len());
        let mut window = self.shared.lanes.of(queue).window();
        for text in receipts {
            let Some(receipt) = Receipt::parse(text) else { continue };
            let id = text.split_once('-').map_or("", |(id, _)| id);
            if !unprocessed.0.iter().any(|other| other == id) {
                window.hand_over(receipt, Hand::Settled);
                processed.push(receipt);
            } else if window.hand_over(receipt, Hand::Writer) {
                self.shared.mailbox.push(Op::Release { queue, receipt });
            }
        }
        drop(window);
        if !processed.is_empty() {
            self.shared.mailbox.push(Op::Settle { queue, receipts: processed });
        }
    }

    /// Makes every poller look at the clock again. For a clock that is moved by hand.
    pub fn wake(&self) {
        for queue in QueueName::ALL {
            self.shared.lanes.of(queue).wake();
        }
    }

    /// What is in a queue; reads the disk.
    pub fn depth(&self, queue: QueueName) -> Result<Depth, QueueError> {
        let last = last_of(millis(self.clock.now()));
        let read = self.readers.with(|conn| {
            let later = format!(
                "SELECT count(*) FROM (SELECT 1 FROM message_{queue} WHERE place > ?1 LIMIT {COUNTED})"
            );
            let later: u64 =
                conn.prepare_cached(&later)?.query_row([last], |row| row.get::<_, i64>(0))?.unsigned_abs();
            let mut first = conn.prepare_cached(&format!("SELECT min(place) FROM message_{queue}"))?;
            Ok((later, first.query_row([], |row| row.get::<_, Option<i64>>(0))?))
        });
        let (later, first) = read.map_err(|problem| QueueError { queue, problem })?;
        let window = self.shared.lanes.of(queue).window();
        let (out, hidden, settled, ready) = window.counts(last);
        let waiting = window.total.saturating_sub(out + settled);
        drop(window);
        let delayed = later.saturating_sub(hidden).min(waiting);
        // The first row may be in flight; then the first one in memory is the first that waits.
        let oldest = if waiting == 0 { None } else { ready.or(first) };
        Ok(Depth {
            visible: waiting - delayed,
            delayed,
            in_flight: out,
            oldest: oldest.and_then(|place| Timestamp::from_millisecond(due_of(place)).ok()),
        })
    }

    /// How many messages of a queue are held in memory, ready to be delivered.
    pub fn held_in_memory(&self, queue: QueueName) -> usize {
        self.shared.lanes.of(queue).window().held()
    }

    async fn ask(
        &self,
        queue: QueueName,
        op: Op,
        answer: oneshot::Receiver<Answer>,
    ) -> Result<(), QueueError> {
        self.shared.mailbox.push(op);
        let done = answer.await.unwrap_or_else(|_| Err(Shared::CLOSED.to_owned()));
        done.map_err(|problem| QueueError { queue, problem })
    }
}

#[async_trait]
impl Queue for Queues {
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let refuse = |problem: &str| Err(QueueError { queue, problem: problem.to_owned() });
        if messages.iter().any(|message| message.delay > Outgoing::MAX_DELAY) {
            return refuse("a delay is over 900 seconds");
        }
        if messages.iter().any(|message| message.body.is_empty() || message.body.len() > Outgoing::MAX_BODY) {
            return refuse("a body is empty or over 256 KB");
        }
        let now = self.clock.now();
        let messages = messages
            .into_iter()
            .map(|message| Incoming::new(millis_after(now, message.delay), message.body))
            .collect();
        let (reply, answer) = oneshot::channel();
        self.ask(queue, Op::Send { queue, messages, reply }, answer).await
    }

    async fn set_visibility(
        &self,
        queue: QueueName,
        receipt: &str,
        hidden_for: Duration,
    ) -> Result<(), QueueError> {
        let refuse = |problem: &str| Err(QueueError { queue, problem: problem.to_owned() });
        if hidden_for > MAX_VISIBILITY {
            return refuse("a visibility is over 12 hours");
        }
        let Some(receipt) = Receipt::parse(receipt) else { return refuse("this is no receipt") };
        let now = self.clock.now();
        let (now_ms, due_ms) = (millis(now), millis_after(now, hidden_for));
        let (reply, answer) = oneshot::channel();
        self.ask(queue, Op::Hide { queue, receipt, due_ms, now_ms, reply }, answer).await
    }
}
