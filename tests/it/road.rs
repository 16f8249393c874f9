//! The main road of an order, from the shop's webhook to the last follow-up.

use harkara_domain::{
    fact::{Choice, OrderAction},
    history::What,
    order::Confirmation,
    run::{RunStatus, StageStatus},
    status::OrderStatus,
};
use jiff::SignedDuration;

use crate::{
    bodies::Order,
    world::{TestWorld, karachi, minutes},
};

const COD: &str = "cod-confirmation";

#[tokio::test]
async fn an_unanswered_order_is_asked_reminded_and_brought_before_a_person() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;

    let [ask] = &world.calls()[..] else { panic!("{:?}", world.calls()) };
    assert_eq!((ask.what(), ask.at), ("cod_confirmation", order.placed));
    assert_eq!(ask.url, "https://graph.example/v23.0/310042001042/messages");
    assert_eq!(ask.authorization, "Bearer token");
    assert_eq!(ask.to(), "923001000001");
    assert_eq!(ask.body["biz_opaque_callback_data"], "shopify-1/cod-confirmation~order_created/0/1");
    let payloads = ask.payloads();
    assert_eq!(payloads.len(), 2, "{:#}", ask.body);
    assert!(
        payloads[0].starts_with("hk1:confirm:shopify-1:") && payloads[1].starts_with("hk1:cancel:shopify-1:")
    );

    world.advance(minutes(29)).await;
    assert_eq!(world.calls().len(), 1);
    world.advance(minutes(1)).await;
    assert_eq!(world.sent(&order), [("cod_confirmation".to_owned(), 0), ("cod_reminder".to_owned(), 30)]);

    world.advance(minutes(89)).await;
    assert!(world.mails().is_empty());
    assert_eq!(world.story(&order).await.order.flags_set().count(), 0);
    world.advance(minutes(1)).await;
    let story = world.story(&order).await;
    assert_eq!(story.order.flags_set().collect::<Vec<_>>(), ["critical", "needs_review"]);
    let mails = world.mails();
    assert_eq!(mails.len(), 2, "one of each flow: {mails:?}");
    for posted in &mails {
        assert_eq!(posted.mail.to, ["ops@chadar.example"]);
        assert!(posted.mail.subject.contains("order #1 needs ops"), "{}", posted.mail.subject);
        assert!(posted.mail.text.contains("https://shop.example/orders/shopify-1"));
    }
    let noted = |text: &str| {
        let is = |what: &What| matches!(what, What::Action { action: OrderAction::AddNote(note), .. } if note == text);
        story.history.iter().any(|entry| is(&entry.what))
    };
    assert!(noted("Not confirmed for two hours"));
    for flow in [COD, "exception-review"] {
        assert_eq!(world.run_of(&order, flow).await.unwrap().status, RunStatus::Finished);
    }
    world.advance(minutes(60 * 24 * 3)).await;
    assert_eq!((world.calls().len(), world.mails().len()), (2, 2));
    world.finish().await;
}

