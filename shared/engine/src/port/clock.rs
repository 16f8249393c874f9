//! Time.

use jiff::{SignedDuration, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// How many times faster than real time it runs: 1, but in a demo.
    fn scale(&self) -> u32 {
        1
    }

    /// How far this clock moves while so much real time passes.
    fn real(&self, span: SignedDuration) -> SignedDuration {
        let scale = i32::try_from(self.scale().max(1)).unwrap_or(i32::MAX);
        span.checked_mul(scale).unwrap_or(SignedDuration::MAX)
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
