//! What the pages say and do.

use axum::http::StatusCode;
use harkara_domain::{fact::PaymentMethod, shipment::ShipmentStatus};
use harkara_engine::{people::Role, port::QueueName};

use crate::world::World;

#[tokio::test]
async fn hostile_words_stay_words() {
    let world = World::new().await;
    let hostile = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";
    let order = world.order(7, hostile, hostile).await;
    let operator = world.signed_in(Role::Operator).await;
    operator.post("/orders/shopify-7/actions", &[("act", "note"), ("text", hostile)]).await;
    operator.post("/orders/shopify-7/actions", &[("act", "flag"), ("text", "<b>\"'")]).await;
    world.run_for(40).await;
    for path in ["/", "/orders", &format!("/orders/{order}"), "/outbox", "/runs"] {
        let page = operator.get(path).await.text;
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
        assert!(!page.contains("<b>\""), "{path}");
    }
    let page = operator.get("/orders/shopify-7").await.text;
    assert!(page.contains("&#60;script&#62;alert(1)"), "it is shown, as text");
    assert!(!page.contains("javascript:"), "only web addresses become links");
    let searched = operator.get("/orders?q=%22%3E%3Cscript%3E").await.text;
    assert!(!searched.contains("<script>") && searched.contains("&#60;script&#62;"));
}

