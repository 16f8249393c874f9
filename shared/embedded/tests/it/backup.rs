use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use harkara_contract::{Tables, World};
use harkara_embedded::{Backup, BackupError, Embedded, OpenError, Restore, Settings};
use harkara_engine::port::{Expect, Item, Key, Outgoing, QueueName, Scheduler, SystemClock, Write};

use crate::world::{Twin, settings};

fn note() -> Backup {
    Backup {
        made_at: "2026-11-22T10:00:00.123456Z".parse().unwrap(),
        files: vec![("connections.json".to_owned(), "{\"demo\": {}}".to_owned())],
    }
}

fn put(sk: &str, body: Vec<u8>) -> Write {
    Write::Put(Item::new(Key::new("p", sk), body), Expect::Any)
}

fn open(path: &Path) -> Result<Embedded, OpenError> {
    Embedded::open(path, Arc::new(SystemClock), Settings::default())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Restores into a folder of its own; what is in it is dropped with the folder.
fn restored(file: &Path) -> (tempfile::TempDir, Embedded) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("harkara.db");
    let (restore, backup) = Restore::begin(file, &path, false).unwrap();
    assert_eq!(backup, note());
    assert!(restore.finish("old").unwrap().is_none());
    let store = open(&path).unwrap();
    (dir, store)
}

async fn body(store: &Embedded, sk: &str) -> Option<Vec<u8>> {
    store.table().get(&Key::new("p", sk)).await.unwrap().map(|item| item.body)
}

