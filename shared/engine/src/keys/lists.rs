//! Places in [`Index::List`](crate::port::Index::List): what the console's lists and the sweep's dates go through.

use harkara_domain::{CustomerId, CustomerView, Run, StoreId, order::OrderView};
use jiff::{Timestamp, civil::Date};

use super::{short, stamp};
use crate::port::IndexKey;

/// Where an order stands in the list of orders: by the time it was placed.
pub fn order_list(view: &OrderView) -> Option<IndexKey> {
    let placed = view.snapshot.as_ref()?.created_at;
    Some(IndexKey { pk: order_list_partition(&view.store), sk: format!("{}#{}", stamp(placed), view.id) })
}

/// The partition of that list.
pub fn order_list_partition(store: &StoreId) -> String {
    format!("orders#{store}")
}

/// Where a customer stands in the list of birthdays.
pub fn birthday_list(view: &CustomerView) -> Option<IndexKey> {
    let born = view.born_on()?;
    Some(IndexKey { pk: birthday_list_partition(&view.store), sk: format!("{born}#{}", view.id) })
}

/// The partition of that list.
pub fn birthday_list_partition(store: &StoreId) -> String {
    format!("birthdays#{store}")
}

/// Where a subscription stands in the list of renewals.
pub fn renewal_list(store: &StoreId, on: Date, customer: &CustomerId, subscription: &str) -> IndexKey {
    let sk = format!("{on}#{customer}#{}", short(subscription));
    IndexKey { pk: renewal_list_partition(store), sk }
}

/// The partition of that list.
pub fn renewal_list_partition(store: &StoreId) -> String {
    format!("renewals#{store}")
}

/// Where a run stands in the list of runs: by the time it began.
pub fn run_list(run: &Run) -> IndexKey {
    let sk = format!("{}#{}#{}", stamp(run.started_at), run.subject, run.id);
    IndexKey { pk: run_list_partition(&run.store), sk }
}

/// The partition of that list.
pub fn run_list_partition(store: &StoreId) -> String {
    format!("runs#{store}")
}

/// Where a task stands in the list of those that are open, or of those that are done: by a time.
pub fn task_list(store: &StoreId, done: bool, at: Timestamp, task: &str) -> IndexKey {
    IndexKey { pk: task_list_partition(store, done), sk: format!("{}#{task}", stamp(at)) }
}

/// The partition of such a list.
pub fn task_list_partition(store: &StoreId, done: bool) -> String {
    format!("tasks#{store}#{}", if done { "done" } else { "open" })
}
