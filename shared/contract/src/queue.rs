//! Queues.

#![allow(missing_docs)] // the names of the cases say what they hold

use std::time::Duration;

use harkara_engine::port::{Delivery, Outgoing, QueueName, Unprocessed};

use super::World;

const EVENTS: QueueName = QueueName::Events;
const SECOND: Duration = Duration::from_secs(1);

async fn send(world: &dyn World, body: &str, delay: Duration) {
    world.queue().send(EVENTS, vec![Outgoing { body: body.into(), delay }]).await.unwrap();
}

fn bodies(batch: &[Delivery]) -> Vec<&str> {
    batch.iter().map(|delivery| delivery.body.as_str()).collect()
}

fn all(batch: &[Delivery]) -> Unprocessed {
    Unprocessed(batch.iter().map(|delivery| delivery.id.clone()).collect())
}

async fn done(world: &dyn World, queue: QueueName, batch: &[Delivery]) {
    world.settle(queue, batch, &Unprocessed::default()).await;
}

pub async fn what_is_sent_is_received(world: &dyn World) {
    let messages = (0..25).map(|n| Outgoing::now(n.to_string())).collect();
    world.queue().send(EVENTS, messages).await.unwrap();
    world.queue().send(EVENTS, vec![]).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let batch = world.receive(EVENTS).await;
        if batch.is_empty() {
            break;
        }
        assert!(batch.len() <= 10 && batch.iter().all(|delivery| delivery.receives == 1));
        seen.extend(batch.iter().map(|delivery| delivery.body.parse::<u32>().unwrap()));
        done(world, EVENTS, &batch).await;
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..25).collect::<Vec<_>>());
    assert!(world.receive(QueueName::Stages).await.is_empty());
    world.pass(world.visibility() + SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty(), "processed messages do not come again");
}

