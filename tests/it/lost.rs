//! Nothing is stuck, whatever is lost on the way.

use harkara_domain::{fact::Choice, run::StageStatus};
use harkara_engine::{
    keys,
    port::{Expect, IndexKey, Item, Key, QueueName, Write},
};

use crate::{
    bodies::Order,
    provider::Answer,
    world::{JUST_ASK, TestWorld, minutes, with_flows},
};

/// Every job and every schedule of a stage is lost; only the sweep is left.
#[tokio::test]
async fn the_sweep_alone_brings_every_stage_to_its_end() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.probe.lose(true);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert!(world.calls().is_empty());
    world.advance(minutes(60 * 3)).await;
    let sent = world.sent(&order);
    assert_eq!(
        sent.iter().map(|(what, _)| what.as_str()).collect::<Vec<_>>(),
        ["cod_confirmation", "cod_reminder"]
    );
    // The reminder keeps its half hour from a question that went out late.
    assert!(sent[0].1 <= 6 && sent[1].1 <= 41, "{sent:?}");
    assert_eq!(world.mails().len(), 2);
    assert!(world.counter("sweep_finds.overdue") > 0);
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
    world.advance(minutes(60 * 8)).await;
    world.post("fulfillment_events/create", &order.scan("delivered", world.now())).await;
    world.advance(minutes(60 * 24 * 50)).await;
    let what: Vec<String> = world.sent(&order).into_iter().skip(2).map(|(what, _)| what).collect();
    let expected =
        ["dispatch_notice", "followup_day_1", "followup_day_7", "followup_day_21", "followup_day_45"];
    assert_eq!(what, expected);
    world.finish().await;
}

/// Retries, too: the message that was to come again is lost with its queue.
#[tokio::test]
async fn the_sweep_goes_on_with_a_retry_whose_message_is_lost() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.next([Answer::Error(500, 131_000)]);
    let order = Order::cod(1, world.now());
    world.deliver(&world.new_order(&order)).await;
    world.drain(QueueName::Events).await;
    let batch = world.take(QueueName::Stages).await;
    // Worked on, then settled as if it had gone well: nothing comes again.
    crate::world::handled(&world.world, QueueName::Stages, &batch).await;
    let receipts: Vec<String> = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
    world.embedded.queues().settle(QueueName::Stages, &receipts, &Default::default());
    world.advance(minutes(1)).await;
    assert_eq!(world.stage(&order, "just-ask", "Ask").await.status, StageStatus::Queued);
    world.advance(minutes(9)).await;
    assert_eq!(world.stage(&order, "just-ask", "Ask").await.status, StageStatus::Sent);
    assert_eq!(world.calls().len(), 2);
    world.finish().await;
}

/// The table fails for a while: what comes meanwhile is taken in, and worked on once it is back.
#[tokio::test]
async fn an_outage_of_the_table_delays_and_loses_nothing() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.tap(&order, Choice::Confirm).await;
    let late = Order::cod(2, world.now());
    world.probe.fail_reads(true);
    // The set-up is held in memory for five seconds.
    world.stall(jiff::SignedDuration::from_secs(10));
    world.place(&late).await;
    world.stall(minutes(3));
    world.run().await;
    assert!(world.calls_of(&late).is_empty());
    world.probe.fail_reads(false);
    world.advance(minutes(15)).await;
    assert_eq!(world.calls_of(&late).len(), 1);
    world.tap(&late, Choice::Confirm).await;
    world.advance(minutes(180)).await;
    assert_eq!(world.calls().len(), 2);
    world.finish().await;
}

/// What nobody can mend stays overdue, in front of all else, and holds nobody off.
#[tokio::test]
async fn what_cannot_be_mended_holds_nobody_off() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let long_ago = keys::stamp(world.now() - minutes(24 * 60));
    let broken = |shard: u8, number: usize| {
        let mut item =
            Item::new(Key::new(format!("o#demo#broken-{number}"), format!("r#{shard}")), b"{}".to_vec());
        let sk = format!("{long_ago}#demo#broken-{number}#{shard}");
        item.due = Some(IndexKey { pk: keys::due_partition(shard), sk });
        Write::Put(item, Expect::Absent)
    };
    // More than two sweeps look at.
    let all: Vec<(u8, usize)> =
        (0..keys::DUE_SHARDS).flat_map(|shard| (0..700).map(move |n| (shard, n))).collect();
    for some in all.chunks(100) {
        let writes = some.iter().map(|&(shard, number)| broken(shard, number)).collect();
        world.table.write(writes).await.unwrap();
    }
    world.probe.lose(true);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.probe.lose(false);
    assert!(world.calls().is_empty());
    world.stall(minutes(10));
    for _ in 0..3 {
        world.sweep().await;
    }
    assert_eq!(world.sent(&order).len(), 1, "the first message has gone out");
}
