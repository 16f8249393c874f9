//! What customers may be sent: STOP and START, consent, caps.

use harkara_domain::{
    CustomerView, Reason,
    fact::{Actor, Choice, CustomerAction, CustomerFact},
    flow::{Channel, Class, heard::Intent},
    history::What,
    rules::{Cap, Over, Rules, Stop},
    run::StageStatus,
};
use harkara_engine::port::QueueName;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

use crate::{
    bodies::{self, Order},
    provider::Answer,
    world::{JUST_ASK, TestWorld, karachi, minutes},
};

const AD: &str = "
name: Ad
trigger: order_created
stages:
  - { name: Ad, after: 1h, message: { channels: [whatsapp, email], template: followup_day_7 } }
";

const SECOND_AD: &str = "
name: Second ad
trigger: order_created
stages:
  - { name: Ad, after: 1h, message: { channels: [whatsapp], template: followup_day_21 } }
";

const NOTICE: &str = "
name: Notice
trigger: order_created
stages:
  - { name: Notice, after: 1h, message: { channels: [whatsapp], template: dispatch_notice } }
";

const NO_MORE: &str = "the customer wants no more of these messages";
const NO_CONSENT: &str = "the customer has not agreed to marketing";

async fn ruled(flows: &[&str], change: impl FnOnce(&mut Rules)) -> TestWorld {
    TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = flows.iter().map(|flow| (*flow).to_owned()).collect();
        change(&mut file.settings.rules);
    })
    .await
}

async fn write(world: &TestWorld, order: &Order, text: &str) {
    let from = order.phone.as_deref().unwrap().trim_start_matches('+');
    let id = format!("wamid.in.{}", harkara_domain::id::digest(&format!("{text}{}", world.now())));
    world.post_whatsapp(&bodies::message(&id, from, world.now(), "text", &json!({ "body": text }))).await;
}

async fn customer(world: &TestWorld, order: &Order) -> CustomerView {
    world.story(order).await.customer.unwrap()
}

/// Another order of the same customer.
fn again(order: &Order, id: u64, placed: Timestamp) -> Order {
    Order { id, placed, ..order.clone() }
}

fn skipped(why: &str) -> (StageStatus, String) {
    (StageStatus::Skipped, why.to_owned())
}

fn sent() -> (StageStatus, String) {
    (StageStatus::Sent, String::new())
}

// STOP and START.

#[tokio::test]
async fn stop_holds_marketing_on_all_channels_until_start() {
    let world = ruled(&[AD, NOTICE], |_| {}).await;
    let first = Order::cod(1, world.now());
    world.place(&first).await;
    world.advance(minutes(10)).await;
    let stopped_at = world.now();
    write(&world, &first, "Band karo plz!").await;
    let held = customer(&world, &first).await;
    assert_eq!((held.opted_out, held.opted_out_at), (true, Some(stopped_at)));
    world.advance(minutes(60)).await;
    assert_eq!(world.outcome(&first, "ad", "Ad").await, skipped(NO_MORE));
    assert_eq!(world.outcome(&first, "notice", "Notice").await, sent(), "what the order needs still goes");
    assert!(world.mails().is_empty(), "nor does the ad go by mail");

    // The box that is ticked at the next checkout does not lift it.
    let second = again(&first, 2, world.now());
    world.place(&second).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&second, "ad", "Ad").await, skipped(NO_MORE));

    write(&world, &first, "دوبارہ شروع کریں").await;
    let third = again(&first, 3, world.now());
    world.place(&third).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&third, "ad", "Ad").await, sent());
    world.finish().await;
}

#[tokio::test]
async fn the_timeline_says_that_they_stopped_it() {
    let world = ruled(&[NOTICE], |_| {}).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    write(&world, &order, "STOP").await;
    let last = world.story(&order).await.history.pop().unwrap();
    let action = CustomerAction::Suppress { on: true, channel: Some(Channel::Whatsapp) };
    assert_eq!(last.what, What::Customer(CustomerFact::Acted { action, by: Actor::Customer }));
    world.advance(minutes(61)).await;
    world.finish().await;
}

