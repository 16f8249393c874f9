//! `cargo bench -p harkara-embedded --bench time_machine`: a month of 10,000 orders through the time machine,
//! with the four default flows active and one of them asked about.
//!
//! An argument is another number of orders; the file goes to the folder that `TMPDIR` names.

// A measurement that cannot be made ends.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::cast_precision_loss)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use harkara_domain::{
    CustomerView, Fact, FactBody, Phone, StoreId, Subject,
    fact::{Choice, Reply, Said},
    order,
};
use harkara_embedded::{Embedded, Settings};
use harkara_engine::{
    catalog::Catalog,
    keys,
    port::{Clock, Expect, Item, Secrets, SecretsError, SystemClock, Table, Write},
    settings::Settings as StoreSettings,
    setup::Setup,
    time_machine::{Doing, Question, Step, TimeMachine},
};
use harkara_sources::{Context, Inbound, shopify};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const FLOWS: [&str; 4] = [
    include_str!("../../../flows/cod-confirmation.yaml"),
    include_str!("../../../flows/dispatch-notice.yaml"),
    include_str!("../../../flows/post-delivery-followup.yaml"),
    include_str!("../../../flows/exception-review.yaml"),
];

const TEMPLATES: [&str; 7] = [
    include_str!("../../../flows/templates/cod_confirmation.yaml"),
    include_str!("../../../flows/templates/cod_reminder.yaml"),
    include_str!("../../../flows/templates/dispatch_notice.yaml"),
    include_str!("../../../flows/templates/followup_day_1.yaml"),
    include_str!("../../../flows/templates/followup_day_7.yaml"),
    include_str!("../../../flows/templates/followup_day_21.yaml"),
    include_str!("../../../flows/templates/followup_day_45.yaml"),
];

const ORDER: &str = include_str!("../../../events/shopify/orders_create.json");
const SCAN: &str = include_str!("../../../events/shopify/fulfillment_events_create_delivered.json");

/// A number to send from, and a key for buttons.
struct Connected;

#[async_trait]
impl Secrets for Connected {
    async fn get(&self, _: &str, name: &str) -> Result<Option<String>, SecretsError> {
        let whatsapp = json!({
            "secrets": ["secret"], "verify_token": "token", "region": "PK", "reference_key": "secret",
            "phone_number_id": "310042001042", "access_token": "token",
        });
        Ok((name == "whatsapp").then(|| whatsapp.to_string()))
    }
}

fn store() -> StoreId {
    "bench".into()
}

/// What a webhook of the shop says.
fn told(topic: &str, event: &str, body: &Value, at: Timestamp) -> Vec<Fact> {
    let mut headers = http::HeaderMap::new();
    headers.insert(shopify::TOPIC, topic.parse().unwrap());
    headers.insert(shopify::EVENT_ID, event.parse().unwrap());
    let (body, store) = (body.to_string(), store());
    let request = Inbound { headers: &headers, query: "", body: body.as_bytes() };
    let connection = serde_json::from_value(json!({ "secrets": ["secret"], "region": "PK" })).unwrap();
    let context = Context { store: &store, received_at: at };
    harkara_sources::source("shopify").unwrap().parse(context, request, &connection).unwrap().facts
}

/// The facts of one order's life, with their times: placed, half of them confirmed by a tap, five scans.
fn life(id: u64, placed: Timestamp) -> Vec<(Timestamp, Vec<Fact>)> {
    let mut order: Value = serde_json::from_str(ORDER).unwrap();
    let phone = format!("+92300{:07}", 1_000_000 + id * 4 / 5);
    order["id"] = json!(id);
    order["created_at"] = json!(placed.to_string());
    order["updated_at"] = json!(placed.to_string());
    order["phone"] = json!(phone);
    order["email"] = json!(format!("c{id}@example.com"));
    for part in ["customer", "shipping_address"] {
        order[part]["phone"] = json!(phone);
    }
    let mut life = vec![(placed, told("orders/create", &format!("placed-{id}"), &order, placed))];
    if id.is_multiple_of(2) {
        let at = placed + SignedDuration::from_mins(5 + i64::try_from(id % 50).unwrap());
        let fact = life[0].1[0].clone();
        let said = Said::Tapped { choice: Choice::Confirm, label: "Haan".to_owned() };
        let order = fact.subject().and_then(|subject| subject.order().cloned());
        let (message, from) = (format!("wamid.{id}"), Phone::e164(&phone).ok());
        let body = FactBody::Reply(Reply { message, from, customer: None, order, said });
        let id = format!("whatsapp/{id}").as_str().into();
        life.push((
            at,
            vec![Fact { id, source: "whatsapp".into(), occurred_at: at, received_at: at, body, ..fact }],
        ));
    }
    let scans = [
        ("confirmed", 5),
        ("in_transit", 20),
        ("in_transit", 30),
        ("out_for_delivery", 44),
        ("delivered", 50),
    ];
    for (number, (status, hours)) in scans.into_iter().enumerate() {
        let at = placed + SignedDuration::from_hours(hours);
        let mut scan: Value = serde_json::from_str(SCAN).unwrap();
        scan["id"] = json!(id * 10 + number as u64);
        scan["fulfillment_id"] = json!(id);
        scan["order_id"] = json!(id);
        scan["status"] = json!(status);
        for field in ["happened_at", "created_at", "updated_at"] {
            scan[field] = json!(at.to_string());
        }
        life.push((at, told("fulfillment_events/create", &format!("scan-{id}-{number}"), &scan, at)));
    }
    life
}

