//! Tasks on their page and over the API.

use axum::http::StatusCode;
use harkara_console::{Console, router};
use harkara_domain::StoreId;
use harkara_engine::people::Role;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{browser::Browser, world::World};

const ASKS: &str = "name: Calls\ntrigger: order_created\nstages:\n  - name: Ask\n    workflow:\n      - create_task: { title: Whenever, team: ops }\n      - create_task: { title: \"Call <b>them\", due: 4h }\n";

async fn world() -> World {
    let world = World::new().await;
    let head = world.console.setup.flow(&world.store, ASKS, "test").await.unwrap();
    world.console.setup.activate(&world.store, &head.id, None, "test").await.unwrap();
    world.order(1, "Ayesha", "Chai").await;
    world.run_for(1).await;
    world
}

async fn program(world: &World, role: Role) -> Browser {
    let made = world.people.make_key(&world.store, "robot", role, "test").await.unwrap();
    let mut program = Browser::new(world.router());
    program.headers = vec![("authorization", format!("Bearer {}", made.secret))];
    program
}

async fn entries(program: &Browser, path: &str) -> Vec<Value> {
    program.get(path).await.json()["entries"].as_array().unwrap().clone()
}

fn titles(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|task| task["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_task_is_listed_marked_done_and_opened_again_on_its_page() {
    let world = world().await;
    let operator = world.signed_in(Role::Operator).await;
    let page = operator.get("/tasks").await.text;
    for words in [
        "Call &#60;b&#62;them",
        "Whenever",
        "Due today 19:00",
        "team ops",
        "Calls",
        "href=\"/orders/shopify-1\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.find("Call &#60;").unwrap() < page.find("Whenever").unwrap(), "what is due comes first");
    assert!(!page.contains("<b>them") && !page.contains(">Late<"));
    world.advance(5 * 60);
    assert!(operator.get("/tasks").await.text.contains(">Late<"));
    let id = page.split("action=\"/tasks/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/tasks/{id}");
    let done = operator.post(&path, &[("done", "true")]).await;
    assert_eq!(done.header("location"), "/tasks?notice=done", "{}", done.text);
    assert!(!operator.get("/tasks").await.text.contains("Call &#60;"));
    let page = operator.get("/tasks?done=true").await.text;
    assert!(
        page.contains("Call &#60;b") && page.contains("by operator@shop.test") && !page.contains("Whenever"),
        "{page}"
    );
    assert!(page.contains("Open again") && !page.contains(">Late<"));
    let log = world.signed_in(Role::Owner).await.get("/audit").await.text;
    assert!(log.contains("marked a task done") && log.contains(&id) && !log.contains("Call &#60;"));
    operator.post(&path, &[("done", "false")]).await;
    assert!(operator.get("/tasks").await.text.contains("Call &#60;"));
    assert!(operator.get("/tasks?done=true").await.text.contains("Nothing was done yet."));
    assert_eq!(operator.post("/tasks/none", &[("done", "true")]).await.status, StatusCode::NOT_FOUND);
    assert!(operator.post(&path, &[("done", "perhaps")]).await.status.is_client_error());
    assert_eq!(operator.post_bare(&path, &[("done", "true")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_viewer_reads_tasks_and_marks_none() {
    let world = world().await;
    let viewer = world.signed_in(Role::Viewer).await;
    let page = viewer.get("/tasks").await.text;
    assert!(page.contains("Whenever") && !page.contains("action=\"/tasks/"), "{page}");
    let program = program(&world, Role::Viewer).await;
    let tasks = entries(&program, "/api/v1/tasks").await;
    let id = tasks[0]["id"].as_str().unwrap();
    let refused = viewer.post(&format!("/tasks/{id}"), &[("done", "true")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let refused = program.json(&format!("/api/v1/tasks/{id}"), json!({ "done": true })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(entries(&program, "/api/v1/tasks").await, tasks);
}

#[tokio::test]
async fn a_program_lists_tasks_in_parts_and_marks_them() {
    let world = world().await;
    let program = program(&world, Role::Operator).await;
    let first = program.get("/api/v1/tasks?limit=1").await.json();
    assert_eq!(titles(first["entries"].as_array().unwrap()), ["Call <b>them"]);
    let next =
        form_urlencoded::byte_serialize(first["next"].as_str().unwrap().as_bytes()).collect::<String>();
    let rest = entries(&program, &format!("/api/v1/tasks?limit=1&after={next}")).await;
    assert_eq!(titles(&rest), ["Whenever"]);
    assert_eq!(
        (&rest[0]["team"], &rest[0]["by"], &rest[0]["subject"]),
        (&json!("ops"), &json!("Calls"), &json!("shopify-1"))
    );
    let path = format!("/api/v1/tasks/{}", rest[0]["id"].as_str().unwrap());
    let done = program.json(&path, json!({ "done": true })).await.json();
    let at = world.now();
    assert_eq!(done["done"], json!([at, "API key robot"]));
    world.advance(10);
    let operator = world.signed_in(Role::Operator).await;
    operator.post(path.strip_prefix("/api/v1").unwrap(), &[("done", "true")]).await;
    let kept = entries(&program, "/api/v1/tasks?done=true").await;
    assert_eq!(titles(&kept), ["Whenever"]);
    assert_eq!(kept[0]["done"], json!([at, "API key robot"]), "whoever did it first did it");
    assert_eq!(titles(&entries(&program, "/api/v1/tasks").await), ["Call <b>them"]);
    assert_eq!(
        program.json("/api/v1/tasks/none", json!({ "done": true })).await.status,
        StatusCode::NOT_FOUND
    );
    let slip = program.json(&path, json!({ "dnoe": true })).await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// The console of another store of the same house.
async fn next_door(world: &World) -> Browser {
    let (house, store) = (&world.console, StoreId::from("next-door"));
    world.console.setup.settings(&store, &world.settings()).await.unwrap();
    let console = Console {
        reader: house.reader.clone(),
        setup: house.setup.clone(),
        replayer: house.replayer.clone(),
        table: house.table.clone(),
        queue: house.queue.clone(),
        http: house.http.clone(),
        secrets: house.secrets.clone(),
        clock: house.clock.clone(),
        counters: house.counters.clone(),
        rates: house.rates.clone(),
        under_way: house.under_way.clone(),
        store: store.clone(),
        base_url: house.base_url.clone(),
        secure_cookies: false,
        queue_depths: None,
    };
    let made = world.people.make_key(&store, "robot", Role::Operator, "test").await.unwrap();
    let mut program = Browser::new(router(Arc::new(console)));
    program.headers = vec![("authorization", format!("Bearer {}", made.secret))];
    program
}

#[tokio::test]
async fn a_task_of_another_store_is_not_there() {
    let world = world().await;
    let (ours, theirs) = (program(&world, Role::Operator).await, next_door(&world).await);
    let tasks = entries(&ours, "/api/v1/tasks").await;
    assert_eq!(tasks.len(), 2);
    assert_eq!(entries(&theirs, "/api/v1/tasks").await, [] as [Value; 0]);
    for task in &tasks {
        let path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
        assert_eq!(theirs.json(&path, json!({ "done": true })).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(entries(&ours, "/api/v1/tasks").await, tasks);
}
