//! Schedules.

#![allow(missing_docs)] // the names of the cases say what they hold

use std::time::Duration;

use harkara_engine::port::QueueName;

use super::World;

const STAGES: QueueName = QueueName::Stages;
const HOUR: Duration = Duration::from_secs(3600);

async fn at(world: &dyn World, name: &str, hours: i32, body: &str) {
    let span = HOUR * hours.unsigned_abs();
    let when = if hours < 0 { world.now() - span } else { world.now() + span };
    world.scheduler().at(name, when, STAGES, body.into()).await.unwrap();
}

async fn received(world: &dyn World) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let batch = world.receive(STAGES).await;
        if batch.is_empty() {
            return seen;
        }
        seen.extend(batch.iter().map(|delivery| delivery.body.clone()));
        world.settle(STAGES, &batch, &Default::default()).await;
    }
}

pub async fn a_schedule_fires_at_its_time(world: &dyn World) {
    at(world, "run-1.stage_2", 2, "remind").await;
    world.pass(2 * HOUR - Duration::from_secs(1)).await;
    assert!(received(world).await.is_empty());
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(received(world).await, ["remind"]);
    world.pass(24 * HOUR).await;
    assert!(received(world).await.is_empty(), "it fires once");
}

pub async fn a_schedule_is_never_early(world: &dyn World) {
    let when = world.now() + HOUR + Duration::from_millis(400);
    world.scheduler().at("a", when, STAGES, "a".into()).await.unwrap();
    world.pass(HOUR).await;
    assert!(received(world).await.is_empty());
    world.pass(Duration::from_secs(1)).await;
    assert_eq!(received(world).await, ["a"]);
}

/// EventBridge Scheduler replaces keywords in what it sends, and SQS refuses some characters.
pub async fn a_body_arrives_as_it_was(world: &dyn World) {
    let note = "<aws.scheduler.execution-id> <aws.scheduler.schedule-arn> \u{fffe}\u{ffff} <b> & \" عائشہ";
    at(world, "a", 1, &serde_json::to_string(note).unwrap()).await;
    world.pass(HOUR).await;
    let seen = received(world).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(serde_json::from_str::<String>(&seen[0]).unwrap(), note);
}

pub async fn a_name_is_taken_once(world: &dyn World) {
    at(world, "a", 1, "first").await;
    at(world, "a", 2, "second").await;
    world.pass(3 * HOUR).await;
    assert_eq!(received(world).await, ["first"]);
}

pub async fn a_cancelled_schedule_does_not_fire(world: &dyn World) {
    at(world, "a", 1, "a").await;
    at(world, "b", 1, "b").await;
    world.scheduler().cancel("a").await.unwrap();
    world.scheduler().cancel("a").await.unwrap();
    world.scheduler().cancel("never made").await.unwrap();
    world.pass(HOUR).await;
    assert_eq!(received(world).await, ["b"]);
    // The name is free again.
    at(world, "a", 1, "again").await;
    world.pass(HOUR).await;
    assert_eq!(received(world).await, ["again"]);
}

pub async fn the_past_fires_at_once(world: &dyn World) {
    at(world, "a", -5, "late").await;
    world.pass(world.tardiness()).await;
    assert_eq!(received(world).await, ["late"]);
}

pub async fn schedules_fire_in_the_order_of_their_times(world: &dyn World) {
    for (name, hours) in [("c", 3), ("a", 1), ("b", 2)] {
        at(world, name, hours, name).await;
    }
    for name in ["a", "b", "c"] {
        world.pass(HOUR).await;
        assert_eq!(received(world).await, [name]);
    }
}

pub async fn bad_names_are_refused(world: &dyn World) {
    let long = "x".repeat(65);
    for name in ["", "a b", "a/b", "é", long.as_str()] {
        assert!(world.scheduler().at(name, world.now(), STAGES, "x".into()).await.is_err(), "{name:?}");
    }
    at(world, &"x".repeat(64), 0, "fits").await;
    world.pass(world.tardiness()).await;
    assert_eq!(received(world).await, ["fits"]);
}