#[tokio::test]
async fn stop_within_a_sentence_is_no_stop() {
    let world = ruled(&[AD], |_| {}).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    write(&world, &order, "please stop the rider from calling me at night").await;
    assert!(!customer(&world, &order).await.opted_out);
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "ad", "Ad").await, sent());
    world.finish().await;
}

/// Facts come in any order: the later word counts.
#[tokio::test]
async fn of_stop_and_start_the_later_counts() {
    let world = ruled(&[NOTICE], |_| {}).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(30)).await;
    write(&world, &order, "START").await;
    let from = order.phone.as_deref().unwrap().trim_start_matches('+');
    let early = world.now() - minutes(10);
    world
        .post_whatsapp(&bodies::message("wamid.late", from, early, "text", &json!({ "body": "STOP" })))
        .await;
    assert!(!customer(&world, &order).await.opted_out);
    world.advance(minutes(61)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_store_may_let_stop_hold_everything() {
    let world = ruled(&[NOTICE], |rules| rules.stop = Stop::Everything).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    write(&world, &order, "stop").await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "notice", "Notice").await, skipped(NO_MORE));
    assert!(world.calls().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_store_has_its_own_words_for_stop() {
    let world = ruled(&[AD], |rules| {
        rules.words.insert(Intent::Stop, vec!["bas".to_owned()]);
    })
    .await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    write(&world, &order, "BAS.").await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "ad", "Ad").await, skipped(NO_MORE));
    world.finish().await;
}

// Consent.

/// An order whose customer was asked: by WhatsApp, by e-mail.
async fn place_with(world: &TestWorld, order: &Order, whatsapp: bool, email: bool) {
    let mut body = order.body(order.placed);
    let state = if whatsapp { "subscribed" } else { "unsubscribed" };
    body["customer"]["sms_marketing_consent"] = json!({ "state": state });
    body["buyer_accepts_marketing"] = json!(email);
    world.post("orders/create", &body).await;
}

#[tokio::test]
async fn marketing_goes_by_the_channels_that_the_customer_agreed_to() {
    for (whatsapp, email, expected) in [
        (true, true, (sent(), 1, 0)),
        (true, false, (sent(), 1, 0)),
        (false, true, (sent(), 0, 1)),
        (false, false, (skipped(NO_CONSENT), 0, 0)),
    ] {
        let world = ruled(&[AD], |_| {}).await;
        let order = Order::cod(1, world.now());
        place_with(&world, &order, whatsapp, email).await;
        world.advance(minutes(61)).await;
        let came = (world.outcome(&order, "ad", "Ad").await, world.calls().len(), world.mails().len());
        assert_eq!(came, expected, "WhatsApp {whatsapp}, e-mail {email}");
        world.finish().await;
    }
}

/// They may be mailed, but have no address; they could be reached by WhatsApp, but do not want it.
#[tokio::test]
async fn who_can_only_be_reached_against_their_will_is_left_out() {
    let world = ruled(&[AD], |_| {}).await;
    let order = Order { email: None, ..Order::cod(1, world.now()) };
    place_with(&world, &order, false, true).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "ad", "Ad").await, skipped(NO_CONSENT));
    assert!(world.dead_letters().await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_store_that_sees_to_consent_elsewhere_needs_none_here() {
    let world = ruled(&[AD], |rules| rules.marketing_needs_consent = false).await;
    let order = Order::cod(1, world.now());
    place_with(&world, &order, false, false).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "ad", "Ad").await, sent());
    assert_eq!(world.calls().len(), 1);
    world.finish().await;
}

/// A stage that does something besides does that.
#[tokio::test]
async fn a_hybrid_does_its_workflow_and_leaves_the_message_out() {
    let both = AD.replace("message:", "workflow: [{ set_flag: seen }], message:");
    let world = ruled(&[&both], |_| {}).await;
    let order = Order::cod(1, world.now());
    place_with(&world, &order, false, false).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "ad", "Ad").await, skipped(NO_CONSENT));
    assert_eq!(world.story(&order).await.order.flags_set().collect::<Vec<_>>(), ["seen"]);
    world.finish().await;
}

