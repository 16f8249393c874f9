//! What the journal says of when something came, and from whom: nothing of what it was is read.

use harkara_domain::{Rhythm, StoreId};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, de::IgnoredAny};
use std::collections::{BTreeMap, BTreeSet};

use super::watch::{Feed, slot_of};
use crate::{
    keys,
    port::{Query, Table, TableError},
    record::decode,
};

/// In which slots something came.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The feeds that were heard, by slot.
    pub(super) slots: BTreeMap<Timestamp, BTreeSet<Feed>>,
    /// Up to where the journal was read: the beginning of a slot.
    pub(super) to: Timestamp,
}

/// The most entries that one look reads; the rest comes with the next sweep.
const MAX_ENTRIES: usize = 20_000;
/// After so many of one slot, whoever was to be heard in it was heard: a storm is not read through.
const ENOUGH: usize = 2_000;
const PAGE: usize = 1000;

#[derive(Deserialize)]
struct Entry {
    facts: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    source: Box<str>,
    /// One kind, by its name.
    body: BTreeMap<Box<str>, IgnoredAny>,
}

/// What came from one slot to before another.
pub(super) async fn heard(
    table: &dyn Table,
    store: &StoreId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Heard, TableError> {
    let mut heard = Heard { slots: BTreeMap::new(), to: to.max(from) };
    let (mut day, mut read) = (TimeZone::UTC.to_datetime(from).date(), 0);
    let last = TimeZone::UTC.to_datetime(to).date();
    while day <= last {
        let (mut begin, mut of_slot) = (Some(from), (from, 0));
        let mut after = None;
        while let Some(from) = begin.filter(|begin| *begin < to) {
            let mut query = Query::partition(keys::journal_day(store, day)).limit(PAGE).after(after);
            // No place of this time is below its stamp, so what comes at `to` is left for the next look.
            (query.from, query.to) = (Some(keys::stamp(from)), Some(keys::stamp(to)));
            let page = table.query(query).await?;
            for item in &page.items {
                let slot = keys::unstamp(&item.key.sk).map_or(from, slot_of);
                of_slot = if of_slot.0 == slot { (slot, of_slot.1 + 1) } else { (slot, 1) };
                // What was heard of a slot counts when all of it was read.
                if read >= MAX_ENTRIES && !heard.slots.contains_key(&slot) {
                    heard.to = slot;
                    return Ok(heard);
                }
                read += 1;
                // Whatever cannot be read was heard, too, though from nobody who is known.
                let facts = decode::<Entry>(item).map(|entry| entry.value.facts).unwrap_or_default();
                heard.slots.entry(slot).or_default().extend(facts.into_iter().flat_map(feeds_of));
            }
            let jumps = of_slot.1 >= ENOUGH;
            (begin, after) = match page.next {
                Some(_) if jumps => (Some(of_slot.0 + Rhythm::SLOT), None),
                Some(next) => (Some(from), Some(next)),
                None => (None, None),
            };
        }
        day = day.saturating_add(1.day());
    }
    Ok(heard)
}

/// The feeds of a fact; none, for what came from within.
fn feeds_of(said: Said) -> impl Iterator<Item = Feed> {
    let Said { source, body } = said;
    let kind = body.into_keys().next().unwrap_or_default();
    Feed::of(&source, &kind).into_iter().flatten()
}
