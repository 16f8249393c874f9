//! The retry ladder: 2, 10, 30, 120 minutes between five tries (the issue of a courier's or a
//! provider's short outage is over by the second, of a long one by the last).

use std::time::Duration;

/// The waits after the first, second, third and fourth failed try.
pub const WAITS: [Duration; 4] = [
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(120 * 60),
];

/// How often a message is received before its queue gives it to the dead-letter queue.
pub const MAX_RECEIVES: u32 = 5;

/// The wait after so many failed tries; nothing after the last.
pub fn wait(failed: u32) -> Duration {
    let place = usize::try_from(failed.saturating_sub(1)).unwrap_or(usize::MAX);
    WAITS.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_2_10_30_120_minutes_and_ends() {
        let minutes: Vec<u64> = (1..=5).map(|failed| wait(failed).as_secs() / 60).collect();
        assert_eq!(minutes, [2, 10, 30, 120, 0]);
    }
}
