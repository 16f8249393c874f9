//! Facts of a shop's own programs, from the API's address to the messages and marks that follow.

use bytes::Bytes;
use harkara_console::Console;
use harkara_domain::{
    CartId, CartView, CustomerId, CustomerView, OrderId, Phone, Run, Subject, flow::Channel, run::RunStatus,
    status::OrderStatus,
};
use harkara_engine::{
    count::Fate,
    keys,
    people::{People, Role},
    port::Query,
    record::{decode, load},
};
use http::StatusCode;
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use tower_service::Service;

use crate::{
    bodies::Order,
    world::{TestWorld, with_flows},
};

const PHONE: &str = "+923009990001";

fn flow(name: &str, trigger: &str) -> String {
    // Notes are for orders, tags for customers.
    let action = if trigger.starts_with("order_") { "add_note" } else { "add_tag" };
    format!(
        "name: {name}\ntrigger: {trigger}\nstages:\n  - name: Mark\n    workflow: [{{ {action}: seen }}]\n"
    )
}

/// A program of the shop's, with a key of its own.
struct Program<'a> {
    world: &'a TestWorld,
    router: axum::Router,
    key: String,
}

impl<'a> Program<'a> {
    async fn of(world: &'a TestWorld) -> Self {
        let ports = &world.world.ports;
        let people = People { table: ports.table.clone(), clock: ports.clock.clone() };
        let key = people.make_key(&TestWorld::store(), "till", Role::Operator, "test").await.unwrap().secret;
        let console = Console {
            reader: world.world.reader.clone(),
            setup: world.world.setup.clone(),
            replayer: world.world.replayer.clone(),
            table: ports.table.clone(),
            queue: ports.queue.clone(),
            http: ports.http.clone(),
            secrets: ports.secrets.clone(),
            clock: ports.clock.clone(),
            counters: world.world.counters.clone(),
            rates: std::sync::Arc::default(),
            under_way: std::sync::Arc::default(),
            store: TestWorld::store(),
            base_url: "https://shop.example".to_owned(),
            secure_cookies: true,
            queue_depths: None,
        };
        Self { world, router: harkara_console::router(Arc::new(console)), key }
    }

    async fn post(&self, body: &Value) -> (StatusCode, Value) {
        let request = http::Request::post("/v1/track")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(axum::body::Body::from(Bytes::from(body.to_string())))
            .unwrap();
        let (parts, body) = self.router.clone().call(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, serde_json::from_slice(&bytes).unwrap())
    }

    /// Tells of a fact at a time, and lets it work.
    async fn tell_at(&self, at: Timestamp, kind: &str, fields: Value) {
        let mut fact = fields;
        fact["kind"] = json!(kind);
        fact["at"] = json!(at.to_string());
        let (status, answer) = self.post(&fact).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        self.world.run().await;
    }

    async fn tell(&self, kind: &str, fields: Value) {
        self.tell_at(self.world.now(), kind, fields).await;
    }
}

fn who() -> Value {
    json!({ "phone": PHONE })
}

fn customer() -> CustomerId {
    CustomerId::of(&TestWorld::store(), Some(&Phone::e164(PHONE).unwrap()), None, None).unwrap()
}

async fn customer_view(world: &TestWorld) -> CustomerView {
    load(&*world.table, &keys::customer(&TestWorld::store(), &customer())).await.unwrap().unwrap().value
}

async fn cart_view(world: &TestWorld, cart: &str) -> CartView {
    let subject = Subject::Cart(CartId::new(cart));
    load(&*world.table, &keys::view(&TestWorld::store(), &subject)).await.unwrap().unwrap().value
}

/// The flows that ran on a subject, once for each run.
async fn ran(world: &TestWorld, subject: &Subject) -> Vec<String> {
    let query = Query::partition(keys::partition(&TestWorld::store(), subject)).prefix("r#");
    let page = world.table.query(query).await.unwrap();
    let runs: Vec<Run> = page.items.iter().map(|item| decode(item).unwrap().value).collect();
    assert!(runs.iter().all(|run| run.status == RunStatus::Finished), "{runs:#?}");
    runs.into_iter().map(|run| run.flow.to_string()).collect()
}