#[tokio::test]
async fn a_note_becomes_a_fact_and_its_line_in_the_log() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let operator = world.signed_in(Role::Operator).await;
    let path = "/orders/shopify-1/actions";
    let answer = operator.post(path, &[("act", "note"), ("text", "Call after five")]).await;
    assert_eq!(answer.header("location"), "/orders/shopify-1?notice=on-its-way");
    let sent = world.queue.bodies(QueueName::Events);
    assert_eq!(sent.len(), 1);
    let job: serde_json::Value = serde_json::from_str(&sent[0]).unwrap();
    let fact = &job["facts"][0];
    assert!(fact["id"].as_str().unwrap().starts_with("console/"));
    assert_eq!(fact["source"], "console");
    assert_eq!(fact["body"]["action"]["action"]["add_note"], "Call after five");
    assert_eq!(fact["body"]["action"]["by"]["person"], "operator@shop.test");
    world.run_for(0).await;
    let page = operator.get("/orders/shopify-1?notice=on-its-way").await.text;
    assert!(page.contains("operator@shop.test noted: “Call after five”"));
    assert!(page.contains("Taken down. It shows here in a moment."));
    let log = world.signed_in(Role::Owner).await.get("/audit").await.text;
    assert!(log.contains("added a note") && log.contains("shopify-1") && !log.contains("Call after five"));
    for (act, text) in
        [("note", ""), ("note", &"x".repeat(501) as &str), ("assign", "nobody"), ("dance", "x")]
    {
        let refused = operator.post(path, &[("act", act), ("text", text)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{act}");
    }
    let nowhere = operator.post("/orders/shopify-99/actions", &[("act", "confirm")]).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_timeline_tells_what_was_sent_left_out_and_is_to_come() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Kashmiri chai").await;
    world.order_of(2, "Bilal", "Chai", PaymentMethod::Prepaid).await;
    let operator = world.signed_in(Role::Operator).await;
    world.run_for(1).await;
    let page = operator.get("/orders/shopify-1").await.text;
    for words in [
        "Shopify sent the order",
        "Started COD confirmation",
        "“Ask” of COD confirmation sent by WhatsApp",
        "“Remind” of COD confirmation is queued",
        "today 15:30",
        "Rs 2,700",
        "1 order, 0 returns",
        "Confirmation: waiting",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    operator.post("/orders/shopify-1/actions", &[("act", "confirm")]).await;
    world.run_for(180).await;
    let page = operator.get("/orders/shopify-1").await.text;
    assert!(page.contains("operator@shop.test confirmed the order"));
    assert!(page.contains("“Remind” of COD confirmation skipped"));
    assert!(page.contains("Because confirmation is not pending"), "{page}");
    let prepaid = operator.get("/orders/shopify-2").await.text;
    assert!(
        prepaid.contains("Passed over COD confirmation: ") && prepaid.contains("it was prepaid"),
        "{prepaid}"
    );
    let runs =
        operator.get("/runs?flow=cod-confirmation&status=finished&from=2026-11-22&to=2026-11-22").await;
    assert!(runs.text.contains("/orders/shopify-1"));
    assert!(!operator.get("/runs?status=failed").await.text.contains("/orders/shopify-1"));
    assert!(!operator.get("/runs?to=2026-11-21").await.text.contains("/orders/shopify-1"));
    assert_eq!(operator.get("/runs?from=yesterday").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_button_of_the_outbox_comes_in_through_the_real_webhook() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    world.run_for(1).await;
    let operator = world.signed_in(Role::Operator).await;
    let page = operator.get("/outbox").await.text;
    assert!(page.contains("Ji, bhej dein") && page.contains("+923001230001"), "{page}");
    let id = page.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let id = id.replace("&#35;", "#").replace("&#38;", "&");
    let tapped = operator.post("/outbox/tap", &[("id", &id), ("choice", "confirm")]).await;
    assert_eq!(tapped.header("location"), "/outbox?notice=pressed", "{}", tapped.text);
    world.run_for(0).await;
    let order = operator.get("/orders/shopify-1").await.text;
    assert!(order.contains("The customer tapped “Ji, bhej dein”"), "{order}");
    assert!(order.contains("The customer confirmed the order"));
    let page = operator.get("/outbox").await.text;
    assert!(page.contains("class=\"theirs\""), "the answer is in the conversation");
    let gone = operator.post("/outbox/tap", &[("id", "none"), ("choice", "confirm")]).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn dead_letters_are_previewed_and_run_again() {
    let world = World::new().await;
    for (number, name) in [(1, "Ayesha"), (2, "Bilal"), (3, "Sana")] {
        let order = world.order(number, name, "Chai").await;
        world.fail(&order, 1).await;
    }
    let operator = world.signed_in(Role::Operator).await;
    let list = operator.get("/dead-letters").await.text;
    assert!(list.contains("“Remind” of COD confirmation") && list.contains("customer.nickname is not known"));
    operator.post("/orders/shopify-3/actions", &[("act", "cancel")]).await;
    world.run_for(0).await;
    let query = "/dead-letters/preview?flow=COD+confirmation&error=NICKNAME&from=2026-11-22&to=&of=";
    let preview = operator.get(query).await.text;
    assert!(preview.contains("<strong>3</strong> dead letters"), "{preview}");
    assert!(preview.contains("Will run") && preview.contains("Left out"));
    assert!(operator.get("/dead-letters/preview?error=else").await.text.contains("No open dead letter"));
    let fields = [("flow", "COD confirmation"), ("error", "nickname"), ("from", "2026-11-22")];
    let started = operator.post("/replays", &fields).await;
    let path = started.header("location").to_owned();
    assert!(path.starts_with("/replays/"), "{path}");
    let page = operator.get(&path).await.text;
    assert!(page.contains("<progress") && page.contains("data-poll=\"/api/v1/replays/"), "{page}");
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"));
    world.run_for(0).await;
    let page = operator.get(&path).await.text;
    assert!(page.contains("Finished today") && !page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(operator.get("/dead-letters").await.text.contains("Run again today 15:00 by operator@shop.test"));
    assert!(
        world
            .signed_in(Role::Owner)
            .await
            .get("/audit")
            .await
            .text
            .contains("started a replay of dead letters of COD")
    );
}

#[tokio::test]
async fn a_flow_is_read_and_paused() {
    let world = World::new().await;
    let operator = world.signed_in(Role::Operator).await;
    let page = operator.get("/flows/cod-confirmation").await.text;
    for words in [
        "When an order is placed",
        "orders where payment is cod",
        "30m after the trigger",
        "trigger: order_created",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let off = operator.post("/flows/cod-confirmation/state", &[("state", "paused")]).await;
    assert_eq!(off.header("location"), "/flows/cod-confirmation?notice=paused");
    assert!(operator.get("/flows/cod-confirmation").await.text.contains(">Paused<"));
    world.order(1, "Ayesha", "Chai").await;
    assert!(
        operator
            .get("/orders/shopify-1")
            .await
            .text
            .contains("Passed over COD confirmation: the flow is paused")
    );
    assert_eq!(
        operator.post("/flows/none/state", &[("state", "active")]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(operator.get("/flows/none").await.status, StatusCode::NOT_FOUND);
    assert!(operator.get("/templates").await.text.contains("used by COD confirmation"));
}

#[tokio::test]
async fn orders_are_paged_and_found() {
    let world = World::new().await;
    for number in 1..=60 {
        world.order(number, if number == 5 { "Zubaida" } else { "Ayesha" }, "Chai").await;
        world.advance(1);
    }
    let viewer = world.signed_in(Role::Viewer).await;
    let first = viewer.get("/orders").await.text;
    assert!(first.contains(">#60<") && !first.contains(">#10<"));
    let older = first.split("href=\"/orders?after=").nth(1).unwrap().split('"').next().unwrap();
    let second = viewer.get(&format!("/orders?after={}", older.replace("&#38;", "&"))).await.text;
    assert!(second.contains(">#10<") && !second.contains(">#60<"));
    assert!(viewer.get("/orders?q=zubaida").await.text.contains(">#5<"));
    assert_eq!(viewer.get("/orders?q=shopify-7").await.header("location"), "/orders/shopify-7");
    assert_eq!(viewer.get("/orders?q=7").await.header("location"), "/orders/shopify-7");
    assert_eq!(viewer.get("/orders/shopify-999").await.status, StatusCode::NOT_FOUND);
    let overview = viewer.get("/").await.text;
    assert!(overview.contains("Orders today") && overview.contains("<strong>60</strong>"), "{overview}");
    assert!(overview.contains("<dt>stages</dt><dd>12</dd>"));
}

#[tokio::test]
async fn a_parcel_shows_with_its_link() {
    let world = World::new().await;
    let order = world.order(1, "Ayesha", "Chai").await;
    world.parcel(&order, ShipmentStatus::Dispatched).await;
    let page = world.signed_in(Role::Viewer).await.get("/orders/shopify-1").await.text;
    assert!(page.contains("href=\"https://track.test/KI7512345\""));
    assert!(page.contains("The parcel is on its way") && page.contains("The order is now: Dispatched"));
}
