//! Webhooks that were refused for their signature. A vendor that signs with another secret than ours is answered
//! 401, tries again for some hours, and gives the address up: nothing fails here meanwhile. A stranger who knocks
//! gets the same answer.
//!
//! The ingest counts the refusals of the connections that there are, and says so now and then by the queue that
//! facts go into, for it has no table. What it said is kept for a week, and judged by what the journal heard.

use harkara_domain::StoreId;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use crate::{
    fault::Fault,
    job::RefusalsJob,
    keys,
    port::{Clock, Expect, Query, Table, TableError, Write},
    record::{self, decode},
};

/// What a process has refused, by store and source. Only connections that there are come in here: strangers
/// can make it say little and hold nothing.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<(String, &'static str), Unsaid>>);

#[derive(Debug)]
struct Unsaid {
    said_at: Timestamp,
    since: u32,
}

impl Refusals {
    /// Between two words on a connection, in real time.
    pub const EVERY: SignedDuration = SignedDuration::from_mins(10);
    /// From so many connections on, those of which nothing is held back are forgotten.
    const MOST: usize = 10_000;

    /// Counts a refusal. How many there were since the last word, this one too, when it is time for the next:
    /// at once for the first, and from then on at most once in `every`.
    pub(crate) fn count(
        &self,
        store: &str,
        source: &'static str,
        now: Timestamp,
        every: SignedDuration,
    ) -> Option<u32> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = |unsaid: &Unsaid| now.duration_since(unsaid.said_at) >= every;
        if held.len() >= Self::MOST {
            held.retain(|_, unsaid| !rests(unsaid));
        }
        let Some(unsaid) = held.get_mut(&(store.to_owned(), source)) else {
            held.insert((store.to_owned(), source), Unsaid { said_at: now, since: 0 });
            return Some(1);
        };
        unsaid.since = unsaid.since.saturating_add(1);
        rests(unsaid).then(|| {
            unsaid.said_at = now;
            std::mem::take(&mut unsaid.since)
        })
    }
}

/// One word of a process, as it is kept.
#[derive(Serialize, Deserialize)]
struct Said {
    source: String,
    known: u32,
}

/// For how long it is kept.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Keeps a word. The same once more changes nothing.
pub(crate) async fn note(table: &dyn Table, job: &RefusalsJob) -> Result<(), Fault> {
    let said = Said { source: job.source.clone(), known: job.known };
    let mut item = record::item(keys::refusal(&job.store, job.at, &job.source), &said);
    item.expires_at = job.at.checked_add(REMEMBERED).ok();
    Ok(table.write(vec![Write::Put(item, Expect::Any)]).await?)
}

/// What is known of a source whose webhooks were refused lately.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) source: String,
    /// When, and at least how many: the earliest first, never empty.
    words: Vec<(Timestamp, u32)>,
    /// When something of it was last taken in after the first, as the journal says.
    pub(crate) heard: Option<Timestamp>,
}

impl Refused {
    /// How far back counts as lately, in real time.
    pub(crate) const LATELY: SignedDuration = SignedDuration::from_hours(24);
    /// For how long it goes on before the team hears of it, in real time: vendors try again for hours.
    const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.words.first().map(|(at, _)| *at)
    }

    pub(crate) fn last(&self) -> Option<Timestamp> {
        self.words.last().map(|(at, _)| *at)
    }

    /// At least so many were refused.
    pub(crate) fn known(&self) -> u64 {
        self.words.iter().map(|(_, known)| u64::from(*known)).sum()
    }

    /// For how long it was said since something was last taken in; not, where something was taken in since. A
    /// moment may be a stranger who passed by; a vendor tries again.
    pub(crate) fn unheard(&self) -> Option<SignedDuration> {
        let mut unheard = self.words.iter().filter(|(at, _)| self.heard.is_none_or(|heard| *at > heard));
        let (first, _) = unheard.next()?;
        Some(self.last()?.duration_since(*first))
    }

    /// Whether it was refused again and again for a while, and not once taken in. Where both happens a stranger
    /// may be at it, who is not to bring about a mail each time that the shop is quiet.
    pub(crate) fn goes_on(&self, now: Timestamp, clock: &dyn Clock) -> bool {
        let again = self.unheard().is_some_and(|lasts| lasts >= clock.real(Refusals::EVERY));
        let lasts = self.first().map(|first| now.duration_since(first));
        self.heard.is_none() && again && lasts.is_some_and(|lasts| lasts >= clock.real(Self::PATIENCE))
    }
}

