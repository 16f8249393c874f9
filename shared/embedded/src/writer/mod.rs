//! The one thread that writes: it takes whatever is waiting, applies it in one transaction, commits,
//! and only then answers. One sync of the disk serves all.

mod finish;
mod items;
pub(crate) mod mailbox;
mod messages;
pub(crate) mod op;
mod schedules;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use harkara_engine::port::{Clock, PerQueue, QueueName};
use rusqlite::{Connection, ErrorCode, Statement};

use crate::{place::Numbers, queue::Load, shared::Shared};
use items::Items;
use messages::Messages;
use op::{Effect, Fired, Op, Receipt};
use schedules::Schedules;

/// How often room is made on a full disk, at most.
const MAKES_ROOM_EVERY: Duration = Duration::from_secs(1);
/// The most ops of one transaction.
const GROUP_OPS: usize = 512;
/// About the most bytes of one transaction.
const GROUP_BYTES: usize = 2 << 20;
/// The most schedules that one op fires.
const FIRED: i64 = 256;
/// The most items that one op purges.
const PURGED: i64 = 500;
/// How long the writer waits for as many ops as the last group had. Callers that were just answered
/// need about this long to come back; without the wait they would split into two groups.
const LINGER: Duration = Duration::from_micros(300);
/// Groups smaller than this are not waited for: few callers are best served at once.
const LINGERS_FROM: usize = 8;

/// See the module.
pub(crate) struct Writer<'c> {
    conn: &'c Connection,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    begin: Statement<'c>,
    commit: Statement<'c>,
    items: Items<'c>,
    messages: PerQueue<Messages<'c>>,
    schedules: Schedules<'c>,
    numbers: Numbers,
    /// Where messages in flight went within the open transaction.
    moved: HashMap<(QueueName, i64), i64>,
    /// When room was last made on a full disk.
    made_room: Option<Instant>,
}

