//! The invariants of the design, one by one.

use harkara_domain::{
    fact::Choice,
    run::{Outcome, StageStatus},
    status::{OrderStatus, Point},
};
use harkara_engine::port::{Outgoing, Queue, QueueName, Write};
use serde_json::Value;
use std::{collections::BTreeMap, sync::atomic::Ordering};

use crate::{
    bodies::Order,
    provider::Answer,
    world::{JUST_ASK, TestWorld, Webhook, minutes, with_flows},
};

const COD: &str = "cod-confirmation";

/// A generator of no repute (Numerical Recipes' LCG); the same orders in every run of the tests.
fn shuffled(webhooks: &[Webhook], seed: u64) -> Vec<Webhook> {
    let mut state = seed;
    let mut below = |count: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % count
    };
    let mut all: Vec<Webhook> = webhooks.iter().chain(webhooks).cloned().collect();
    for last in (1..all.len()).rev() {
        all.swap(last, below(last + 1));
    }
    all
}

/// An order's life, but for what would end it.
fn life(world: &TestWorld, order: &Order) -> Vec<Webhook> {
    let at = |minute: i64| order.placed + minutes(minute);
    let bodies: [(&str, Value); 6] = [
        ("orders/create", order.body(order.placed)),
        ("orders/updated", order.body(at(7))),
        ("fulfillments/create", order.parcel(None, at(20))),
        ("fulfillments/update", order.parcel(Some("in_transit"), at(50))),
        ("fulfillment_events/create", order.scan("out_for_delivery", at(90))),
        ("fulfillment_events/create", order.scan("delivered", at(120))),
    ];
    bodies.iter().map(|(topic, body)| world.shop_says(topic, body.to_string().as_bytes())).collect()
}

/// How often each trigger fired, and how often it started something.
async fn fired(world: &TestWorld, order: &Order) -> BTreeMap<Point, usize> {
    let mut fired = BTreeMap::new();
    for transition in world.story(order).await.history.iter().flat_map(|entry| &entry.transitions) {
        if let Some(point) = transition.occurrence.point() {
            *fired.entry(point).or_default() += 1;
        }
    }
    fired
}