// Caps.

fn cap(class: Class, most: u32, per: &str, then: Over) -> BTreeMap<Class, Cap> {
    BTreeMap::from([(class, Cap { most, per: per.parse().unwrap(), then })])
}

/// Both have seen that there is a place, and only then the first one takes it.
#[tokio::test]
async fn two_flows_cannot_both_take_the_last_place() {
    let at_once = |flow: &str| flow.replace("after: 1h, ", "");
    let world = ruled(&[&at_once(AD), &at_once(SECOND_AD)], |rules| {
        rules.caps = cap(Class::Marketing, 1, "1d", Over::Skip);
    })
    .await;
    let order = Order::cod(1, world.now());
    let webhook = world.new_order(&order);
    world.deliver(&webhook).await;
    world.drain(QueueName::Events).await;
    let batch = world.take(QueueName::Stages).await;
    assert_eq!(batch.len(), 2);
    let (slow, fast) = batch.split_at(1);
    let gate = world.probe.hold(|writes| writes.len() == 2);
    let overtaken = async {
        gate.reached().await;
        world.handle(QueueName::Stages, fast).await;
        gate.open();
    };
    tokio::join!(world.handle(QueueName::Stages, slow), overtaken);
    assert_eq!(world.calls().len(), 1);
    let outcomes = [world.outcome(&order, "ad", "Ad").await, world.outcome(&order, "second-ad", "Ad").await];
    let capped = "the customer gets at most 1 marketing messages in 1d";
    assert!(outcomes.contains(&sent()) && outcomes.contains(&skipped(capped)), "{outcomes:?}");
    assert_eq!(customer(&world, &order).await.sends.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_message_over_the_cap_waits_for_room() {
    let world = ruled(&[AD, SECOND_AD], |rules| {
        rules.caps = cap(Class::Marketing, 1, "1d", Over::Defer);
    })
    .await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.calls().len(), 1);
    let states = [world.stage(&order, "ad", "Ad").await, world.stage(&order, "second-ad", "Ad").await];
    let waits = states.iter().find(|state| state.is_open()).expect("one waits");
    assert!(matches!(waits.reason, Some(Reason::Capped { .. })), "{waits:?}");
    world.advance_to(karachi("2026-11-23T10:59")).await;
    assert_eq!(world.calls().len(), 1);
    world.advance(minutes(2)).await;
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.calls()[1].at.duration_since(world.calls()[0].at).as_mins(), 24 * 60);
    world.finish().await;
}

#[tokio::test]
async fn a_message_that_fails_for_good_gives_its_place_back() {
    let late = SECOND_AD.replace("1h", "2h");
    let world = ruled(&[AD, &late], |rules| rules.caps = cap(Class::Marketing, 1, "1d", Over::Skip)).await;
    let order = Order::cod(1, world.now());
    world.whatsapp.next([Answer::Error(400, 131_051)]);
    world.place(&order).await;
    world.advance(minutes(61)).await;
    assert_eq!(world.outcome(&order, "ad", "Ad").await.0, StageStatus::Failed);
    assert!(customer(&world, &order).await.sends.is_empty());
    world.advance(minutes(60)).await;
    assert_eq!(world.outcome(&order, "second-ad", "Ad").await, sent());
    world.advance(minutes(30)).await;
    world.finish().await;
}

