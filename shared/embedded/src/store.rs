//! The table port.

use std::sync::Arc;

use async_trait::async_trait;
use harkara_engine::port::{Clock, Item, Key, Page, Query, Table, TableError, Write, WriteError};
use tokio::sync::oneshot;

use crate::{clock::millis, query, readers::Readers, shared::Shared, writer::op::Op};

/// DynamoDB's most parts of a transaction.
const MAX_PARTS: usize = 100;
/// DynamoDB's largest item, names of attributes included.
const MAX_ITEM: usize = 400 * 1024;
/// What the names of attributes, the version and the expiry take of it.
const NAMES: usize = 64;
/// DynamoDB's largest transaction.
const MAX_TOGETHER: usize = 4 << 20;
/// DynamoDB's longest partition and sort keys, in bytes.
const MAX_PK: usize = 2048;
const MAX_SK: usize = 1024;

/// Items on SQLite, with DynamoDB's limits.
#[derive(Clone)]
pub(crate) struct Store {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
}

impl Store {
    pub(crate) fn new(shared: Arc<Shared>, readers: Arc<Readers>, clock: Arc<dyn Clock>) -> Self {
        Self { shared, readers, clock }
    }
}

#[async_trait]
impl Table for Store {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let now_ms = millis(self.clock.now());
        self.readers.with(|conn| query::get(conn, key, now_ms)).map_err(TableError::Failed)
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        if query.limit == 0 {
            return Err(TableError::Failed("a page needs a limit of at least 1".to_owned()));
        }
        let now_ms = millis(self.clock.now());
        if !query::understands(&query) {
            return Err(TableError::Cursor);
        }
        self.readers.with(|conn| query::page(conn, &query, now_ms)).map_err(TableError::Failed)
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        if writes.is_empty() {
            return Ok(());
        }
        check(&writes)?;
        let now_ms = millis(self.clock.now());
        let (reply, answer) = oneshot::channel();
        self.shared.mailbox.push(Op::Write { writes, now_ms, reply });
        answer.await.unwrap_or_else(|_| Err(WriteError::Failed(Shared::CLOSED.to_owned())))
    }
}

/// DynamoDB's limits, so that what works here works there.
fn check(writes: &[Write]) -> Result<(), WriteError> {
    let too_large = |problem: String| Err(WriteError::TooLarge(problem));
    if writes.len() > MAX_PARTS {
        return too_large(format!("{} parts; at most {MAX_PARTS}", writes.len()));
    }
    let mut together = 0;
    for (position, write) in writes.iter().enumerate() {
        let key = write.key();
        if writes.iter().take(position).any(|other| other.key() == key) {
            return too_large(format!("part {position} is at the same item as an earlier one"));
        }
        if !is_key(&key.pk, &key.sk) {
            return too_large(format!("the key of part {position} is empty or too long"));
        }
        let Write::Put(item, _) = write else { continue };
        let places = [item.list.as_ref(), item.due.as_ref()];
        if !places.iter().flatten().all(|place| is_key(&place.pk, &place.sk)) {
            return too_large(format!("an index key of part {position} is empty or too long"));
        }
        let keys: usize = places.iter().flatten().map(|place| place.pk.len() + place.sk.len()).sum();
        let size = key.pk.len() + key.sk.len() + keys + item.body.len() + NAMES;
        if size > MAX_ITEM {
            return too_large(format!("the item of part {position} has {size} bytes; at most {MAX_ITEM}"));
        }
        together += size;
    }
    if together > MAX_TOGETHER {
        return too_large(format!("{together} bytes together; at most {MAX_TOGETHER}"));
    }
    Ok(())
}

fn is_key(pk: &str, sk: &str) -> bool {
    (1..=MAX_PK).contains(&pk.len()) && (1..=MAX_SK).contains(&sk.len())
}
