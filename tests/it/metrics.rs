//! What is counted agrees with what happened, and is told to whoever may know.

use axum::extract::ConnectInfo;
use harkara_domain::fact::Choice;
use harkara_engine::{
    count::{Fate, Source},
    people::{People, Role},
    port::{Outgoing, Queue, QueueName},
};
use harkara_onebox::web;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tower_service::Service;

use crate::{
    bodies::Order,
    provider::Answer,
    world::{TestWorld, minutes},
};

const HERE: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [203, 0, 113, 7];

async fn scraped(
    world: &TestWorld,
    open_here: bool,
    from: [u8; 4],
    key: Option<&str>,
) -> (StatusCode, String, String) {
    let bearer = key.map(|key| ("authorization", format!("Bearer {key}")));
    asked(world, open_here, from, bearer).await
}

async fn asked(
    world: &TestWorld,
    open_here: bool,
    from: [u8; 4],
    header: Option<(&str, String)>,
) -> (StatusCode, String, String) {
    let store = TestWorld::store();
    let console = Arc::new(web::console(&world.world, &world.embedded, &store, "https://shop.example"));
    let metrics = Arc::new(web::metrics(&world.world, &world.embedded, &store, open_here));
    let mut router = web::router(world.world.clone(), console, metrics);
    let mut request = Request::get("/metrics");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let mut request = request.body(axum::body::Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 4711))));
    let (parts, body) = router.call(request).await.unwrap().into_parts();
    let kind = parts.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status, kind, text)
}

/// The samples of an exposition, which is checked line by line as OpenMetrics has it.
fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let (mut samples, mut types) = (BTreeMap::new(), BTreeMap::new());
    for line in text.trim_end().trim_end_matches("# EOF").lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let (word, rest) = about.split_once(' ').unwrap();
            assert!(["HELP", "TYPE", "UNIT"].contains(&word), "{line}");
            let (name, said) = rest.split_once(' ').unwrap();
            assert!(name.starts_with("harkara_"), "{line}");
            if word == "TYPE" {
                assert!(types.insert(name.to_owned(), said.to_owned()).is_none(), "{name} is declared twice");
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let of =
            |suffix: &str| name.strip_suffix(suffix).and_then(|name| types.get(name)).map(String::as_str);
        let declared = of("_total") == Some("counter")
            || ["_bucket", "_count", "_sum"].iter().any(|suffix| of(suffix) == Some("histogram"))
            || of("") == Some("gauge");
        assert!(declared, "{line}");
        assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "{line} comes twice");
    }
    samples
}

