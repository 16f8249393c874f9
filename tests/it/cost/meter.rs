//! What is asked of the ports, in what AWS bills: requests, DynamoDB's units, invocations.

use harkara_engine::port::{Item, Outgoing, Query, Write};
use std::{collections::BTreeMap, ops::AddAssign};

/// What one function asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bill {
    /// Requests at the HTTP API.
    pub(crate) api: u64,
    /// Messages that woke the function, or requests that did.
    pub(crate) invocations: u64,
    /// Messages sent into queues, by us or by a schedule.
    pub(crate) sends: u64,
    /// Messages received and deleted, a request each.
    pub(crate) takes: u64,
    /// Visibilities set.
    pub(crate) visibilities: u64,
    /// One-shot schedules.
    pub(crate) schedules: u64,
    /// Reads of one item.
    pub(crate) gets: u64,
    /// Reads of a range.
    pub(crate) queries: u64,
    /// Writes of one item.
    pub(crate) writes: u64,
    /// Writes of several items.
    pub(crate) transactions: u64,
    /// Read units.
    pub(crate) read_units: f64,
    /// Write units of the table.
    pub(crate) write_units: f64,
    /// Write units of its indexes.
    pub(crate) index_units: f64,
    /// Calls to providers.
    pub(crate) calls: u64,
    /// Bytes of those calls.
    pub(crate) bytes_out: u64,
    /// Mails.
    pub(crate) mails: u64,
}

impl Bill {
    /// Requests to AWS, one after the other in time but for the sends of one batch.
    pub(crate) fn requests(&self) -> u64 {
        self.sends
            + self.visibilities
            + self.schedules
            + self.gets
            + self.queries
            + self.writes
            + self.transactions
    }

    pub(crate) fn all_write_units(&self) -> f64 {
        self.write_units + self.index_units
    }
}

impl AddAssign for Bill {
    fn add_assign(&mut self, other: Self) {
        self.api += other.api;
        self.invocations += other.invocations;
        self.sends += other.sends;
        self.takes += other.takes;
        self.visibilities += other.visibilities;
        self.schedules += other.schedules;
        self.gets += other.gets;
        self.queries += other.queries;
        self.writes += other.writes;
        self.transactions += other.transactions;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
        self.index_units += other.index_units;
        self.calls += other.calls;
        self.bytes_out += other.bytes_out;
        self.mails += other.mails;
    }
}

/// The bills by function. Whoever works says first which function it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    acting: &'static str,
    /// What a process reads and writes of a store's set-up is no order's.
    pub(crate) set_up: Bill,
    /// What was read of items only to bill what is written over them.
    pub(crate) peeked: f64,
    bills: BTreeMap<&'static str, Bill>,
}

/// A kilobyte, as DynamoDB counts.
const KB: usize = 1024;

fn is_set_up(pk: &str) -> bool {
    pk.starts_with("s#")
}

fn units(bytes: usize, unit: usize) -> f64 {
    u32::try_from(bytes.div_ceil(unit).max(1)).map_or(f64::MAX, f64::from)
}

impl Meter {
    pub(crate) fn bills(&self) -> BTreeMap<&'static str, Bill> {
        self.bills.clone()
    }

    /// A function is woken by so many messages of a queue, or by one request (`messages` is 0).
    pub(crate) fn woken(&mut self, function: &'static str, messages: usize) {
        self.acting = function;
        let bill = self.bill();
        if messages == 0 {
            bill.api += 1;
            bill.invocations += 1;
        } else {
            bill.invocations += messages as u64;
            bill.takes += 2 * messages as u64;
        }
    }

    pub(crate) fn bill(&mut self) -> &mut Bill {
        self.bills.entry(self.acting).or_default()
    }

    fn bill_for(&mut self, pk: &str) -> &mut Bill {
        if is_set_up(pk) { &mut self.set_up } else { self.bill() }
    }

    /// A consistent read of one item: a unit for each 4 KB.
    pub(crate) fn get(&mut self, pk: &str, found: Option<&Item>) {
        let read = units(found.map_or(0, harkara_aws::stored_bytes), 4 * KB);
        let bill = self.bill_for(pk);
        bill.gets += 1;
        bill.read_units += read;
    }

    /// A consistent read of a range: a unit for each 4 KB of all together. Of an index, half a unit for
    /// the keys, and the items one by one.
    pub(crate) fn query(&mut self, query: &Query, found: &[Item]) {
        let sizes = found.iter().map(harkara_aws::stored_bytes);
        let read = match query.index {
            None => units(sizes.sum(), 4 * KB),
            Some(_) => 0.5 + sizes.map(|size| units(size, 4 * KB)).sum::<f64>(),
        };
        let bill = self.bill_for(&query.pk);
        bill.queries += 1;
        bill.read_units += read;
    }

    /// A write that was made: a unit for each KB of the larger of the item before and after, twice in a
    /// transaction; and in an index, which holds keys alone, one for a place that is left and one for a
    /// place that is taken.
    pub(crate) fn write(&mut self, parts: &[(Write, Option<Item>)]) {
        let pk = parts.first().map_or("", |(write, _)| &write.key().pk);
        let (mut table, mut indexes) = (0.0, 0.0);
        for (write, old) in parts {
            let new = match write {
                Write::Put(item, _) => Some(item),
                Write::Delete(..) | Write::Add { .. } => None,
            };
            let size = |item: Option<&Item>| item.map_or(0, harkara_aws::stored_bytes);
            self.peeked += units(size(old.as_ref()), 4 * KB);
            table += units(size(new).max(size(old.as_ref())), KB);
            let before = old.as_ref().map(|item| [item.list.clone(), item.due.clone()]).unwrap_or_default();
            let after = new.map(|item| [item.list.clone(), item.due.clone()]).unwrap_or_default();
            for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
                indexes += f64::from(u8::from(before.is_some()) + u8::from(after.is_some()));
            }
        }
        let bill = self.bill_for(pk);
        if parts.len() > 1 {
            bill.transactions += 1;
            table *= 2.0;
        } else {
            bill.writes += 1;
        }
        bill.write_units += table;
        bill.index_units += indexes;
    }

    /// Messages sent: a request for each ten.
    pub(crate) fn send(&mut self, messages: &[Outgoing]) {
        self.bill().sends += messages.len().div_ceil(10) as u64;
    }
}
