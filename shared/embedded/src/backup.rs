//! Backups: one file that holds the database as it was at a moment, and the small files beside it.
//!
//! It is made by `VACUUM INTO` on a connection that only reads: one snapshot, whatever is written meanwhile,
//! and nobody waits for it, for in WAL mode a reader is in no writer's way. It is written beside its place,
//! checked whole, synced, and only then renamed. It is marked as a backup (`PRAGMA application_id`), so that
//! nobody serves from it without restoring it: what was sent since it was made has to be reckoned with.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};

use crate::schema::{self, Kind, OpenError};

/// The table in which a backup says what it is. A database that is served has none.
const NOTE: &str = "CREATE TABLE backup (name TEXT PRIMARY KEY, content TEXT NOT NULL)";
/// How the names of files begin in it; the other name is [`MADE_AT`].
const FILE: &str = "file:";
const MADE_AT: &str = "made_at";

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// When it was made: all that was answered before is in it.
    pub made_at: Timestamp,
    /// Files that lie beside the database: their names and what is in them.
    pub files: Vec<(String, String)>,
}

/// A backup that was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database or the backup cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something is there already, and nobody said that it may go.
    #[error("{0} is there already; say --replace to have this in its place")]
    Exists(PathBuf),
    /// What is there is no file, or a database that is served from: no backup goes over that.
    #[error("{0} is no backup, and is not written over")]
    NotOver(PathBuf),
    /// It is a Harkara database, but no backup of one.
    #[error("{0} is no backup; harkara backup makes them")]
    NoBackup(PathBuf),
    /// There is no such database.
    #[error("there is no database {0}")]
    Nothing(PathBuf),
    /// A file cannot be written or read.
    #[error("{path}: {problem}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
}

impl BackupError {
    fn of(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| Self::Failed { path: path.to_owned(), problem: error.to_string() }
    }
}

impl Backup {
    /// What is in the file of a name, where it has one.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|(held, _)| held == name).map(|(_, content)| content.as_str())
    }

    /// Writes the database at `database` into `file`, with itself. A server may go on meanwhile. Gives the
    /// bytes of the file.
    ///
    /// # Errors
    /// When there is no such database, or it is damaged; when `file` is there and not to be replaced, or
    /// cannot be written, or is a database itself, or is being written by another. Nothing is left of a backup
    /// that failed.
    pub fn write(&self, database: &Path, file: &Path, replace: bool) -> Result<u64, BackupError> {
        if !database.exists() {
            return Err(BackupError::Nothing(database.to_owned()));
        }
        let file = target(file, replace)?;
        // Two that are written beside one place would end in one file.
        let lock = schema::lock(&file)?;
        let written = self.write_at(database, &file);
        _ = fs::remove_file(with(&file, ".lock"));
        drop(lock);
        written
    }

    fn write_at(&self, database: &Path, file: &Path) -> Result<u64, BackupError> {
        let beside = Beside::of(file)?;
        self.fill(database, &beside.0)?;
        let open = File::open(&beside.0).map_err(BackupError::of(&beside.0))?;
        open.sync_all().map_err(BackupError::of(&beside.0))?;
        let bytes = open.metadata().map_err(BackupError::of(&beside.0))?.len();
        put_in_place(&beside.0, file)?;
        Ok(bytes)
    }

    fn fill(&self, database: &Path, into: &Path) -> Result<(), BackupError> {
        let source = schema::reader(database)?;
        match schema::recognise(database, &source)? {
            Kind::Served => {}
            Kind::Backup => return Err(OpenError::Backup(database.to_owned()).into()),
            Kind::Empty => return Err(BackupError::Nothing(database.to_owned())),
        }
        source.execute("VACUUM INTO ?1", [into.to_string_lossy()]).map_err(|error| match schema::explain(
            database, &error,
        ) {
            damaged @ OpenError::Damaged { .. } => damaged.into(),
            _ => BackupError::Failed { path: into.to_owned(), problem: error.to_string() },
        })?;
        let fault = |error| schema::explain(into, &error);
        let backup = Connection::open(into).map_err(fault)?;
        backup.execute_batch("PRAGMA journal_mode = DELETE").map_err(fault)?;
        backup.execute_batch(&format!("BEGIN; {NOTE}; {}", Kind::Backup.mark())).map_err(fault)?;
        let mut notes = vec![(MADE_AT.to_owned(), self.made_at.to_string())];
        notes.extend(self.files.iter().map(|(name, content)| (format!("{FILE}{name}"), content.clone())));
        for (name, content) in notes {
            backup.execute("INSERT INTO backup VALUES (?1, ?2)", params![name, content]).map_err(fault)?;
        }
        backup.execute_batch("COMMIT").map_err(fault)?;
        schema::check(into, &backup)
            .and_then(|()| backup.close().map_err(|(_, error)| schema::explain(into, &error)))
            .map_err(BackupError::from)
    }

    /// Reads what a backup says of itself, and checks it whole.
    ///
    /// # Errors
    /// When it is no backup, of a later build, or damaged.
    pub fn read(file: &Path) -> Result<Self, BackupError> {
        if !file.exists() {
            return Err(BackupError::Nothing(file.to_owned()));
        }
        let fault = |error| schema::explain(file, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(file, flags).map_err(fault)?;
        if schema::recognise(file, &conn)? != Kind::Backup {
            return Err(BackupError::NoBackup(file.to_owned()));
        }
        schema::check(file, &conn)?;
        let mut notes = conn.prepare("SELECT name, content FROM backup ORDER BY name").map_err(fault)?;
        let rows = notes.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(fault)?;
        let rows: Vec<(String, String)> = rows.collect::<Result<_, _>>().map_err(fault)?;
        let made_at = rows.iter().find(|(name, _)| name == MADE_AT).and_then(|(_, at)| at.parse().ok());
        let files = rows.iter().filter_map(|(name, content)| Some((name.strip_prefix(FILE)?, content)));
        let files = files.map(|(name, content)| (name.to_owned(), content.clone())).collect();
        made_at.map(|made_at| Self { made_at, files }).ok_or_else(|| BackupError::NoBackup(file.to_owned()))
    }
}

