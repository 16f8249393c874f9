//! After the commit: memory follows the disk, and callers are answered.

use std::sync::atomic::Ordering;

use harkara_engine::{
    job,
    port::{QueueName, WriteError},
};

use super::{
    Writer,
    op::{Effect, Op, Receipt},
};
use crate::{
    clock::millis,
    place::due_of,
    queue::{Hand, Held, Load},
};

/// How long after a failure the writer tries again what nobody else would, in the clock's milliseconds.
const AGAIN_MS: i64 = 1000;

impl Writer<'_> {
    /// The op is durable.
    pub(super) fn finish(&mut self, op: Op, effect: Effect) {
        match (op, effect) {
            (Op::Write { reply, .. }, Effect::Refused(refusal)) => _ = reply.send(Err(refusal)),
            (Op::Write { reply, .. }, _) => _ = reply.send(Ok(())),
            (Op::Send { queue, messages, reply }, Effect::Placed(places)) => {
                let now_ms = millis(self.clock.now());
                let held = messages.into_iter().zip(places).map(|(message, place)| {
                    (place, Held { id: place, receives: 0, group: message.group, body: message.body })
                });
                self.shared.lanes.of(queue).add(held, true, now_ms);
                _ = reply.send(Ok(()));
            }
            (Op::Hide { queue, receipt, due_ms, now_ms, reply }, Effect::Moved { place, .. }) => {
                self.hidden(queue, receipt, (place, due_ms), now_ms);
                _ = reply.send(Ok(()));
            }
            (Op::Hide { reply, .. }, _) => _ = reply.send(Err("the receipt is no longer good".to_owned())),
            (Op::Settle { queue, .. }, Effect::Deleted(deleted)) => {
                let mut window = self.shared.lanes.of(queue).window();
                for (receipt, place) in deleted {
                    window.deleted(receipt, place);
                }
            }
            (Op::Release { queue, receipt }, effect) => self.released(queue, receipt, &effect),
            (Op::Redrive { queue, target, receipt }, Effect::Redriven { place, body }) => {
                let mut window = self.shared.lanes.of(queue).window();
                window.land(receipt);
                window.total = window.total.saturating_sub(1);
                drop(window);
                let held = fresh(place, body);
                self.shared.lanes.of(target).add([(place, held)].into_iter(), true, due_of(place));
            }
            (Op::Redrive { queue, receipt, .. }, _) => {
                self.shared.lanes.of(queue).window().land(receipt);
            }
            (Op::Reload { queue, load }, _) => self.reload(queue, &load),
            (Op::Schedule { reply, .. }, effect) => {
                if let Effect::Moved { due_ms, .. } = effect {
                    self.shared.scheduled(due_ms);
                }
                _ = reply.send(Ok(()));
            }
            (Op::Cancel { reply, .. }, _) => _ = reply.send(Ok(())),
            (Op::Fire { reply, .. }, effect) => {
                self.fired(effect);
                self.reschedule();
                _ = reply.send(Ok(()));
            }
            (Op::Purge { reply, .. }, Effect::Purged(count)) => {
                _ = reply.send(Ok(i64::try_from(count).unwrap_or(i64::MAX) >= super::PURGED));
            }
            // No other effects come of these.
            (Op::Send { .. } | Op::Settle { .. } | Op::Purge { .. }, _) => {}
        }
    }

    /// The op has not happened; memory stays as it was.
    pub(super) fn fail(&self, op: Op, problem: &str) {
        match op {
            Op::Write { reply, .. } => _ = reply.send(Err(WriteError::Failed(problem.to_owned()))),
            Op::Send { reply, .. }
            | Op::Hide { reply, .. }
            | Op::Schedule { reply, .. }
            | Op::Cancel { reply, .. }
            | Op::Fire { reply, .. } => _ = reply.send(Err(problem.to_owned())),
            Op::Purge { reply, .. } => _ = reply.send(Err(problem.to_owned())),
            Op::Settle { queue, receipts } => {
                tracing::warn!(%queue, problem, "processed messages could not be deleted; they will come again");
                for receipt in receipts {
                    self.give_back(queue, receipt);
                }
            }
            Op::Release { queue, receipt } | Op::Redrive { queue, receipt, .. } => {
                tracing::warn!(%queue, problem, "a message could not be given up; this is tried again");
                self.give_back(queue, receipt);
            }
            Op::Reload { queue, load } => self.shared.lanes.of(queue).loaded(&load, None),
        }
    }

    fn give_back(&self, queue: QueueName, receipt: Receipt) {
        let again = millis(self.clock.now()).saturating_add(AGAIN_MS);
        let lane = self.shared.lanes.of(queue);
        let mut window = lane.window();
        let visible_at = window.flight(receipt).map_or(again, |flight| flight.visible_at.max(again));
        window.hand_back(receipt, visible_at);
        lane.changed(&window, 0);
    }

    fn hidden(&mut self, queue: QueueName, receipt: Receipt, (place, due_ms): (i64, i64), now_ms: i64) {
        let lane = self.shared.lanes.of(queue);
        let mut window = lane.window();
        window.moved(receipt, place, due_ms);
        if due_ms > now_ms {
            lane.changed(&window, 0);
            return;
        }
        window.hand_over(receipt, Hand::Writer);
        drop(window);
        self.land(queue, receipt);
    }

    fn released(&mut self, queue: QueueName, receipt: Receipt, effect: &Effect) {
        match effect {
            Effect::Moved { place, due_ms } => {
                self.shared.lanes.of(queue).window().moved(receipt, *place, *due_ms);
            }
            Effect::Gone => {
                self.shared.lanes.of(queue).window().land(receipt);
                return;
            }
            _ => {}
        }
        self.land(queue, receipt);
    }

    /// A flight ends: the message waits again, in memory if it is among the earliest, or it goes to
    /// the dead-letter queue if this was its last receive and nothing hides it any more.
    fn land(&mut self, queue: QueueName, receipt: Receipt) {
        let now_ms = millis(self.clock.now());
        let lane = self.shared.lanes.of(queue);
        let window = lane.window();
        let Some(flight) = window.flight(receipt).cloned() else { return };
        if let Some(target) = lane.settings.redrive_to
            && flight.visible_at <= now_ms
            && flight.receives >= lane.settings.max_receives.max(1)
        {
            drop(window);
            self.shared.mailbox.push(Op::Redrive { queue, target, receipt });
            return;
        }
        let covered = window.covers(&flight.group, flight.place);
        drop(window);
        let body = if covered { self.messages.of_mut(queue).body(flight.place) } else { Ok(None) };
        match body {
            Ok(body) => {
                lane.window().land(receipt);
                let (id, receives, group) = (receipt.id, flight.receives, flight.group);
                let held = body.map(|body| Held { id, receives, group, body });
                lane.add(held.map(|held| (flight.place, held)).into_iter(), false, now_ms);
            }
            Err(error) => {
                tracing::warn!(%queue, problem = %error, "a message could not be read; this is tried again");
                self.give_back(queue, receipt);
            }
        }
    }

    fn fired(&self, effect: Effect) {
        let Effect::Fired(fired) = effect else { return };
        let now_ms = millis(self.clock.now());
        for message in fired {
            let held = fresh(message.place, message.body);
            self.shared.lanes.of(message.queue).add([(message.place, held)].into_iter(), true, now_ms);
        }
    }

    /// Fills a window. Between transactions, so that it sees exactly what is committed.
    pub(super) fn reload(&mut self, queue: QueueName, load: &Load) {
        let lane = self.shared.lanes.of(queue);
        let room = lane.window().room(load);
        let wanted = |group: &str, place| match load {
            Load::Unseen => lane.window().covers(group, place),
            Load::Group(name) => **name == *group,
        };
        match self.messages.of_mut(queue).after(room, wanted) {
            Ok(found) => {
                let there_is_more = found.1 != i64::MAX;
                lane.loaded(load, Some(found));
                // Whoever is behind a storm is found soon, however fast the storm is taken.
                if there_is_more && *load == Load::Unseen {
                    self.shared.mailbox.push(Op::Reload { queue, load: Load::Unseen });
                }
            }
            Err(error) => {
                tracing::error!(%queue, problem = %error, "waiting messages could not be read");
                lane.loaded(load, None);
            }
        }
    }

    /// Looks up when the next schedule is due.
    pub(super) fn reschedule(&mut self) {
        match self.schedules.first() {
            Ok(first) => {
                self.shared.next_schedule.store(first.map_or(i64::MAX, due_of), Ordering::Release);
            }
            Err(error) => tracing::error!(problem = %error, "the schedules could not be read"),
        }
    }
}

/// A message that nobody has received yet.
fn fresh(place: i64, body: String) -> Held {
    Held { id: place, receives: 0, group: job::group(&body).into(), body }
}
