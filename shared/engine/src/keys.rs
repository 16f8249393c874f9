//! Where everything lies in the table. All keys are made here and nowhere else.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `o#<store>#<order>` | `v` | the order's view |
//! | | `r#<run>` | a run |
//! | | `h#<time>#<fact>` | an entry of the timeline |
//! | `c#<store>#<customer>` | `v`, `r#…`, `h#…` | the customer's view, runs, timeline |
//! | | `d#<digest>` | the day on which a subscription renews |
//! | `b#<store>#<cart>` | `v`, `r#…`, `h#…` | the cart's view, runs, timeline |
//! | `s#<store>` | `settings` | the store's settings |
//! | | `f#<flow>` | a flow: its current version, its state, its draft |
//! | | `fv#<flow>#<version>` | a version of a flow, never changed |
//! | | `fc#<flow>#<time>#<change>` | a change of a flow's state or draft, and by whom |
//! | | `admission` | written by whatever makes a flow active, so that only one at a time does |
//! | | `t#<template>` | a message template |
//! | | `p#<channel>` | a pause of a channel |
//! | | `changes` | how often any of the above was changed |
//! | | `watch` | how often facts usually come |
//! | | `alert` | the open window of failures that a mail will tell of |
//! | | `restored` | the gap that a restored backup left |
//! | `dates` | `<store>#<flow>` | a flow that waits for dates, or has |
//! | `watched` | `<store>` | a store that the sentinel watches |
//! | `z#<store>` | `<time>#<feed>` | a silence: nothing came from a source that usually does |
//! | `g#<store>` | `<time>#<source>` | that webhooks were refused for their signature |
//! | `k#<store>` | `<flow>` | how far the sweep has gone through its dates |
//! | `overdue` | `<shard>` | how far it has gone through what is overdue, where that is much |
//! | `j#<store>#<day>` | `<time>#<digest>` | facts that counted, in the journal: by the day, of UTC, of the write |
//! | `d#<store>` | `<time>#<what>` | a dead letter |
//! | `m#<store>` | `<message>` | that a message of a queue was filed, and when |
//! | `y#<store>` | `<time>-<tag>` | a replay and its progress |
//! | `x#<store>` | `<time>#<reference>` | a message or mail kept in the outbox |
//! | `t#<store>` | `<task>` | a task for the team |
//! | `u#<store>` | `p#<digest of the e-mail>` | a person who may sign in |
//! | | `l#<digest of the token>` | an invitation, until it is used |
//! | | `k#<digest of the key>` | an API key |
//! | | `setup` | the link that makes the first owner |
//! | `n#<store>#<digest of the token>` | `v` | a session |
//! | `w#<store>#<digest of whom>` | `v` | failed sign-ins, for their waits |
//! | `a#<store>` | `<time>#<random>` | an entry of the audit log |
//!
//! Runs and the view share a partition so that one consistent query of `r#`…`v` reads all that a
//! stage is decided on.

mod lists;
mod people;
mod watch;