/// A restore under way: the database lies beside its place, where it can be opened and changed, and nobody
/// else can open what is to be replaced. Dropping it leaves all as it was.
pub struct Restore {
    database: PathBuf,
    beside: Beside,
    _lock: File,
}

impl Restore {
    /// Takes hold of the place at `database`, checks the backup, and unpacks it beside.
    ///
    /// # Errors
    /// When a server runs on the database; when there is one and it is not to be replaced; when the file is no
    /// backup, of a later build, or damaged.
    pub fn begin(file: &Path, database: &Path, replace: bool) -> Result<(Self, Backup), BackupError> {
        let lock = schema::lock(database)?;
        if database.exists() && !replace {
            return Err(BackupError::Exists(database.to_owned()));
        }
        let backup = Backup::read(file)?;
        let beside = Beside::of(database)?;
        let mut from = File::open(file).map_err(BackupError::of(file))?;
        let mut to = OpenOptions::new().write(true).open(&beside.0).map_err(BackupError::of(&beside.0))?;
        io::copy(&mut from, &mut to).map_err(BackupError::of(&beside.0))?;
        drop(to);
        let fault = |error| schema::explain(&beside.0, &error);
        let conn = Connection::open(&beside.0).map_err(fault)?;
        let served = format!("BEGIN; DROP TABLE backup; {} COMMIT", Kind::Served.mark());
        conn.execute_batch(&served).map_err(fault)?;
        conn.close().map_err(|(_, error)| fault(error))?;
        Ok((Self { database: database.to_owned(), beside, _lock: lock }, backup))
    }

    /// Where the database lies until it is in its place. Whoever opens it closes it before that.
    pub fn path(&self) -> &Path {
        &self.beside.0
    }

    /// Puts the database in its place. What was there goes out of the way, under a name with `aside`; gives
    /// that name.
    ///
    /// # Errors
    /// When a file cannot be renamed or synced, or a log cannot be folded in.
    pub fn finish(self, aside: &str) -> Result<Option<PathBuf>, BackupError> {
        fold(&self.beside.0)?;
        File::open(&self.beside.0)
            .and_then(|file| file.sync_all())
            .map_err(BackupError::of(&self.beside.0))?;
        let (there, old) = (self.database.exists(), with(&self.database, &format!(".{aside}")));
        if there {
            // Then it is one file, and goes at one stroke. A damaged one may keep its log.
            _ = fold(&self.database);
        }
        // SQLite finds a log by its database's name, and one that is left there, of whatever database, would
        // break the one that comes now.
        for end in ["-wal", "-shm"] {
            move_aside(&with(&self.database, end), &with(&old, end))?;
        }
        // A second name, where the disk can do it: then there is no moment without a database.
        if there && fs::hard_link(&self.database, &old).is_err() {
            move_aside(&self.database, &old)?;
        }
        put_in_place(&self.beside.0, &self.database)?;
        Ok(there.then_some(old))
    }
}

/// Where a backup is to be written: a link's end, and no place of anything but a file that may go.
fn target(file: &Path, replace: bool) -> Result<PathBuf, BackupError> {
    let Ok(there) = fs::canonicalize(file) else { return Ok(file.to_owned()) };
    if !replace {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let kind = || schema::reader(&there).and_then(|conn| schema::recognise(&there, &conn));
    if !there.is_file() || matches!(kind(), Ok(Kind::Served) | Err(OpenError::Newer { .. })) {
        return Err(BackupError::NotOver(file.to_owned()));
    }
    Ok(there)
}

/// Folds the log of a database that nobody is at into its file.
fn fold(database: &Path) -> Result<(), OpenError> {
    let fault = |error| schema::explain(database, &error);
    let conn = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fault)?;
    let busy: bool =
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(fault)?;
    conn.close().map_err(|(_, error)| fault(error))?;
    if busy { Err(OpenError::InUse(database.to_owned())) } else { Ok(()) }
}

fn move_aside(from: &Path, to: &Path) -> Result<(), BackupError> {
    if from.exists() { fs::rename(from, to).map_err(BackupError::of(from)) } else { Ok(()) }
}

/// A file that is being written beside its place, and goes if it does not get there.
struct Beside(PathBuf);

impl Beside {
    const END: &str = ".new";

    /// An empty file that only its owner can read, whatever an earlier try has left.
    fn of(place: &Path) -> Result<Self, BackupError> {
        let beside = Self(with(place, Self::END));
        beside.clear();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&beside.0).map_err(BackupError::of(&beside.0))?;
        Ok(beside)
    }

    fn clear(&self) {
        for end in ["", "-journal", "-wal", "-shm", ".lock"] {
            // Most are not there.
            _ = fs::remove_file(with(&self.0, end));
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.clear();
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Renames, and syncs the folder, so that a power cut leaves one or the other.
fn put_in_place(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::rename(from, to).map_err(BackupError::of(to))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::of(folder))
}
