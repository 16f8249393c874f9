use std::{collections::HashSet, time::Duration};

use harkara_contract::World;
use harkara_engine::port::{Clock, Outgoing, QueueName, Unprocessed};

use crate::world::{Twin, settings};

const EVENTS: QueueName = QueueName::Events;

/// Takes what is visible, to the end. A poller that waits must be woken when more is loaded.
async fn drain(twin: &Twin) -> Vec<u32> {
    let (mut seen, queues) = (Vec::new(), twin.store.queues());
    while queues.depth(EVENTS).unwrap().visible > 0 {
        let wait = tokio::time::timeout(Duration::from_secs(10), queues.receive(EVENTS, 10));
        let batch = wait.await.expect("a poller sleeps though messages are visible");
        seen.extend(batch.iter().map(|delivery| delivery.body.parse::<u32>().unwrap()));
        assert!(queues.held_in_memory(EVENTS) <= 1000);
        twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_messages_wait_on_disk() {
    let mut small = settings();
    small.window_messages = 1000;
    let twin = Twin::with(small.clone());
    let queue = twin.queue();
    for chunk in (0..100_000).collect::<Vec<u32>>().chunks(1000) {
        let messages = chunk.iter().map(|n| Outgoing::now(n.to_string())).collect();
        queue.send(EVENTS, messages).await.unwrap();
        assert!(twin.store.queues().held_in_memory(EVENTS) <= 1000);
    }
    let depth = twin.store.queues().depth(EVENTS).unwrap();
    assert_eq!((depth.visible, depth.delayed, depth.in_flight), (100_000, 0, 0));
    assert_eq!(depth.oldest, Some(twin.clock.now()));
    let seen = drain(&twin.reopen(small)).await;
    assert_eq!(seen.len(), 100_000, "none twice");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>().len(), 100_000, "none lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_messages_overtake_a_full_window_of_late_ones() {
    let mut small = settings();
    small.window_messages = 100;
    let twin = Twin::with(small);
    let queue = twin.queue();
    let late = |n: u32| Outgoing { body: n.to_string(), delay: Duration::from_secs(60 + u64::from(n % 60)) };
    queue.send(EVENTS, (0..500).map(late).collect()).await.unwrap();
    queue.send(EVENTS, (1000..1300).map(|n| Outgoing::now(n.to_string())).collect()).await.unwrap();
    let depth = twin.store.queues().depth(EVENTS).unwrap();
    assert_eq!((depth.visible, depth.delayed), (300, 500));
    let mut seen = drain(&twin).await;
    seen.sort_unstable();
    assert_eq!(seen, (1000..1300).collect::<Vec<_>>());
    twin.pass(Duration::from_secs(60)).await;
    let first = drain(&twin).await;
    assert!(first.iter().all(|n| n % 60 == 0) && first.len() == 9, "{first:?}");
    twin.pass(Duration::from_secs(60)).await;
    assert_eq!(drain(&twin).await.len(), 491);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_messages_wait_on_disk_too() {
    let mut small = settings();
    small.window_messages = 50;
    let twin = Twin::with(small);
    twin.queue().send(EVENTS, (0..400).map(|n| Outgoing::now(n.to_string())).collect()).await.unwrap();
    for receives in 1..=2 {
        let mut failed = HashSet::new();
        loop {
            let batch = twin.receive(EVENTS).await;
            if batch.is_empty() {
                break;
            }
            assert!(batch.iter().all(|delivery| delivery.receives == receives));
            assert!(batch.iter().all(|delivery| failed.insert(delivery.id.clone())), "none twice");
            let all = Unprocessed(batch.iter().map(|delivery| delivery.id.clone()).collect());
            twin.settle(EVENTS, &batch, &all).await;
        }
        assert_eq!(failed.len(), 400);
        let depth = twin.store.queues().depth(EVENTS).unwrap();
        assert_eq!((depth.visible, depth.delayed, depth.in_flight), (0, 400, 0));
        twin.pass(Duration::from_secs(30)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_are_bounded_too() {
    let mut small = settings();
    small.window_bytes = 300_000;
    let twin = Twin::with(small);
    for n in 0..40 {
        twin.queue().send(EVENTS, vec![Outgoing::now(format!("{n:060000}"))]).await.unwrap();
        assert!(twin.store.queues().held_in_memory(EVENTS) <= 5);
    }
    let mut seen = drain(&twin).await;
    seen.sort_unstable();
    assert_eq!(seen, (0..40).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_flight_is_not_loaded_again() {
    let mut small = settings();
    small.window_messages = 10;
    let twin = Twin::with(small);
    twin.queue().send(EVENTS, (0..100).map(|n| Outgoing::now(n.to_string())).collect()).await.unwrap();
    let mut batch = twin.receive(EVENTS).await;
    let held = batch.pop().unwrap();
    twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    // Its row is now behind the window's horizon, while its consumer still has it.
    twin.queue().set_visibility(EVENTS, &held.receipt, Duration::from_secs(60)).await.unwrap();
    assert_eq!(drain(&twin).await.len() + batch.len(), 99);
    assert_eq!(twin.store.queues().held_in_memory(EVENTS), 0);
    let depth = twin.store.queues().depth(EVENTS).unwrap();
    assert_eq!((depth.visible, depth.delayed, depth.in_flight), (0, 0, 1));
    twin.pass(Duration::from_secs(60)).await;
    let again = twin.receive(EVENTS).await;
    assert_eq!((again.len(), &again[0].id, again[0].receives), (1, &held.id, 2));
    assert!(twin.receive(EVENTS).await.is_empty());
}