use harkara_domain::{
    Awaited, CustomerId, FactId, FlowId, Run, RunId, StoreId, Subject, awaited, flow::Channel, id::digest,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::port::{IndexKey, Key, Query};
pub use lists::*;
pub use people::*;
pub use watch::*;

/// A time that sorts as text: milliseconds in 13 digits, good until the year 2286.
pub fn stamp(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}

/// The time of a [`stamp`].
pub fn unstamp(text: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(text.get(..13)?.parse().ok()?).ok()
}

/// The partition of an order, a customer or a cart.
pub fn partition(store: &StoreId, subject: &Subject) -> String {
    match subject {
        Subject::Order(order) => format!("o#{store}#{order}"),
        Subject::Customer(customer) => format!("c#{store}#{customer}"),
        Subject::Cart(cart) => format!("b#{store}#{cart}"),
    }
}

/// The view of a subject.
pub fn view(store: &StoreId, subject: &Subject) -> Key {
    Key::new(partition(store, subject), VIEW)
}

/// A run.
pub fn run(store: &StoreId, subject: &Subject, run: &RunId) -> Key {
    Key::new(partition(store, subject), format!("r#{run}"))
}

/// Whose view a key is of; nothing, for what is no view.
pub fn subject_of(key: &Key) -> Option<(StoreId, Subject)> {
    let mut parts = key.pk.splitn(3, '#');
    let (kind, store, id) = (parts.next()?, parts.next()?, parts.next()?);
    let subject = match kind {
        "o" => Subject::Order(id.into()),
        "c" => Subject::Customer(id.into()),
        "b" => Subject::Cart(id.into()),
        _ => return None,
    };
    (key.sk == VIEW).then(|| (store.into(), subject))
}

/// All runs of a subject and, last, its view.
pub fn runs_and_view(store: &StoreId, subject: &Subject) -> Query {
    let mut query = Query::partition(partition(store, subject));
    query.from = Some("r#".to_owned());
    query.to = Some(VIEW.to_owned());
    query
}

/// An entry of a subject's timeline.
pub fn history(store: &StoreId, subject: &Subject, occurred_at: Timestamp, fact: &FactId) -> Key {
    Key::new(partition(store, subject), format!("h#{}#{fact}", stamp(occurred_at)))
}

/// A customer's view.
pub fn customer(store: &StoreId, customer: &CustomerId) -> Key {
    view(store, &Subject::Customer(customer.clone()))
}

/// The partition of a store's own things.
pub fn store_partition(store: &StoreId) -> String {
    format!("{STORE}{store}")
}

/// How the partitions of stores' own things begin.
pub const STORE: &str = "s#";

/// A store's settings.
pub fn settings(store: &StoreId) -> Key {
    Key::new(store_partition(store), "settings")
}

/// The gap that a restored backup left in a store. Read with the settings, beside which it lies.
pub fn gap(store: &StoreId) -> Key {
    Key::new(store_partition(store), "restored")
}

/// The gap, where there is one, and then the settings.
pub fn gap_and_settings(store: &StoreId) -> Query {
    let mut query = Query::partition(store_partition(store));
    query.from = Some(gap(store).sk);
    query.to = Some(settings(store).sk);
    query
}

/// The count of a store's changes of settings, flows, templates and pauses.
pub fn changes(store: &StoreId) -> Key {
    Key::new(store_partition(store), "changes")
}

/// A flow's head.
pub fn flow(store: &StoreId, flow: &FlowId) -> Key {
    Key::new(store_partition(store), format!("{FLOW}{flow}"))
}

/// How the sort keys of flows' heads begin.
pub const FLOW: &str = "f#";

/// An entry in the list of flows that wait for dates, of all stores.
pub fn date_flow(store: &StoreId, flow: &FlowId) -> Key {
    Key::new(DATE_FLOWS, format!("{store}#{flow}"))
}

/// The partition of that list.
pub const DATE_FLOWS: &str = "dates";

/// How far the dates of a flow have been gone through.
pub fn progress(store: &StoreId, flow: &FlowId) -> Key {
    Key::new(format!("k#{store}"), flow.as_str())
}

/// The day on which a subscription renews.
pub fn renewal(store: &StoreId, customer: &CustomerId, subscription: &str) -> Key {
    let customer = Subject::Customer(customer.clone());
    Key::new(partition(store, &customer), format!("d#{}", short(subscription)))
}

/// Enough of a digest to tell a customer's subscriptions apart, or what was written in one millisecond.
fn short(text: &str) -> String {
    digest(text).chars().take(24).collect()
}

/// A version of a flow.
pub fn flow_version(store: &StoreId, flow: &FlowId, version: u32) -> Key {
    Key::new(store_partition(store), format!("fv#{flow}#{version:06}"))
}

/// The versions of a flow, the earliest first.
pub fn flow_versions(store: &StoreId, flow: &FlowId) -> Query {
    Query::partition(store_partition(store)).prefix(&format!("fv#{flow}#"))
}

/// A change of a flow whose head was this many times written.
pub fn flow_change(store: &StoreId, flow: &FlowId, at: Timestamp, head: u64) -> Key {
    Key::new(store_partition(store), format!("fc#{flow}#{}#{head:09}", stamp(at)))
}

/// The changes of a flow, the earliest first.
pub fn flow_changes(store: &StoreId, flow: &FlowId) -> Query {
    Query::partition(store_partition(store)).prefix(&format!("fc#{flow}#"))
}

/// What every write expects that makes a flow active.
pub fn admission(store: &StoreId) -> Key {
    Key::new(store_partition(store), "admission")
}

/// A template.
pub fn template(store: &StoreId, name: &str) -> Key {
    Key::new(store_partition(store), format!("t#{name}"))
}

/// A channel's pause.
pub fn pause(store: &StoreId, channel: Channel) -> Key {
    Key::new(store_partition(store), format!("p#{}", channel.as_str()))
}

/// The window of failures that a mail will tell of.
pub fn alert(store: &StoreId) -> Key {
    Key::new(store_partition(store), "alert")
}

/// An entry of a store's journal: facts that one write counted at a time.
pub fn journal(store: &StoreId, at: Timestamp, facts: &[FactId]) -> Key {
    let ids: Vec<&str> = facts.iter().map(FactId::as_str).collect();
    let sk = format!("{}#{}", stamp(at), short(&ids.join("\n")));
    Key::new(journal_day(store, TimeZone::UTC.to_datetime(at).date()), sk)
}

/// What a store's journal says of a day of UTC.
pub fn journal_day(store: &StoreId, day: Date) -> String {
    format!("j#{store}#{day}")
}

/// A store's dead letters.
pub fn dead_letters(store: &StoreId) -> String {
    format!("d#{store}")
}

/// What tells that a message of a queue was filed as a dead letter.
pub fn filed(store: &StoreId, message: &str) -> Key {
    Key::new(format!("m#{store}"), message)
}

/// A store's replays.
pub fn replays(store: &StoreId) -> String {
    format!("y#{store}")
}

/// A store's outbox.
pub fn outbox(store: &StoreId) -> String {
    format!("x#{store}")
}

/// A task.
pub fn task(store: &StoreId, task: &str) -> Key {
    Key::new(format!("t#{store}"), task)
}

/// A store's audit log.
pub fn audit(store: &StoreId) -> String {
    format!("a#{store}")
}

/// Where a run stands in the sweep's index; nowhere once nothing of it is due.
pub fn run_due(run: &Run) -> Option<IndexKey> {
    let due = run.next_due()?;
    let sk = format!("{}#{}#{}#{}", stamp(due), run.store, run.subject, run.id);
    Some(IndexKey { pk: due_partition(shard(&run.subject.to_string())), sk })
}

/// Where a view stands in the sweep's index, by when something that it awaits comes about.
pub fn view_due(store: &StoreId, subject: &Subject, awaits: &[Awaited]) -> Option<IndexKey> {
    let subject = subject.to_string();
    let sk = format!("{}#{store}#{subject}", stamp(awaited::first(awaits)?));
    Some(IndexKey { pk: due_partition(shard(&subject)), sk })
}

/// How far the sweep has gone through what is overdue in a partition of its index.
pub fn overdue(shard: u8) -> Key {
    Key::new("overdue", shard.to_string())
}

/// How many partitions the sweep's index has, so that none of them gets too hot.
pub const DUE_SHARDS: u8 = 8;

/// A partition of the sweep's index.
pub fn due_partition(shard: u8) -> String {
    format!("due#{shard}")
}

fn shard(subject: &str) -> u8 {
    subject.bytes().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % DUE_SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_sort_as_their_times_do() {
        let early = Timestamp::from_millisecond(999).unwrap();
        let late = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        assert!(stamp(early) < stamp(late));
        assert_eq!(unstamp(&format!("{}#rest", stamp(late))), Some(late));
    }

    #[test]
    fn a_view_is_told_from_all_else_by_its_key() {
        let store = StoreId::new("demo");
        for subject in ["shopify-1", "customer:9f2c", "cart:a#b"].map(Subject::from) {
            assert_eq!(subject_of(&view(&store, &subject)), Some((store.clone(), subject.clone())));
            assert_eq!(subject_of(&run(&store, &subject, &"f~v".into())), None);
        }
        assert_eq!(subject_of(&session(&store, "9f2c")), None);
    }
}
