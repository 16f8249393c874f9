//! Who goes on when. Every call of a port is a few *steps*, and at each of them a task stops until the world lets
//! it go on: so any two tasks can come between one another at any step, and a task can end at any step, as a
//! machine that dies. Which does what is drawn from the seed.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use jiff::Timestamp;

/// A task, by when it began.
pub(crate) type TaskId = u64;

/// Where a task stops.
struct Gate {
    task: TaskId,
    /// When it may go on at the earliest.
    at: Timestamp,
    waker: Waker,
    open: bool,
}

#[derive(Default)]
struct Gates {
    current: Option<TaskId>,
    gates: BTreeMap<u64, Gate>,
    made: u64,
}

/// The steps at which tasks stand.
#[derive(Clone, Default)]
pub(crate) struct Steps(Arc<Mutex<Gates>>);

impl Steps {
    fn gates(&self) -> MutexGuard<'_, Gates> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the task that is being polled until the world opens the gate, at `at` at the earliest.
    pub(crate) fn stop(&self, at: Timestamp) -> Stop {
        Stop { steps: self.clone(), at, gate: None }
    }

    /// The task that is being polled.
    pub(crate) fn current(&self) -> Option<TaskId> {
        self.gates().current
    }

    /// The gates with their tasks, and from when on each may be opened; the earliest first.
    pub(crate) fn waiting(&self) -> Vec<(Timestamp, u64, TaskId)> {
        let gates = self.gates();
        let mut waiting: Vec<_> = gates.gates.iter().map(|(id, gate)| (gate.at, *id, gate.task)).collect();
        waiting.sort_unstable();
        waiting
    }

    /// Opens a gate, and lets its task go on to its next one. `None` while the task goes on.
    pub(crate) fn open<T>(&self, gate: u64, task: TaskId, future: &mut Running<T>) -> Option<T> {
        let waker = {
            let mut gates = self.gates();
            gates.gates.get_mut(&gate).map(|gate| {
                gate.open = true;
                gate.waker.clone()
            })
        };
        waker.iter().for_each(Waker::wake_by_ref);
        self.poll(task, future)
    }

    /// Lets a task go on to its next gate.
    pub(crate) fn poll<T>(&self, task: TaskId, future: &mut Running<T>) -> Option<T> {
        self.gates().current = Some(task);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.gates().current = None;
        match polled {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }
}

/// A task under way.
pub(crate) type Running<T> = Pin<Box<dyn Future<Output = T>>>;

/// A task stands here.
pub(crate) struct Stop {
    steps: Steps,
    at: Timestamp,
    gate: Option<u64>,
}

impl Future for Stop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let steps = self.steps.clone();
        let mut gates = steps.gates();
        let Some(id) = self.gate else {
            let Some(task) = gates.current else { return Poll::Ready(()) };
            gates.made += 1;
            let id = gates.made;
            gates.gates.insert(id, Gate { task, at: self.at, waker: context.waker().clone(), open: false });
            self.gate = Some(id);
            return Poll::Pending;
        };
        if gates.gates.get(&id).is_none_or(|gate| gate.open) {
            gates.gates.remove(&id);
            self.gate = None;
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(id) = self.gate {
            self.steps.gates().gates.remove(&id);
        }
    }
}
