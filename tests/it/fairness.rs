//! One shop's storm is its own: it neither shuts another out nor stands before its orders.

use bytes::Bytes;
use harkara_engine::port::QueueName;
use harkara_onebox::store_file::StoreFile;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use serde_json::json;

use crate::{
    bodies::Order,
    provider::NEXT_DOOR,
    world::{TestWorld, Webhook, minutes},
};

async fn deliver(world: &TestWorld, webhook: &Webhook) -> Response<Bytes> {
    let mut request = Request::post(&webhook.path);
    for (name, value) in &webhook.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Bytes::from(webhook.body.clone())).unwrap();
    harkara_ingest::handle(&world.world.ingest, &request).await
}

fn new_order(world: &TestWorld, id: u64) -> Webhook {
    let order = Order::cod(id, world.now());
    world.new_order(&order)
}

fn next_door(webhook: Webhook) -> Webhook {
    Webhook { path: webhook.path.replace(StoreFile::DEMO, NEXT_DOOR), ..webhook }
}

async fn statuses(world: &TestWorld, orders: std::ops::Range<u64>) -> (usize, usize) {
    let (mut taken_in, mut too_many) = (0, 0);
    for id in orders {
        match deliver(world, &new_order(world, id)).await.status() {
            StatusCode::OK => taken_in += 1,
            StatusCode::TOO_MANY_REQUESTS => too_many += 1,
            other => panic!("{other}"),
        }
    }
    (taken_in, too_many)
}

/// The demo store, which may speak twice a second and twenty times at once.
async fn slow() -> TestWorld {
    let rate = json!({ "per_second": 2, "burst": 20 });
    TestWorld::with("2026-11-22T10:00", |file| file.connections["shopify"]["rate"] = rate).await
}

#[tokio::test]
async fn who_speaks_too_fast_is_told_when_to_come_again_and_nothing_is_lost() {
    let world = slow().await;
    assert_eq!(statuses(&world, 1..31).await, (20, 10));
    let refused = deliver(&world, &new_order(&world, 21)).await;
    assert_eq!(refused.headers()[RETRY_AFTER], "1");
    let words = String::from_utf8_lossy(refused.body()).into_owned();
    assert_eq!(words, r#"{"error":"too many at once; send it again in 1 s"}"#);
    world.advance(minutes(1)).await;
    assert_eq!(statuses(&world, 21..31).await, (10, 0), "the shop sends them again");
    world.run().await;
    assert_eq!(world.calls().len(), 30);
    world.finish().await;
}

#[tokio::test]
async fn where_nothing_can_be_taken_in_the_shop_is_told_when_to_send_it_again() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.embedded.close();
    let refused = deliver(&world, &new_order(&world, 1)).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()[RETRY_AFTER], "10");
    assert_eq!(String::from_utf8_lossy(refused.body()), r#"{"error":"not taken in; send it again"}"#);
}

#[tokio::test]
async fn other_sources_and_other_stores_have_their_own() {
    let world = slow().await;
    world.moves_in_next_door().await;
    assert_eq!(statuses(&world, 1..31).await, (20, 10));
    assert_eq!(deliver(&world, &next_door(new_order(&world, 50))).await.status(), StatusCode::OK);
    let told = json!({ "object": "whatsapp_business_account", "entry": [] }).to_string();
    assert_eq!(deliver(&world, &world.whatsapp_says(told.as_bytes())).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn strangers_do_not_use_it_up() {
    let world = slow().await;
    for id in 1..100 {
        let mut forged = new_order(&world, id);
        forged.body.push(b' ');
        assert_eq!(deliver(&world, &forged).await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(statuses(&world, 1..21).await, (20, 0));
}

/// Eight hundred orders of one shop are in the queues when an order of another comes in.
#[tokio::test]
async fn a_storm_does_not_hold_up_the_order_of_another_shop() {
    const STORM: u64 = 800;
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.moves_in_next_door().await;
    assert_eq!(statuses(&world, 0..STORM).await, (800, 0));
    // Some of them have gone on to their stages already.
    for _ in 0..30 {
        assert!(world.work(QueueName::Events).await);
    }
    let order = Order::cod(100_000, world.now());
    assert_eq!(deliver(&world, &next_door(new_order(&world, order.id))).await.status(), StatusCode::OK);
    let mut batches = 0;
    while world.calls_of(&order).is_empty() {
        batches += 1;
        assert!(batches <= 3, "the storm goes first");
        world.work(QueueName::Events).await;
        world.work(QueueName::Stages).await;
    }
    assert!(world.calls().len() < 40, "{} of the storm went before it", world.calls().len());
    world.run().await;
    assert_eq!(world.calls().len(), 801, "and then the storm, to its last");
}
