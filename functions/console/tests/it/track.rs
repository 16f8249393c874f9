//! Facts that programs tell, and the document that describes the API.

use axum::http::{Method, StatusCode};
use harkara_domain::{FactBody, fact::Actor};
use harkara_engine::{
    job::Job,
    people::Role,
    port::{Outgoing, QueueName},
};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::{
    browser::{Answer, Browser},
    world::World,
};

async fn program(world: &World, role: Role) -> Browser {
    let made = world.people.make_key(&world.store, "till", role, "test").await.unwrap();
    let mut program = Browser::new(world.router());
    program.headers = vec![("authorization", format!("Bearer {}", made.secret))];
    program
}

/// The clock of the world stands at ten; so does this.
fn viewed(product: &str) -> Value {
    json!({ "kind": "product_viewed", "at": "2026-11-22T10:00:00Z",
        "customer": { "phone": "+923001234567" }, "product": product })
}

fn ready() -> Value {
    json!({ "kind": "order_status", "at": "2026-11-22T10:00:00Z", "order": "shopify-1", "status": "ready" })
}

fn jobs(world: &World) -> Vec<Vec<harkara_domain::Fact>> {
    let read = |body: &String| match Job::read(body).unwrap() {
        Job::Facts(job) => job.facts,
        other => panic!("{other:?}"),
    };
    world.queue.bodies(QueueName::Events).iter().map(read).collect()
}