async fn set_up(table: &Arc<dyn Table>, clock: &Arc<dyn Clock>, catalog: &Arc<Catalog>) {
    let setup = Setup { table: table.clone(), clock: clock.clone(), catalog: catalog.clone() };
    let settings: StoreSettings = serde_json::from_value(json!({
        "name": "Bench", "timezone": "Asia/Karachi", "languages": ["roman-ur", "en"],
        "teams": { "ops": ["ops@shop.example"] },
        "caps": { "transactional": { "most": 6, "per": "1d" } },
        "calendar": { "quiet_hours": { "from": "22:00", "to": "08:00" } },
    }))
    .unwrap();
    setup.settings(&store(), &settings).await.unwrap();
    for text in TEMPLATES {
        setup.template(&store(), text, "bench").await.unwrap();
    }
    for text in FLOWS {
        let head = setup.flow(&store(), text, "bench").await.unwrap();
        setup.activate(&store(), &head.id, None, "bench").await.unwrap();
    }
}

/// Writes the journal, and the customers as they would be; returns the number of facts.
async fn live(table: &Arc<dyn Table>, orders: u64, now: Timestamp) -> usize {
    let month = SignedDuration::from_hours(29 * 24);
    let mut customers = std::collections::HashMap::new();
    let (mut writes, mut facts) = (Vec::new(), 0);
    for id in 0..orders {
        let share = i32::try_from(id).unwrap();
        let placed = now - month + month / i32::try_from(orders).unwrap() * share;
        let mut view = None;
        for (at, told) in life(id + 1, placed).into_iter().filter(|(at, _)| *at < now) {
            for fact in &told {
                let Some(Subject::Order(order)) = fact.subject() else { continue };
                view = Some(order::fold(view.as_ref(), fact, &order).view);
            }
            let ids: Vec<_> = told.iter().map(|fact| fact.id.clone()).collect();
            facts += told.len();
            let body = json!({ "facts": told }).to_string().into_bytes();
            writes.push(Write::Put(Item::new(keys::journal(&store(), at, &ids), body), Expect::Any));
        }
        if let Some(added) = view.and_then(|view| view.contribution()) {
            let empty = || CustomerView::empty(&store(), &added.customer);
            customers.entry(added.customer.clone()).or_insert_with(empty).exchange(None, Some(&added));
        }
    }
    for (id, view) in customers {
        let body = serde_json::to_vec(&view).unwrap();
        writes.push(Write::Put(Item::new(keys::customer(&store(), &id), body), Expect::Any));
    }
    for some in writes.chunks(100) {
        table.write(some.to_vec()).await.unwrap();
    }
    facts
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let orders = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let file = folder.path().join("bench.db");
    let embedded = Embedded::open(&file, clock.clone(), Settings::default()).unwrap();
    let table = embedded.table();
    let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()));
    set_up(&table, &clock, &catalog).await;
    let facts = live(&table, orders, clock.now()).await;
    let machine =
        TimeMachine { table, catalog, secrets: Arc::new(Connected), clock, under_way: Arc::default() };
    let question = Question { flow: Some("cod-confirmation".into()), ..Question::default() };
    let began = Instant::now();
    let mut spent = [
        (Doing::Reading, Duration::ZERO),
        (Doing::Customers, Duration::ZERO),
        (Doing::Playing, Duration::ZERO),
    ];
    let mut journey = machine.set_out(&store(), &question).await.unwrap();
    let (mut report, mut longest) = (None, Duration::ZERO);
    while report.is_none() {
        let step = Instant::now();
        match journey.go().await.unwrap() {
            Step::Under(progress) => {
                let phase = spent.iter_mut().find(|(doing, _)| *doing == progress.doing);
                phase.unwrap().1 += step.elapsed();
                longest = longest.max(step.elapsed());
            }
            Step::Arrived(arrived) => report = Some(*arrived),
        }
    }
    let (took, report) = (began.elapsed(), report.unwrap());
    println!("{}", report.page);
    println!(
        "{orders} orders, {facts} facts: {:.2} s, {:.0} facts a second",
        took.as_secs_f64(),
        facts as f64 / took.as_secs_f64()
    );
    for (doing, spent) in spent {
        println!("  {doing:?}: {:.2} s", spent.as_secs_f64());
    }
    println!("  the longest step {} ms, {} MB at most", longest.as_millis(), resident_mb());
    embedded.close();
}