#[tokio::test]
async fn an_orders_life_is_counted() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.post("orders/create", &order.body(order.placed)).await;
    let call = world.calls()[0].clone();
    world.receipt(&call, "delivered", None).await;
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(60 * 3)).await;
    let body = order.body(order.placed).to_string();
    let mut forged = world.shop_says("orders/create", body.as_bytes());
    forged.headers.pop();
    world.deliver(&forged).await;
    world.run().await;
    let (status, kind, text) = scraped(&world, true, HERE, None).await;
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let samples = samples(&text);
    let expected = [
        (r#"harkara_facts_total{source="shopify",fate="taken_in"}"#, 2.0),
        (r#"harkara_facts_total{source="shopify",fate="given"}"#, 2.0),
        (r#"harkara_facts_total{source="shopify",fate="applied"}"#, 1.0),
        (r#"harkara_facts_total{source="shopify",fate="duplicate"}"#, 1.0),
        (r#"harkara_facts_total{source="whatsapp",fate="taken_in"}"#, 2.0),
        (r#"harkara_facts_total{source="whatsapp",fate="applied"}"#, 2.0),
        (r#"harkara_webhooks_refused_total{source="shopify",reason="bad_signature"}"#, 1.0),
        (r#"harkara_sends_total{channel="whatsapp",outcome="accepted"}"#, 1.0),
        (r#"harkara_queue_depth{queue="events",state="visible"}"#, 0.0),
        (r#"harkara_queue_age_seconds{queue="stages"}"#, 0.0),
        ("harkara_fact_to_send_seconds_count", 1.0),
    ];
    for (series, count) in expected {
        assert_eq!(samples.get(series), Some(&count), "{series}\n{text}");
    }
    let runs = |event: &str| samples[&format!("harkara_runs_total{{event=\"{event}\"}}")];
    assert!(runs("started") >= 1.0);
    assert_eq!(runs("started"), runs("finished"), "every run has come to its end");
    // What was in time is in the first bucket.
    let (all, in_time) =
        (samples["harkara_lateness_seconds_count"], samples[r#"harkara_lateness_seconds_bucket{le="1.0"}"#]);
    assert!(all >= 1.0 && all == in_time, "{text}");
    let trouble = text.lines().filter(|line| line.contains("1000001") || line.contains("Siddiqui"));
    assert_eq!(trouble.count(), 0);
    world.finish().await;
}

#[tokio::test]
async fn what_is_given_is_applied_known_or_ignored() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    for id in 1..=3 {
        let order = Order::cod(id, world.now());
        world.place(&order).await;
        world.place(&order).await;
        world.post("orders/cancelled", &order.cancelled(world.now())).await;
    }
    world.advance(minutes(10)).await;
    for source in Source::ALL {
        let of = |fate| world.world.counters.facts.get((*source, fate));
        let known = of(Fate::Applied) + of(Fate::Duplicate) + of(Fate::Ignored) + of(Fate::Again);
        assert_eq!(of(Fate::Given), known, "{source:?}");
    }
    let shop = |fate| world.world.counters.facts.get((Source::Shopify, fate));
    assert_eq!((shop(Fate::TakenIn), shop(Fate::Given), shop(Fate::Again)), (9, 9, 0));
    world.finish().await;
}

#[tokio::test]
async fn what_goes_wrong_is_counted() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.whatsapp.next([Answer::Status(500), Answer::Timeout, Answer::Refused, Answer::Error(400, 131_026)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(60 * 4)).await;
    let all = world.world.counters.all();
    let count = |name: &str| all.get(name).copied().unwrap_or(0);
    assert_eq!(count("sends.whatsapp.not_sent"), 1, "{all:#?}");
    assert!(count("sends.whatsapp.ambiguous") >= 1 && count("sends.whatsapp.refused") >= 1, "{all:#?}");
    assert!(count("retries") >= 3 && count("retries") == count("stages.retried"), "{all:#?}");
    assert_eq!((count("dead_letters.filed"), count("runs.failed")), (1, 1), "{all:#?}");
    assert_eq!(count("alerts.mailed"), world.alerts().len() as u64, "{all:#?}");
}

/// A stage whose job and schedule are lost is late, and the sweep says that it found it.
#[tokio::test]
async fn lateness_is_measured_from_the_due_time() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    let webhook = world.new_order(&order);
    world.deliver(&webhook).await;
    world.drain(QueueName::Events).await;
    world.stall(minutes(20));
    let (_, _, text) = scraped(&world, true, HERE, None).await;
    let waiting = samples(&text);
    assert_eq!(waiting[r#"harkara_queue_depth{queue="stages",state="visible"}"#], 1.0, "{text}");
    assert_eq!(waiting[r#"harkara_queue_age_seconds{queue="stages"}"#], 1200.0, "{text}");
    world.run().await;
    let (_, _, text) = scraped(&world, true, HERE, None).await;
    let samples = samples(&text);
    assert_eq!(samples["harkara_lateness_seconds_sum"], 1200.0, "{text}");
    assert_eq!(samples["harkara_fact_to_send_seconds_sum"], 1200.0, "{text}");
    assert_eq!(samples[r#"harkara_lateness_seconds_bucket{le="600.0"}"#], 0.0, "{text}");
    assert_eq!(samples[r#"harkara_lateness_seconds_bucket{le="1800.0"}"#], 1.0, "{text}");
}

#[tokio::test]
async fn metrics_are_for_whoever_is_here_or_has_a_key() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let people = People { table: world.world.ports.table.clone(), clock: world.world.ports.clock.clone() };
    let key = people.make_key(&TestWorld::store(), "prometheus", Role::Viewer, "test").await.unwrap().secret;
    let status = async |open, from, key| scraped(&world, open, from, key).await.0;
    assert_eq!(status(true, HERE, None).await, StatusCode::OK);
    assert_eq!(status(true, ELSEWHERE, None).await, StatusCode::UNAUTHORIZED);
    for header in [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")] {
        let (tunnelled, ..) = asked(&world, true, HERE, Some((header.0, header.1.to_owned()))).await;
        assert_eq!(
            tunnelled,
            StatusCode::UNAUTHORIZED,
            "a tunnel of which the server was not told: {header:?}"
        );
    }
    // A proxy on this machine speaks for the world.
    assert_eq!(status(false, HERE, None).await, StatusCode::UNAUTHORIZED);
    for from in [HERE, ELSEWHERE] {
        assert_eq!(status(false, from, Some(&key)).await, StatusCode::OK);
        assert_eq!(status(false, from, Some("hk_nobody_s")).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(false, from, Some("")).await, StatusCode::UNAUTHORIZED);
    }
    let (_, _, words) = scraped(&world, false, HERE, None).await;
    assert!(!words.contains("harkara_"), "{words}");
}

#[tokio::test]
async fn odd_kinds_from_outside_are_escaped() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.world.counters.content_ignored.add(Source::Shopify, "topic/\"a\\b\"\n# EOF");
    let body = "not a job".to_owned();
    world.probe.send(QueueName::Events, vec![Outgoing::now(body)]).await.unwrap();
    world.run().await;
    let (_, _, text) = scraped(&world, true, HERE, None).await;
    let samples = samples(&text);
    assert_eq!(
        samples[r#"harkara_content_ignored_total{source="shopify",kind="topic/\"a\\b\"\n# EOF"}"#],
        1.0
    );
    assert_eq!(samples[r#"harkara_put_aside_total{function="matcher",reason="bad_job"}"#], 1.0);
}
