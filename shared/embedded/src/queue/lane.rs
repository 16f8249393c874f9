//! One queue: its window, and the pollers that wait for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use harkara_engine::port::Clock;
use tokio::sync::Notify;

use super::{
    ready::Held,
    window::{Load, Taken, Terms, Window},
};
use crate::{
    clock::{millis, millis_after, real_span},
    place::due_of,
    settings::QueueSettings,
};

/// See the module.
///
/// One waiting poller watches the time, so that a thousand delayed messages do not wake all of them;
/// the others wait for arrivals. Whoever leaves with messages passes the watch on.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) settings: QueueSettings,
    window: Mutex<Window>,
    arrivals: Notify,
    earlier: Notify,
}

impl Lane {
    pub(crate) fn new(settings: QueueSettings, window: Window) -> Self {
        Self { settings, window: Mutex::new(window), arrivals: Notify::new(), earlier: Notify::new() }
    }

    pub(crate) fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out what is due.
    pub(crate) fn take(&self, clock: &dyn Clock, max: usize) -> Taken {
        let now = clock.now();
        // Real time, so as much more of the clock's time as it is faster.
        let hidden = self.settings.visibility.saturating_mul(clock.scale().max(1));
        let max_receives = self.settings.redrive_to.map(|_| self.settings.max_receives.max(1));
        let visible_at = millis_after(now, hidden);
        self.window().take(Terms { now_ms: millis(now), visible_at, max, max_receives })
    }

    /// Takes committed messages into memory and wakes whom they concern.
    pub(crate) fn add(&self, messages: impl Iterator<Item = (i64, Held)>, fresh: bool, now_ms: i64) {
        let mut window = self.window();
        let mut due = 0_usize;
        for (place, held) in messages {
            if fresh {
                window.total += 1;
            }
            due += usize::from(due_of(place) <= now_ms);
            window.insert(place, held);
        }
        self.changed(&window, due);
    }

    /// Takes in what was loaded from disk, and up to where; `None` for a load that failed.
    pub(crate) fn loaded(&self, load: &Load, found: Option<(Vec<(i64, Held)>, i64)>) {
        let mut window = self.window();
        match found {
            Some((found, up_to)) => window.loaded(load, found, up_to),
            None => window.not_loaded(load),
        }
        self.changed(&window, 1);
    }

    /// Wakes whom a change of the window concerns; `due` messages have come that are due at once.
    pub(crate) fn changed(&self, window: &Window, due: usize) {
        // A woken poller takes up to ten and wakes the next if there is more.
        for _ in 0..due.div_ceil(10).min(8) {
            self.arrivals.notify_one();
        }
        if window.is_watched_too_late() {
            self.earlier.notify_one();
        } else if window.watched.is_none() && due == 0 {
            self.arrivals.notify_one();
        }
    }

    /// The watch is set too late.
    pub(crate) fn rearm(&self) {
        self.earlier.notify_one();
    }

    /// One poller should look.
    pub(crate) fn arrived(&self) {
        self.arrivals.notify_one();
    }

    /// Every poller should look at the clock again: one does, and wakes the next if there is more.
    pub(crate) fn wake(&self) {
        self.arrivals.notify_one();
        if self.window().watched.is_some() {
            self.earlier.notify_one();
        }
    }

    /// Waits until it may be worth a look.
    pub(crate) async fn wait(&self, clock: &dyn Clock) {
        let watch = {
            let mut window = self.window();
            match (window.watched, window.next()) {
                (None, Some(until)) => {
                    window.watched = Some(until);
                    Some(until)
                }
                _ => None,
            }
        };
        let Some(until) = watch else { return self.arrivals.notified().await };
        let mut watch = Watch { lane: self, dropped: true };
        tokio::select! {
            () = self.arrivals.notified() => {}
            () = self.earlier.notified() => {}
            () = tokio::time::sleep(real_span(clock, until)) => {}
        }
        watch.dropped = false;
    }
}

/// The watch over the time.
struct Watch<'l> {
    lane: &'l Lane,
    /// The poller went away while waiting: another one must take over.
    dropped: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.lane.window().watched = None;
        if self.dropped {
            self.lane.arrivals.notify_one();
        }
    }
}