pub async fn a_delay_hides(world: &dyn World) {
    send(world, "late", 10 * SECOND).await;
    send(world, "latest", Outgoing::MAX_DELAY).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(9 * SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(SECOND).await;
    let batch = world.receive(EVENTS).await;
    assert_eq!(bodies(&batch), ["late"]);
    done(world, EVENTS, &batch).await;
    world.pass(890 * SECOND).await;
    assert_eq!(bodies(&world.receive(EVENTS).await), ["latest"]);
}

pub async fn longer_delays_and_bodies_are_refused(world: &dyn World) {
    let queue = world.queue();
    let late = Outgoing { body: "x".into(), delay: 901 * SECOND };
    assert!(queue.send(EVENTS, vec![Outgoing::now("fine".into()), late]).await.is_err());
    assert!(queue.send(EVENTS, vec![Outgoing::now("x".repeat(256 * 1024 + 1))]).await.is_err());
    assert!(world.receive(EVENTS).await.is_empty(), "nothing of a refused send is sent");
    queue.send(EVENTS, vec![Outgoing::now("x".repeat(256 * 1024))]).await.unwrap();
    assert_eq!(world.receive(EVENTS).await.len(), 1);
}

pub async fn a_delay_is_never_shortened(world: &dyn World) {
    send(world, "a", Duration::from_millis(1500)).await;
    world.pass(SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(SECOND).await;
    assert_eq!(bodies(&world.receive(EVENTS).await), ["a"]);
    let late = Outgoing { body: "x".into(), delay: Outgoing::MAX_DELAY + Duration::from_millis(1) };
    assert!(world.queue().send(EVENTS, vec![late]).await.is_err());
}

pub async fn an_empty_body_is_refused(world: &dyn World) {
    let messages = vec![Outgoing::now("fine".into()), Outgoing::now(String::new())];
    assert!(world.queue().send(EVENTS, messages).await.is_err());
    assert!(world.receive(EVENTS).await.is_empty());
}

pub async fn a_batch_of_any_size_arrives(world: &dyn World) {
    // More than ten messages, and more than 256 KB among any four of them.
    let sizes: Vec<usize> = (0..23).map(|n| 65 * 1024 + n).collect();
    let messages = sizes.iter().map(|size| Outgoing::now("x".repeat(*size))).collect();
    world.queue().send(EVENTS, messages).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < sizes.len() {
        let batch = world.receive(EVENTS).await;
        assert!(!batch.is_empty(), "{} of {} arrived", seen.len(), sizes.len());
        seen.extend(batch.iter().map(|delivery| delivery.body.len()));
        done(world, EVENTS, &batch).await;
    }
    seen.sort_unstable();
    assert_eq!(seen, sizes);
    assert!(world.receive(EVENTS).await.is_empty());
}

/// What SQS refuses in a body (all but XML's characters) must not hold up an order.
pub async fn odd_characters_arrive(world: &dyn World) {
    let name = "\u{0}\u{8}\u{1f}\u{7f}\u{fffd}\u{fffe}\u{ffff}\u{1ffff}\u{10ffff} عائشہ \" \\ \r\n\t";
    let body = serde_json::to_string(name).unwrap();
    let messages = vec![Outgoing::now(body.clone()), Outgoing::now(body)];
    world.queue().send(EVENTS, messages).await.unwrap();
    send(world, &serde_json::to_string(name).unwrap(), Duration::ZERO).await;
    let mut seen = 0;
    while seen < 3 {
        let batch = world.receive(EVENTS).await;
        assert!(!batch.is_empty());
        seen += batch.len();
        for body in bodies(&batch) {
            assert_eq!(serde_json::from_str::<String>(body).unwrap(), name);
        }
    }
}

pub async fn a_delivery_is_hidden_until_its_visibility_ends(world: &dyn World) {
    send(world, "a", Duration::ZERO).await;
    let first = world.receive(EVENTS).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(world.visibility() - SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(SECOND).await;
    let second = world.receive(EVENTS).await;
    assert_eq!((first[0].receives, second[0].receives), (1, 2));
    assert_eq!(first[0].id, second[0].id);
    assert_ne!(first[0].receipt, second[0].receipt);
}

pub async fn visibility_can_be_set(world: &dyn World) {
    let queue = world.queue();
    send(world, "a", Duration::ZERO).await;
    let batch = world.receive(EVENTS).await;
    // Longer than the queue's own.
    queue.set_visibility(EVENTS, &batch[0].receipt, 120 * SECOND).await.unwrap();
    world.settle(EVENTS, &batch, &all(&batch)).await;
    world.pass(119 * SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(SECOND).await;
    let batch = world.receive(EVENTS).await;
    assert_eq!(batch[0].receives, 2);
    // Zero shows it at once, though the batch has not ended.
    queue.set_visibility(EVENTS, &batch[0].receipt, Duration::ZERO).await.unwrap();
    let again = world.receive(EVENTS).await;
    assert_eq!(again[0].receives, 3);
    assert!(queue.set_visibility(EVENTS, &again[0].receipt, 12 * 3600 * SECOND + SECOND).await.is_err());
    // Shorter than the queue's own.
    queue.set_visibility(EVENTS, &again[0].receipt, SECOND).await.unwrap();
    world.pass(SECOND).await;
    assert_eq!(world.receive(EVENTS).await[0].receives, 4);
}

pub async fn a_receipt_ends_with_its_delivery(world: &dyn World) {
    send(world, "a", Duration::ZERO).await;
    let first = world.receive(EVENTS).await;
    world.pass(world.visibility()).await;
    let second = world.receive(EVENTS).await;
    assert_eq!(second.len(), 1);
    // The first consumer wakes up late: what the second one has is not taken from it.
    world.settle(EVENTS, &first, &all(&first)).await;
    assert!(world.receive(EVENTS).await.is_empty());
    assert!(world.queue().set_visibility(EVENTS, "nonsense", SECOND).await.is_err());
    done(world, EVENTS, &second).await;
    world.pass(world.visibility()).await;
    assert!(world.receive(EVENTS).await.is_empty());
}

pub async fn a_partial_failure_brings_back_only_what_failed(world: &dyn World) {
    world
        .queue()
        .send(EVENTS, ["a", "b", "c"].map(|body| Outgoing::now(body.into())).to_vec())
        .await
        .unwrap();
    let mut batch = world.receive(EVENTS).await;
    while batch.len() < 3 {
        batch.extend(world.receive(EVENTS).await);
    }
    let failed = batch.iter().filter(|delivery| delivery.body == "b").map(|delivery| delivery.id.clone());
    world.settle(EVENTS, &batch, &Unprocessed(failed.collect())).await;
    assert!(world.receive(EVENTS).await.is_empty());
    world.pass(world.visibility()).await;
    let again = world.receive(EVENTS).await;
    assert_eq!((bodies(&again), again[0].receives), (vec!["b"], 2));
}

pub async fn the_fifth_failure_redrives(world: &dyn World) {
    send(world, "poison", Duration::ZERO).await;
    for receives in 1..=5 {
        let batch = world.receive(EVENTS).await;
        assert_eq!(batch[0].receives, receives);
        world.settle(EVENTS, &batch, &all(&batch)).await;
        assert!(world.receive(QueueName::Failures).await.is_empty());
        world.pass(world.visibility()).await;
    }
    assert!(world.receive(EVENTS).await.is_empty());
    let dead = world.receive(QueueName::Failures).await;
    assert_eq!(bodies(&dead), ["poison"]);
    // SQS counts a message's receives across all queues.
    assert!(matches!(dead[0].receives, 1 | 6), "{}", dead[0].receives);
    done(world, QueueName::Failures, &dead).await;
    world.pass(3600 * SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty());
    assert!(world.receive(QueueName::Failures).await.is_empty());
}

pub async fn a_last_failure_shown_at_once_redrives_at_once(world: &dyn World) {
    send(world, "poison", Duration::ZERO).await;
    for receives in 1..=5 {
        let batch = world.receive(EVENTS).await;
        assert_eq!(batch[0].receives, receives);
        world.queue().set_visibility(EVENTS, &batch[0].receipt, Duration::ZERO).await.unwrap();
        world.settle(EVENTS, &batch, &all(&batch)).await;
    }
    // Nobody need poll the queue itself.
    assert_eq!(bodies(&world.receive(QueueName::Failures).await), ["poison"]);
    assert!(world.receive(EVENTS).await.is_empty());
}

pub async fn due_times_order_deliveries(world: &dyn World) {
    if !world.keeps_order() {
        eprintln!("skipped: this queue promises no order");
        return;
    }
    for (body, delay) in [("c", 30), ("a", 10), ("d", 40), ("b", 20)] {
        send(world, body, delay * SECOND).await;
    }
    world.pass(60 * SECOND).await;
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let batch = world.receive(EVENTS).await;
        assert!(!batch.is_empty());
        seen.extend(batch.iter().map(|delivery| delivery.body.clone()));
        done(world, EVENTS, &batch).await;
    }
    assert_eq!(seen.concat(), "abcd");
}

pub async fn the_retry_ladder_counts_receives(world: &dyn World) {
    send(world, "a", Duration::ZERO).await;
    for (receives, minutes) in [(1, 2), (2, 10), (3, 30), (4, 120)] {
        let batch = world.receive(EVENTS).await;
        assert_eq!(batch[0].receives, receives);
        world.queue().set_visibility(EVENTS, &batch[0].receipt, minutes * 60 * SECOND).await.unwrap();
        world.settle(EVENTS, &batch, &all(&batch)).await;
        world.pass((minutes * 60 - 1) * SECOND).await;
        assert!(world.receive(EVENTS).await.is_empty());
        world.pass(SECOND).await;
    }
    let last = world.receive(EVENTS).await;
    assert_eq!(last[0].receives, 5);
    done(world, EVENTS, &last).await;
    world.pass(3600 * SECOND).await;
    assert!(world.receive(EVENTS).await.is_empty() && world.receive(QueueName::Failures).await.is_empty());
}
