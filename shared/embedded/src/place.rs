//! The place of a message or schedule: its due time, then a running number.
//!
//! 42 bits of milliseconds since 1970 (until 2109) and 21 bits of running number make one positive
//! integer, which is the rowid: the table is in the order of delivery, a message that is due at once
//! is appended, and neither needs a second index.

use std::hash::{BuildHasher, Hasher, RandomState};

const NUMBER_BITS: u32 = 21;
const NUMBERS: i64 = 1 << NUMBER_BITS;
const LAST_MS: i64 = (1 << 42) - 1;

/// The lowest place that is due at `ms`.
pub(crate) fn first_of(ms: i64) -> i64 {
    ms.clamp(0, LAST_MS) << NUMBER_BITS
}

/// The highest place that is due at `ms`.
pub(crate) fn last_of(ms: i64) -> i64 {
    first_of(ms) | (NUMBERS - 1)
}

/// When a place is due, in milliseconds since 1970.
pub(crate) fn due_of(place: i64) -> i64 {
    place >> NUMBER_BITS
}

/// Gives out places.
#[derive(Debug)]
pub(crate) struct Numbers(i64);

impl Numbers {
    /// Begins at random, so that after a restart within the same millisecond (a clock that stands
    /// still) no number is given to a second message.
    pub(crate) fn new() -> Self {
        let random = RandomState::new().build_hasher().finish() >> (u64::BITS - NUMBER_BITS + 1);
        Self(i64::try_from(random).unwrap_or(0))
    }

    /// A place that is due at `ms`. It is taken only if two million others were given out since.
    pub(crate) fn place(&mut self, ms: i64) -> i64 {
        self.0 = (self.0 + 1) % NUMBERS;
        first_of(ms) | self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_their_due_times() {
        let mut numbers = Numbers::new();
        let now = 1_795_300_000_000;
        let (a, b, c) = (numbers.place(now), numbers.place(now), numbers.place(now + 1));
        assert!(a < b && b < c, "{a} {b} {c}");
        assert!(first_of(now) <= a && b <= last_of(now) && last_of(now) < c);
        assert_eq!((due_of(a), due_of(c)), (now, now + 1));
    }

    #[test]
    fn times_out_of_range_stay_in_order() {
        assert_eq!(due_of(first_of(-5)), 0);
        assert!(last_of(i64::MAX) > last_of(4_000_000_000_000));
    }
}
