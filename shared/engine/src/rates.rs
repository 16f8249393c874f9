//! Rates, a store and source each: one shop's storm takes nothing of another's. In memory, per process.

use harkara_sources::{Bucket, Rate};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// What the sources of all stores have said of late.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<(String, &'static str), Bucket>>);

impl Rates {
    /// From so many stores and sources on, those that rest are forgotten: a full bucket is as good as none.
    const MAX_BUCKETS: usize = 10_000;

    /// Counts one webhook of a store's source. Only what has proved to be the source's is to be counted:
    /// else strangers could use its rate up.
    ///
    /// # Errors
    /// For one that is too many, the whole seconds to wait, as `Retry-After` says them.
    pub fn take(&self, store: &str, source: &'static str, rate: Rate, now: Timestamp) -> Result<(), i64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= Self::MAX_BUCKETS {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let bucket = buckets.entry((store.to_owned(), source)).or_insert_with(|| Bucket::new(now));
        bucket.take(rate, now).map_err(|wait| wait.as_secs() + i64::from(wait.subsec_nanos() > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn passed(rates: &Rates, store: &str, source: &'static str, tries: usize) -> usize {
        let rate: Rate = serde_json::from_str(r#"{ "per_second": 1, "burst": 7 }"#).unwrap();
        (0..tries).filter(|_| rates.take(store, source, rate, now()).is_ok()).count()
    }

    #[test]
    fn a_store_and_source_each() {
        let rates = Rates::default();
        assert_eq!(passed(&rates, "a", "shopify", 100), 7);
        assert_eq!(passed(&rates, "a", "whatsapp", 100), 7);
        assert_eq!(passed(&rates, "b", "shopify", 100), 7);
        assert_eq!(passed(&rates, "a", "shopify", 100), 0);
    }

    #[test]
    fn the_wait_is_in_whole_seconds() {
        let rates = Rates::default();
        let slow: Rate = serde_json::from_str(r#"{ "per_second": 1, "burst": 1 }"#).unwrap();
        assert_eq!(rates.take("a", "shopify", slow, now()), Ok(()));
        assert_eq!(rates.take("a", "shopify", slow, now() + SignedDuration::from_millis(1)), Err(1));
    }

    #[test]
    fn who_rests_is_forgotten() {
        let rates = Rates::default();
        let later = now() + SignedDuration::from_hours(1);
        for store in 0..=Rates::MAX_BUCKETS {
            let at = if store == Rates::MAX_BUCKETS { later } else { now() };
            rates.take(&store.to_string(), "shopify", Rate::USUAL, at).unwrap();
        }
        assert_eq!(rates.0.lock().unwrap().len(), 1);
    }
}
