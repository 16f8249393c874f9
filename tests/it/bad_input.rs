//! Bad input never harms: refused or passed over, counted, and nothing half-written.

use bytes::Bytes;
use harkara_engine::ingest::Ingest;
use harkara_engine::port::QueueName;
use harkara_engine::{
    bury::Content,
    job::Job,
    ownership::{Bundle, Sheet, Wish},
    replay::Filter,
};
use http::{Method, Request, StatusCode};

use serde_json::Value;
use std::collections::BTreeMap;

use crate::{
    bodies::{Order, message},
    world::{TestWorld, Webhook, partition},
};

/// Nothing was enqueued, nothing written, and the refusal was counted.
async fn harmless(world: &TestWorld, counter: &str) {
    for queue in QueueName::ALL {
        assert!(world.take(queue).await.is_empty(), "{queue}");
    }
    untouched(world, counter).await;
}

/// Nothing but that it was refused was enqueued, and nothing written.
async fn noted(world: &TestWorld, counter: &str) {
    let queued = world.take(QueueName::Events).await;
    let jobs: Vec<_> = queued.iter().map(|delivery| Job::read(&delivery.body)).collect();
    assert!(matches!(jobs.as_slice(), [Ok(Job::Refusals(_))]), "{jobs:?}");
    assert_eq!(world.probe.counted(), BTreeMap::from([("send to events".to_owned(), 1)]));
    untouched(world, counter).await;
}

async fn untouched(world: &TestWorld, counter: &str) {
    assert_eq!(partition(world, "o#demo#shopify-1").await, 0);
    assert_eq!(world.counter(counter), 1, "{counter}: {:?}", world.world.counters.all());
    let asked = world.probe.counted();
    assert!(asked.is_empty(), "the ports were asked for {asked:?}");
}

async fn world() -> (TestWorld, Webhook) {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    let good = world.new_order(&order);
    (world, good)
}

fn set(webhook: &Webhook, name: &str, value: Option<&str>) -> Webhook {
    let mut changed = webhook.clone();
    changed.headers.retain(|(held, _)| *held != name);
    if let Some(value) = value {
        let (held, _) = webhook.headers.iter().find(|(held, _)| *held == name).unwrap();
        changed.headers.push((held, value.to_owned()));
    }
    changed
}

#[tokio::test]
async fn a_missing_or_wrong_signature_is_401() {
    let tampered = |good: &Webhook| Webhook { body: [&good.body[..], b" "].concat(), ..good.clone() };
    type Change = fn(&Webhook) -> Webhook;
    let without: Change = |good| set(good, "x-shopify-hmac-sha256", None);
    let wrong: Change = |good| set(good, "x-shopify-hmac-sha256", Some("AAAA"));
    for change in [without, wrong, tampered] {
        let (world, good) = world().await;
        assert_eq!(world.deliver(&change(&good)).await, StatusCode::UNAUTHORIZED);
        noted(&world, "webhooks_refused.shopify.bad_signature").await;
        assert_eq!(world.deliver(&good).await, StatusCode::OK, "the good one is taken in");
        world.run().await;
        assert_eq!(world.calls().len(), 1);
    }
}

