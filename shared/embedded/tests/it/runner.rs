use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use harkara_embedded::{Embedded, ScaledClock, consume};
use harkara_engine::port::{Clock, Delivery, Outgoing, QueueName, SystemClock, Unprocessed};
use tokio::sync::watch;

use crate::world::{Twin, settings};

const EVENTS: QueueName = QueueName::Events;

async fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "it did not come to pass");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_handled_once_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(&dir.path().join("a.db"), Arc::new(SystemClock), settings()).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (stop, stopped) = watch::channel(false);
    let log = Arc::clone(&seen);
    let handler = move |batch: Vec<Delivery>| {
        assert!((1..=10).contains(&batch.len()));
        log.lock().unwrap().extend(batch.into_iter().map(|delivery| delivery.body));
        async { Unprocessed::default() }
    };
    let consumer = tokio::spawn(consume(store.queues(), EVENTS, 4, handler, stopped));
    let queue = store.queue();
    for chunk in (0..2000).collect::<Vec<_>>().chunks(7) {
        let messages = chunk.iter().map(|n| Outgoing::now(format!("{n:05}"))).collect();
        queue.send(EVENTS, messages).await.unwrap();
    }
    until(|| seen.lock().unwrap().len() >= 2000).await;
    until(|| store.queues().depth(EVENTS).unwrap() == Default::default()).await;
    stop.send(true).unwrap();
    consumer.await.unwrap();
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(seen, (0..2000).map(|n| format!("{n:05}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_a_failed_batch() {
    let twin = Twin::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let (stop, stopped) = watch::channel(false);
    let counter = Arc::clone(&calls);
    let handler = move |batch: Vec<Delivery>| {
        let call = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            assert!(call > 0, "the first call dies");
            assert_eq!(batch[0].receives, 2);
            Unprocessed::default()
        }
    };
    let consumer = tokio::spawn(consume(twin.store.queues(), EVENTS, 2, handler, stopped));
    twin.store.queue().send(EVENTS, vec![Outgoing::now("a".into())]).await.unwrap();
    until(|| calls.load(Ordering::SeqCst) == 1).await;
    until(|| twin.store.queues().depth(EVENTS).unwrap().in_flight == 0).await;
    assert_eq!(twin.store.queues().depth(EVENTS).unwrap().delayed, 1);
    twin.clock.advance(Duration::from_secs(30));
    twin.store.wake();
    until(|| calls.load(Ordering::SeqCst) == 2).await;
    until(|| twin.store.queues().depth(EVENTS).unwrap() == Default::default()).await;
    stop.send(true).unwrap();
    consumer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delayed_message_is_taken_while_another_poller_is_busy() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(&dir.path().join("a.db"), Arc::new(SystemClock), settings()).unwrap();
    let (stop, stopped) = watch::channel(false);
    let took = Arc::new(Mutex::new(None));
    let (began, log) = (Instant::now(), Arc::clone(&took));
    let handler = move |batch: Vec<Delivery>| {
        let log = Arc::clone(&log);
        async move {
            if batch[0].body == "slow" {
                tokio::time::sleep(Duration::from_secs(2)).await;
            } else if batch[0].body == "delayed" {
                *log.lock().unwrap() = Some(began.elapsed());
            }
            Unprocessed::default()
        }
    };
    let consumer = tokio::spawn(consume(store.queues(), EVENTS, 2, handler, stopped));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let delayed = Outgoing { body: "delayed".into(), delay: Duration::from_millis(400) };
    store.queue().send(EVENTS, vec![delayed]).await.unwrap();
    // One poller watches the time now. Pollers take turns: after a quick message the slow one is its.
    for body in ["quick", "slow"] {
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.queue().send(EVENTS, vec![Outgoing::now(body.into())]).await.unwrap();
    }
    until(|| took.lock().unwrap().is_some()).await;
    let took = took.lock().unwrap().unwrap();
    assert!((400..1700).contains(&took.as_millis()), "{took:?}");
    stop.send(true).unwrap();
    consumer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scaled_clock_shortens_waits() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ScaledClock::new(SystemClock.now(), 600));
    let store = Arc::new(Embedded::open(&dir.path().join("a.db"), clock.clone(), settings()).unwrap());
    let runs = Arc::clone(&store);
    let ticker = tokio::spawn(async move { runs.run().await });
    let (from, began) = (clock.now(), Instant::now());
    let delayed = Outgoing { body: "delayed".into(), delay: Duration::from_secs(120) };
    store.queue().send(EVENTS, vec![delayed]).await.unwrap();
    let when = from + Duration::from_secs(300);
    store.scheduler().at("a", when, EVENTS, "scheduled".into()).await.unwrap();
    assert_eq!(store.queues().receive(EVENTS, 10).await[0].body, "delayed");
    assert!(clock.now() >= from + Duration::from_secs(120));
    assert_eq!(store.queues().receive(EVENTS, 10).await[0].body, "scheduled");
    assert!(clock.now() >= when && began.elapsed() < Duration::from_secs(10));
    ticker.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_receive_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(&dir.path().join("a.db"), Arc::new(SystemClock), settings()).unwrap();
    let queues = store.queues();
    for n in 0..50_u64 {
        let delay = Duration::from_millis(n % 3);
        store.queue().send(EVENTS, vec![Outgoing { body: n.to_string(), delay }]).await.unwrap();
        _ = tokio::time::timeout(Duration::from_micros(50), queues.receive(QueueName::Stages, 1)).await;
    }
    let mut seen = 0;
    while seen < 50 {
        let wait = tokio::time::timeout(Duration::from_secs(5), queues.receive(EVENTS, 10)).await;
        seen += wait.unwrap().len();
    }
}
