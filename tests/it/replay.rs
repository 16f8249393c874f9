//! Dead letters, run again on purpose.

use harkara_domain::{fact::Choice, run::StageStatus};
use harkara_engine::{
    port::QueueName,
    replay::{Filter, Prospect, Replay},
};
use std::sync::atomic::Ordering;

use crate::{
    bodies::Order,
    provider::Answer,
    world::{JUST_ASK, TestWorld, minutes, with_flows},
};

const TWO: &str = "
name: Greet
trigger: order_created
stages:
  - name: Greet
    message: { channels: [whatsapp], template: followup_day_1 }
";

/// Starts a replay and lets it come to its end.
async fn replayed(world: &TestWorld, filter: Filter) -> Replay {
    let started =
        world.world.replayer.start(&TestWorld::store(), filter, "ops@chadar.example").await.unwrap();
    world.advance(minutes(1)).await;
    let replay = world.world.replayer.progress(&TestWorld::store(), &started.id).await.unwrap().unwrap();
    assert!(replay.ended_at.is_some(), "{replay:?}");
    assert_eq!(replay.done, replay.total, "{replay:?}");
    replay
}

async fn prospects(world: &TestWorld, filter: &Filter) -> Vec<Prospect> {
    let preview = world.world.replayer.preview(&TestWorld::store(), filter).await.unwrap();
    assert_eq!(preview.total, preview.first.len());
    preview.first.into_iter().map(|previewed| previewed.prospect).collect()
}

#[tokio::test]
async fn one_letter_is_run_again() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(400, 131_009));
    let orders: Vec<Order> = (1..=2).map(|id| Order::cod(id, world.now())).collect();
    for order in &orders {
        world.place(order).await;
    }
    world.advance(minutes(5)).await;
    world.whatsapp.always(Answer::Accept);
    let id = world.dead_letters().await.into_iter().find(|l| l.id.contains("shopify-1#")).unwrap().id;
    let filter = Filter { id: Some(id), ..Filter::default() };
    assert_eq!(prospects(&world, &filter).await, [Prospect::Run]);
    let replay = replayed(&world, filter.clone()).await;
    assert_eq!((replay.total, replay.started), (1, 1));
    assert_eq!((world.calls_of(&orders[0]).len(), world.calls_of(&orders[1]).len()), (2, 1));
    let state = world.stage(&orders[0], "just-ask", "Ask").await;
    assert_eq!((state.status, state.series), (StageStatus::Sent, 1));
    let letter = world.dead_letters().await.into_iter().find(|l| l.id.contains("shopify-1#")).unwrap();
    assert_eq!(letter.replayed.as_ref().map(|(_, by)| by.as_str()), Some("ops@chadar.example"));
    // A second time there is nothing to run.
    assert!(prospects(&world, &filter).await.is_empty());
    assert_eq!(replayed(&world, filter).await.total, 0);
    assert_eq!(world.calls_of(&orders[0]).len(), 2);
    world.finish().await;
}

/// Thirty letters of one flow and thirty of another: more than a chunk of each filter.
#[tokio::test]
async fn letters_are_run_again_by_flow_error_and_time() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK, TWO]).await;
    world.whatsapp.always(Answer::Error(400, 131_009));
    for id in 1..=30 {
        world.place(&Order::cod(id, world.now())).await;
    }
    world.advance(minutes(10)).await;
    let later = world.now();
    world.whatsapp.always(Answer::Error(400, 132_012));
    for id in 31..=60 {
        world.place(&Order::cod(id, world.now())).await;
    }
    world.advance(minutes(10)).await;
    assert_eq!(world.dead_letters().await.len(), 120);
    world.whatsapp.always(Answer::Accept);
    let total = async |filter: &Filter| {
        world.world.replayer.preview(&TestWorld::store(), filter).await.unwrap().total
    };
    let greet = Some("greet".to_owned());
    assert_eq!(total(&Filter { flow: greet.clone(), ..Filter::default() }).await, 60);
    assert_eq!(total(&Filter { error: Some("(132012)".to_owned()), ..Filter::default() }).await, 60);
    assert_eq!(total(&Filter { to: Some(later - minutes(1)), ..Filter::default() }).await, 60);
    let before = world.calls().len();
    let filter =
        Filter { flow: greet, error: Some("132012".to_owned()), from: Some(later), ..Filter::default() };
    let replay = replayed(&world, filter).await;
    assert_eq!((replay.total, replay.started), (30, 30));
    let again: Vec<_> = world.calls().into_iter().skip(before).collect();
    assert_eq!(again.len(), 30);
    assert!(again.iter().all(|call| call.what() == "followup_day_1" && call.reference().run.as_str().starts_with("greet")));
    let rest = replayed(&world, Filter::default()).await;
    assert_eq!((rest.total, rest.started), (90, 90));
    assert_eq!(world.calls().len(), before + 120);
    world.finish().await;
}

