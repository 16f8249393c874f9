//! Where everything lies in the table. All keys are made here and nowhere else.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `o#<store>#<order>` | `v` | the order's view |
//! | | `r#<run>` | a run |
//! | | `h#<time>#<fact>` | an entry of the timeline |
//! | `c#<store>#<customer>` | `v` | the customer's view |
//! | `s#<store>` | `settings` | the store's settings |
//! | | `f#<flow>` | a flow: its current version, and whether it is on |
//! | | `fv#<flow>#<version>` | a version of a flow, never changed |
//! | | `t#<template>` | a message template |
//! | | `p#<channel>` | a pause of a channel |
//! | | `changes` | how often any of the above was changed |
//! | | `alert` | the open window of failures that a mail will tell of |
//! | `d#<store>` | `<time>#<what>` | a dead letter |
//! | `y#<store>` | `<time>-<tag>` | a replay and its progress |
//! | `x#<store>` | `<time>#<reference>` | a message or mail kept in the outbox |
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

use harkara_domain::{
    CustomerId, FactId, FlowId, OrderId, Run, RunId, StoreId, flow::Channel, order::OrderView,
};
use jiff::Timestamp;

use crate::port::{IndexKey, Key, Query};

/// A time that sorts as text: milliseconds in 13 digits, good until the year 2286.
pub fn stamp(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}

/// The time of a [`stamp`].
pub fn unstamp(text: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(text.get(..13)?.parse().ok()?).ok()
}

/// The partition of an order.
pub fn order_partition(store: &StoreId, order: &OrderId) -> String {
    format!("o#{store}#{order}")
}

/// An order's view.
pub fn view(store: &StoreId, order: &OrderId) -> Key {
    Key::new(order_partition(store, order), VIEW)
}

/// The sort key of views.
pub const VIEW: &str = "v";

/// A run.
pub fn run(store: &StoreId, order: &OrderId, run: &RunId) -> Key {
    Key::new(order_partition(store, order), format!("r#{run}"))
}

/// All runs of an order and, last, its view.
pub fn runs_and_view(store: &StoreId, order: &OrderId) -> Query {
    let mut query = Query::partition(order_partition(store, order));
    query.from = Some("r#".to_owned());
    query.to = Some(VIEW.to_owned());
    query
}

/// An entry of an order's timeline.
pub fn history(store: &StoreId, order: &OrderId, occurred_at: Timestamp, fact: &FactId) -> Key {
    Key::new(order_partition(store, order), format!("h#{}#{fact}", stamp(occurred_at)))
}

/// A customer's view.
pub fn customer(store: &StoreId, customer: &CustomerId) -> Key {
    Key::new(format!("c#{store}#{customer}"), VIEW)
}

/// The partition of a store's own things.
pub fn store_partition(store: &StoreId) -> String {
    format!("s#{store}")
}

/// A store's settings.
pub fn settings(store: &StoreId) -> Key {
    Key::new(store_partition(store), "settings")
}

/// The count of a store's changes of settings, flows, templates and pauses.
pub fn changes(store: &StoreId) -> Key {
    Key::new(store_partition(store), "changes")
}

/// A flow's head.
pub fn flow(store: &StoreId, flow: &FlowId) -> Key {
    Key::new(store_partition(store), format!("f#{flow}"))
}

/// A version of a flow.
pub fn flow_version(store: &StoreId, flow: &FlowId, version: u32) -> Key {
    Key::new(store_partition(store), format!("fv#{flow}#{version:06}"))
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

/// A store's dead letters.
pub fn dead_letters(store: &StoreId) -> String {
    format!("d#{store}")
}

/// A store's replays.
pub fn replays(store: &StoreId) -> String {
    format!("y#{store}")
}

/// A store's outbox.
pub fn outbox(store: &StoreId) -> String {
    format!("x#{store}")
}

/// The partition of a store's people, their invitations and the API keys.
pub fn people(store: &StoreId) -> String {
    format!("u#{store}")
}

/// A person, by the digest of their e-mail address.
pub fn person(store: &StoreId, digest: &str) -> Key {
    Key::new(people(store), format!("{PERSON}{digest}"))
}

/// How people's sort keys begin.
pub const PERSON: &str = "p#";

/// An invitation, by the digest of its token.
pub fn invitation(store: &StoreId, digest: &str) -> Key {
    Key::new(people(store), format!("{INVITATION}{digest}"))
}

/// How invitations' sort keys begin.
pub const INVITATION: &str = "l#";

/// An API key, by its digest.
pub fn api_key(store: &StoreId, digest: &str) -> Key {
    Key::new(people(store), format!("{API_KEY}{digest}"))
}

/// How API keys' sort keys begin.
pub const API_KEY: &str = "k#";

/// The link that makes the first owner.
pub fn first_link(store: &StoreId) -> Key {
    Key::new(people(store), "setup")
}

/// A session, by the digest of its token. Each has a partition of its own, so that none gets hot.
pub fn session(store: &StoreId, digest: &str) -> Key {
    Key::new(format!("n#{store}#{digest}"), VIEW)
}

/// Failed sign-ins of one address, by its digest.
pub fn failed_sign_ins(store: &StoreId, digest: &str) -> Key {
    Key::new(format!("w#{store}#{digest}"), VIEW)
}

/// A store's audit log.
pub fn audit(store: &StoreId) -> String {
    format!("a#{store}")
}

/// Where an order stands in the list of orders: by the time it was placed.
pub fn order_list(view: &OrderView) -> Option<IndexKey> {
    let placed = view.snapshot.as_ref()?.created_at;
    Some(IndexKey { pk: order_list_partition(&view.store), sk: format!("{}#{}", stamp(placed), view.id) })
}

/// The partition of that list.
pub fn order_list_partition(store: &StoreId) -> String {
    format!("orders#{store}")
}

/// Where a run stands in the list of runs: by the time it began.
pub fn run_list(run: &Run) -> IndexKey {
    let sk = format!("{}#{}#{}", stamp(run.started_at), run.order, run.id);
    IndexKey { pk: run_list_partition(&run.store), sk }
}

/// The partition of that list.
pub fn run_list_partition(store: &StoreId) -> String {
    format!("runs#{store}")
}

/// Where a run stands in the sweep's index; nowhere once nothing of it is due.
pub fn run_due(run: &Run) -> Option<IndexKey> {
    let due = run.next_due()?;
    let sk = format!("{}#{}#{}#{}", stamp(due), run.store, run.order, run.id);
    Some(IndexKey { pk: due_partition(shard(&run.order)), sk })
}

/// How many partitions the sweep's index has, so that none of them gets too hot.
pub const DUE_SHARDS: u8 = 8;

/// A partition of the sweep's index.
pub fn due_partition(shard: u8) -> String {
    format!("due#{shard}")
}

fn shard(order: &OrderId) -> u8 {
    order.as_str().bytes().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % DUE_SHARDS
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
}
