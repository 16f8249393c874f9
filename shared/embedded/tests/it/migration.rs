//! Files of earlier schemas, made as those builds made them.

use std::{path::Path, sync::Arc, time::Duration};

use harkara_embedded::{Backup, Embedded, ManualClock, OpenError, Restore, Settings};
use harkara_engine::port::{Index, Item, Key, Outgoing, Query, Queue, QueueName, Scheduler, Unprocessed};
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// 42 bits of milliseconds, 21 bits of running number.
fn place(ms: i64, number: i64) -> i64 {
    (ms << 21) | number
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// The first schema, as its build wrote it.
const FIRST: &str = "
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
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
CREATE TABLE message_events (
    place INTEGER PRIMARY KEY, id INTEGER, receives INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE message_stages (
    place INTEGER PRIMARY KEY, id INTEGER, receives INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE message_failures (
    place INTEGER PRIMARY KEY, id INTEGER, receives INTEGER NOT NULL, body TEXT NOT NULL);
PRAGMA application_id = 1213352786;
PRAGMA user_version = 1;
";

fn first_schema(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.execute_batch(FIRST).unwrap();
    let ms = now().as_millisecond();
    let put = "INSERT INTO item (pk, sk, version, list_pk, list_sk, due_pk, due_sk, expires_ms, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    for n in 0..500_i64 {
        let (sk, list) = (format!("{n:04}"), format!("{:04}", 999 - n));
        let due = (n % 2 == 0).then_some("due#1");
        let expires = (n % 5 == 0).then_some(ms - 1);
        let body = format!("{{\"n\":{n}}}").into_bytes();
        file.execute(
            put,
            params!["o#demo", sk, n + 1, "runs#demo", list, due, due.map(|_| &sk), expires, body],
        )
        .unwrap();
    }
    let send = |queue: &str, place: i64, id: Option<i64>, receives: i64, body: &str| {
        let sql = format!("INSERT INTO message_{queue} VALUES (?1, ?2, ?3, ?4)");
        file.execute(&sql, params![place, id, receives, body]).unwrap();
    };
    for n in 0..30 {
        send("events", place(ms - 1000 + n, n), None, 0, &format!("event {n:02}"));
    }
    send("stages", place(ms + 60_000, 1), None, 0, "in a minute");
    // It was received three times and hidden: its id is its first place.
    send("stages", place(ms + 600_000, 2), Some(place(ms - 5000, 7)), 3, "failing");
    send("failures", place(ms - 1, 3), None, 0, "failed");
    let at = |ms: i64, name: &str, queue: &str, body: &str| {
        file.execute(
            "INSERT INTO schedule VALUES (?1, ?2, ?3, ?4)",
            params![place(ms, 9), name, queue, body],
        )
        .unwrap();
    };
    at(ms + 3_600_000, "hour", "stages", "in an hour");
    at(ms - 3_600_000, "past", "events", "an hour ago");
}

async fn bodies(store: &Embedded, queue: QueueName) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    loop {
        let batch = store.queues().try_receive(queue, 10);
        let receipts: Vec<String> = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
        if batch.is_empty() {
            return found;
        }
        found.extend(batch.into_iter().map(|delivery| (delivery.body, delivery.receives)));
        store.queues().settle(queue, &receipts, &Unprocessed::default());
        // Whatever was asked before is done.
        store.schedules().cancel("nothing").await.unwrap();
    }
}

async fn finds_all(store: &Embedded, clock: &ManualClock) {
    let table = store.table();
    let pages = async |mut query: Query| {
        let mut items: Vec<Item> = Vec::new();
        loop {
            let page = table.query(query.clone()).await.unwrap();
            items.extend(page.items);
            query.after = page.next;
            if query.after.is_none() {
                return items;
            }
        }
    };
    let items = pages(Query::partition("o#demo")).await;
    let expected: Vec<u64> = (0..500).filter(|n| n % 5 != 0).collect();
    assert_eq!(items.iter().map(|item| item.version - 1).collect::<Vec<_>>(), expected);
    let body = table.get(&Key::new("o#demo", "0007")).await.unwrap().unwrap().body;
    assert_eq!(body, b"{\"n\":7}");
    let listed = pages(Query::index(Index::List, "runs#demo")).await;
    assert_eq!(listed.iter().map(|item| item.version - 1).rev().collect::<Vec<_>>(), expected);
    let due = pages(Query::index(Index::Due, "due#1")).await;
    assert_eq!(due.len(), expected.iter().filter(|n| **n % 2 == 0).count());

    store.schedules().fire().await.unwrap();
    let mut events = bodies(store, QueueName::Events).await;
    events.sort();
    assert_eq!(events.len(), 31);
    assert_eq!(events[0], ("an hour ago".to_owned(), 1));
    assert_eq!(events[30], ("event 29".to_owned(), 1));
    let failures = bodies(store, QueueName::Failures).await;
    assert!(failures.contains(&("failed".to_owned(), 1)), "{failures:?}");
    assert_eq!(bodies(store, QueueName::Stages).await, []);
    for (minutes, expected) in [(1, ("in a minute", 1)), (9, ("failing", 4)), (50, ("in an hour", 1))] {
        clock.advance(Duration::from_secs(minutes * 60));
        store.wake();
        store.schedules().fire().await.unwrap();
        assert_eq!(bodies(store, QueueName::Stages).await, [(expected.0.to_owned(), expected.1)]);
    }
    store.queues().send(QueueName::PriorityStages, vec![Outgoing::now("new".into())]).await.unwrap();
    assert_eq!(bodies(store, QueueName::PriorityStages).await, [("new".to_owned(), 1)]);
}

fn open(path: &Path, clock: &Arc<ManualClock>) -> Result<Embedded, OpenError> {
    Embedded::open(path, clock.clone(), Settings::default())
}

fn version(path: &Path) -> i32 {
    Connection::open(path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_a_file_of_the_first_schema_holds_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    first_schema(&path);
    let clock = Arc::new(ManualClock::new(now()));
    let store = open(&path, &clock).unwrap();
    finds_all(&store, &clock).await;
    drop(store);
    assert_eq!(version(&path), 2);
}

/// A backup that an earlier build made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_first_schema_is_restored_into_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let (path, file) = (dir.path().join("a.db"), dir.path().join("a.backup"));
    first_schema(&path);
    Backup { made_at: now(), files: Vec::new() }.write(&path, &file, false).unwrap();
    assert_eq!((version(&path), version(&file)), (1, 1), "it is as it was");
    let clock = Arc::new(ManualClock::new(now()));
    let (restore, _) = Restore::begin(&file, &dir.path().join("new.db"), false).unwrap();
    drop(open(restore.path(), &clock).unwrap());
    restore.finish("old").unwrap();
    assert_eq!(version(&dir.path().join("new.db")), 2);
    finds_all(&open(&dir.path().join("new.db"), &clock).unwrap(), &clock).await;
}

/// What breaks a migration off leaves the schema that was there, whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_broken_off_has_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    first_schema(&path);
    let clock = Arc::new(ManualClock::new(now()));
    // Its last statement fails: the queue's table is there, after the one that would be made before it.
    let in_its_way = "CREATE TABLE message_priority (theirs)";
    Connection::open(&path).unwrap().execute_batch(in_its_way).unwrap();
    let refused = open(&path, &clock).err().unwrap();
    assert!(matches!(refused, OpenError::Failed { .. }), "{refused}");
    assert_eq!(version(&path), 1);
    Connection::open(&path).unwrap().execute_batch("DROP TABLE message_priority").unwrap();
    finds_all(&open(&path, &clock).unwrap(), &clock).await;
}

/// The power goes in the middle of the migration: what the log holds of it has no commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_a_migration_leaves_the_schema_that_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    first_schema(&path);
    let migrating = Connection::open(&path).unwrap();
    // A cache of nothing, so that what is not committed is in the log already.
    migrating
        .execute_batch(
            "PRAGMA cache_size = 0; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;
             CREATE TABLE message_priority (
                 place INTEGER PRIMARY KEY, id INTEGER, receives INTEGER NOT NULL, body TEXT NOT NULL);
             PRAGMA user_version = 2; UPDATE item SET body = zeroblob(4000);",
        )
        .unwrap();
    let crashed = dir.path().join("crashed.db");
    for end in ["", "-wal"] {
        std::fs::copy(dir.path().join(format!("a.db{end}")), dir.path().join(format!("crashed.db{end}")))
            .unwrap();
    }
    assert!(std::fs::metadata(dir.path().join("crashed.db-wal")).unwrap().len() > 100_000);
    drop(migrating);
    assert_eq!(version(&crashed), 1);
    let clock = Arc::new(ManualClock::new(now()));
    finds_all(&open(&crashed, &clock).unwrap(), &clock).await;
    assert_eq!(version(&crashed), 2);
}
