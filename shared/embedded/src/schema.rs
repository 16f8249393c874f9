//! The file: who may open it, what is in it, and how it came to be so.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use harkara_engine::port::QueueName;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

/// What a file is, by its mark (`PRAGMA application_id`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing is in it yet.
    Empty,
    /// A database that can be served from.
    Served,
    /// A backup of one.
    Backup,
}

impl Kind {
    /// "HRKR" and "HRKB".
    fn number(self) -> i32 {
        match self {
            Self::Empty => 0,
            Self::Served => 0x4852_4B52,
            Self::Backup => 0x4852_4B42,
        }
    }

    /// The statement that marks a file so.
    pub(crate) fn mark(self) -> String {
        format!("PRAGMA application_id = {};", self.number())
    }
}

/// The schema that this build knows: the number of migrations.
const VERSION: i32 = 2;
/// Files up to this size are checked whole when they are opened.
const CHECKED_BYTES: u64 = 16 << 20;
/// 7 items of 1 KB a page; measured a fifth cheaper a row than pages of 4 KB.
const PAGE_BYTES: u64 = 8192;

/// A file that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another part of this one, has it open.
    #[error("{0} is in use by another process; stop it first")]
    InUse(PathBuf),
    /// It is some other program's database, or no database at all.
    #[error("{0} is not a Harkara database")]
    Foreign(PathBuf),
    /// It is a backup, which nobody serves from: what was sent since it was made is to be reckoned with.
    #[error("{0} is a backup; put it back with harkara restore")]
    Backup(PathBuf),
    /// A later build has written it.
    #[error("{path} has schema {found}, but this build knows schemas up to {known}; use a later build")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i32,
        /// The latest schema that this build knows.
        known: i32,
    },
    /// It is damaged.
    #[error("{path} is damaged ({problem}); restore it from a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// Anything else: no such folder, no permission, a full disk.
    #[error("{path} could not be opened: {problem}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
}

/// Items have a rowid, so that new ones lie together at the end of the file whatever their keys: with
/// 1 KB bodies and scattered keys that took 40 % of the CPU time of a table ordered by key.
/// Only small index entries are scattered.
const ITEMS: &str = "
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL,
    list_pk TEXT, list_sk TEXT, due_pk TEXT, due_sk TEXT, expires_ms INTEGER,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX item_key ON item (pk, sk);
CREATE INDEX item_list ON item (list_pk, list_sk) WHERE list_pk IS NOT NULL;
CREATE INDEX item_due ON item (due_pk, due_sk) WHERE due_pk IS NOT NULL;
CREATE INDEX item_expiry ON item (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE TABLE schedule (
    place INTEGER PRIMARY KEY, name TEXT NOT NULL, queue TEXT NOT NULL, body TEXT NOT NULL
);
CREATE UNIQUE INDEX schedule_name ON schedule (name);
";

/// The table of a queue. `place` is the due time and a running number (see `place.rs`), so that the
/// table itself is the order of delivery and needs no index. `id` is the message's first place; null
/// while it is still there.
fn queue_table(queue: QueueName) -> String {
    format!(
        "CREATE TABLE message_{queue} (
            place INTEGER PRIMARY KEY, id INTEGER, receives INTEGER NOT NULL, body TEXT NOT NULL);"
    )
}

/// An opened file, before anything runs on it.
pub(crate) struct Opened {
    /// The one connection that writes.
    pub(crate) writer: Connection,
    /// Held while the store is open; the lock goes with it.
    pub(crate) lock: File,
}

