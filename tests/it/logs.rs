//! What the logs say, at their most verbose: of an order all of its road, of a customer nothing.

use axum::extract::ConnectInfo;
use harkara_domain::fact::Choice;
use harkara_engine::{
    people::{People, Role},
    port::{Expect, Item, Key, MailError, Outgoing, Query, Queue, QueueName, Write},
    replay::Filter,
};
use harkara_onebox::web;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tower_service::Service;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::{Layer, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::{
    bodies::{Order, message},
    provider::Answer,
    world::{TestWorld, minutes, with_flows},
};

/// All that this process logs from when it is first asked for, also by its other tests and threads.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn begin() -> Self {
        static CAPTURED: OnceLock<Captured> = OnceLock::new();
        let begin = || {
            let captured = Self::default();
            let writer = captured.clone();
            let heard = Targets::new().with_target("harkara", LevelFilter::TRACE);
            let lines = harkara_log::lines(move || writer.clone()).with_filter(heard);
            tracing_subscriber::registry().with(lines).init();
            captured
        };
        CAPTURED.get_or_init(begin).clone()
    }

    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    /// The lines that say so of themselves.
    fn of(&self, field: &str, value: &str) -> Vec<Value> {
        let lines = self.lines().into_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap());
        lines.filter(|line| line[field] == value).collect()
    }
}

// A customer whose like no other test has.
const FIRST: &str = "Zarmeenay";
const LAST: &str = "Khuhawar";
const STREET: &str = "House 7-Q, Shabaan Lane";
const NOTE: &str = "Gate code kx-5599, leave it with Chacha Rafiq";
const WROTE: &str = "Bhai jaldi bhejo, chacha ki shaadi hai";
const MAIL: &str = "zarmeenay.k@example.pk";
const PHONE: &str = "+923007774242";
/// As little of the number as stands in every way of writing it, without what stands between the digits.
const DIGITS: &str = "3007774242";
const TEMPLATE: &str = "Aap ke liye khaas chadar rakhi hai";
const PASSWORD: &str = "chachi ki chabi 7781";
const OWNER: &str = "malik.zk@example.pk";
const SECRETS: [&str; 5] = [
    "shpss_zk_1f4e2c",
    "EAAG-zk-77c0aa31",
    "zk-verify-0d51",
    "whsec_emstc2VjcmV0LXphcm1lZW5heS1rLTAwMDE=",
    "hook-token-zk-90",
];

