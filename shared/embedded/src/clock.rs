//! Clocks that are not the machine's: for tests and for demos.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use harkara_engine::port::Clock;
use jiff::Timestamp;

/// A clock that stands still until it is moved. Whoever moves it tells the store by
/// [`Embedded::wake`](crate::Embedded::wake).
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves to `now`, forward or back.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves forward by `span`; stops at the end of time.
    pub fn advance(&self, span: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(span).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that runs `scale` times as fast as real time: two hours of waiting in two minutes.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    began: Instant,
    from: Timestamp,
    scale: u32,
}

impl ScaledClock {
    /// Begins at `from`; a `scale` of 0 counts as 1.
    pub fn new(from: Timestamp, scale: u32) -> Self {
        Self { began: Instant::now(), from, scale: scale.max(1) }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        let span = self.began.elapsed().saturating_mul(self.scale);
        self.from.checked_add(span).unwrap_or(Timestamp::MAX)
    }

    fn scale(&self) -> u32 {
        self.scale
    }
}

/// A time as whole milliseconds since 1970, which is how the file keeps it.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// `span` from now in whole milliseconds, rounded so that nothing is seen too early, and what is not
/// delayed is seen at once.
pub(crate) fn millis_after(now: Timestamp, span: Duration) -> i64 {
    if span.is_zero() {
        return millis(now);
    }
    let nanos = now.as_nanosecond().saturating_add(i128::try_from(span.as_nanos()).unwrap_or(i128::MAX));
    let ms = nanos.div_euclid(1_000_000) + i128::from(nanos.rem_euclid(1_000_000) > 0);
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// How long to sleep, in real time, until the clock shows `until` (in milliseconds). At most a
/// minute, since the machine's clock can be set; at least a millisecond, since a clock may stand still.
pub(crate) fn real_span(clock: &dyn Clock, until: i64) -> Duration {
    let now = clock.now();
    let ahead = i128::from(until) * 1_000_000 - now.as_nanosecond();
    let nanos = u64::try_from(ahead.max(0)).unwrap_or(u64::MAX) / u64::from(clock.scale().max(1));
    Duration::from_nanos(nanos).clamp(Duration::from_millis(1), Duration::from_secs(60))
}