#[tokio::test]
async fn another_sources_signature_is_401() {
    let (world, good) = world().await;
    let body = good.body.clone();
    let mut other = world.whatsapp_says(&body);
    other.path.clone_from(&good.path);
    assert_eq!(world.deliver(&other).await, StatusCode::UNAUTHORIZED);
    noted(&world, "webhooks_refused.shopify.bad_signature").await;
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_400() {
    let deep =
        |open: &str, close: &str| format!("{{\"id\":{}1{}}}", open.repeat(10_000), close.repeat(10_000));
    let bodies = [
        String::new(),
        "not json".to_owned(),
        "{\"id\": 1".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        "{\"id\": {}}".to_owned(),
        "{\"id\": 1, \"created_at\": \"yesterday\"}".to_owned(),
        "{\"id\": 1, \"created_at\": \"2026-11-22T10:00:00Z\", \"total_price\": \"much\", \"currency\": \"PKR\"}".to_owned(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        "\u{0}".repeat(1000),
    ];
    for body in bodies {
        let (world, _) = world().await;
        let webhook = world.shop_says("orders/create", body.as_bytes());
        let start: String = body.chars().take(40).collect();
        assert_eq!(world.deliver(&webhook).await, StatusCode::BAD_REQUEST, "{start}");
        harmless(&world, "webhooks_refused.shopify.malformed").await;
    }
    let (world, _) = world().await;
    let not_text = world.whatsapp_says(&[0xff, 0xfe, b'{']);
    assert_eq!(world.deliver(&not_text).await, StatusCode::BAD_REQUEST);
    harmless(&world, "webhooks_refused.whatsapp.malformed").await;
}

/// Deep nesting where nobody looks is passed over or refused, but never a crash.
#[tokio::test]
async fn deep_nesting_in_a_field_that_nobody_reads_is_no_crash() {
    let (world, good) = world().await;
    let text = String::from_utf8(good.body).unwrap();
    let deep = format!("{{\"note_attributes\":{}{},{}", "[".repeat(10_000), "]".repeat(10_000), &text[1..]);
    let status = world.deliver(&world.shop_says("orders/create", deep.as_bytes())).await;
    assert!(status == StatusCode::BAD_REQUEST || status == StatusCode::OK, "{status}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() {
    let (world, good) = world().await;
    let mut body = good.body.clone();
    body.resize(Ingest::MAX_BODY + 1, b' ');
    assert_eq!(world.deliver(&world.shop_says("orders/create", &body)).await, StatusCode::PAYLOAD_TOO_LARGE);
    harmless(&world, "webhooks_refused.shopify.too_large").await;
    body.truncate(Ingest::MAX_BODY);
    assert_eq!(world.deliver(&world.shop_says("orders/create", &body)).await, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_topic_is_200_and_counted() {
    let (world, _) = world().await;
    assert_eq!(world.deliver(&world.shop_says("themes/publish", b"{\"id\": 1}")).await, StatusCode::OK);
    harmless(&world, "content_ignored.shopify.topic/themes/publish").await;
}

#[tokio::test]
async fn an_unknown_store_or_source_is_404() {
    for path in
        ["/webhooks/nobody/shopify", "/webhooks/demo/etsy", "/webhooks/demo", "/webhooks/demo/shopify/x", "/"]
    {
        let (world, good) = world().await;
        let webhook = Webhook { path: path.to_owned(), ..good };
        assert_eq!(world.deliver(&webhook).await, StatusCode::NOT_FOUND, "{path}");
        let asked = world.probe.counted();
        assert!(asked.is_empty(), "{path}: {asked:?}");
    }
    let (world, good) = world().await;
    world.deliver(&Webhook { path: "/webhooks/nobody/shopify".to_owned(), ..good }).await;
    harmless(&world, "webhooks_refused.other.unknown").await;
}

async fn handshake(world: &TestWorld, query: &str) -> (StatusCode, String) {
    let request = Request::get(format!("/webhooks/demo/whatsapp?{query}")).body(Bytes::new()).unwrap();
    let response = harkara_ingest::handle(&world.world.ingest, &request).await;
    (response.status(), String::from_utf8(response.body().to_vec()).unwrap())
}

#[tokio::test]
async fn a_handshake_is_answered_to_who_knows_the_token() {
    let (world, _) = world().await;
    let query = |token: &str| format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
    let right = handshake(&world, &query(world.verify_token())).await;
    assert_eq!(right, (StatusCode::OK, "1158201444".to_owned()));
    for wrong in ["", "guess"] {
        let (status, body) = handshake(&world, &query(wrong)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(!body.contains("1158201444"));
    }
    let delete =
        Request::builder().method(Method::DELETE).uri("/webhooks/demo/whatsapp").body(Bytes::new()).unwrap();
    let status = harkara_ingest::handle(&world.world.ingest, &delete).await.status();
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(world.probe.counted().is_empty());
}

/// A button that another store signed, or nobody, settles nothing.
#[tokio::test]
async fn a_forged_button_confirms_nothing() {
    let (world, good) = world().await;
    world.deliver(&good).await;
    world.run().await;
    for payload in
        ["hk1:confirm:shopify-1:00000000000000000000000000000000", "hk1:confirm:shopify-1:", "confirm"]
    {
        let content = serde_json::json!({ "payload": payload, "text": "Confirm" });
        let body = crate::bodies::message(
            &format!("wamid.{payload}"),
            "923001000001",
            world.now(),
            "button",
            &content,
        );
        world.post_whatsapp(&body).await;
    }
    let order = Order::cod(1, world.now());
    assert_eq!(world.story(&order).await.order.confirmation(), harkara_domain::order::Confirmation::Pending);
    world.finish().await;
}

#[tokio::test]
async fn what_can_never_be_written_is_a_dead_letter_at_once_and_runs_again_when_it_can() {
    let (world, good) = world().await;
    world.probe.oversize(true);
    assert_eq!(world.deliver(&good).await, StatusCode::OK);
    world.run().await;
    let [letter] = &world.dead_letters().await[..] else { panic!("one letter") };
    assert!(letter.reason.to_string().contains("over a limit: told to be"), "{}", letter.reason);
    assert!(matches!(&letter.content, Content::Message { body } if body.contains("Siddiqui")), "whole");
    assert_eq!(world.counter("put_aside.matcher.too_large"), 1, "it was not tried five times");
    world.probe.oversize(false);
    let filter = Filter { id: Some(letter.id.clone()), ..Filter::default() };
    world.world.replayer.start(&TestWorld::store(), filter, "ops").await.unwrap();
    world.run().await;
    assert_eq!(world.calls().len(), 1, "the customer is asked");
    world.advance(crate::world::minutes(30)).await;
}

#[tokio::test]
async fn many_long_messages_at_once_are_more_than_one_job() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let long = "بہت لمبا پیغام ".repeat(120);
    let mut body = Value::Null;
    for n in 0..150 {
        let content = serde_json::json!({ "body": long });
        let one = message(
            &format!("wamid.long.{n}"),
            order.phone.as_deref().unwrap(),
            world.now(),
            "text",
            &content,
        );
        match body.pointer_mut("/entry/0/changes/0/value/messages").and_then(Value::as_array_mut) {
            Some(messages) => messages
                .extend(one["entry"][0]["changes"][0]["value"]["messages"].as_array().unwrap().clone()),
            None => body = one,
        }
    }
    assert!(body.to_string().len() > 300 * 1024, "{}", body.to_string().len());
    let webhook = world.whatsapp_says(body.to_string().as_bytes());
    assert_eq!(world.deliver(&webhook).await, StatusCode::OK);
    world.run().await;
    assert_eq!(world.counter("folds"), 3, "the order, and the messages in two jobs");
    let story = world.story(&order).await;
    assert_eq!(story.history.len(), 151);
    world.finish().await;
}

/// A flow with mistakes of every kind is refused as a whole, and each is named: what the reader meets, what
/// the language cannot mean, and what cannot be filled in.
#[tokio::test]
async fn an_invalid_flow_is_refused_with_all_its_errors() {
    const BAD: &str = "name: Broken
trigger: order_craeted
conditions: { all: [{ city: { is: Karachi } }, { order_totl: { at_least: 5 } }] }
stages:
  - name: One
    after: soon
    spread: 5h
    not_before: \"09:00\"
    not_after: \"12:00\"
    workflow:
      - send_email: { to: ops, subject: \"{{ order.nmae }}\", text: t }
      - add_nte: a
  - name: One
    workflow: [confirm]
";
    let expected = [
        "line 2: trigger: unknown word `order_craeted`; did you mean `order_created`?",
        "line 3: conditions.all[1].order_totl: unknown word `order_totl`; did you mean `order_total`?",
        "line 6: stages[0].after: “soon” is not a wait such as 30m, 2h or 1d",
        "line 7: stages[0].spread: 5h is longer than the stage's own window, from 09:00 to 12:00",
        "line 11: stages[0].workflow[0].send_email.subject: ",
        "line 12: stages[0].workflow[1].add_nte: unknown word `add_nte`; did you mean `add_note`?",
        "line 13: stages[1].name: another stage is called “One” already",
    ];
    let (world, _) = world().await;
    let setup = &world.world.setup;
    let told = setup.flow(&TestWorld::store(), BAD, "test").await.unwrap_err().to_string();
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
    let sheet = |file: &str, text: &str| Sheet { file: file.to_owned(), text: text.to_owned() };
    let flows = vec![sheet("a.yaml", BAD), sheet("b.yaml", "name: B\ntriger: order_created\nstages: []\n")];
    let bundle = Bundle { flows, templates: Vec::new() };
    let wish = Wish { prune: false, activate: true };
    let told = setup.apply(&TestWorld::store(), &bundle, wish, "test").await.unwrap_err().to_string();
    let of = |file: &str| told.lines().filter(|line| line.starts_with(file)).count();
    assert_eq!((of("a.yaml: line "), of("b.yaml: line "), told.lines().count()), (7, 2, 9), "{told}");
    assert!(setup.heads(&TestWorld::store()).await.unwrap().iter().all(|head| head.id.as_str() != "broken"));
    world.finish().await;
}
