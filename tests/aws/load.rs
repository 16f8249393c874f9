//! Ten thousand orders through the deployed stack (`make aws-load`): none is lost, none doubled, though the
//! shop says every tenth of them twice.

use aws_sdk_scheduler::Client;
use harkara_aws::Service;
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

/// The shop, which posts orders.
struct Shop {
    cloud: Cloud,
    secret: String,
    orders: Vec<Order>,
    next: AtomicUsize,
    /// When each order was posted, and how long its answer took.
    posted: Mutex<BTreeMap<String, (Instant, Duration)>>,
    /// Webhooks that were sent again, because the answer was another.
    again: AtomicU64,
}

impl Shop {
    fn of(cloud: Cloud, count: usize) -> Self {
        let first = cloud.number() + 1_000_000;
        Self {
            secret: cloud.known.file.connections["shopify"]["secrets"][0].as_str().unwrap().to_owned(),
            orders: (first..first + count as u64).map(|id| Order::cod(id, cloud.now())).collect(),
            next: AtomicUsize::new(0),
            posted: Mutex::default(),
            again: AtomicU64::new(0),
            cloud,
        }
    }

    /// Posts one order after the other, as long as there are any.
    async fn post(&self) {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(order) = self.orders.get(place) else { return };
            let body = order.body(order.placed).to_string();
            let says = shop_says(StoreFile::DEMO, &self.secret, order.id, "orders/create", body.as_bytes());
            let since = Instant::now();
            // As a shop does, which sends again what was not answered with 200.
            while self.cloud.deliver(&says).await != 200 {
                self.again.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            self.posted.lock().unwrap().insert(order.key(), (since, since.elapsed()));
            if place.is_multiple_of(10) {
                assert_eq!(self.cloud.deliver(&says).await, 200);
            }
        }
    }

    /// When messages about each order came to WhatsApp.
    fn came(&self) -> BTreeMap<String, Vec<Instant>> {
        let mut came: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
        for call in self.cloud.whatsapp.calls_from(0) {
            let reference = call.body["biz_opaque_callback_data"].as_str().unwrap();
            came.entry(reference.split('/').next().unwrap().to_owned()).or_default().push(call.came);
        }
        came
    }

    /// Prints what came of it; how many orders were lost, and how many doubled.
    fn report(&self, taken_in: Duration, asked: Duration) -> (usize, usize) {
        let (count, came, posted) = (self.orders.len(), self.came(), self.posted.lock().unwrap());
        let answers = posted.values().map(|(_, answer)| *answer);
        let latency = |(order, (since, _)): (&String, &(Instant, Duration))| {
            Some(came.get(order)?.first()?.duration_since(*since))
        };
        let latencies = posted.iter().filter_map(latency);
        let rate = |span: Duration| format!("{:.0} orders a second", count as f64 / span.as_secs_f64());
        println!("{count} orders; {} webhooks sent again", self.again.load(Ordering::Relaxed));
        println!("taken in: {taken_in:.1?}, {}; an answer took {}", rate(taken_in), in_words(answers));
        println!("asked: {asked:.1?}, {}; order to message {}", rate(asked), in_words(latencies));
        let lost = posted.keys().filter(|order| !came.contains_key(*order)).count();
        let doubled = came.values().filter(|times| times.len() > 1).count();
        println!("lost {lost}, doubled {doubled}");
        (lost, doubled)
    }
}

fn in_words(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    // The value below which this share (of a hundred) lies.
    let below = |share: usize| times[times.len() * share / 100];
    format!("p50 {:.0?}, p99 {:.0?}, max {:.0?}", below(50), below(99), times[times.len() - 1])
}

/// How many batches the functions of this name had, and how many messages were in them.
fn batches(log: &str, function: &str) -> (usize, usize) {
    let of = |line: &str| {
        let (_, rest) = line.split_once(&format!("-{function} processed "))?;
        rest.split(' ').next()?.parse::<usize>().ok()
    };
    log.lines().filter_map(of).fold((0, 0), |(batches, messages), count| (batches + 1, messages + count))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make aws-load"]
async fn every_order_of_thousands_is_asked_once() {
    let Some(cloud) = Cloud::begin().await else { return };
    let count = std::env::var("HARKARA_TEST_ORDERS").map_or(10_000, |count| count.parse().unwrap());
    let shop = Arc::new(Shop::of(cloud, count));
    let begun = Instant::now();
    let post = |_| {
        let shop = shop.clone();
        tokio::spawn(async move { shop.post().await })
    };
    let posters: Vec<_> = (0..AT_ONCE).map(post).collect();
    for poster in posters {
        poster.await.unwrap();
    }
    let taken_in = begun.elapsed();
    while shop.came().len() < count && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let asked = begun.elapsed();
    // What comes twice comes a little later.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (lost, doubled) = shop.report(taken_in, asked);
    let log = shop.cloud.stack.log();
    for function in ["matcher", "stage", "dead-letter"] {
        let (batches, messages) = batches(&log, function);
        println!("{function}: {messages} messages in {batches} batches");
    }
    let client = Client::new(&shop.cloud.session().sdk(Service::Scheduler));
    let schedules = shop.cloud.all_schedules(&client).await.len();
    println!("{schedules} schedules are set");
    assert_eq!((lost, doubled), (0, 0));
    // The reminder and the review of each, and the sweep's own.
    assert_eq!(schedules, 2 * count + 1);
    let letters = shop.cloud.list("dead-letters?").await;
    assert!(letters.is_empty(), "{letters:?}");
}