/// The provider took it, and says later that it could not be brought.
#[tokio::test]
async fn a_message_that_was_taken_and_failed_gives_its_place_back() {
    let world = ruled(&[SECOND_AD], |rules| rules.caps = cap(Class::Marketing, 1, "1d", Over::Skip)).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(61)).await;
    assert_eq!(customer(&world, &order).await.sends.len(), 1);
    world.receipt(&world.calls()[0], "failed", Some(131_026)).await;
    assert_eq!(world.outcome(&order, "second-ad", "Ad").await.0, StageStatus::Failed);
    assert!(customer(&world, &order).await.sends.is_empty());
    world.advance(minutes(30)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_retry_has_its_place_already_and_a_cancellation_gives_it_back() {
    let world = ruled(&[JUST_ASK], |rules| {
        rules.caps = cap(Class::Transactional, 1, "1d", Over::Skip);
    })
    .await;
    let first = Order::cod(1, world.now());
    world.whatsapp.next([Answer::Error(500, 131_000)]);
    world.place(&first).await;
    world.advance(minutes(3)).await;
    assert_eq!(world.outcome(&first, "just-ask", "Ask").await, sent());
    assert_eq!(customer(&world, &first).await.sends.len(), 1);

    world.whatsapp.next([Answer::Error(500, 131_000)]);
    let second = Order::cod(2, world.now());
    world.place(&second).await;
    assert_eq!(customer(&world, &second).await.sends.len(), 1);
    world.post("orders/cancelled", &second.cancelled(world.now())).await;
    assert_eq!(world.outcome(&second, "just-ask", "Ask").await.0, StageStatus::Cancelled);
    assert!(customer(&world, &second).await.sends.is_empty());
    world.advance(minutes(10)).await;
    world.finish().await;
}

/// An answer that was lost may have been a message: its place stays taken.
#[tokio::test]
async fn a_message_that_may_have_gone_keeps_its_place() {
    let hold = JUST_ASK.replace("stages:", "on_ambiguous: hold\nstages:");
    let world = ruled(&[&hold], |rules| rules.caps = cap(Class::Transactional, 1, "1d", Over::Skip)).await;
    world.whatsapp.next([Answer::TakenAnswerLost]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(5)).await;
    assert_eq!(world.outcome(&order, "just-ask", "Ask").await.0, StageStatus::Failed);
    assert_eq!(customer(&world, &order).await.sends.len(), 1);
    world.advance(minutes(30)).await;
    world.finish().await;
}

async fn writes_of_an_ask(world: TestWorld) -> BTreeMap<String, u64> {
    let order = Order::cod(1, world.now());
    let webhook = world.new_order(&order);
    world.deliver(&webhook).await;
    world.drain(QueueName::Events).await;
    world.probe.counted();
    world.run().await;
    let counted = world.probe.counted();
    world.finish().await;
    counted.into_iter().filter(|(name, _)| !name.starts_with("set-up")).collect()
}

#[tokio::test]
async fn caps_cost_nothing_where_there_are_none() {
    let none = writes_of_an_ask(ruled(&[JUST_ASK], |_| {}).await).await;
    let of_others = ruled(&[JUST_ASK], |rules| rules.caps = cap(Class::Marketing, 1, "1d", Over::Skip)).await;
    let capped =
        ruled(&[JUST_ASK], |rules| rules.caps = cap(Class::Transactional, 1, "1d", Over::Skip)).await;
    let counts = |of: &[(&str, u64)]| -> BTreeMap<String, u64> {
        of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    let plain = counts(&[("get", 1), ("query", 1), ("write of 1", 2)]);
    assert_eq!(none, plain);
    assert_eq!(writes_of_an_ask(of_others).await, plain, "a cap of another class");
    let with_place = counts(&[("get", 1), ("query", 1), ("write of 1", 1), ("write of 2", 1)]);
    assert_eq!(writes_of_an_ask(capped).await, with_place, "the claim and the count are one write");
}

/// The customer's own button is one word more: it confirms, and nothing is stopped by it.
#[tokio::test]
async fn a_tap_is_neither_stop_nor_start() {
    let world = ruled(&[JUST_ASK], |_| {}).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.tap(&order, Choice::Cancel).await;
    let held = customer(&world, &order).await;
    assert!(!held.opted_out && held.opted_out_at.is_none());
    world.finish().await;
}