impl<'c> Writer<'c> {
    pub(crate) fn prepare(
        conn: &'c Connection,
        clock: Arc<dyn Clock>,
        shared: Arc<Shared>,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: conn.prepare("BEGIN IMMEDIATE")?,
            commit: conn.prepare("COMMIT")?,
            items: Items::prepare(conn)?,
            messages: PerQueue::try_of(|queue| Messages::prepare(conn, queue))?,
            schedules: Schedules::prepare(conn)?,
            numbers: Numbers::new(),
            moved: HashMap::new(),
            made_room: None,
            conn,
            clock,
            shared,
        })
    }

    /// Loads what memory holds of the disk.
    pub(crate) fn fill(&mut self) {
        self.reschedule();
        for queue in QueueName::ALL {
            self.reload(queue, &Load::Unseen);
        }
    }

    /// Works until the mailbox is closed and empty.
    pub(crate) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let (mut waiting, mut group, mut last) = (Vec::new(), Vec::new(), 0);
        while shared.mailbox.take(&mut waiting) {
            if last >= LINGERS_FROM && waiting.len() < last {
                shared.mailbox.top_up(&mut waiting, last, LINGER);
            }
            last = waiting.len().min(GROUP_OPS);
            let mut ops = waiting.drain(..).peekable();
            while ops.peek().is_some() {
                let mut bytes = 0;
                while group.len() < GROUP_OPS && bytes < GROUP_BYTES {
                    let Some(op) = ops.next() else { break };
                    bytes += op.bytes();
                    group.push(op);
                }
                self.serve(&mut group);
            }
        }
    }

    /// Does a group of ops and answers each. Leaves the list empty.
    fn serve(&mut self, group: &mut Vec<Op>) {
        let done = self.transact(group);
        if done.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DiskFull)) {
            self.make_room();
        }
        match done {
            Ok(effects) => {
                for (op, effect) in group.drain(..).zip(effects) {
                    self.finish(op, effect);
                }
            }
            // One of them may be too much for the disk or the file: the others need not suffer.
            Err(error) if group.len() > 1 && is_particular(&error) => {
                for op in group.drain(..) {
                    match self.transact(std::slice::from_ref(&op)) {
                        Ok(mut effects) => self.finish(op, effects.pop().unwrap_or(Effect::None)),
                        Err(error) => self.fail(op, &error.to_string()),
                    }
                }
            }
            Err(error) => {
                let problem = error.to_string();
                tracing::error!(%problem, ops = group.len(), "a group of writes failed");
                for op in group.drain(..) {
                    self.fail(op, &problem);
                }
            }
        }
    }

    /// The disk is full. The log may hold a page many times over, and need not wait for its size to be folded
    /// into the file: then its space serves for what comes. At times only, since it reads the whole log.
    fn make_room(&mut self) {
        let lately = |at: Instant| at.elapsed() < MAKES_ROOM_EVERY;
        if self.made_room.is_some_and(lately) {
            return;
        }
        self.made_room = Some(Instant::now());
        let folded = self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2));
        match folded {
            Ok(pages) => {
                tracing::error!(pages, "the disk is full; what the log holds was folded into the file");
            }
            Err(error) => tracing::error!(%error, "the disk is full, and leaves no room to fold the log in"),
        }
    }

    /// Applies ops in one transaction. After an error none of them has happened.
    fn transact(&mut self, ops: &[Op]) -> rusqlite::Result<Vec<Effect>> {
        self.moved.clear();
        self.begin.execute([])?;
        let done = self.apply_all(ops);
        if done.is_err() && !self.conn.is_autocommit() {
            // SQLite rolls back by itself after the worst errors; this is for the others.
            self.conn.execute_batch("ROLLBACK")?;
        }
        if done.is_ok() {
            self.shared.commits.fetch_add(1, Ordering::Relaxed);
            self.shared.ops.fetch_add(u64::try_from(ops.len()).unwrap_or(0), Ordering::Relaxed);
        }
        done
    }

    fn apply_all(&mut self, ops: &[Op]) -> rusqlite::Result<Vec<Effect>> {
        let mut effects = Vec::with_capacity(ops.len());
        for op in ops {
            effects.push(self.apply(op)?);
        }
        self.commit.execute([])?;
        Ok(effects)
    }

    fn apply(&mut self, op: &Op) -> rusqlite::Result<Effect> {
        match op {
            Op::Write { writes, now_ms, .. } => {
                Ok(self.items.write(writes, *now_ms)?.map_or(Effect::None, Effect::Refused))
            }
            Op::Send { queue, messages, .. } => {
                let table = self.messages.of_mut(*queue);
                let mut places = Vec::with_capacity(messages.len());
                for message in messages {
                    places.push(table.insert(&mut self.numbers, message.due_ms, &message.body)?);
                }
                Ok(Effect::Placed(places))
            }
            Op::Hide { queue, receipt, due_ms, .. } => self.relocate(*queue, *receipt, *due_ms),
            Op::Settle { queue, receipts } => self.delete(*queue, receipts),
            Op::Release { queue, receipt } => self.release(*queue, *receipt),
            Op::Redrive { queue, target, receipt } => self.redrive(*queue, *target, *receipt),
            Op::Schedule { name, queue, due_ms, body, .. } => {
                let place = self.schedules.insert(&mut self.numbers, name, (*due_ms, *queue), body)?;
                Ok(place.map_or(Effect::None, |place| Effect::Moved { place, due_ms: *due_ms }))
            }
            Op::Cancel { name, .. } => self.schedules.cancel(name).map(|()| Effect::None),
            Op::Fire { now_ms, .. } => self.fire(*now_ms),
            Op::Purge { now_ms, .. } => self.items.purge(*now_ms, PURGED).map(Effect::Purged),
            Op::Reload { .. } => Ok(Effect::None),
        }
    }

    /// Where the message of a receipt is now, this transaction's changes included.
    fn place(&self, queue: QueueName, receipt: Receipt) -> Option<i64> {
        let moved = self.moved.get(&(queue, receipt.id)).copied();
        moved.or_else(|| self.shared.lanes.of(queue).window().place(receipt))
    }

    fn relocate(&mut self, queue: QueueName, receipt: Receipt, due_ms: i64) -> rusqlite::Result<Effect> {
        if self.shared.lanes.of(queue).window().flight(receipt).is_none() {
            return Ok(Effect::Gone);
        }
        let Some(from) = self.place(queue, receipt) else { return Ok(Effect::Gone) };
        let table = self.messages.of_mut(queue);
        let Some(place) = table.relocate(&mut self.numbers, from, due_ms, receipt.receives)? else {
            return Ok(Effect::Gone);
        };
        self.moved.insert((queue, receipt.id), place);
        Ok(Effect::Moved { place, due_ms })
    }

    fn delete(&mut self, queue: QueueName, receipts: &[Receipt]) -> rusqlite::Result<Effect> {
        let mut deleted = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let Some(place) = self.place(queue, *receipt) else { continue };
            if self.messages.of_mut(queue).delete(place)? {
                deleted.push((*receipt, place));
            }
        }
        Ok(Effect::Deleted(deleted))
    }

    fn release(&mut self, queue: QueueName, receipt: Receipt) -> rusqlite::Result<Effect> {
        let flight = self.shared.lanes.of(queue).window().flight(receipt).cloned();
        let Some(flight) = flight else { return Ok(Effect::Gone) };
        if flight.kept || self.moved.contains_key(&(queue, receipt.id)) {
            return Ok(Effect::None);
        }
        self.relocate(queue, receipt, flight.visible_at)
    }

    fn redrive(&mut self, queue: QueueName, target: QueueName, receipt: Receipt) -> rusqlite::Result<Effect> {
        let Some(from) = self.place(queue, receipt) else { return Ok(Effect::Gone) };
        let Some(body) = self.messages.of_mut(queue).body(from)? else { return Ok(Effect::Gone) };
        let now_ms = crate::clock::millis(self.clock.now());
        let place = self.messages.of_mut(target).insert(&mut self.numbers, now_ms, &body)?;
        self.messages.of_mut(queue).delete(from)?;
        Ok(Effect::Redriven { place, body })
    }

    fn fire(&mut self, now_ms: i64) -> rusqlite::Result<Effect> {
        let mut fired = Vec::new();
        for due in self.schedules.due(now_ms, FIRED)? {
            let table = self.messages.of_mut(due.queue);
            let place = table.insert(&mut self.numbers, now_ms, &due.body)?;
            self.schedules.delete(due.place)?;
            fired.push(Fired { queue: due.queue, place, body: due.body });
        }
        Ok(Effect::Fired(fired))
    }
}

/// The error may come from one op alone. After an error of the disk itself nothing is tried again:
/// what a failed sync has kept is not known.
fn is_particular(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}