#[tokio::test]
async fn a_fact_counts_once_whatever_the_number_and_order_of_deliveries() {
    let mut first: Option<Value> = None;
    for seed in 0..12 {
        let world = TestWorld::at("2026-11-22T10:00").await;
        let order = Order::cod(1, world.now());
        let once = life(&world, &order);
        // The first goes as it should; the others twice each, in any order.
        let webhooks = if seed == 0 { once } else { shuffled(&once, seed) };
        for webhook in &webhooks {
            assert_eq!(world.deliver(webhook).await, 200);
            // Some come one by one, some all at once.
            if seed % 2 == 0 {
                world.run().await;
            }
        }
        world.run().await;
        let view = serde_json::to_value(world.story(&order).await.order).unwrap();
        assert_eq!(&view, first.get_or_insert_with(|| view.clone()), "seed {seed}");
        let fired = fired(&world, &order).await;
        assert!(fired.values().all(|count| *count == 1) && fired.len() == 5, "seed {seed}: {fired:?}");
        let customer = world.story(&order).await.customer.unwrap();
        assert_eq!((customer.orders, customer.returns), (1, 0), "seed {seed}");
        // A question at most, and the first follow-up.
        world.advance(minutes(60 * 24 * 3)).await;
        let sent: Vec<String> = world.sent(&order).into_iter().map(|(what, _)| what).collect();
        let follow_ups = sent.iter().filter(|what| *what == "followup_day_1").count();
        assert_eq!(follow_ups, 1, "seed {seed}: {sent:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_trigger_fires_once_though_two_matchers_have_it_at_once() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    let webhook = world.new_order(&order);
    // The shop says it twice, as two happenings: neither the fact's id nor the queue tells them apart.
    let again = world.new_order(&order);
    let makes_a_run = |writes: &[Write]| writes.iter().any(|write| write.key().sk.starts_with("r#"));
    world.deliver(&webhook).await;
    let first = world.take(QueueName::Events).await;
    let gate = world.probe.hold(makes_a_run);
    let slow = world.beside(QueueName::Events, &first);
    gate.reached().await;
    world.deliver(&again).await;
    world.drain(QueueName::Events).await;
    gate.open();
    assert!(slow.await.unwrap().0.is_empty());
    world.advance(minutes(5)).await;
    assert_eq!(world.runs().await.len(), 2, "one of each flow");
    assert_eq!(world.counter("runs.started"), 2);
    assert_eq!(world.calls().len(), 1);
    // The slow one's message is delivered once more: nothing comes of it.
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(180)).await;
    assert_eq!(fired(&world, &order).await[&Point::Created], 1);
    assert_eq!(world.calls().len(), 1);
    world.finish().await;
}

async fn placed(world: &TestWorld) -> Order {
    let order = Order::cod(1, world.now());
    world.deliver(&world.new_order(&order)).await;
    world.drain(QueueName::Events).await;
    order
}

fn claims(writes: &[Write]) -> bool {
    writes.iter().any(|write| match write {
        Write::Put(item, _) => {
            item.key.sk.starts_with("r#") && String::from_utf8_lossy(&item.body).contains("\"claim\"")
        }
        _ => false,
    })
}

#[tokio::test]
async fn one_effect_a_stage_though_its_job_comes_twice_while_the_provider_is_slow() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = placed(&world).await;
    let batch = world.take(QueueName::Stages).await;
    let gate = world.whatsapp.hold(Answer::Accept);
    let slow = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    world.probe.send(QueueName::Stages, vec![Outgoing::now(batch[0].body.clone())]).await.unwrap();
    world.run().await;
    assert_eq!(world.calls().len(), 1);
    gate.open();
    assert!(slow.await.unwrap().0.is_empty());
    world.advance(minutes(10)).await;
    assert_eq!(world.calls().len(), 1);
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!((state.status, state.attempts.len()), (StageStatus::Sent, 1));
    world.finish().await;
}