/// Two items are always written together; whoever sees one without the other has no snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_is_a_snapshot_and_keeps_nobody_waiting() {
    let twin = Twin::new();
    for n in 0..2000 {
        twin.table().write(vec![put(&format!("{n:06}"), vec![b'x'; 16_000])]).await.unwrap();
    }
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (table, stopped, count) = (twin.table(), stop.clone(), written.clone());
    let writer = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        while !stopped.load(Ordering::Relaxed) {
            let n = count.load(Ordering::Relaxed) + 1;
            let begun = Instant::now();
            let body = n.to_string().into_bytes();
            table.write(vec![put("left", body.clone()), put("right", body)]).await.unwrap();
            slowest = slowest.max(begun.elapsed());
            count.store(n, Ordering::Relaxed);
        }
        slowest
    });
    while written.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.backup");
    let before = written.load(Ordering::Relaxed);
    let begun = Instant::now();
    let (database, target) = (twin.path.clone(), file.clone());
    let bytes = tokio::task::spawn_blocking(move || note().write(&database, &target, false)).await.unwrap();
    let (took, during) = (begun.elapsed(), written.load(Ordering::Relaxed) - before);
    stop.store(true, Ordering::Relaxed);
    let slowest = writer.await.unwrap();
    assert!(bytes.unwrap() > 32_000_000);
    // Were the writer kept waiting, one write would have taken about as long as the backup.
    assert!(during >= 5, "{during} writes in {took:?}");
    assert!(slowest < took.max(Duration::from_millis(200)), "a write took {slowest:?}, the backup {took:?}");

    let (_dir, copy) = restored(&file);
    let number = |body: Vec<u8>| String::from_utf8(body).unwrap().parse::<u64>().unwrap();
    let (left, right) =
        (number(body(&copy, "left").await.unwrap()), number(body(&copy, "right").await.unwrap()));
    assert_eq!(left, right);
    assert!((before..=before + during + 1).contains(&left), "{left}, of {before} and {during}");
    assert_eq!(body(&copy, "001999").await.unwrap().len(), 16_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_in_it_though_nobody_folded_the_log_in() {
    let twin = Twin::new();
    twin.queue().send(QueueName::Events, vec![Outgoing::now("waits".into())]).await.unwrap();
    let when = "2027-01-01T00:00:00Z".parse().unwrap();
    twin.store.scheduler().at("a", when, QueueName::Stages, "later".into()).await.unwrap();
    // Nobody is at it, and the log is still beside the file, as after a crash.
    let dir = tempfile::tempdir().unwrap();
    for end in ["", "-wal"] {
        let name = format!("harkara.db{end}");
        std::fs::copy(twin.path.with_file_name(&name), dir.path().join(&name)).unwrap();
    }
    let file = dir.path().join("a.backup");
    note().write(&dir.path().join("harkara.db"), &file, false).unwrap();
    let (_dir, copy) = restored(&file);
    assert_eq!(copy.queues().depth(QueueName::Events).unwrap().visible, 1);
    assert_eq!(copy.queues().receive(QueueName::Events, 10).await[0].body, "waits");
    copy.schedules().cancel("a").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_lies_beside_nothing_else_and_is_its_owners() {
    let twin = Twin::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.backup");
    // What an earlier try has left is no hindrance.
    std::fs::write(dir.path().join("a.backup.new"), "half of one").unwrap();
    note().write(&twin.path, &file, false).unwrap();
    assert_eq!(names(dir.path()), ["a.backup"]);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(Backup::read(&file).unwrap(), note());
    let refused = note().write(&twin.path, &file, false).unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    let later = Backup { files: Vec::new(), ..note() };
    later.write(&twin.path, &file, true).unwrap();
    assert_eq!(Backup::read(&file).unwrap(), later);
    assert_eq!(names(dir.path()), ["a.backup"]);
}

#[test]
fn nobody_serves_from_a_backup_or_restores_what_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    drop(open(&at("a.db")).unwrap());
    note().write(&at("a.db"), &at("a.backup"), false).unwrap();
    let served = open(&at("a.backup")).err().unwrap();
    assert!(matches!(served, OpenError::Backup(_)), "{served}");
    assert!(served.to_string().contains("harkara restore"));
    assert_eq!(Backup::read(&at("a.backup")).unwrap(), note(), "it was left alone");
    let again = note().write(&at("a.backup"), &at("b.backup"), false).unwrap_err();
    assert!(matches!(again, BackupError::Open(OpenError::Backup(_))), "{again}");

    let refusal = |name: &str| Restore::begin(&at(name), &at("new.db"), false).err().unwrap();
    assert!(matches!(refusal("a.db"), BackupError::NoBackup(_)));
    assert!(matches!(refusal("nowhere"), BackupError::Nothing(_)));
    std::fs::write(at("notes.txt"), "no database at all\n".repeat(500)).unwrap();
    assert!(matches!(refusal("notes.txt"), BackupError::Open(OpenError::Foreign(_))));
    std::fs::copy(at("a.backup"), at("later")).unwrap();
    rusqlite::Connection::open(at("later")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(refusal("later"), BackupError::Open(OpenError::Newer { found: 99, .. })));
    let mut bytes = std::fs::read(at("a.backup")).unwrap();
    bytes.iter_mut().skip(2 * 8192).take(3 * 8192).for_each(|byte| *byte = 0xA5);
    std::fs::write(at("broken"), bytes).unwrap();
    assert!(matches!(refusal("broken"), BackupError::Open(OpenError::Damaged { .. })));
    assert!(!at("new.db").exists() && !at("new.db.new").exists());
}

#[tokio::test]
async fn a_restore_takes_nothing_away_that_is_in_use_or_not_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("harkara.db"), dir.path().join("a.backup"));
    let store = open(&path).unwrap();
    store.table().write(vec![put("old", b"1".to_vec())]).await.unwrap();
    note().write(&path, &file, false).unwrap();
    store.table().write(vec![put("new", b"2".to_vec())]).await.unwrap();
    for replace in [false, true] {
        let refused = Restore::begin(&file, &path, replace).err().unwrap();
        assert!(matches!(refused, BackupError::Open(OpenError::InUse(_))), "{refused}");
    }
    drop(store);
    let refused = Restore::begin(&file, &path, false).err().unwrap();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    // Given up on the way: all is as it was, and nobody could have opened it meanwhile.
    let (restore, _) = Restore::begin(&file, &path, true).unwrap();
    assert!(matches!(open(&path), Err(OpenError::InUse(_))));
    drop(restore);
    let store = open(&path).unwrap();
    assert_eq!(body(&store, "new").await.as_deref(), Some(&b"2"[..]));
    drop(store);
    let (restore, _) = Restore::begin(&file, &path, true).unwrap();
    let aside = restore.finish("old").unwrap().unwrap();
    let store = open(&path).unwrap();
    assert_eq!(body(&store, "old").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(body(&store, "new").await, None);
    let old = open(&aside).unwrap();
    assert_eq!(body(&old, "new").await.as_deref(), Some(&b"2"[..]));
}

/// What is put out of the way takes its log along: applied to the database that takes its place it would break it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_what_was_there_goes_with_it() {
    let twin = Twin::with(settings());
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("harkara.db"), dir.path().join("a.backup"));
    twin.table().write(vec![put("old", b"1".to_vec())]).await.unwrap();
    note().write(&twin.path, &file, false).unwrap();
    for n in 0..50 {
        twin.table().write(vec![put(&n.to_string(), vec![b'y'; 9000])]).await.unwrap();
    }
    for end in ["", "-wal"] {
        let name = format!("harkara.db{end}");
        std::fs::copy(twin.path.with_file_name(&name), dir.path().join(&name)).unwrap();
    }
    let (restore, _) = Restore::begin(&file, &path, true).unwrap();
    let aside = restore.finish("old").unwrap().unwrap();
    let store = open(&path).unwrap();
    assert_eq!((body(&store, "old").await, body(&store, "7").await), (Some(b"1".to_vec()), None));
    let old = open(&aside).unwrap();
    assert_eq!(body(&old, "7").await, Some(vec![b'y'; 9000]));
}