#[tokio::test]
async fn what_stopped_making_sense_is_left_out_with_a_reason() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let orders: Vec<Order> = (1..=4).map(|id| Order::cod(id, world.now())).collect();
    // The answers of the first two are lost, so that the customers can answer what has failed.
    for order in &orders {
        world.place(order).await;
    }
    for (place, call) in world.calls().iter().enumerate() {
        if place < 3 {
            world.receipt(call, "failed", Some(131_009)).await;
        }
    }
    world.tap(&orders[0], Choice::Confirm).await;
    world.tap(&orders[1], Choice::Cancel).await;
    world.advance(minutes(5)).await;
    world.doubles.store(true, Ordering::Relaxed);
    let words: Vec<String> = prospects(&world, &Filter::default())
        .await
        .into_iter()
        .map(|prospect| match prospect {
            Prospect::LeaveOut(reason) => reason.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["already confirmed", "the order was cancelled", "Run"]);
    let before = world.calls().len();
    replayed(&world, Filter::default()).await;
    // What the preview said is what has happened.
    assert_eq!(world.calls().len(), before + 1);
    let (status, reason) = world.outcome(&orders[0], "just-ask", "Ask").await;
    assert_eq!((status, reason.as_str()), (StageStatus::Skipped, "already confirmed"));
    let (status, reason) = world.outcome(&orders[1], "just-ask", "Ask").await;
    assert_eq!((status, reason.as_str()), (StageStatus::Cancelled, "the order was cancelled"));
    assert_eq!(world.outcome(&orders[2], "just-ask", "Ask").await.0, StageStatus::Sent);
    world.finish().await;
}

/// What was held because its answer was lost is sent when a person says so.
#[tokio::test]
async fn a_held_send_is_sent_when_it_is_replayed() {
    let hold = JUST_ASK.replace("stages:", "on_ambiguous: hold\nstages:");
    let world = with_flows("2026-11-22T10:00", &[&hold]).await;
    world.whatsapp.next([Answer::Timeout]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    assert_eq!(world.outcome(&order, "just-ask", "Ask").await.0, StageStatus::Failed);
    replayed(&world, Filter::default()).await;
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.outcome(&order, "just-ask", "Ask").await.0, StageStatus::Sent);
    world.finish().await;
}

/// A replay that fails again has its own five tries, a letter of its own and a mail.
#[tokio::test]
async fn a_replay_that_fails_again_is_a_letter_of_its_own() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(500, 131_000));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(200)).await;
    replayed(&world, Filter::default()).await;
    world.advance(minutes(60 * 5)).await;
    assert_eq!(world.calls().len(), 10);
    let letters = world.dead_letters().await;
    assert_eq!((letters.len(), letters.iter().filter(|letter| letter.replayed.is_some()).count()), (2, 1));
    assert_eq!(world.alerts().len(), 2);
    world.finish().await;
}

/// Facts that could not be folded in five tries are filed whole, and can be run again.
#[tokio::test]
async fn a_message_of_a_queue_is_run_again() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = Order::cod(1, world.now());
    world.stall(minutes(1));
    world.probe.fail_reads(true);
    world.deliver(&world.new_order(&order)).await;
    for _ in 0..6 {
        world.drain(QueueName::Events).await;
        world.stall(minutes(4));
    }
    world.probe.fail_reads(false);
    world.advance(minutes(5)).await;
    let [letter] = &world.dead_letters().await[..] else { panic!("{:?}", world.dead_letters().await) };
    assert_eq!(letter.reason.to_string(), "a fault: facts could not be folded in 5 tries");
    assert_eq!((world.alerts().len(), world.calls().len()), (1, 0));
    assert_eq!(prospects(&world, &Filter::default()).await, [Prospect::Run]);
    let replay = replayed(&world, Filter::default()).await;
    assert_eq!((replay.total, replay.started), (1, 1));
    assert_eq!(world.calls_of(&order).len(), 1);
    world.finish().await;
}
