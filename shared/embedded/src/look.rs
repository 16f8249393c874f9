//! A look into a file that a server may be running on: it only reads, and is in nobody's way.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use harkara_engine::port::{Clock, Item, Key, Page, Query, QueueName, Table, TableError, Write, WriteError};

use crate::{
    clock::millis,
    query,
    readers::Readers,
    schema::{self, Kind, OpenError},
};

/// A database that is only read.
pub struct Look {
    path: PathBuf,
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
}

impl Look {
    /// Opens the file for reading, whoever has it open.
    ///
    /// # Errors
    /// When there is no such file, or it is another program's, a later build's, damaged, or a backup.
    pub fn at(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let readers = Readers::open(path)?;
        match schema::recognise(path, &schema::reader(path)?)? {
            Kind::Served => Ok(Self { path: path.to_owned(), readers: Arc::new(readers), clock }),
            Kind::Backup => Err(OpenError::Backup(path.to_owned())),
            Kind::Empty => {
                let problem = "there is nothing in it yet".to_owned();
                Err(OpenError::Failed { path: path.to_owned(), problem })
            }
        }
    }

    /// The table port; every write fails.
    pub fn table(&self) -> Arc<dyn Table> {
        Arc::new(Looked { readers: Arc::clone(&self.readers), clock: Arc::clone(&self.clock) })
    }

    /// Whether a server has the file open.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn is_served(&self) -> Result<bool, OpenError> {
        match schema::lock(&self.path) {
            Ok(_) => Ok(false),
            Err(OpenError::InUse(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Reads all of the file and compares its parts with each other. Takes seconds for a gigabyte.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] when it is.
    pub fn check(&self) -> Result<(), OpenError> {
        schema::check(&self.path, &schema::reader(&self.path)?)
    }

    /// The schedules that wait: the name and what each sends; at most so many.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn schedules(&self, most: usize) -> Result<Vec<(String, String)>, TableError> {
        let read = |conn: &rusqlite::Connection| {
            let mut all = conn.prepare("SELECT name, body FROM schedule ORDER BY place LIMIT ?1")?;
            let rows = all
                .query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.readers.with(read).map_err(TableError::Failed)
    }

    /// How many messages a queue has.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub fn depth(&self, queue: QueueName) -> Result<u64, TableError> {
        let sql = format!("SELECT count(*) FROM message_{queue}");
        let count = self.readers.with(|conn| conn.query_row(&sql, [], |row| row.get::<_, i64>(0)));
        count.map(i64::unsigned_abs).map_err(TableError::Failed)
    }
}

/// Items of a database that is only read.
struct Looked {
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Table for Looked {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let now_ms = millis(self.clock.now());
        self.readers.with(|conn| query::get(conn, key, now_ms)).map_err(TableError::Failed)
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        if query.limit == 0 || !query::understands(&query) {
            return Err(TableError::Cursor);
        }
        let now_ms = millis(self.clock.now());
        self.readers.with(|conn| query::page(conn, &query, now_ms)).map_err(TableError::Failed)
    }

    async fn write(&self, _: Vec<Write>) -> Result<(), WriteError> {
        Err(WriteError::Failed("it is only looked at".to_owned()))
    }
}