/// A database was deleted, and its log was forgotten. Applied to the one that is restored it would break it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_its_database_is_put_away_too() {
    let twin = Twin::with(settings());
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("harkara.db"), dir.path().join("a.backup"));
    twin.table().write(vec![put("old", b"1".to_vec())]).await.unwrap();
    note().write(&twin.path, &file, false).unwrap();
    for n in 0..50 {
        twin.table().write(vec![put(&n.to_string(), vec![b'y'; 9000])]).await.unwrap();
    }
    std::fs::copy(twin.path.with_file_name("harkara.db-wal"), dir.path().join("harkara.db-wal")).unwrap();
    let (restore, _) = Restore::begin(&file, &path, false).unwrap();
    assert_eq!(restore.finish("old").unwrap(), None);
    let store = open(&path).unwrap();
    assert_eq!((body(&store, "old").await, body(&store, "7").await), (Some(b"1".to_vec()), None));
    drop(store);
    note().write(&path, &dir.path().join("b.backup"), false).unwrap();
}

/// What is marked in a restored database, such as the gap, may be in its log still, as where the disk was full.
#[tokio::test]
async fn what_was_changed_before_the_end_comes_along_though_it_is_in_the_log() {
    let twin = Twin::with(settings());
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("harkara.db"), dir.path().join("a.backup"));
    note().write(&twin.path, &file, false).unwrap();
    let (restore, _) = Restore::begin(&file, &path, false).unwrap();
    drop(open(restore.path()).unwrap());
    let conn = rusqlite::Connection::open(restore.path()).unwrap();
    let insert = "PRAGMA wal_autocheckpoint = 0;
        INSERT INTO item (pk, sk, version, body) VALUES ('p', 'marked', 1, x'31')";
    conn.execute_batch(insert).unwrap();
    restore.finish("old").unwrap();
    drop(conn);
    let store = open(&path).unwrap();
    assert_eq!(body(&store, "marked").await.as_deref(), Some(&b"1"[..]));
}

#[tokio::test]
async fn a_backup_goes_over_backups_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let store = open(&at("harkara.db")).unwrap();
    store.table().write(vec![put("kept", b"1".to_vec())]).await.unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    let refused = |name: &str| note().write(&at("harkara.db"), &at(name), true).unwrap_err();
    // The database that it is of, while a server runs on it: all that is written from then on would be lost.
    for name in ["harkara.db", "folder"] {
        assert!(matches!(refused(name), BackupError::NotOver(_)), "{name}: {}", refused(name));
    }
    assert_eq!(body(&store, "kept").await.as_deref(), Some(&b"1"[..]));
    assert!(!names(dir.path()).iter().any(|name| name.ends_with(".new")), "{:?}", names(dir.path()));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(at("harkara.db"), at("link.db")).unwrap();
        assert!(matches!(refused("link.db"), BackupError::NotOver(_)));
        note().write(&at("harkara.db"), &at("first"), false).unwrap();
        std::os::unix::fs::symlink(at("first"), at("latest")).unwrap();
        let later = Backup { files: Vec::new(), ..note() };
        later.write(&at("harkara.db"), &at("latest"), true).unwrap();
        assert_eq!(Backup::read(&at("first")).unwrap(), later, "a link leads to the file that is replaced");
    }
}

#[test]
fn two_backups_into_one_file_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    drop(open(&at("harkara.db")).unwrap());
    let under_way = std::fs::File::create(at("a.backup.lock")).unwrap();
    under_way.lock().unwrap();
    let refused = note().write(&at("harkara.db"), &at("a.backup"), false).unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::InUse(_))), "{refused}");
    drop(under_way);
    note().write(&at("harkara.db"), &at("a.backup"), false).unwrap();
    assert!(!at("a.backup.lock").exists());
}

#[test]
fn nothing_is_left_of_a_backup_that_failed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("harkara.db"), dir.path().join("a.backup"));
    assert!(matches!(note().write(&path, &file, false), Err(BackupError::Nothing(_))));
    drop(open(&path).unwrap());
    let beyond = dir.path().join("no/such/folder/a.backup");
    let refused = note().write(&path, &beyond, false).unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::Failed { .. })), "{refused}");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.iter_mut().skip(8192).take(2 * 8192).for_each(|byte| *byte = 0xA5);
    std::fs::write(&path, bytes).unwrap();
    let damaged = note().write(&path, &file, false).unwrap_err();
    assert!(matches!(damaged, BackupError::Open(OpenError::Damaged { .. })), "{damaged}");
    assert!(!names(dir.path()).iter().any(|name| name.starts_with("a.backup")), "{:?}", names(dir.path()));
}

#[tokio::test]
async fn partitions_are_found_by_how_they_begin() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("a.db")).unwrap();
    for (pk, sk) in [("s#b", "x"), ("s#a", "x"), ("s#a", "y"), ("r#a", "x"), ("s$", "x"), ("t#a", "x")] {
        let item = Item::new(Key::new(pk, sk), Vec::new());
        store.table().write(vec![Write::Put(item, Expect::Any)]).await.unwrap();
    }
    assert_eq!(store.partitions("s#").unwrap(), ["s#a", "s#b"]);
    assert_eq!(store.partitions("z").unwrap(), Vec::<String>::new());
}
