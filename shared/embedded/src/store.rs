//! The table port.

use std::sync::Arc;

use async_trait::async_trait;
use harkara_engine::port::{Clock, Item, Key, Page, Query, Table, TableError, Write, WriteError, limits};
use tokio::sync::oneshot;

use crate::{clock::millis, query, readers::Readers, shared::Shared, writer::op::Op};

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
        limits::check(&writes)?;
        let now_ms = millis(self.clock.now());
        let (reply, answer) = oneshot::channel();
        self.shared.mailbox.push(Op::Write { writes, now_ms, reply });
        answer.await.unwrap_or_else(|_| Err(WriteError::Failed(Shared::CLOSED.to_owned())))
    }
}
