//! The journal: the facts that counted, by the time at which the matcher worked on them. It is written in
//! the transaction that counts them, so it holds each once, and is kept for as long as the store says.

use harkara_domain::{Fact, FactBody, FactId, StoreId};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    clocks, keys,
    port::{Expect, Query, Table, TableError, Write},
    record::{self, decode},
};

/// What one write counted. Kept as it is: where a table bills by the size, its adapter packs it.
#[derive(Serialize)]
struct Body<'a> {
    facts: Vec<&'a Fact>,
}

#[derive(Deserialize)]
struct Held {
    facts: Vec<Fact>,
}

/// Facts that counted, all about one subject.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// When the matcher worked on them.
    pub(crate) at: Timestamp,
    /// The facts.
    pub(crate) facts: Vec<Fact>,
}

/// The entry of a write that counted `facts`; nothing for a store without a journal, or where nothing in
/// them says what time or the matcher would not say again.
pub(crate) fn entry<'a>(facts: impl Iterator<Item = &'a Fact>, days: u16, now: Timestamp) -> Option<Write> {
    let facts: Vec<&Fact> = facts.filter(|fact| is_kept(fact)).collect();
    let store = &facts.first().filter(|_| days > 0)?.store;
    let ids: Vec<FactId> = facts.iter().map(|fact| fact.id.clone()).collect();
    let mut item = record::item(keys::journal(store, now, &ids), &Body { facts });
    item.expires_at = now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok();
    Some(Write::Put(item, Expect::Any))
}

/// What time brings about comes of the other facts, and a deed that is done leaves no mark on a view.
fn is_kept(fact: &Fact) -> bool {
    &*fact.source != clocks::SOURCE && !matches!(fact.body, FactBody::Done { .. } | FactBody::Receipt(_))
}

/// A page of a day of UTC, with the place at which the next begins.
pub(crate) async fn page(
    table: &dyn Table,
    store: &StoreId,
    day: Date,
    after: Option<String>,
) -> Result<(Vec<Entry>, Option<String>), TableError> {
    let query = Query::partition(keys::journal_day(store, day)).after(after);
    let page = table.query(query).await?;
    let entries = page.items.iter().map(|item| {
        let at = keys::unstamp(&item.key.sk)
            .ok_or_else(|| TableError::Failed(format!("{} is no place in a journal", item.key.sk)))?;
        Ok(Entry { at, facts: decode::<Held>(item)?.value.facts })
    });
    Ok((entries.collect::<Result<_, TableError>>()?, page.next))
}
