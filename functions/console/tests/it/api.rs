//! The JSON API.

use axum::http::StatusCode;
use harkara_engine::people::Role;
use serde_json::json;

use crate::{browser::Browser, world::World};

async fn program(world: &World) -> Browser {
    let made = world.people.make_key(&world.store, "robot", Role::Operator, "test").await.unwrap();
    let mut program = Browser::new(world.router());
    program.headers = vec![("authorization", format!("Bearer {}", made.secret))];
    program
}

#[tokio::test]
async fn a_program_reads_and_acts() {
    let world = World::new().await;
    let order = world.order(1, "Ayesha", "Chai").await;
    world.run_for(1).await;
    let program = program(&world).await;
    let story = program.get("/api/v1/orders/shopify-1").await.json();
    assert_eq!(story["order"]["snapshot"]["name"], "#1");
    assert_eq!(story["runs"][0]["run"]["stages"][0]["status"], "sent");
    assert_eq!(
        program.get("/api/v1/runs?status=running&limit=1").await.json()["entries"].as_array().unwrap().len(),
        1
    );
    assert_eq!(program.get("/api/v1/outbox").await.json()["entries"][0]["to"], "+923001230001");
    assert_eq!(program.get("/api/v1/flows").await.json().as_array().unwrap().len(), 4);
    assert!(program.get("/api/v1/counters").await.json()["runs.started"].as_u64().unwrap() > 0);
    let flagged =
        program.json("/api/v1/orders/shopify-1/actions", json!({"act": "flag", "text": "vip"})).await;
    assert_eq!(flagged.status, StatusCode::ACCEPTED);
    assert!(flagged.json()["fact"].as_str().unwrap().starts_with("console/"));
    world.run_for(0).await;
    assert_eq!(program.get("/api/v1/orders/shopify-1").await.json()["order"]["flags"]["vip"][1], true);
    let off = program.json("/api/v1/flows/cod-confirmation/state", json!({"state": "paused"})).await;
    assert_eq!(off.json()["state"], "paused");
    world.fail(&order, 1).await;
    let preview = program.json("/api/v1/dead-letters/preview", json!({"flow": "cod confirmation"})).await;
    assert_eq!(preview.json()["total"], 1);
    let replay = program.json("/api/v1/replays", json!({})).await;
    assert_eq!(replay.status, StatusCode::ACCEPTED);
    let id = replay.json()["id"].as_str().unwrap().to_owned();
    world.run_for(0).await;
    let progress = program.get(&format!("/api/v1/replays/{id}")).await.json();
    assert_eq!((&progress["done"], &progress["by"]), (&json!(1), &json!("API key robot")));
}

#[tokio::test]
async fn refusals_are_json_with_the_right_status() {
    let world = World::new().await;
    let program = program(&world).await;
    let slip = program.json("/api/v1/replays", json!({"flwo": "COD confirmation"})).await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY, "a slip of the pen is not for everything");
    for (answer, status) in [
        (slip, StatusCode::UNPROCESSABLE_ENTITY),
        (program.get("/api/v1/orders/none").await, StatusCode::NOT_FOUND),
        (program.get("/api/v1/replays/none").await, StatusCode::NOT_FOUND),
        (program.get("/api/v1/nothing").await, StatusCode::NOT_FOUND),
        (program.get("/api/v1/orders?limit=many").await, StatusCode::BAD_REQUEST),
        (program.get("/api/v1/runs?status=odd").await, StatusCode::BAD_REQUEST),
        (program.json("/api/v1/orders", json!({})).await, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.json()["error"].is_string(), "{}", answer.text);
    }
}
