//! Sources that went quiet, on the overview.

use harkara_engine::{
    keys,
    people::Role,
    port::{Expect, Item, Key, Table, Write},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::world::World;

const HEADING: &str = "Sources that went quiet";

/// A silence, as the sentinel keeps it.
async fn silence(world: &World, feed: &str, since: Timestamp, ended_at: Option<Timestamp>) {
    let mut body = json!({ "feed": feed, "since": since, "noticed_at": since, "usual": 14 });
    if let Some(ended_at) = ended_at {
        body["ended_at"] = json!(ended_at);
    }
    put(world, feed, since, &body).await;
}

async fn put(world: &World, feed: &str, since: Timestamp, body: &Value) {
    let key = Key::new(keys::silences(&world.store), keys::silence_place(since, feed));
    let item = Item::new(key, body.to_string().into_bytes());
    world.table.write(vec![Write::Put(item, Expect::Any)]).await.unwrap();
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// What the overview says of silences: a line each.
async fn shown(world: &World) -> Vec<String> {
    let page = world.signed_in(Role::Viewer).await.get("/").await.text;
    let Some((_, section)) = page.split_once(HEADING) else { return Vec::new() };
    let (section, _) = section.split_once("</section>").unwrap();
    let lines = section.split("<li>").skip(1).map(|line| line.split("</li>").next().unwrap());
    lines.map(|line| line.replace("<strong>", "").replace("</strong>", "")).collect()
}

#[tokio::test]
async fn the_overview_tells_what_is_quiet_and_what_was_lately() {
    let world = World::new().await;
    assert_eq!(shown(&world).await, [] as [String; 0]);
    let now = world.now();
    silence(&world, "whatsapp", now - days(3), None).await;
    silence(&world, "shopify/shipment", now - days(6), Some(now - days(5))).await;
    silence(&world, "shopify", now - days(9), Some(now - days(8))).await;
    assert_eq!(
        shown(&world).await,
        [
            "Nothing comes from WhatsApp since Thu 19 Nov 15:00: look whether its webhooks are switched on and lead here.",
            "Nothing came from Shopify&#39;s parcels from Mon 16 Nov 15:00 to Tue 17 Nov 15:00.",
        ]
    );
    world.advance(3 * 24 * 60);
    assert_eq!(shown(&world).await.len(), 1, "what is over for a week is no news");
}

#[tokio::test]
async fn what_is_refused_for_its_signature_is_not_called_switched_off() {
    let world = World::new().await;
    let since = world.now() - days(1);
    let refused = json!({ "since": since, "known": 12 });
    let body =
        json!({ "feed": "shopify", "since": since, "noticed_at": since, "usual": 0, "refused": refused });
    put(&world, "shopify", since, &body).await;
    let lines = shown(&world).await;
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].contains("its webhooks are refused, because their signature does not fit"),
        "{}",
        lines[0]
    );
}

#[tokio::test]
async fn a_silence_that_goes_on_is_not_hidden_by_those_that_are_over() {
    let world = World::new().await;
    let now = world.now();
    silence(&world, "shopify/cart", now - days(60), None).await;
    for hours in 1..=12 {
        let since = now - SignedDuration::from_hours(12 * hours);
        silence(&world, "shopify/order", since, Some(since + SignedDuration::from_hours(2))).await;
    }
    let lines = shown(&world).await;
    assert_eq!(lines.len(), 8);
    assert!(lines[0].starts_with("Nothing comes from Shopify&#39;s carts since "), "{}", lines[0]);
    assert!(
        lines[1..].iter().all(|line| line.starts_with("Nothing came from Shopify&#39;s orders")),
        "{lines:?}"
    );
}