const ALL: &str = "
name: All
trigger: order_created
stages:
  - name: Tell programs
    workflow:
      - call_webhook: { url: \"https://hooks.example.pk/hook-token-zk-90\" }
      - send_email: { to: ops, subject: \"{{ customer.first_name }}\", text: \"{{ customer.name }} of {{ order.city }}\" }
      - add_note: \"for {{ customer.name }}\"
  - name: Ask
    message: { channels: [whatsapp, email], template: khaas, buttons: [confirm, cancel] }
";

const KHAAS: &str = "
name: khaas
category: utility
subject: { en: \"Aap ke liye khaas chadar rakhi hai\" }
texts:
  en: \"Aap ke liye khaas chadar rakhi hai, {{ customer.first_name }} sahiba\"
labels:
  confirm: { en: Confirm }
  cancel: { en: Cancel }
";

async fn customers_world() -> TestWorld {
    TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = vec![ALL.to_owned()];
        file.templates.push(KHAAS.to_owned());
        let [shopify, token, verify, webhooks, _] = SECRETS;
        file.connections["shopify"]["secrets"] = json!([shopify]);
        file.connections["whatsapp"]["access_token"] = json!(token);
        file.connections["whatsapp"]["verify_token"] = json!(verify);
        file.connections.insert("webhooks".to_owned(), json!({ "secrets": [webhooks] }));
    })
    .await
}

fn order_of_hers(id: u64, world: &TestWorld) -> (Order, Value) {
    let order =
        Order { phone: Some(PHONE.to_owned()), email: Some(MAIL.to_owned()), ..Order::cod(id, world.now()) };
    let mut body = order.body(order.placed);
    for part in ["customer", "shipping_address", "billing_address"] {
        body[part]["first_name"] = json!(FIRST);
        body[part]["last_name"] = json!(LAST);
        body[part]["name"] = json!(format!("{FIRST} {LAST}"));
        body[part]["address1"] = json!(STREET);
        body[part]["phone"] = json!("0300-777 4242");
    }
    body["note"] = json!(NOTE);
    (order, body)
}

/// The lines, unless they say anything that was put in.
fn said_nothing_of_her(captured: &Captured, also: &[String]) {
    let private =
        [FIRST, LAST, STREET, "Shabaan", NOTE, "kx-5599", WROTE, "shaadi", MAIL, TEMPLATE, PASSWORD, OWNER];
    let private = private.into_iter().chain(SECRETS).chain(also.iter().map(String::as_str));
    let private: Vec<String> = private.map(str::to_lowercase).collect();
    for line in captured.lines() {
        let lower = line.to_lowercase();
        let told = private.iter().find(|private| lower.contains(*private));
        assert_eq!(told, None, "{line}");
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        assert!(!digits.contains(DIGITS), "{line}");
    }
}

async fn malformed(world: &TestWorld) {
    let whole = order_of_hers(8_800_900, world).1;
    for (field, value) in [
        ("total_price", json!(FIRST)),
        ("created_at", json!(format!("{FIRST} {PHONE}"))),
        ("id", json!({ FIRST: PHONE })),
        ("customer", json!(STREET)),
        ("line_items", json!([{ "quantity": MAIL }])),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        world.deliver(&world.shop_says("orders/create", body.to_string().as_bytes())).await;
        let mut forged = world.shop_says("orders/create", body.to_string().as_bytes());
        forged.headers.retain(|(name, _)| *name != "x-shopify-hmac-sha256");
        forged.headers.push(("x-shopify-hmac-sha256", format!("{FIRST}{}", SECRETS[0])));
        assert_eq!(world.deliver(&forged).await, StatusCode::UNAUTHORIZED);
    }
    world.deliver(&world.shop_says("orders/create", format!("{FIRST} {LAST}").as_bytes())).await;
    world.deliver(&world.whatsapp_says(format!("{{\"entry\":\"{WROTE}\"}}").as_bytes())).await;
    world.run().await;
}

/// What no function can work on, and what cannot be read any more.
async fn broken(world: &TestWorld) {
    for body in [
        format!("{FIRST} {LAST} {PHONE}"),
        format!(r#"{{"v":1,"job":"facts","facts":["{FIRST}"]}}"#),
        format!(r#"{{"v":1,"job":"{FIRST}"}}"#),
        format!(r#"{{"v":7,"job":"stage","name":"{FIRST}"}}"#),
        format!(r#"{{"v":1,"job":"stage","store":"demo","order":"shopify-1","run":["{MAIL}"]}}"#),
    ] {
        for queue in QueueName::ALL {
            world.probe.send(queue, vec![Outgoing::now(body.clone())]).await.unwrap();
        }
    }
    world.run().await;
    let (order, body) = order_of_hers(8_800_901, world);
    world.post("orders/create", &body).await;
    let key = Key::new(format!("o#demo#{}", order.key()), "v");
    let held = world.table.query(Query::partition(&key.pk)).await.unwrap().items;
    let views: Vec<Item> =
        held.into_iter().filter(|item| item.body.windows(8).any(|w| w == b"snapshot")).collect();
    assert!(!views.is_empty());
    for view in views {
        let body = format!(r#"{{"snapshot":"{FIRST} {LAST}","store":7,"{MAIL}":1}}"#).into_bytes();
        world.table.write(vec![Write::Put(Item { body, ..view }, Expect::Any)]).await.unwrap();
    }
    let mut again = body.clone();
    again["updated_at"] = json!("2026-11-22T10:30:00+05:00");
    world.deliver(&world.shop_says("orders/updated", again.to_string().as_bytes())).await;
    world.run().await;
    world.advance(minutes(60 * 4)).await;
}

/// In, by the link and by the password; and not in, by a wrong one.
async fn people_sign_in(world: &TestWorld) -> Vec<String> {
    let console =
        Arc::new(web::console(&world.world, &world.embedded, &TestWorld::store(), "https://shop.example"));
    let link = console.first_link().await.unwrap().unwrap();
    let people = People { table: world.world.ports.table.clone(), clock: world.world.ports.clock.clone() };
    let key = people.make_key(&TestWorld::store(), "till", Role::Operator, OWNER).await.unwrap().secret;
    let router = harkara_console::router(console);
    let ask = async |request: http::request::Builder, body: String| {
        let mut request = request.body(axum::body::Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([203, 0, 113, 7], 4711))));
        let (parts, body) = router.clone().call(request).await.unwrap().into_parts();
        drop(body.collect().await.unwrap());
        (parts.status, parts.headers.get("set-cookie").map(|value| value.to_str().unwrap().to_owned()))
    };
    let form = |path: &str| Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    let mail = OWNER.replace('@', "%40");
    let password = PASSWORD.replace(' ', "+");
    let joined = ask(form(&link), format!("email={mail}&password={password}&again={password}")).await;
    assert_eq!(joined.0, StatusCode::SEE_OTHER);
    assert_eq!(
        ask(form("/login"), format!("email={mail}&password={FIRST}-wrong")).await.0,
        StatusCode::UNAUTHORIZED
    );
    let (status, cookie) = ask(form("/login"), format!("email={mail}&password={password}")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let session = cookie.unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
    let track = |body: Value| {
        let request = Request::post("/v1/track").header("content-type", "application/json");
        (request.header("authorization", format!("Bearer {key}")), body.to_string())
    };
    for body in [
        json!({ "kind": FIRST, "customer": { "phone": PHONE } }),
        json!({ "kind": "custom", "name": "measured", "at": FIRST, "customer": { "phone": PHONE, "email": MAIL } }),
        json!({ "kind": "custom", "name": "measured", "at": world.now().to_string(), "customer": { "phone": PHONE } }),
    ] {
        let (request, body) = track(body);
        ask(request, body).await;
    }
    world.run().await;
    vec![link.trim_start_matches("/setup/").to_owned(), key, session]
}

#[tokio::test]
async fn nothing_that_was_put_in_comes_out() {
    let captured = Captured::begin();
    let world = customers_world().await;
    world.post_office.fail_next(MailError::Failed(format!("421 {MAIL}: try again")));
    world.whatsapp.next([
        Answer::Quoting(400, 131_000, format!("{FIRST} at {PHONE} cannot be reached")),
        Answer::Timeout,
        Answer::Accept,
    ]);
    let (order, body) = order_of_hers(8_800_001, &world);
    world.post("orders/create", &body).await;
    world.advance(minutes(60 * 5)).await;
    assert!(!world.calls_of(&order).is_empty(), "she was written to");
    let text = json!({ "body": WROTE });
    world
        .post_whatsapp(&message("wamid.zk.1", PHONE.trim_start_matches('+'), world.now(), "text", &text))
        .await;
    world.tap(&order, Choice::Confirm).await;
    // Failures for good, and a mail about them that the mail server refuses in its own words.
    let quoting = || Answer::Quoting(400, 131_026, format!("{PHONE} is not on WhatsApp, says {FIRST}"));
    world.whatsapp.to_number(PHONE, quoting());
    for words in [format!("550 5.1.1 <{MAIL}>: no such user"), format!("lost after {OWNER}")] {
        world.post_office.fail_next(MailError::Refused(words.clone()));
        world.post_office.fail_next(MailError::AnswerLost(words));
    }
    let (_, second) = order_of_hers(8_800_002, &world);
    world.post("orders/create", &second).await;
    world.advance(minutes(60 * 6)).await;
    assert!(!world.dead_letters().await.is_empty());
    world.world.replayer.start(&TestWorld::store(), Filter::default(), OWNER).await.unwrap();
    world.run().await;
    malformed(&world).await;
    let made = people_sign_in(&world).await;
    broken(&world).await;
    // What was to be provoked was, and it is in the log by its kind.
    let said: BTreeSet<String> = captured.lines().iter().filter_map(|line| message_of(line)).collect();
    for expected in [
        "a webhook was refused",
        "a message was tried",
        "a dead letter",
        "failure not filed",
        "not a job for this function",
        "facts not folded",
        "facts were taken in",
    ] {
        assert!(said.contains(expected), "{expected}: {said:#?}");
    }
    said_nothing_of_her(&captured, &made);
}

/// A connection that cannot be read says so, and not what it holds.
#[tokio::test]
async fn a_broken_connection_says_nothing_of_its_secrets() {
    let captured = Captured::begin();
    let world = TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = vec![crate::world::JUST_ASK.to_owned()];
        file.connections["whatsapp"]["phone_number_id"] = json!({ SECRETS[1]: SECRETS[2] });
    })
    .await;
    let order = Order::cod(8_800_020, world.now());
    world.place(&order).await;
    let forged = world.whatsapp_says(b"{}");
    world.deliver(&forged).await;
    world.advance(minutes(60 * 4)).await;
    let letters = world.dead_letters().await;
    assert!(letters[0].reason.to_string().contains("unexpected shape"), "{}", letters[0].reason);
    assert!(!letters[0].reason.to_string().contains(SECRETS[2]));
    said_nothing_of_her(&captured, &[]);
}

fn message_of(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).unwrap();
    line["message"].as_str().map(str::to_owned)
}

const ASK_AND_REMIND: &str = "
name: Ask and remind
trigger: order_created
stages:
  - name: Ask
    message: { channels: [whatsapp], template: cod_confirmation, buttons: [confirm, cancel] }
  - name: Remind
    after: 30m
    skip_if: { confirmation: { is_not: pending } }
    message: { channels: [whatsapp], template: cod_reminder, buttons: [confirm, cancel] }
";

/// The functions that an order's lines are of, and what they say, each once, in the order in which they came.
fn road(lines: &[Value]) -> Vec<(String, String)> {
    let mut road: Vec<(String, String)> = Vec::new();
    for line in lines {
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        let step = (text("function"), text("message"));
        if road.last() != Some(&step) {
            road.push(step);
        }
    }
    road
}

fn expect(road: &[(String, String)], steps: &[(&str, &str)]) {
    let mut left = road.iter();
    for (function, message) in steps {
        assert!(
            left.any(|(held, said)| held == function && said == message),
            "{function}: {message} is not where it belongs: {road:#?}"
        );
    }
}

#[tokio::test]
async fn an_orders_road_is_found_by_its_id() {
    let captured = Captured::begin();
    let world = with_flows("2026-11-22T10:00", &[ASK_AND_REMIND]).await;
    let order = Order::cod(8_800_010, world.now());
    world.place(&order).await;
    let text = json!({ "body": "kab tak?" });
    let phone = order.phone.clone().unwrap();
    world
        .post_whatsapp(&message("wamid.road", phone.trim_start_matches('+'), world.now(), "text", &text))
        .await;
    world.receipt(&world.calls()[0].clone(), "delivered", None).await;
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(60)).await;
    let lines = captured.of("order", &order.key());
    expect(
        &road(&lines),
        &[
            ("ingest", "facts were taken in"),
            ("matcher", "a run began"),
            ("stage", "a message was tried"),
            ("stage", "a stage was seen to"),
            // What the customer wrote is about the last order, which the matcher finds.
            ("matcher", "facts were folded"),
            ("ingest", "facts were taken in"),
            ("matcher", "a receipt was noted"),
            ("ingest", "facts were taken in"),
            ("matcher", "facts were folded"),
            ("stage", "a stage was seen to"),
        ],
    );
    let last = lines.last().unwrap();
    assert_eq!((&last["status"], &last["reason"]), (&json!("skipped"), &json!("skip_if")));
    assert_eq!((&last["run"], &last["stage"]), (&json!("ask-and-remind~order_created"), &json!(1)));
    for line in &lines {
        assert_eq!(line["store"], "demo", "{line}");
        if line["function"] != "ingest" {
            assert!(line["delivery"].is_string() && line["receives"].is_u64(), "{line}");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn the_road_goes_on_through_failures_replays_and_sweeps() {
    let captured = Captured::begin();
    let world = with_flows("2026-11-22T10:00", &[ASK_AND_REMIND]).await;
    let order = Order::cod(8_800_011, world.now());
    world.whatsapp.next([Answer::Error(400, 131_026)]);
    world.place(&order).await;
    world.advance(minutes(5)).await;
    assert_eq!(world.dead_letters().await.len(), 1);
    world.world.replayer.start(&TestWorld::store(), Filter::default(), "ops").await.unwrap();
    world.run().await;
    world.probe.lose(true);
    let lost = Order::cod(8_800_012, world.now());
    world.place(&lost).await;
    world.probe.lose(false);
    world.advance(minutes(60)).await;
    expect(
        &road(&captured.of("order", &order.key())),
        &[
            ("stage", "a message was tried"),
            ("stage", "a stage was seen to"),
            ("dead-letter", "a dead letter"),
            ("stage", "a message was tried"),
            ("stage", "a stage was seen to"),
        ],
    );
    let swept =
        [("matcher", "a run began"), ("sweep", "overdue, handed on again"), ("stage", "a message was tried")];
    expect(&road(&captured.of("order", &lost.key())), &swept);
}

/// Who reads a log by its fields reads each field once.
#[tokio::test]
async fn no_line_says_a_field_twice() {
    let captured = Captured::begin();
    let world = with_flows("2026-11-22T10:00", &[ASK_AND_REMIND]).await;
    let order = Order::cod(8_800_013, world.now());
    world.place(&order).await;
    world.receipt(&world.calls()[0].clone(), "read", None).await;
    world.tap(&order, Choice::Cancel).await;
    world.advance(minutes(60)).await;
    let lines = captured.lines();
    assert!(lines.len() > 10);
    for line in lines {
        let fields = serde_json::from_str::<serde_json::Map<String, Value>>(&line).unwrap();
        for name in fields.keys() {
            assert_eq!(line.matches(&format!("\"{name}\":")).count(), 1, "{name} in {line}");
        }
    }
    world.finish().await;
}