/// What the console is given is in its order, and says when and why.
#[tokio::test]
async fn the_timeline_tells_it_all_in_order() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(5)).await;
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(55)).await;
    world.post("fulfillments/create", &order.parcel(None, world.now())).await;
    world.advance(minutes(60)).await;
    world.post("fulfillment_events/create", &order.scan("in_transit", world.now())).await;
    world.advance(minutes(60)).await;

    let story = serde_json::to_value(world.story(&order).await).unwrap();
    let history = story["history"].as_array().unwrap();
    let told: Vec<(String, Vec<&str>)> = history
        .iter()
        .map(|entry| {
            let what = entry["what"].as_object().unwrap().keys().next().unwrap().clone();
            let fired = entry["transitions"].as_array().into_iter().flatten();
            (what, fired.map(|transition| transition["trigger"].as_str().unwrap()).collect())
        })
        .collect();
    let expected = [
        ("order".to_owned(), vec!["order_created"]),
        ("reply".to_owned(), vec![]),
        ("action".to_owned(), vec!["order_confirmed"]),
        ("shipment".to_owned(), vec!["order_booked"]),
        ("shipment".to_owned(), vec!["order_dispatched"]),
    ];
    assert_eq!(told, expected);
    let started: Vec<&str> =
        history[0]["started"].as_array().unwrap().iter().map(|run| run.as_str().unwrap()).collect();
    assert_eq!(started, ["cod-confirmation~order_created", "exception-review~order_created"]);
    let times: Vec<&str> = history.iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(story["runs"].as_array().unwrap().len(), 3);
    assert_eq!(story["runs"][0]["stages"], serde_json::json!(["Ask", "Remind", "Escalate"]));
    world.advance(minutes(60 * 24)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_tapped_confirm_makes_reminder_and_alert_needless() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    world.tap(&order, Choice::Confirm).await;
    let story = world.story(&order).await;
    assert_eq!(story.order.status(), OrderStatus::Confirmed);
    assert_eq!(story.order.confirmation(), Confirmation::Confirmed);
    world.advance(minutes(180)).await;
    for stage in ["Remind", "Escalate"] {
        let (status, reason) = world.outcome(&order, COD, stage).await;
        assert_eq!(
            (status, reason.as_str()),
            (StageStatus::Skipped, "skipped because confirmation is not pending")
        );
    }
    assert_eq!(world.run_of(&order, COD).await.unwrap().status, RunStatus::Finished);
    assert_eq!((world.calls().len(), world.mails().len()), (1, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_tapped_cancel_ends_everything() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(40)).await;
    world.tap(&order, Choice::Cancel).await;
    assert_eq!(world.story(&order).await.order.status(), OrderStatus::Cancelled);
    for (flow, stage) in [(COD, "Escalate"), ("exception-review", "Review")] {
        let (status, reason) = world.outcome(&order, flow, stage).await;
        assert_eq!((status, reason.as_str()), (StageStatus::Cancelled, "the order was cancelled"));
        assert_eq!(world.run_of(&order, flow).await.unwrap().status, RunStatus::Cancelled);
    }
    let entry = world.story(&order).await.history.pop().unwrap();
    assert_eq!(entry.cancelled.len(), 2, "{entry:?}");
    let before = world.calls().len();
    assert_eq!(before, 2);
    // Neither a late parcel nor time sets anything off.
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
    world.advance(minutes(60 * 24 * 2)).await;
    assert_eq!((world.calls().len(), world.mails().len()), (before, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_reminder_is_never_on_the_heels_of_its_question() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    world.whatsapp.next([crate::provider::Answer::Error(401, 190)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(100)).await;
    let taken: Vec<_> = world.calls_of(&order).into_iter().filter(|call| call.wamid.is_some()).collect();
    assert!(taken[1].at.duration_since(taken[0].at) > minutes(5), "{:?}", world.sent(&order));
}

#[tokio::test]
async fn a_prepaid_order_is_passed_over_and_says_why() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let order = Order::prepaid(1, world.now());
    world.place(&order).await;
    world.advance(minutes(180)).await;
    let story = world.story(&order).await;
    assert!(story.runs.is_empty() && world.calls().is_empty() && world.mails().is_empty());
    let passed: Vec<(String, String)> =
        story.history[0].passed_over.iter().map(|(flow, why)| (flow.to_string(), why.to_string())).collect();
    let why = "only when payment is cod; it was prepaid";
    assert_eq!(passed, [(COD.to_owned(), why.to_owned()), ("exception-review".to_owned(), why.to_owned())]);
    world.finish().await;
}

async fn dispatched_at(time: &str) -> (TestWorld, Order) {
    let world = TestWorld::at("2026-11-22T07:00").await;
    let order = Order::prepaid(1, world.now());
    world.place(&order).await;
    world.advance_to(karachi(time)).await;
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
    (world, order)
}

#[tokio::test]
async fn the_dispatch_notice_goes_out_at_six_in_the_evening() {
    for (dispatched, notice) in [
        ("2026-11-22T08:00", "2026-11-22T18:00"),
        ("2026-11-22T17:59", "2026-11-22T18:00"),
        ("2026-11-22T20:00", "2026-11-23T18:00"),
    ] {
        let (world, order) = dispatched_at(dispatched).await;
        world.advance_to(karachi(notice) - minutes(1)).await;
        assert!(world.calls().is_empty(), "too early for {dispatched}");
        world.advance(minutes(60 * 24)).await;
        let calls = world.calls_of(&order);
        assert_eq!(calls.iter().map(|call| call.at).collect::<Vec<_>>(), [karachi(notice)], "{dispatched}");
        assert_eq!(calls[0].what(), "dispatch_notice");
        world.finish().await;
    }
}

/// A notice that could not go out in the evening is held overnight: never before nine.
#[tokio::test]
async fn a_late_dispatch_notice_is_held_until_nine() {
    let (world, order) = dispatched_at("2026-11-22T12:00").await;
    world.whatsapp.always(crate::provider::Answer::Error(500, 131_000));
    world.advance_to(karachi("2026-11-22T18:41")).await;
    assert_eq!(world.calls().len(), 3, "18:00, 18:02, 18:12");
    // The fourth try falls to 18:42, the fifth to 20:42: all of ours stands still until the night.
    world.stall(minutes(60 * 4));
    world.whatsapp.always(crate::provider::Answer::Accept);
    world.advance(minutes(1)).await;
    let state = world.stage(&order, "dispatch-notice", "On its way").await;
    assert_eq!(state.due, Some(karachi("2026-11-23T09:00")));
    assert_eq!(state.reason.unwrap().to_string(), "waiting for the send window");
    world.advance_to(karachi("2026-11-23T12:00")).await;
    let last = world.calls().pop().unwrap();
    assert_eq!((last.at, last.wamid.is_some()), (karachi("2026-11-23T09:00"), true));
    assert_eq!(world.calls().len(), 4);
    world.finish().await;
}

#[tokio::test]
async fn a_delivered_order_is_followed_up_on_days_1_7_21_and_45() {
    let (world, order) = dispatched_at("2026-11-22T09:00").await;
    world.advance_to(karachi("2026-11-22T16:30")).await;
    world.post("fulfillment_events/create", &order.scan("delivered", world.now())).await;
    world.advance(minutes(60 * 24 * 50)).await;
    let sent: Vec<(String, jiff::Timestamp)> =
        world.calls_of(&order).iter().map(|call| (call.what().to_owned(), call.at)).collect();
    let expected = [
        ("followup_day_1", "2026-11-23T11:00"),
        ("followup_day_7", "2026-11-29T11:00"),
        ("followup_day_21", "2026-12-13T11:00"),
        ("followup_day_45", "2027-01-06T11:00"),
    ];
    assert_eq!(sent, expected.map(|(what, at)| (what.to_owned(), karachi(at))));
    let (status, reason) = world.outcome(&order, "dispatch-notice", "On its way").await;
    assert_eq!(status, StageStatus::Skipped);
    assert_eq!(reason, "skipped because the order is one of delivered, returned, cancelled");
    world.finish().await;
}

#[tokio::test]
async fn a_returned_order_gets_no_more_follow_ups() {
    let (world, order) = dispatched_at("2026-11-22T09:00").await;
    world.post("fulfillment_events/create", &order.scan("delivered", world.now())).await;
    world.advance(minutes(60 * 24 * 8)).await;
    assert_eq!(world.calls().len(), 2);
    world.post("refunds/create", &order.refund(world.now())).await;
    let story = world.story(&order).await;
    assert_eq!(story.order.status(), OrderStatus::Returned);
    for stage in ["Day 21", "Day 45"] {
        let (status, reason) = world.outcome(&order, "post-delivery-follow-up", stage).await;
        assert_eq!((status, reason.as_str()), (StageStatus::Cancelled, "the order was returned"));
    }
    world.advance(minutes(60 * 24 * 50)).await;
    assert_eq!(world.calls().len(), 2);
    world.finish().await;
}

/// What is free text inside the 24 hours after the customer wrote is the registered template outside.
#[tokio::test]
async fn a_customer_who_wrote_gets_free_text_with_buttons() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(3)).await;
    let text = serde_json::json!({ "body": "Kab tak aa jayega?" });
    let from = order.phone.clone().unwrap();
    let body = crate::bodies::message("wamid.w", from.trim_start_matches('+'), world.now(), "text", &text);
    world.post_whatsapp(&body).await;
    world.advance(minutes(30)).await;
    let remind = world.calls_of(&order).pop().unwrap();
    assert_eq!((remind.what(), remind.body["type"].as_str()), ("free text", Some("interactive")));
    assert_eq!(remind.payloads().len(), 2);
    let written = world.story(&order).await.history;
    assert!(written.iter().any(|entry| matches!(entry.what, What::Reply(_))), "{written:?}");
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(120)).await;
    world.finish().await;
}

#[tokio::test]
async fn the_stages_of_a_priority_store_have_a_queue_of_their_own() {
    let world = TestWorld::with("2026-11-22T10:00", |file| file.settings.priority = true).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.stall(minutes(30) + SignedDuration::from_millis(1));
    world.run().await;
    assert_eq!(world.calls().len(), 2, "asked and reminded");
    let asked = world.probe.counted();
    assert_eq!(asked.get("send to priority"), Some(&1), "{asked:?}");
    assert_eq!(asked.get("send to stages"), None, "{asked:?}");
    world.advance(minutes(120)).await;
    let asked = world.probe.counted();
    assert_eq!(asked.get("send to stages"), None, "{asked:?}");
    world.finish().await;
}
