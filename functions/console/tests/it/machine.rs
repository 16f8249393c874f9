//! The time machine's page.

use axum::http::{Method, StatusCode};
use harkara_domain::fact::PaymentMethod;
use harkara_engine::people::Role;
use serde_json::Value;

use crate::world::World;

const PAGE: &str = "/flows/cod-confirmation/time-machine";

/// Three orders of which the flow takes two; one of the two is confirmed a minute later.
async fn lively() -> World {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    world.order(2, "Bilal", "Chai").await;
    world.order_of(3, "Sana", "Chai", PaymentMethod::Prepaid).await;
    world.run_for(1).await;
    let operator = world.signed_in(Role::Operator).await;
    operator.post("/orders/shopify-1/actions", &[("act", "confirm")]).await;
    world.run_for(3 * 60).await;
    world
}

const SAYS: [&str; 9] = [
    "<span>runs begun</span></dt><dd><strong>2</strong>",
    // Both are asked, and the one that has not answered is reminded.
    "<span>messages</span></dt><dd><strong>3</strong>",
    "<span>not taken</span></dt><dd><strong>1</strong>",
    "Sun 22 Nov</span><svg",
    "<rect width=\"100\"",
    "15:00</span>",
    "1 left out: ",
    "WhatsApp, transactional",
    "<code>set_flag</code></dt><dd>1</dd>",
];

#[tokio::test]
async fn the_page_says_what_a_flow_would_have_done() {
    let world = lively().await;
    let viewer = world.signed_in(Role::Viewer).await;
    assert!(viewer.get("/flows/cod-confirmation").await.text.contains(PAGE));
    let page = viewer.get(PAGE).await.text;
    assert!(page.contains("max=\"30\" value=\"30\"") && !page.contains("runs begun"), "{page}");
    let before = world.table.dump();
    let page = viewer.post(PAGE, &[("days", "7")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for words in SAYS {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(world.table.dump(), before, "nothing is written");
    for days in ["0", "31"] {
        let refused = viewer.post(PAGE, &[("days", days)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("Days are 1 to 30"), "{}", refused.text);
    }
    assert_eq!(viewer.post_bare(PAGE, &[("days", "7")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(viewer.post("/flows/none/time-machine", &[("days", "7")]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn our_script_gets_it_line_by_line() {
    let world = lively().await;
    let mut viewer = world.signed_in(Role::Viewer).await;
    viewer.headers = vec![("accept", "application/x-ndjson".to_owned())];
    let ask = async |days: &str| {
        let body = format!("csrf={}&days={days}", viewer.csrf);
        let answer = viewer.send(Method::POST, PAGE, "application/x-www-form-urlencoded", body).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/x-ndjson"));
        answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let mut lines = ask("7").await;
    let last = lines.pop().unwrap();
    for words in SAYS {
        assert!(last["html"].as_str().unwrap().contains(words), "{words}: {last}");
    }
    assert!(!lines.is_empty() && lines.iter().all(|line| line["done"].is_u64() && line["of"].is_u64()));
    assert_eq!(ask("31").await.len(), 1);
    assert!(ask("31").await[0]["error"].as_str().unwrap().starts_with("Days are 1 to 30"));
}
