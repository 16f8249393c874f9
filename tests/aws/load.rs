//! Ten thousand orders through the deployed stack (`make aws-load`): none is lost, none doubled.

use harkara_onebox::store_file::StoreFile;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    bodies::Order,
    cloud::{Cloud, shop_says},
    scenarios::Scene,
};

/// Posts that wait for their answer at once.
const AT_ONCE: usize = 16;
const PATIENCE: Duration = Duration::from_secs(570);

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

/// The value below which this share (of a hundred) lies.
fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted[(sorted.len() * share / 100).min(sorted.len() - 1)]
}

fn in_words(mut times: Vec<Duration>) -> String {
    times.sort();
    let (half, most, all) = (percentile(&times, 50), percentile(&times, 99), times[times.len() - 1]);
    format!("p50 {half:.1?}, p99 {most:.1?}, max {all:.1?}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make aws-load"]
async fn every_order_of_thousands_is_asked_once() {
    let Some(cloud) = Cloud::begin().await else { return };
    let count = setting("HARKARA_TEST_ORDERS", 10_000);
    let cloud = Arc::new(cloud);
    let first = cloud.number() + 1_000_000;
    let orders: Arc<Vec<Order>> =
        Arc::new((0..count as u64).map(|place| Order::cod(first + place, cloud.now())).collect());
    let posted: Arc<Mutex<BTreeMap<String, (Instant, Duration)>>> = Arc::default();
    let (next, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let secret = cloud.known.file.connections["shopify"]["secrets"][0].as_str().unwrap().to_owned();
    let mut posters = Vec::new();
    for _ in 0..setting("HARKARA_TEST_AT_ONCE", AT_ONCE) {
        let (cloud, orders, next) = (cloud.clone(), orders.clone(), next.clone());
        let (posted, refused, secret) = (posted.clone(), refused.clone(), secret.clone());
        posters.push(tokio::spawn(async move {
            while let Some(order) = orders.get(next.fetch_add(1, Ordering::Relaxed)) {
                let body = order.body(order.placed).to_string();
                let says = shop_says(StoreFile::DEMO, &secret, order.id, "orders/create", body.as_bytes());
                let since = Instant::now();
                // As a shop does, which sends again what was not answered with 200.
                while cloud.deliver(&says).await != 200 {
                    refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                posted.lock().unwrap().insert(order.key(), (since, since.elapsed()));
            }
        }));
    }
    for poster in posters {
        poster.await.unwrap();
    }
    let taken_in = begun.elapsed();
    while cloud.whatsapp.count() < count && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let asked = begun.elapsed();
    // Whatever comes twice comes a little later.
    tokio::time::sleep(Duration::from_secs(5)).await;

    let posted = Arc::into_inner(posted).unwrap().into_inner().unwrap();
    let mut came: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    for call in cloud.whatsapp.calls_from(0) {
        let reference = call.body["biz_opaque_callback_data"].as_str().unwrap().to_owned();
        came.entry(reference.split('/').next().unwrap().to_owned()).or_default().push(call.came);
    }
    let lost = posted.keys().filter(|order| !came.contains_key(*order)).count();
    let doubled = came.values().filter(|times| times.len() > 1).count();
    let answers: Vec<Duration> = posted.values().map(|(_, answer)| *answer).collect();
    let latency = |(order, (since, _)): (&String, &(Instant, Duration))| {
        Some(came.get(order)?.first()?.duration_since(*since))
    };
    let latencies: Vec<Duration> = posted.iter().filter_map(latency).collect();
    let rate = |span: Duration| count as f64 / span.as_secs_f64();
    println!(
        "{count} orders; {} webhooks answered otherwise and sent again",
        refused.load(Ordering::Relaxed)
    );
    println!(
        "taken in within {taken_in:.1?}: {:.0} orders a second; an answer took {}",
        rate(taken_in),
        in_words(answers)
    );
    println!(
        "asked within {asked:.1?}: {:.0} orders a second; order to message {}",
        rate(asked),
        in_words(latencies)
    );
    println!("lost {lost}, doubled {doubled}");
    assert_eq!((lost, doubled), (0, 0));
}