/// The sources whose webhooks were refused since a time, by name. The reads: one, where there are none.
pub(crate) async fn refused(
    table: &dyn Table,
    store: &StoreId,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Refused>, TableError> {
    const MOST: usize = 1000;
    let mut query = Query::partition(keys::refusals(store)).newest_first().limit(MOST);
    query.from = Some(keys::stamp(since));
    let mut sources: BTreeMap<String, Vec<(Timestamp, u32)>> = BTreeMap::new();
    for item in table.query(query).await?.items.iter().rev() {
        // What cannot be read is passed over: all the rest of the watch hangs on this.
        let (Some(at), Ok(said)) = (keys::unstamp(&item.key.sk), decode::<Said>(item)) else { continue };
        let said = said.value;
        sources.entry(said.source).or_default().push((at, said.known));
    }
    let mut all = Vec::new();
    for (source, words) in sources {
        let first = words.first().map_or(since, |(at, _)| *at);
        let heard = heard(table, store, &source, first, now).await?;
        all.push(Refused { source, words, heard });
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Entry {
    facts: Vec<Taken>,
}

#[derive(Deserialize)]
struct Taken {
    source: Box<str>,
    received_at: Timestamp,
}

/// When something of a source was last taken in after a time, as far as the journal says.
pub(crate) async fn heard(
    table: &dyn Table,
    store: &StoreId,
    source: &str,
    after: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>, TableError> {
    // Beyond that others have spoken so much more that it was as good as never heard.
    const MOST_PAGES: usize = 5;
    let date = |at| TimeZone::UTC.to_datetime(at).date();
    let (mut day, mut next): (Date, Option<String>) = (date(now), None);
    for _ in 0..MOST_PAGES {
        let mut query = Query::partition(keys::journal_day(store, day)).newest_first().after(next);
        query.from = Some(keys::stamp(after));
        let page = table.query(query).await?;
        for item in &page.items {
            let Ok(entry) = decode::<Entry>(item) else { continue };
            let facts = entry.value.facts.into_iter();
            let taken = facts.filter(|fact| &*fact.source == source).map(|fact| fact.received_at);
            if let Some(last) = taken.filter(|at| *at > after).max() {
                return Ok(Some(last));
            }
        }
        next = page.next;
        if next.is_none() {
            if day <= date(after) {
                break;
            }
            day = day.saturating_sub(1.day());
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: SignedDuration = Refusals::EVERY;

    fn at(minute: i64) -> Timestamp {
        "2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    #[test]
    fn the_first_is_said_at_once_and_the_others_every_ten_minutes() {
        let refusals = Refusals::default();
        let said = |minute| refusals.count("a", "shopify", at(minute), EVERY);
        assert_eq!([0, 1, 5, 9].map(said), [Some(1), None, None, None]);
        assert_eq!([10, 11, 30].map(said), [Some(4), None, Some(2)]);
        assert_eq!(refusals.count("a", "whatsapp", at(11), EVERY), Some(1));
        assert_eq!(refusals.count("b", "shopify", at(11), EVERY), Some(1));
    }

    #[test]
    fn who_rests_is_forgotten() {
        let refusals = Refusals::default();
        for store in 0..Refusals::MOST {
            refusals.count(&store.to_string(), "shopify", at(0), EVERY);
        }
        refusals.count("late", "shopify", at(10), EVERY);
        assert_eq!(refusals.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn what_was_said_before_it_was_heard_is_not_unheard() {
        let mut refused = Refused {
            source: "shopify".to_owned(),
            words: vec![(at(0), 1), (at(10), 4), (at(20), 2)],
            heard: None,
        };
        let minutes = |refused: &Refused| refused.unheard().map(|lasts| lasts.as_mins());
        assert_eq!((refused.known(), minutes(&refused)), (7, Some(20)));
        refused.heard = Some(at(5));
        assert_eq!(minutes(&refused), Some(10));
        refused.heard = Some(at(10));
        assert_eq!(minutes(&refused), Some(0));
        refused.heard = Some(at(21));
        assert_eq!(minutes(&refused), None);
    }
}
