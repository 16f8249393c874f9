//! Items by (pk, sk), with two sparse indexes: DynamoDB on one side, SQLite on the other.

use async_trait::async_trait;
use jiff::Timestamp;

/// The place of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place within the partition; queries go through it in byte order.
    pub sk: String,
}

impl Key {
    /// A key of the two.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// The place of an item in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexKey {
    /// Partition of the index.
    pub pk: String,
    /// Place within it.
    pub sk: String,
}

/// The indexes. An item is in one only while it has a key for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// What lists of the console go through: orders, runs, dead letters.
    List,
    /// What the sweep goes through: open runs by their earliest due time.
    Due,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its place.
    pub key: Key,
    /// 1 when it is put where nothing was, then counts up with every write. Ignored by a put.
    pub version: u64,
    /// Its place in [`Index::List`].
    pub list: Option<IndexKey>,
    /// Its place in [`Index::Due`].
    pub due: Option<IndexKey>,
    /// JSON, at most 400 KB with keys (DynamoDB's limit).
    pub body: Vec<u8>,
    /// From when on it may vanish, to the millisecond. Housekeeping, not a timer: it may be seen long
    /// after, and till then [`Expect::Absent`] may find it there.
    pub expires_at: Option<Timestamp>,
}

impl Item {
    /// An item without index places or expiry.
    pub fn new(key: Key, body: Vec<u8>) -> Self {
        Self { key, version: 0, list: None, due: None, body, expires_at: None }
    }
}

/// What must hold for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// Nothing is there.
    Absent,
    /// This version is there.
    Version(u64),
}

/// One part of a [`Table::write`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Puts the whole item.
    Put(Item, Expect),
    /// Deletes the item; one that is not there is no fault unless a version was expected.
    Delete(Key, Expect),
    /// Adds to a whole-number field of an item whose body is a flat JSON object; makes both where absent.
    /// An item is either put or counted: what was put may refuse to be counted.
    Add {
        /// The item.
        key: Key,
        /// The field.
        field: &'static str,
        /// How much; may be negative.
        by: i64,
    },
}

impl Write {
    /// The item it touches.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put(item, _) => &item.key,
            Self::Delete(key, _) | Self::Add { key, .. } => key,
        }
    }
}

/// A range of a partition, or of an index's partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// `None` for the table itself, which reads consistently; indexes may lag.
    pub index: Option<Index>,
    /// Partition.
    pub pk: String,
    /// Lowest `sk`, included.
    pub from: Option<String>,
    /// Highest `sk`, included. For a prefix `p`, go from `p` to [`Query::end_of`] `p`.
    pub to: Option<String>,
    /// Highest first.
    pub descending: bool,
    /// The most items of a page; a page may hold fewer though there are more (DynamoDB's 1 MB).
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

impl Query {
    /// A whole partition of the table, lowest first.
    pub fn partition(pk: impl Into<String>) -> Self {
        Self { index: None, pk: pk.into(), from: None, to: None, descending: false, limit: 1000, after: None }
    }

    /// A whole partition of an index.
    pub fn index(index: Index, pk: impl Into<String>) -> Self {
        Self { index: Some(index), ..Self::partition(pk) }
    }

    /// Only `sk`s that begin with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.from = Some(prefix.to_owned());
        self.to = Some(Self::end_of(prefix));
        self
    }

    /// Highest first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.descending = true;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on after a page.
    #[must_use]
    pub fn after(mut self, cursor: Option<String>) -> Self {
        self.after = cursor;
        self
    }

    /// Something greater than every `sk` that begins with `prefix`.
    pub fn end_of(prefix: &str) -> String {
        format!("{prefix}\u{10FFFF}")
    }
}

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order asked for.
    pub items: Vec<Item>,
    /// Pass it as [`Query::after`] for more; `None` at the end. Opaque.
    pub next: Option<String>,
}

/// A read that failed.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table, or what lies in it, cannot be read.
    #[error("the table could not be read: {0}")]
    Failed(String),
    /// [`Query::after`] is not the end of a page of this query.
    #[error("the cursor is not one of this list")]
    Cursor,
}

/// A write that did not happen, none of it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WriteError {
    /// An [`Expect`] did not hold; the places in the list of those that did not.
    #[error("an expectation did not hold: {0:?}")]
    Expectation(Vec<usize>),
    /// Another write was at the same items; trying again may work.
    #[error("another write was under way")]
    Conflict,
    /// The table asks to slow down.
    #[error("the table asks to slow down")]
    Throttled,
    /// Over a limit: 100 parts, two parts at one item, 400 KB an item; see [`limits`](super::limits).
    #[error("the write is over a limit: {0}")]
    TooLarge(String),
    /// Anything else, such as a full disk. An answer that was lost on the way is told so too: it is not
    /// known then whether the write happened.
    #[error("the table could not be written: {0}")]
    Failed(String),
}

/// Persistence. All of it is written once, in this crate, over this trait.
#[async_trait]
pub trait Table: Send + Sync {
    /// The item at a key, consistently.
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError>;

    /// A page of a range. Items of an index come whole.
    async fn query(&self, query: Query) -> Result<Page, TableError>;

    /// All of it or nothing; at most 100 parts, no two at one key. Durable when it returns.
    async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError>;
}
