use std::{path::Path, sync::Arc};

use harkara_embedded::{Embedded, OpenError, Settings};
use harkara_engine::port::{Outgoing, QueueName, SystemClock};

fn open(path: &Path) -> Result<Embedded, OpenError> {
    Embedded::open(path, Arc::new(SystemClock), Settings::default())
}

fn refusal(path: &Path) -> OpenError {
    match open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[test]
fn a_file_is_open_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let first = open(&path).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    drop(first);
    assert!(!dir.path().join("a.db-wal").exists(), "the log is folded in");
    open(&path).unwrap();
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "no database at all\n".repeat(100)).unwrap();
    assert!(matches!(refusal(&text), OpenError::Foreign(_)));
    assert_eq!(std::fs::read(&text).unwrap(), "no database at all\n".repeat(100).into_bytes());

    let other = dir.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&other).unwrap();
    assert!(matches!(refusal(&other), OpenError::Foreign(_)));
    assert_eq!(std::fs::read(&other).unwrap(), before);
}

#[test]
fn a_later_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    drop(open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(refusal(&path), OpenError::Newer { found: 99, known: 2, .. }));
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let first = open(&path).unwrap();
    first.queue().send(QueueName::Events, vec![Outgoing::now("kept".into())]).await.unwrap();
    drop(first);
    // The first schema had no queue for priority stores.
    let as_it_was = "DROP TABLE message_priority; PRAGMA user_version = 1";
    rusqlite::Connection::open(&path).unwrap().execute_batch(as_it_was).unwrap();
    let again = open(&path).unwrap();
    again.queue().send(QueueName::PriorityStages, vec![Outgoing::now("new".into())]).await.unwrap();
    for queue in [QueueName::Events, QueueName::PriorityStages] {
        assert_eq!(again.queues().depth(queue).unwrap().visible, 1, "{queue}");
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    drop(open(&path).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 3 * 8192);
    for byte in bytes.iter_mut().skip(8192).take(2 * 8192) {
        *byte = 0xA5;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore it from a backup"), "{error}");
}

#[test]
fn a_missing_folder_is_a_clear_error() {
    let error = refusal(Path::new("no/such/folder/a.db"));
    assert!(matches!(error, OpenError::Failed { .. }) && error.to_string().contains("a.db"), "{error}");
}
