use std::{sync::Arc, time::Duration};

use harkara_contract::{Tables, World};
use harkara_embedded::{Embedded, ManualClock};
use harkara_engine::port::{
    Clock, Expect, IndexKey, Item, Key, Outgoing, QueueName, Unprocessed, Write, WriteError,
};

use crate::world::{Twin, settings};

const EVENTS: QueueName = QueueName::Events;

fn put(n: usize, bytes: usize) -> Vec<Write> {
    vec![Write::Put(Item::new(Key::new("p", format!("{n:06}")), vec![b'x'; bytes]), Expect::Any)]
}

async fn fill(twin: &Twin) {
    let mut item = Item::new(Key::new("p", "kept"), b"body".to_vec());
    item.list = Some(IndexKey { pk: "l".into(), sk: "1".into() });
    twin.table().write(vec![Write::Put(item, Expect::Absent)]).await.unwrap();
    let delayed = Outgoing { body: "delayed".into(), delay: Duration::from_secs(60) };
    twin.queue().send(EVENTS, vec![Outgoing::now("now".into()), delayed]).await.unwrap();
    let when = twin.clock.now() + Duration::from_secs(3600);
    twin.scheduler().at("later", when, QueueName::Stages, "scheduled".into()).await.unwrap();
    // One message fails for the third time and is hidden.
    twin.queue().send(EVENTS, vec![Outgoing::now("failing".into())]).await.unwrap();
    for _ in 0..3 {
        for delivery in twin.receive(EVENTS).await {
            let hidden = if delivery.receives == 3 { Duration::from_secs(600) } else { Duration::ZERO };
            if delivery.body == "failing" {
                twin.queue().set_visibility(EVENTS, &delivery.receipt, hidden).await.unwrap();
            }
        }
    }
}