async fn ran_on_customer(world: &TestWorld) -> Vec<String> {
    ran(world, &Subject::Customer(customer())).await
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[tokio::test]
async fn a_profile_makes_a_customer_and_says_what_they_want() {
    let world = with_flows("2026-11-22T14:00", &[]).await;
    let program = Program::of(&world).await;
    let person =
        json!({ "phone": PHONE, "email": "a@example.com", "first_name": "Ayesha", "language": "ur" });
    let profile = json!({ "customer": person, "birthday": "02-29", "timezone": "Asia/Karachi", "tags": ["vip"],
        "consent": { "whatsapp": true, "email": false } });
    program.tell("profile", profile).await;
    let view = customer_view(&world).await;
    let (_, contact) = view.contact.as_ref().unwrap();
    assert_eq!((contact.first_name.as_deref(), contact.language.as_deref()), (Some("Ayesha"), Some("ur")));
    assert_eq!(view.birthday.as_ref().unwrap().1, "02-29");
    assert_eq!(view.timezone.as_ref().unwrap().1, "Asia/Karachi");
    assert!(view.wants_marketing(Channel::Whatsapp) && !view.wants_marketing(Channel::Email));
    assert!(view.tags["vip"].1);
    world.finish().await;
}

#[tokio::test]
async fn a_product_that_is_viewed_three_times_within_a_week_sets_a_flow_off_once() {
    let trigger = "{ product_viewed: { times: 3, within: 7d } }";
    let world = with_flows("2026-11-22T14:00", &[&flow("Keen", trigger)]).await;
    let program = Program::of(&world).await;
    let look = |product: &str| json!({ "customer": who(), "product": product });
    let now = world.now();
    program.tell_at(now - days(8), "product_viewed", look("P-1")).await;
    program.tell_at(now - days(2), "product_viewed", look("P-1")).await;
    program.tell_at(now - days(1), "product_viewed", look("P-2")).await;
    program.tell_at(now - days(1), "product_viewed", look("P-1")).await;
    assert_eq!(ran_on_customer(&world).await, [""; 0], "one look is too long ago, one at another product");
    program.tell_at(now, "product_viewed", look("P-1")).await;
    assert_eq!(ran_on_customer(&world).await, ["keen"]);
    program.tell_at(now, "product_viewed", look("P-1")).await;
    assert_eq!(ran_on_customer(&world).await, ["keen"], "told again, it counts once");
    world.finish().await;
}

#[tokio::test]
async fn categories_tiers_and_the_shops_own_kinds_set_flows_off() {
    let flows = [
        flow("Browsed", "{ category_browsed: { times: 1, within: 1d, only: lawn } }"),
        flow("Up", "tier_upgraded"),
        flow("Close", "close_to_upgrade"),
        flow("Risk", "at_risk_of_downgrade"),
        flow("Measured", "{ custom: tailor_measured }"),
    ];
    let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
    let world = with_flows("2026-11-22T14:00", &flows).await;
    let program = Program::of(&world).await;
    let mut expected: Vec<&str> = Vec::new();
    let second = SignedDuration::from_secs(1);
    let mut at = world.now();
    for (kind, fields, ran) in [
        ("category_browsed", json!({ "category": "silk" }), None),
        ("category_browsed", json!({ "category": "Lawn" }), Some("browsed")),
        ("tier", json!({ "name": "Silver", "level": 1 }), Some("up")),
        ("tier", json!({ "name": "Silver", "level": 1, "points": 900 }), None),
        ("tier", json!({ "name": "Silver", "level": 1, "close_to": "Gold" }), Some("close")),
        ("tier", json!({ "name": "Silver", "level": 1, "at_risk": true }), Some("risk")),
        ("custom", json!({ "name": "tailor_waits" }), None),
        ("custom", json!({ "name": "tailor_measured" }), Some("measured")),
    ] {
        let mut fact = fields.clone();
        fact["customer"] = who();
        program.tell_at(at, kind, fact).await;
        at += second;
        expected.extend(ran);
        expected.sort_unstable();
        let mut now = ran_on_customer(&world).await;
        now.sort_unstable();
        assert_eq!(now, expected, "{kind} {fields}");
    }
    world.finish().await;
}

#[tokio::test]
async fn an_order_from_outside_goes_its_road() {
    let flows =
        [flow("Placed", "order_created"), flow("Ready", "order_ready"), flow("Fetched", "order_picked_up")];
    let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
    let world = with_flows("2026-11-22T14:00", &flows).await;
    let program = Program::of(&world).await;
    let order = json!({
        "order": "custom-A1", "created_at": world.now().to_string(), "customer": who(), "payment": "cod",
        "total": { "amount": "950.00", "currency": "PKR" }, "items": [{ "title": "Chai", "quantity": 2, "price": "475" }],
        "accepts_marketing": { "email": true },
    });
    program.tell("order", order).await;
    let subject = Subject::Order(OrderId::new("custom-A1"));
    assert_eq!(ran(&world, &subject).await, ["placed"]);
    program.tell("order_status", json!({ "order": "custom-A1", "status": "ready" })).await;
    assert_eq!(ran(&world, &subject).await, ["placed", "ready"]);
    program.tell("order_status", json!({ "order": "custom-A1", "status": "picked_up" })).await;
    assert_eq!(ran(&world, &subject).await, ["fetched", "placed", "ready"]);
    let story =
        world.world.reader.order(&TestWorld::store(), &OrderId::new("custom-A1")).await.unwrap().unwrap();
    assert_eq!(story.order.status(), OrderStatus::PickedUp);
    let view = customer_view(&world).await;
    assert_eq!((view.orders, view.consent[&Channel::Email].1), (1, true));
    world.finish().await;
}

#[tokio::test]
async fn an_order_of_the_shop_is_prepared_by_a_program() {
    let world = with_flows("2026-11-22T14:00", &[&flow("Ready", "order_ready")]).await;
    let program = Program::of(&world).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    program.tell("order_status", json!({ "order": order.key(), "status": "ready" })).await;
    assert_eq!(ran(&world, &Subject::from(order.key())).await, ["ready"]);
    assert_eq!(world.story(&order).await.order.status(), OrderStatus::Ready);
    world.finish().await;
}

#[tokio::test]
async fn a_cart_is_seen_and_its_order_closes_it() {
    let world = with_flows("2026-11-22T14:00", &[]).await;
    let program = Program::of(&world).await;
    let items = json!([{ "title": "Chai", "quantity": 2, "price": "475" }]);
    let cart =
        json!({ "cart": "custom-c1", "customer": who(), "items": items, "url": "https://shop.example/c1" });
    program.tell("cart_updated", cart).await;
    let view = cart_view(&world, "custom-c1").await;
    assert_eq!((view.items()[0].quantity, view.closed_at), (2, None));
    assert_eq!((view.customer(), view.url()), (Some(&customer()), Some("https://shop.example/c1")));
    world.advance(SignedDuration::from_mins(1)).await;
    program.tell("cart_emptied", json!({ "cart": "custom-c1" })).await;
    assert_eq!(cart_view(&world, "custom-c1").await.closed_at, Some(world.now()));
    world.advance(SignedDuration::from_mins(1)).await;
    program.tell("cart_updated", json!({ "cart": "custom-c1", "items": items })).await;
    let filled = cart_view(&world, "custom-c1").await;
    assert_eq!(
        (filled.closed_at, filled.customer()),
        (None, Some(&customer())),
        "filled again, and still theirs"
    );
    world.advance(SignedDuration::from_mins(1)).await;
    let order = json!({
        "order": "custom-A2", "created_at": world.now().to_string(), "customer": who(), "payment": "prepaid",
        "total": { "amount": "950.00", "currency": "PKR" }, "items": items, "cart": "custom-c1",
    });
    program.tell("order", order).await;
    let closed = cart_view(&world, "custom-c1").await;
    assert_eq!(closed.order, Some(OrderId::new("custom-A2")));
    assert_eq!(closed.closed_at, Some(world.now()));
    world.finish().await;
}

#[tokio::test]
async fn the_shops_cart_is_closed_by_its_order_and_consent_is_the_customers() {
    let world = with_flows("2026-11-22T14:00", &[]).await;
    let mut order = Order::cod(7, world.now()).body(world.now());
    order["cart_token"] = json!("tok7");
    order["buyer_accepts_marketing"] = json!(true);
    let cart = json!({ "token": "tok7", "updated_at": order["created_at"], "currency": "PKR", "total_price": "4490.00",
        "phone": order["phone"], "line_items": order["line_items"] });
    world.post("checkouts/update", &cart).await;
    let seen = cart_view(&world, "shopify-tok7").await;
    assert!(seen.closed_at.is_none() && seen.customer().is_some());
    world.post("orders/create", &order).await;
    let closed = cart_view(&world, "shopify-tok7").await;
    assert_eq!(closed.order, Some(OrderId::new("shopify-7")));
    let customer = closed.customer().unwrap().clone();
    let view: CustomerView =
        load(&*world.table, &keys::customer(&TestWorld::store(), &customer)).await.unwrap().unwrap().value;
    assert!(view.wants_marketing(Channel::Email));
    world.finish().await;
}

#[tokio::test]
async fn a_batch_with_a_fault_leaves_no_trace() {
    let world = with_flows("2026-11-22T14:00", &[]).await;
    let program = Program::of(&world).await;
    let good = json!({ "kind": "profile", "at": world.now().to_string(), "customer": who() });
    let (status, answer) = program.post(&json!({ "facts": [good, { "kind": "profile" }] })).await;
    assert_eq!(
        (status, &answer["problems"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("facts[1].at"))
    );
    world.run().await;
    let view = load::<CustomerView>(&*world.table, &keys::customer(&TestWorld::store(), &customer())).await;
    assert!(view.unwrap().is_none());
    world.finish().await;
}

/// A hundred facts about one customer come in one job: more entries, and more places in the list of
/// renewals, than one write holds.
#[tokio::test]
async fn the_largest_batch_about_one_customer_is_taken_in_whole() {
    let reminder = flow("Renew", "{ subscription_renewal: 3d }");
    let world = with_flows("2026-11-22T14:00", &[&reminder]).await;
    let program = Program::of(&world).await;
    let at = world.now().to_string();
    let fact = |n: usize| {
        json!({ "kind": "subscription", "at": at, "customer": who(), "subscription": format!("S-{n}"),
            "renews_on": "2026-12-24", "title": "Chai, monthly" })
    };
    let facts: Vec<Value> = (0..harkara_sources::track::MAX_FACTS).map(fact).collect();
    let (status, answer) = program.post(&json!({ "facts": facts })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    world.run().await;
    assert_eq!(world.counter("put_aside.matcher.too_large"), 0);
    assert_eq!(customer_view(&world).await.subscriptions.len(), facts.len());
    let subject = Subject::Customer(customer());
    let query = Query::partition(keys::partition(&TestWorld::store(), &subject)).prefix("h#");
    assert_eq!(world.table.query(query).await.unwrap().items.len(), facts.len(), "each is in the timeline");
    let writes = world.counter("folds");
    assert!((2..=8).contains(&writes), "{writes} writes");
    // The same once more changes nothing.
    let (status, _) = program.post(&json!({ "facts": facts })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    world.run().await;
    assert_eq!(world.counter("folds"), writes);
    assert_eq!((world.facts(Fate::Applied), world.facts(Fate::Duplicate)), (100, 100));
    // And each of them is found on its day.
    world.advance_to(crate::world::karachi("2026-12-22T12:00")).await;
    world.sweep().await;
    world.run().await;
    assert_eq!(ran_on_customer(&world).await.len(), facts.len());
    world.finish().await;
}

#[tokio::test]
async fn facts_that_start_more_runs_than_one_write_holds_start_them_in_several() {
    let flows: Vec<String> =
        (0..60).map(|n| flow(&format!("Measured {n}"), "{ custom: tailor_measured }")).collect();
    let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
    let world = with_flows("2026-11-22T14:00", &flows).await;
    let program = Program::of(&world).await;
    let fact = |seconds: i64| {
        let at = world.now() - SignedDuration::from_secs(seconds);
        json!({ "kind": "custom", "at": at.to_string(), "customer": who(), "name": "tailor_measured" })
    };
    let (status, answer) = program.post(&json!({ "facts": [fact(2), fact(1)] })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    world.run().await;
    assert_eq!(ran_on_customer(&world).await.len(), 120);
    // The tag that each run puts on the customer is a fact too.
    assert_eq!(world.facts(Fate::Applied), 2 + 120);
    world.finish().await;
}

#[tokio::test]
async fn a_link_that_was_opened_sets_a_flow_off_once() {
    let clicked = "name: Clicked\ntrigger: message_clicked\nstages:\n  - name: Mark\n    workflow: [{ add_tag: keen }]\n";
    let world = with_flows("2026-11-22T14:00", &[crate::world::JUST_ASK, clicked]).await;
    let program = Program::of(&world).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let call = world.calls()[0].clone();
    world.receipt(&call, "delivered", None).await;
    world.receipt(&call, "read", None).await;
    assert!(world.run_of(&order, "clicked").await.is_none(), "nothing was opened yet");
    let opened = json!({ "message": call.reference().to_string() });
    program.tell("message_clicked", opened.clone()).await;
    let run = world.run_of(&order, "clicked").await.unwrap();
    assert_eq!(run.status, RunStatus::Finished);
    let asked = world.run_of(&order, "just-ask").await.unwrap();
    let marks: Vec<String> =
        asked.stages[0].receipts.iter().map(|mark| format!("{:?}", mark.status)).collect();
    assert!(marks.contains(&"Clicked".to_owned()), "{marks:?}");
    let view: CustomerView = {
        let id = world.story(&order).await.order.snapshot.unwrap().customer.id.unwrap();
        load(&*world.table, &keys::customer(&TestWorld::store(), &id)).await.unwrap().unwrap().value
    };
    assert!(view.tags["keen"].1, "the customer has the tag");
    world.advance(crate::world::minutes(5)).await;
    program.tell("message_clicked", opened).await;
    let runs = world.runs().await.into_iter().filter(|run| run.flow.as_str() == "clicked").count();
    assert_eq!(runs, 1, "opened again, it counts once");
    // Of a message that is none of ours nothing comes.
    program.tell("message_clicked", json!({ "message": "shopify-9/just-ask~order_created/0/1" })).await;
    assert_eq!(world.counter("receipts.not_ours"), 1);
    world.advance(crate::world::minutes(60)).await;
    world.finish().await;
}