#[tokio::test]
async fn facts_go_into_the_queue_one_message_a_subject() {
    let world = World::new().await;
    let program = program(&world, Role::Operator).await;
    let batch = json!({ "facts": [viewed("a"), ready(), viewed("b")] });
    for address in ["/v1/track", "/api/v1/track"] {
        let answer = program.json(address, batch.clone()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        let told = answer.json();
        assert_eq!((&told["facts"], told["ids"].as_array().unwrap().len()), (&json!(3), 3));
        let jobs = jobs(&world);
        assert_eq!(jobs.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        let FactBody::Action { by, .. } = &jobs[1][0].body else { panic!("{jobs:?}") };
        assert_eq!(by, &Actor::Program("till".to_owned()));
        assert_eq!(told["ids"][1], jobs[1][0].id.as_str());
        world.run_for(0).await;
    }
    assert_eq!(program.json("/v1/track", viewed("c")).await.json()["facts"], 1);
}

#[tokio::test]
async fn a_batch_with_a_fault_is_refused_as_a_whole_and_says_where() {
    let world = World::new().await;
    let program = program(&world, Role::Operator).await;
    let mut wrong = viewed("a");
    wrong["product"] = json!(7);
    let answer =
        program.json("/v1/track", json!({ "facts": [viewed("a"), wrong, { "kind": "cart" }] })).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problems = answer.json()["problems"].clone();
    let fields: Vec<&str> =
        problems.as_array().unwrap().iter().map(|problem| problem["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["facts[1].product", "facts[2].kind", "facts[2].at"]);
    assert!(answer.json()["error"].is_string() && problems[0]["message"].is_string());
    assert!(jobs(&world).is_empty());
}

#[tokio::test]
async fn who_may_not_or_sends_no_json_or_too_much_is_refused() {
    let world = World::new().await;
    let operator = program(&world, Role::Operator).await;
    let send =
        async |who: &Browser, kind: &str, body: String| who.send(Method::POST, "/v1/track", kind, body).await;
    let fact = viewed("a").to_string();
    let viewer = program(&world, Role::Viewer).await;
    assert_eq!(send(&viewer, "application/json", fact.clone()).await.status, StatusCode::FORBIDDEN);
    let nobody = Browser::new(world.router());
    let refused = send(&nobody, "application/json", fact.clone()).await;
    assert_eq!((refused.status, refused.json()["error"].is_string()), (StatusCode::UNAUTHORIZED, true));
    let session = world.signed_in(Role::Operator).await;
    let forged = send(&session, "application/json", fact.clone()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN, "a cookie alone is no intent");
    assert_eq!(send(&operator, "text/plain", fact.clone()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(send(&operator, "application/json", "{".to_owned()).await.status, StatusCode::BAD_REQUEST);
    let long = json!({ "kind": "x".repeat(1 << 20) }).to_string();
    let answer = send(&operator, "application/json", long).await;
    assert_eq!((answer.status, answer.json()["error"].is_string()), (StatusCode::PAYLOAD_TOO_LARGE, true));
    // More than a form's limit, and within that of facts.
    let many = json!({ "facts": vec![json!({ "kind": "searched", "at": "2026-11-22T10:00:00Z",
        "customer": { "phone": "+923001234567" }, "query": "😮".repeat(250) }); 100] })
    .to_string();
    assert!(many.len() > 64 * 1024, "{}", many.len());
    assert_eq!(send(&operator, "application/json; charset=utf-8", many).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_queue_that_fails_is_told_as_to_be_tried_again() {
    let world = World::new().await;
    let program = program(&world, Role::Operator).await;
    world.queue.refuse(true);
    let answer = program.json("/v1/track", viewed("a")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "10"));
    assert!(answer.json()["error"].as_str().unwrap().contains("again"));
    world.queue.refuse(false);
    assert_eq!(program.json("/v1/track", viewed("a")).await.status, StatusCode::ACCEPTED);
}

/// The document, as it is served.
async fn document(world: &World) -> Value {
    let viewer = program(world, Role::Viewer).await;
    let (short, long) = (viewer.get("/v1/openapi.json").await, viewer.get("/api/v1/openapi.json").await);
    assert_eq!((short.status, short.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(short.text, long.text);
    short.json()
}

/// What is declared in `routes.rs` under `/api/v1`.
fn routes() -> BTreeSet<(String, String)> {
    let source = include_str!("../../src/routes.rs");
    let mut routes = BTreeSet::new();
    for declared in source.split(".route(\"").skip(1) {
        let (path, rest) = declared.split_once('"').unwrap();
        let handler = rest.split(".route(\"").next().unwrap();
        for method in ["get", "post"] {
            if path.starts_with("/api/v1/") && handler.contains(&format!("{method}(")) {
                routes.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    assert!(routes.len() > 20, "the declarations are not read any more");
    routes
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (path.clone(), method.clone(), operation))
    });
    each.collect()
}

#[tokio::test]
async fn the_document_has_every_address_and_no_other() {
    let world = World::new().await;
    let document = document(&world).await;
    let described: BTreeSet<(String, String)> =
        operations(&document).into_iter().map(|(path, method, _)| (path, method)).collect();
    assert_eq!(described, routes());
}

fn refs(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            all.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| refs(value, all));
        }
        Value::Array(list) => list.iter().for_each(|value| refs(value, all)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let world = World::new().await;
    let document = document(&world).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut all = BTreeSet::new();
    refs(&document, &mut all);
    for place in &all {
        let pointer = place.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{place} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let used = all.contains(&format!("#/components/schemas/{name}"));
        assert!(used, "{name} is used nowhere");
        validator(&document, name);
    }
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
        let mut named: BTreeSet<String> = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let place = parameter["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
            let parameter = document.pointer(place).unwrap();
            if parameter["in"] == "path" {
                named.insert(parameter["name"].as_str().unwrap().to_owned());
            }
        }
        let asked: BTreeSet<String> = path
            .split('/')
            .filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned()))
            .collect();
        assert_eq!(named, asked, "{method} {path}");
        assert!(operation["responses"].as_object().unwrap().contains_key("401"), "{method} {path}");
    }
}

fn validator(document: &Value, name: &str) -> Validator {
    of_schema(document, &json!({ "$ref": format!("#/components/schemas/{name}") }))
}

fn of_schema(document: &Value, schema: &Value) -> Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": document["components"],
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .unwrap_or_else(|fault| panic!("{fault}"))
}

/// What the document says that an answer looks like.
fn answers(document: &Value, path: &str, method: &str, status: StatusCode) -> Validator {
    let answer = &document["paths"][path][method]["responses"][status.as_str()];
    let answer = match answer["$ref"].as_str() {
        Some(place) => document.pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => answer,
    };
    let schema = &answer["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "the document does not know of {status} at {method} {path}");
    of_schema(document, schema)
}

fn check(document: &Value, path: &str, method: &str, answer: &Answer) {
    let validator = answers(document, path, method, answer.status);
    let body = answer.json();
    let faults: Vec<String> =
        validator.iter_errors(&body).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{method} {path}: {faults:?} {body:#}");
}

#[tokio::test]
async fn real_answers_are_what_the_document_says() {
    let world = World::new().await;
    let order = world.order(1, "Ayesha", "Chai").await;
    world.parcel(&order, harkara_domain::shipment::ShipmentStatus::Booked).await;
    world.run_for(1).await;
    world.fail(&order, 1).await;
    let document = document(&world).await;
    let program = program(&world, Role::Operator).await;
    let flagged = json!({ "act": "flag", "text": "vip" });
    let posts = [
        ("/orders/{order}/actions", flagged),
        ("/orders/{order}/actions", json!({ "act": "dance" })),
        ("/dead-letters/preview", json!({ "flow": "cod confirmation" })),
        ("/replays", json!({})),
        ("/replays", json!({ "flwo": 1 })),
        ("/flows", json!({ "text": include_str!("../../../../flows/dispatch-notice.yaml"), "draft": true })),
        ("/flows", json!({ "text": "name: [" })),
        ("/flows/{flow}/state", json!({ "state": "paused" })),
        ("/bundle/compare", json!({ "flows": [] })),
        ("/bundle/apply", json!({ "flows": [{ "file": "a.yaml", "text": "name: x" }] })),
        ("/track", viewed("a")),
        ("/track", json!({ "kind": "nothing" })),
    ];
    for (path, body) in posts {
        let (address, path) = (filled(path), format!("/api/v1{path}"));
        let request = of_schema(
            &document,
            &document["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["schema"],
        );
        let answer = program.json(&address, body.clone()).await;
        check(&document, &path, "post", &answer);
        if answer.status.is_success() {
            assert!(request.is_valid(&body), "{path} took what the document does not allow: {body}");
        }
    }
    world.run_for(0).await;
    for (path, method, _) in operations(&document).into_iter().filter(|(_, method, _)| method == "get") {
        let address = filled(path.strip_prefix("/api/v1").unwrap());
        let answer = program
            .get(&format!("{address}{}", if path.ends_with("/diff") { "?from=1&to=1" } else { "" }))
            .await;
        if !path.contains("{replay}") {
            assert_eq!(answer.status, StatusCode::OK, "{address} {}", answer.text);
        }
        check(&document, &path, &method, &answer);
    }
}

fn filled(path: &str) -> String {
    let path = path.replace("{order}", "shopify-1").replace("{flow}", "cod-confirmation");
    format!("/api/v1{}", path.replace("{version}", "1").replace("{replay}", "none"))
}

#[tokio::test]
async fn a_fact_within_the_limits_fits_into_a_message() {
    let world = World::new().await;
    let program = program(&world, Role::Operator).await;
    let (name, line) = ("ن".repeat(100), "ن".repeat(250));
    let item = json!({ "title": line, "quantity": 1, "price": "1", "sku": name, "product": name, "vendor": name,
        "categories": vec![name.clone(); 50] });
    let order = json!({
        "kind": "order", "at": "2026-11-22T10:00:00Z", "order": "custom-1", "created_at": "2026-11-22T10:00:00Z",
        "total": { "amount": "1", "currency": "PKR" }, "payment": "cod", "items": vec![item; 20],
        "tags": vec![name.clone(); 50], "discount_codes": vec![name; 20], "note": "ن".repeat(500),
    });
    let answer = program.json("/v1/track", order).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert!(world.queue.bodies(QueueName::Events)[0].len() < Outgoing::MAX_BODY);
}