async fn check(twin: &Twin) {
    let item = twin.table().get(&Key::new("p", "kept")).await.unwrap().unwrap();
    assert_eq!((item.version, item.body.as_slice()), (1, b"body".as_slice()));
    // It was in flight, so it is visible at once.
    let batch = twin.receive(EVENTS).await;
    assert_eq!(batch.iter().map(|d| d.body.as_str()).collect::<Vec<_>>(), ["now"]);
    twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    twin.pass(Duration::from_secs(60)).await;
    let batch = twin.receive(EVENTS).await;
    assert_eq!(batch[0].body, "delayed");
    twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    twin.pass(Duration::from_secs(540)).await;
    let batch = twin.receive(EVENTS).await;
    assert_eq!((batch[0].body.as_str(), batch[0].receives), ("failing", 4));
    twin.pass(Duration::from_secs(3000)).await;
    assert_eq!(twin.receive(QueueName::Stages).await[0].body, "scheduled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_everything() {
    let twin = Twin::new();
    fill(&twin).await;
    check(&twin.reopen(settings())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_keeps_what_was_answered() {
    let twin = Twin::new();
    fill(&twin).await;
    check(&twin.after_crash(settings())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schedules_of_the_past_fire_after_a_restart() {
    let twin = Twin::new();
    let when = twin.clock.now() + Duration::from_secs(60);
    twin.scheduler().at("a", when, EVENTS, "due while down".into()).await.unwrap();
    twin.clock.advance(Duration::from_secs(3600));
    let twin = twin.reopen(settings());
    assert_eq!(twin.receive(EVENTS).await[0].body, "due while down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writes_share_commits() {
    let twin = Twin::new();
    let before = twin.store.commits();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..1000 {
        let table = twin.table();
        writers.spawn(async move { table.write(put(n, 500)).await });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap().unwrap();
    }
    let commits = twin.store.commits() - before;
    assert!((1..250).contains(&commits), "1000 writes took {commits} commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_write_leaves_its_neighbours_alone() {
    let twin = Twin::new();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..200 {
        let table = twin.table();
        writers.spawn(async move {
            let expect = if n % 2 == 0 { Expect::Absent } else { Expect::Version(9) };
            let item = Item::new(Key::new("p", n.to_string()), vec![]);
            (n, table.write(vec![Write::Put(item, expect)]).await)
        });
    }
    while let Some(done) = writers.join_next().await {
        let (n, outcome) = done.unwrap();
        let wanted = if n % 2 == 0 { Ok(()) } else { Err(WriteError::Expectation(vec![0])) };
        assert_eq!(outcome, wanted);
        let there = twin.table().get(&Key::new("p", n.to_string())).await.unwrap();
        assert_eq!(there.is_some(), n % 2 == 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_a_clear_error_and_passes() {
    let mut small = settings();
    small.max_bytes = Some(2 << 20);
    let twin = Twin::with(small);
    twin.queue().send(EVENTS, vec![Outgoing::now("before".into())]).await.unwrap();
    let (table, mut written) = (twin.table(), 0);
    let problem = loop {
        match table.write(put(written, 8000)).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1000);
    };
    assert!(matches!(&problem, WriteError::Failed(text) if text.contains("full")), "{problem}");
    let error = twin.queue().send(EVENTS, vec![Outgoing::now("x".repeat(200_000))]).await.unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    // Reads go on, nothing half-written is there, and memory has only what was committed.
    assert!(table.get(&Key::new("p", format!("{written:06}"))).await.unwrap().is_none());
    assert!(table.get(&Key::new("p", "000000")).await.unwrap().is_some());
    let batch = twin.receive(EVENTS).await;
    assert_eq!(batch.len(), 1);
    twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    assert!(twin.receive(EVENTS).await.is_empty());
    // Whoever makes room goes on.
    for n in 0..written {
        table.write(vec![Write::Delete(Key::new("p", format!("{n:06}")), Expect::Any)]).await.unwrap();
    }
    table.write(put(0, 8000)).await.unwrap();
    twin.queue().send(EVENTS, vec![Outgoing::now("after".into())]).await.unwrap();
    assert_eq!(twin.receive(EVENTS).await[0].body, "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_too_large_neighbour_does_not_fail_a_group() {
    let mut small = settings();
    small.max_bytes = Some(1 << 20);
    let twin = Twin::with(small);
    for n in 0..40 {
        twin.table().write(put(n, 100)).await.unwrap();
    }
    for n in 0..40 {
        // Two of these fit into the file.
        _ = twin.table().write(put(1000 + n % 4, 300 * 1024)).await;
    }
    let mut refused = 0;
    for round in 0..20 {
        let mut writers = tokio::task::JoinSet::new();
        for n in 0..40 {
            // Most replace what is there by as much; one needs more room than there is.
            let (at, bytes) = if n == 20 { (2000 + round, 300 * 1024) } else { (n, 100) };
            let table = twin.table();
            writers.spawn(async move { (n, table.write(put(at, bytes)).await) });
        }
        while let Some(done) = writers.join_next().await {
            let (n, outcome) = done.unwrap();
            refused += usize::from(outcome.is_err());
            assert!(n == 20 || outcome.is_ok(), "{n}: {outcome:?}");
        }
    }
    assert_eq!(refused, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_items_are_absent_and_then_gone() {
    let twin = Twin::new();
    let table = twin.table();
    let mut item = Item::new(Key::new("p", "a"), b"{\"n\":5}".to_vec());
    item.list = Some(IndexKey { pk: "l".into(), sk: "1".into() });
    item.expires_at = Some(twin.clock.now() + Duration::from_secs(60));
    table.write(vec![Write::Put(item.clone(), Expect::Absent)]).await.unwrap();
    table.write(vec![Write::Put(item.clone(), Expect::Version(1))]).await.unwrap();
    twin.pass(Duration::from_secs(60)).await;
    assert_eq!(table.get(&item.key).await.unwrap(), None);
    // Whoever reads "absent" can write on that.
    let refused = table.write(vec![Write::Put(item.clone(), Expect::Version(2))]).await;
    assert_eq!(refused, Err(WriteError::Expectation(vec![0])));
    table.write(vec![Write::Add { key: item.key.clone(), field: "n", by: 1 }]).await.unwrap();
    let found = table.get(&item.key).await.unwrap().unwrap();
    assert_eq!((found.version, found.body.as_slice(), found.list), (1, b"{\"n\":1}".as_slice(), None));
    item.expires_at = Some(twin.clock.now() + Duration::from_secs(1));
    table.write(vec![Write::Put(item.clone(), Expect::Version(1))]).await.unwrap();
    twin.pass(Duration::from_secs(1)).await;
    twin.store.purge().await.unwrap();
    twin.clock.set(twin.clock.now() - Duration::from_secs(30));
    assert_eq!(table.get(&item.key).await.unwrap(), None, "it is deleted, not only hidden");
}

#[test]
fn a_closed_store_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
    let store = Embedded::open(&dir.path().join("a.db"), clock, settings()).unwrap();
    let (table, queue) = (store.table(), store.queue());
    drop(store);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        assert!(
            matches!(table.write(put(1, 1)).await, Err(WriteError::Failed(text)) if text.contains("closed"))
        );
        assert!(table.get(&Key::new("p", "1")).await.is_err());
        assert!(queue.send(EVENTS, vec![Outgoing::now("x".into())]).await.is_err());
    });
}