/// Locks, opens, checks and migrates the file; makes it where there is none.
pub(crate) fn open(path: &Path, max_bytes: Option<u64>) -> Result<Opened, OpenError> {
    let lock = lock(path)?;
    let size = std::fs::metadata(path).map(|meta| meta.len()).unwrap_or(0);
    let fault = |error| explain(path, &error);
    let mut writer = Connection::open(path).map_err(fault)?;
    if size > 0 && recognise(path, &writer)? == Kind::Backup {
        return Err(OpenError::Backup(path.to_owned()));
    }
    prepare(&writer, max_bytes).map_err(fault)?;
    if size > 0 && size <= CHECKED_BYTES {
        sound(path, &writer, "quick_check")?;
    }
    migrate(&mut writer).map_err(fault)?;
    Ok(Opened { writer, lock })
}

/// A connection that reads. It waits for nobody and locks nobody out.
pub(crate) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|error| explain(path, &error))?;
    conn.execute_batch("PRAGMA cache_size = -1000; PRAGMA mmap_size = 0;")
        .and_then(|()| keep_plans(&conn))
        .map_err(|error| explain(path, &error))?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Without it SQLite prepares a statement anew whenever a bound `LIMIT` has another value, which took
/// a tenth of the time of an order.
fn keep_plans(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// Checks a file whole, its indexes too.
pub(crate) fn check(path: &Path, conn: &Connection) -> Result<(), OpenError> {
    sound(path, conn, "integrity_check")
}

fn sound(path: &Path, conn: &Connection, check: &str) -> Result<(), OpenError> {
    let sql = format!("PRAGMA {check}(1)");
    let found: String = conn.query_row(&sql, [], |row| row.get(0)).map_err(|error| explain(path, &error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned(), problem: found.replace('\n', " ") })
}

/// A lock on a file beside it: a lock on the file itself would mix with SQLite's own.
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let failed =
        |error: std::io::Error| OpenError::Failed { path: path.to_owned(), problem: error.to_string() };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn pragma(conn: &Connection, name: &str) -> rusqlite::Result<i32> {
    conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
}

/// What a file is. Refuses what is not ours before a byte of it is changed.
pub(crate) fn recognise(path: &Path, conn: &Connection) -> Result<Kind, OpenError> {
    let fault = |error| explain(path, &error);
    let application = pragma(conn, "application_id").map_err(fault)?;
    let version = pragma(conn, "user_version").map_err(fault)?;
    let objects: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fault)?;
    let kinds = [Kind::Empty, Kind::Served, Kind::Backup];
    let kind = kinds.into_iter().find(|kind| kind.number() == application);
    let empty = version == 0 && objects == 0;
    let kind = kind.filter(|kind| *kind != Kind::Empty || empty);
    let kind = kind.ok_or_else(|| OpenError::Foreign(path.to_owned()))?;
    if version > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found: version, known: VERSION });
    }
    Ok(kind)
}

fn prepare(conn: &Connection, max_bytes: Option<u64>) -> rusqlite::Result<()> {
    keep_plans(conn)?;
    // FULL syncs the log at every commit: what is answered survives a power cut.
    conn.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA cache_size = -6000; PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864; PRAGMA foreign_keys = OFF;"
    ))?;
    if let Some(bytes) = max_bytes {
        conn.execute_batch(&format!("PRAGMA max_page_count = {};", (bytes / PAGE_BYTES).max(1)))?;
    }
    Ok(())
}

/// Brings the schema up to date, one transaction a version, so that a crash leaves a whole version.
fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    let mut version = pragma(conn, "user_version")?;
    while version < VERSION {
        let change = conn.transaction()?;
        if version == 0 {
            change.execute_batch(ITEMS)?;
            for queue in [QueueName::Events, QueueName::Stages, QueueName::Failures] {
                change.execute_batch(&queue_table(queue))?;
            }
        } else {
            change.execute_batch(&queue_table(QueueName::PriorityStages))?;
        }
        version += 1;
        change.execute_batch(&format!("{} PRAGMA user_version = {version};", Kind::Served.mark()))?;
        change.commit()?;
    }
    Ok(())
}

pub(crate) fn explain(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign(path),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, problem: error.to_string() },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse(path),
        _ => OpenError::Failed { path, problem: error.to_string() },
    }
}
