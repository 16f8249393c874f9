//! How fast a source may speak.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::num::NonZeroU32;

/// A steady rate, and how much may come at once before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Webhooks a second, for as long as it takes.
    pub per_second: NonZeroU32,
    /// Webhooks at once.
    pub burst: NonZeroU32,
}

impl Rate {
    /// Far over what a shop does: a sale of 3,000 orders a minute with three webhooks each is within it.
    /// It must be: Shopify takes a subscription away after 8 deliveries in a row that were refused.
    pub const USUAL: Self = Self::of(200, 12_000);

    /// So many a second and at once; at least one.
    pub const fn of(per_second: u32, burst: u32) -> Self {
        Self { per_second: at_least_one(per_second), burst: at_least_one(burst) }
    }

    /// What one webhook takes of a second.
    fn interval(self) -> SignedDuration {
        SignedDuration::from_secs(1) / i32::try_from(self.per_second.get()).unwrap_or(i32::MAX)
    }

    /// How far ahead of the steady rate a source may be.
    fn ahead(self) -> SignedDuration {
        self.interval() * i32::try_from(self.burst.get()).unwrap_or(i32::MAX)
    }
}

const fn at_least_one(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// What a source has said of late, against a [`Rate`]: the generic cell rate algorithm, which is a
/// bucket of tokens in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When the steady rate will have caught up with what was said.
    caught_up: Timestamp,
}

impl Bucket {
    /// Of a source that has said nothing yet.
    pub fn new(now: Timestamp) -> Self {
        Self { caught_up: now }
    }

    /// Whether it is as good as new.
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.caught_up <= now
    }

    /// Counts one webhook.
    ///
    /// # Errors
    /// How long to wait, for one that is too many; it does not count.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), SignedDuration> {
        // More than the rate allows, and nobody said it: the clock was set back, or the rate is a lower one now.
        let most = now.saturating_add(rate.ahead()).unwrap_or(Timestamp::MAX);
        self.caught_up = self.caught_up.clamp(now, most);
        let caught_up = self.caught_up.saturating_add(rate.interval()).unwrap_or(Timestamp::MAX);
        let wait = caught_up.duration_since(now) - rate.ahead();
        if wait > SignedDuration::ZERO {
            return Err(wait);
        }
        self.caught_up = caught_up;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_A_SECOND: Rate = Rate::of(5, 20);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_300_000_000 + millis).unwrap()
    }

    fn passed(bucket: &mut Bucket, tries: usize, millis: i64) -> usize {
        (0..tries).filter(|_| bucket.take(FIVE_A_SECOND, at(millis)).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let mut bucket = Bucket::new(at(0));
        assert_eq!(passed(&mut bucket, 100, 0), 20);
        assert_eq!(passed(&mut bucket, 100, 1000), 5);
        assert_eq!(passed(&mut bucket, 100, 1100), 0);
        assert_eq!(passed(&mut bucket, 100, 3000), 10);
    }

    #[test]
    fn who_is_too_fast_is_told_how_long_to_wait() {
        let mut bucket = Bucket::new(at(0));
        passed(&mut bucket, 20, 0);
        let wait = bucket.take(FIVE_A_SECOND, at(0)).unwrap_err();
        assert_eq!(wait, SignedDuration::from_millis(200));
        assert_eq!(bucket.take(FIVE_A_SECOND, at(199)), Err(SignedDuration::from_millis(1)));
        assert_eq!(bucket.take(FIVE_A_SECOND, at(200)), Ok(()));
    }

    #[test]
    fn rest_fills_the_bucket_and_no_more() {
        let mut bucket = Bucket::new(at(0));
        passed(&mut bucket, 20, 0);
        assert!(!bucket.is_full(at(3999)) && bucket.is_full(at(4000)));
        assert_eq!(passed(&mut bucket, 100, 3_600_000), 20);
    }

    /// Else a machine that starts with a wrong date would refuse a source for as long as that was off.
    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out() {
        let mut bucket = Bucket::new(at(0));
        passed(&mut bucket, 10, 3_600_000);
        assert_eq!(bucket.take(FIVE_A_SECOND, at(0)), Err(SignedDuration::from_millis(200)));
        assert_eq!(bucket.take(FIVE_A_SECOND, at(200)), Ok(()));
        assert_eq!(passed(&mut bucket, 100, 1200), 5);
    }

    #[test]
    fn a_lower_rate_counts_from_now_on() {
        let mut bucket = Bucket::new(at(0));
        for _ in 0..12_000 {
            bucket.take(Rate::USUAL, at(0)).unwrap();
        }
        assert_eq!(bucket.take(FIVE_A_SECOND, at(0)), Err(SignedDuration::from_millis(200)));
    }
}
