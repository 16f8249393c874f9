//! Whose messages they are: a storm of one stands before nobody else's.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use harkara_contract::World;
use harkara_embedded::Settings;
use harkara_engine::{
    job,
    port::{Outgoing, QueueName, Unprocessed},
};

use crate::world::{Twin, settings};

const EVENTS: QueueName = QueueName::Events;
const STAGES: QueueName = QueueName::Stages;

/// A body that is a store's, with a number.
fn body(store: &str, n: usize) -> String {
    format!(r#"{{"v":1,"job":"facts","facts":[{{"store":"{store}","n":{n}}}]}}"#)
}

fn messages(store: &str, numbers: std::ops::Range<usize>) -> Vec<Outgoing> {
    numbers.map(|n| Outgoing::now(body(store, n))).collect()
}

fn small(window: usize) -> Settings {
    Settings { window_messages: window, ..settings() }
}

/// How many messages are handed out, batch by batch, until all of a store's have been.
async fn handed_out_until(twin: &Twin, queue: QueueName, store: &str, count: usize) -> usize {
    let (mut handed_out, mut found) = (0, 0);
    while found < count {
        let batch = twin.receive(queue).await;
        assert!(!batch.is_empty(), "{found} of {count} came");
        handed_out += batch.len();
        found += batch.iter().filter(|delivery| job::group(&delivery.body) == store).count();
        twin.settle(queue, &batch, &Unprocessed::default()).await;
    }
    handed_out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_one_store_does_not_stand_before_another_s_messages() {
    let twin = Twin::with(small(500));
    twin.queue().send(EVENTS, messages("storm", 0..5000)).await.unwrap();
    twin.queue().send(EVENTS, messages("small", 0..50)).await.unwrap();
    assert_eq!(handed_out_until(&twin, EVENTS, "small", 50).await, 100, "one of each in turn");
    assert_eq!(handed_out_until(&twin, EVENTS, "storm", 4950).await, 4950, "and nothing is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_after_a_start_with_the_storm_on_disk() {
    let twin = Twin::with(small(500));
    twin.queue().send(EVENTS, messages("storm", 0..20_000)).await.unwrap();
    twin.queue().send(EVENTS, messages("small", 0..50)).await.unwrap();
    let twin = twin.reopen(small(500));
    // The queue is looked through between what the writer is asked for; whoever takes messages meanwhile has the
    // storm's, for as long as that lasts.
    for _ in 0..8 {
        twin.scheduler().cancel("nothing").await.unwrap();
    }
    assert_eq!(handed_out_until(&twin, EVENTS, "small", 50).await, 100, "one of each in turn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_storms_share() {
    let twin = Twin::with(small(100));
    twin.queue().send(EVENTS, messages("first", 0..3000)).await.unwrap();
    twin.queue().send(EVENTS, messages("second", 0..3000)).await.unwrap();
    let handed_out = handed_out_until(&twin, EVENTS, "second", 1000).await;
    assert!(handed_out < 2400, "the second had 1000 of {handed_out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flows_of_a_store_take_turns_too() {
    let stage = |flow: &str, n| {
        let run = format!("{flow}~customer_inactive~{n}");
        Outgoing::now(format!(r#"{{"v":1,"job":"stage","store":"demo","run":"{run}","stage":0}}"#))
    };
    let twin = Twin::with(small(200));
    twin.queue().send(STAGES, (0..2000).map(|n| stage("win_back", n)).collect()).await.unwrap();
    twin.queue().send(STAGES, (0..5).map(|n| stage("cod_confirm", n)).collect()).await.unwrap();
    assert_eq!(handed_out_until(&twin, STAGES, "demo/cod_confirm", 5).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_a_store_the_earliest_is_first() {
    let twin = Twin::with(small(100));
    for n in 0..300 {
        let store = if n % 3 == 0 { "a" } else { "b" };
        twin.queue().send(EVENTS, vec![Outgoing::now(body(store, n))]).await.unwrap();
        twin.clock.advance(Duration::from_millis(1));
    }
    let mut last = BTreeMap::new();
    for _ in 0..30 {
        let batch = twin.receive(EVENTS).await;
        for delivery in &batch {
            let n: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
            let n = n["facts"][0]["n"].as_u64().unwrap();
            assert!(last.insert(job::group(&delivery.body), n).is_none_or(|before| before < n));
        }
        twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    }
    assert_eq!(last.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 297), ("b".to_owned(), 299)]);
}

/// A generator of no great quality, the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound).unwrap()
    }
}

/// Whatever the order of sends, delays, failures, waits and starts: each message is processed once, and
/// memory stays within its bounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_whatever_happens() {
    for seed in 0..25 {
        let mut dice = Dice(seed);
        let window = 1 + dice.below(12);
        let mut roomy = small(window);
        roomy.queues.events.max_receives = 1000;
        let mut twin = Twin::with(roomy.clone());
        let (mut sent, mut done) = (0, HashSet::new());
        for _ in 0..150 {
            match dice.below(10) {
                0..=3 => {
                    let count = 1 + dice.below(20);
                    let batch = (sent..sent + count).map(|n| {
                        let store = ["a", "a", "a", "b", "c", "d"][dice.below(6)];
                        let delay = Duration::from_secs([0, 0, 0, 5, 60][dice.below(5)]);
                        Outgoing { body: body(store, n), delay }
                    });
                    twin.queue().send(EVENTS, batch.collect()).await.unwrap();
                    sent += count;
                }
                4..=7 => work(&twin, &mut dice, &mut done).await,
                8 => twin.pass(Duration::from_secs([1, 10, 40][dice.below(3)])).await,
                _ if dice.below(3) == 0 => twin = twin.reopen(roomy.clone()),
                _ => {}
            }
            // One of each store stays, however little room there is.
            assert!(twin.store.queues().held_in_memory(EVENTS) <= window.max(4), "seed {seed}");
        }
        let mut idle = 0;
        while done.len() < sent && idle < 20 {
            let before = done.len();
            work(&twin, &mut Dice(0), &mut done).await;
            idle = if done.len() == before { idle + 1 } else { 0 };
            twin.pass(Duration::from_secs(31)).await;
        }
        assert_eq!(done.len(), sent, "seed {seed}: some never came");
        let depth = twin.store.queues().depth(EVENTS).unwrap();
        assert_eq!((depth.visible, depth.delayed, depth.in_flight), (0, 0, 0), "seed {seed}");
    }
}

/// Takes a batch; some of it fails, and comes again. What was processed must not have been before.
async fn work(twin: &Twin, dice: &mut Dice, done: &mut HashSet<String>) {
    let batch = twin.store.queues().try_receive(EVENTS, 1 + dice.below(10));
    let failed: Vec<String> =
        batch.iter().filter(|_| dice.below(4) == 1).map(|delivery| delivery.id.clone()).collect();
    for delivery in batch.iter().filter(|delivery| !failed.contains(&delivery.id)) {
        assert!(done.insert(delivery.body.clone()), "twice: {}", delivery.body);
    }
    twin.settle(EVENTS, &batch, &Unprocessed(failed)).await;
    // The writer has done what it was asked before it answers this.
    twin.scheduler().cancel("nothing").await.unwrap();
}

/// There are more groups than there is room for, and all but one of them wait for their time. The one that is due
/// is the largest; putting it out of memory as often as it is loaded would keep it for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_does_not_make_room_for_what_waits() {
    let twin = Twin::with(small(4));
    let later =
        |n: usize| Outgoing { delay: Duration::from_secs(600), ..Outgoing::now(body(&format!("s{n}"), n)) };
    twin.queue().send(EVENTS, (0..8).map(later).collect()).await.unwrap();
    twin.queue().send(EVENTS, messages("a-store-with-a-longer-name", 0..3)).await.unwrap();
    assert_eq!(handed_out_until(&twin, EVENTS, "a-store-with-a-longer-name", 3).await, 3);
    twin.pass(Duration::from_secs(600)).await;
    let mut found = 0;
    while found < 8 {
        let batch = twin.receive(EVENTS).await;
        assert!(!batch.is_empty(), "{found} of 8 came");
        found += batch.len();
        twin.settle(EVENTS, &batch, &Unprocessed::default()).await;
    }
}