#[tokio::test]
async fn one_effect_a_stage_though_both_have_loaded_it_before_either_claims() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = placed(&world).await;
    let batch = world.take(QueueName::Stages).await;
    let gate = world.probe.hold(claims);
    let slow = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    world.probe.send(QueueName::Stages, vec![Outgoing::now(batch[0].body.clone())]).await.unwrap();
    world.run().await;
    assert_eq!(world.calls().len(), 1);
    gate.open();
    assert!(slow.await.unwrap().0.is_empty());
    world.advance(minutes(10)).await;
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.stage(&order, "just-ask", "Ask").await.tries, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_ambiguous_send_is_settled_by_its_receipt_and_not_resent() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.next([Answer::TakenAnswerLost]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!((state.status, &state.attempts[0].outcome), (StageStatus::Queued, &Outcome::Ambiguous));
    world.advance(minutes(1)).await;
    world.receipt(&world.calls()[0], "delivered", None).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!(state.status, StageStatus::Sent);
    assert_eq!(state.attempts[0].outcome, Outcome::Accepted("wamid.1".to_owned()));
    world.advance(minutes(300)).await;
    assert_eq!(world.calls().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_ambiguous_send_without_a_receipt_is_resent_once() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.doubles.store(true, Ordering::Relaxed);
    world.whatsapp.next([Answer::TakenAnswerLost]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(300)).await;
    let at = |place: usize| world.calls()[place].at.duration_since(order.placed).as_mins();
    assert_eq!((world.calls().len(), at(1)), (2, 2));
    let references: Vec<u32> = world.calls().iter().map(|call| call.reference().attempt).collect();
    assert_eq!(references, [1, 2], "a receipt tells which of the two it is about");
    assert_eq!(world.stage(&order, "just-ask", "Ask").await.status, StageStatus::Sent);
    world.finish().await;
}

fn holding() -> String {
    JUST_ASK.replace("stages:", "on_ambiguous: hold\nstages:")
}

#[tokio::test]
async fn an_ambiguous_send_is_held_where_the_flow_says_so() {
    let world = with_flows("2026-11-22T10:00", &[&holding()]).await;
    world.whatsapp.next([Answer::Timeout]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(300)).await;
    assert_eq!(world.calls().len(), 1);
    let (status, reason) = world.outcome(&order, "just-ask", "Ask").await;
    assert_eq!(status, StageStatus::Failed);
    assert_eq!(reason, "the provider's answer was lost; held so as not to send twice");
    assert_eq!((world.dead_letters().await.len(), world.alerts().len()), (1, 1));
    world.finish().await;
}

/// The receipt comes when the stage is held already: it has arrived, so there is nothing to replay.
#[tokio::test]
async fn a_held_send_is_settled_by_a_late_receipt() {
    let world = with_flows("2026-11-22T10:00", &[&holding()]).await;
    world.whatsapp.next([Answer::TakenAnswerLost]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    assert_eq!(world.outcome(&order, "just-ask", "Ask").await.0, StageStatus::Failed);
    world.receipt(&world.calls()[0], "delivered", None).await;
    assert_eq!(world.outcome(&order, "just-ask", "Ask").await.0, StageStatus::Sent);
    let replay = world.world.replayer.start(&TestWorld::store(), Default::default(), "ops").await.unwrap();
    world.advance(minutes(10)).await;
    let replay = world.world.replayer.progress(&TestWorld::store(), &replay.id).await.unwrap().unwrap();
    assert_eq!((replay.done, replay.started, world.calls().len()), (1, 0, 1));
    world.finish().await;
}

/// The stage's holder goes away in the middle of a call.
async fn crashed(taken: bool) -> (TestWorld, Order) {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = placed(&world).await;
    let batch = world.take(QueueName::Stages).await;
    let gate = world.whatsapp.hold(Answer::Accept);
    let holder = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    holder.abort();
    assert!(holder.await.unwrap_err().is_cancelled());
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert!(state.claim.is_some() && state.attempts.is_empty(), "{state:?}");
    if taken {
        world.stall(jiff::SignedDuration::from_secs(20));
        world.receipt(&world.calls()[0], "delivered", None).await;
    }
    (world, order)
}

#[tokio::test]
async fn a_crash_between_claim_and_record_is_recorded_as_ambiguous_and_then_resent() {
    let (world, order) = crashed(false).await;
    world.advance(minutes(4)).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!(
        state.attempts.iter().map(|attempt| &attempt.outcome).collect::<Vec<_>>(),
        [&Outcome::Ambiguous]
    );
    assert_eq!(world.calls().len(), 1);
    world.advance(minutes(30)).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!((state.status, state.attempts.len(), world.calls().len()), (StageStatus::Sent, 2, 2));
    world.finish().await;
}

/// The lost try is one of the five.
#[tokio::test]
async fn a_crash_counts_as_one_try() {
    let (world, order) = crashed(false).await;
    world.whatsapp.always(Answer::Error(500, 131_000));
    world.advance(minutes(60 * 10)).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!((state.status, world.calls().len()), (StageStatus::Failed, 5), "{state:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_crash_after_the_provider_took_it_is_settled_by_the_receipt_that_came_meanwhile() {
    let (world, order) = crashed(true).await;
    world.advance(minutes(30)).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!((state.status, world.calls().len()), (StageStatus::Sent, 1), "{state:?}");
    world.finish().await;
}

#[tokio::test]
async fn no_send_after_a_cancellation_even_between_load_and_claim() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = placed(&world).await;
    let batch = world.take(QueueName::Stages).await;
    let gate = world.probe.hold(claims);
    let slow = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    let cancelled = order.cancelled(world.now());
    world.deliver(&world.shop_says("orders/cancelled", cancelled.to_string().as_bytes())).await;
    world.drain(QueueName::Events).await;
    gate.open();
    assert!(slow.await.unwrap().0.is_empty());
    world.advance(minutes(60)).await;
    assert_eq!(world.calls().len(), 0);
    let (status, reason) = world.outcome(&order, "just-ask", "Ask").await;
    assert_eq!((status, reason.as_str()), (StageStatus::Cancelled, "the order was cancelled"));
    world.finish().await;
}

/// A cancellation that comes while the provider has the message stops its retry.
#[tokio::test]
async fn no_retry_after_a_cancellation_that_came_during_the_send() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = placed(&world).await;
    let batch = world.take(QueueName::Stages).await;
    let gate = world.whatsapp.hold(Answer::Error(500, 131_000));
    let slow = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    let cancelled = order.cancelled(world.now());
    world.deliver(&world.shop_says("orders/cancelled", cancelled.to_string().as_bytes())).await;
    world.drain(QueueName::Events).await;
    gate.open();
    slow.await.unwrap();
    world.advance(minutes(300)).await;
    assert_eq!(world.calls().len(), 1);
    assert_eq!(world.outcome(&order, "just-ask", "Ask").await.0, StageStatus::Cancelled);
    world.finish().await;
}

#[tokio::test]
async fn every_status_has_a_reason_in_words() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let orders: Vec<Order> = (1..=4).map(|id| Order::cod(id, world.now())).collect();
    let [confirmed, cancelled, refused, unreachable] = &orders[..] else { unreachable!() };
    world.whatsapp.to_number(refused.phone.as_deref().unwrap(), Answer::Error(400, 131_009));
    let nobody = Order { phone: None, ..unreachable.clone() };
    for order in [confirmed, cancelled, refused, &nobody] {
        world.place(order).await;
    }
    world.tap(confirmed, Choice::Confirm).await;
    world.tap(cancelled, Choice::Cancel).await;
    world.advance(minutes(121)).await;
    let outcome = async |order: &Order, stage: &str| {
        let (status, reason) = world.outcome(order, COD, stage).await;
        (status, reason)
    };
    let (status, reason) = outcome(confirmed, "Remind").await;
    assert_eq!(
        (status, reason.as_str()),
        (StageStatus::Skipped, "skipped because confirmation is not pending")
    );
    let (status, reason) = outcome(cancelled, "Remind").await;
    assert_eq!((status, reason.as_str()), (StageStatus::Cancelled, "the order was cancelled"));
    let (status, reason) = outcome(refused, "Ask").await;
    assert_eq!(status, StageStatus::Failed);
    assert_eq!(reason, "WhatsApp refused it for good: told to refuse (131009)");
    let (status, reason) = outcome(&nobody, "Ask").await;
    assert_eq!((status, reason.as_str()), (StageStatus::Failed, "the customer has no address for WhatsApp"));
    world.finish().await;
}

#[tokio::test]
async fn a_late_trigger_is_overtaken_and_starts_no_flow() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    let at = |minute| order.placed + minutes(minute);
    // The courier is heard of before the shop; the parcel's start after its end.
    world.post("fulfillment_events/create", &order.scan("delivered", at(120))).await;
    world.place(&order).await;
    world.post("fulfillments/update", &order.parcel(Some("in_transit"), at(50))).await;
    let story = world.story(&order).await;
    assert_eq!(story.order.status(), OrderStatus::Delivered);
    let passed: Vec<(String, String)> = story
        .history
        .iter()
        .flat_map(|entry| &entry.passed_over)
        .map(|(flow, why)| (flow.to_string(), why.to_string()))
        .collect();
    let late = "out of date: the order is already delivered";
    for flow in [COD, "exception-review", "dispatch-notice"] {
        assert!(passed.contains(&(flow.to_owned(), late.to_owned())), "{flow}: {passed:?}");
    }
    let flows: Vec<&str> = story.runs.iter().map(|run| run.run.flow.as_str()).collect();
    assert_eq!(flows, ["post-delivery-follow-up"]);
    world.advance(minutes(60 * 20)).await;
    assert!(world.calls().is_empty());
    world.finish().await;
}
