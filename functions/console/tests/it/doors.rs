//! Closed by default: who gets in, and how far.

use axum::http::{Method, StatusCode};
use harkara_engine::people::Role;

use crate::{browser::Browser, world::World};

/// Every address of the console with its method, read from where they are declared, so that a new
/// one cannot be forgotten here.
fn routes() -> Vec<(Method, String)> {
    let source = include_str!("../../src/routes.rs");
    let mut routes = Vec::new();
    for declared in source.split(".route(\"").skip(1) {
        let (path, rest) = declared.split_once('"').unwrap();
        let methods = rest.split("\n}").next().unwrap();
        let path = path.replace("{order}", "shopify-1").replace("{flow}", "cod-confirmation");
        let path = path.replace("{replay}", "r").replace("{token}", "t").replace("{version}", "1");
        for (word, method) in [("get(", Method::GET), ("post(", Method::POST)] {
            if methods.contains(word) {
                routes.push((method, path.clone()));
            }
        }
    }
    assert!(routes.len() > 40, "the declarations are not read any more");
    routes
}

const OPEN: [&str; 8] = [
    "/login",
    "/setup/t",
    "/healthz",
    "/assets/console.css",
    "/assets/console.js",
    "/assets/form.js",
    "/assets/icon.svg",
    "/v1/flow.schema.json",
];

#[tokio::test]
async fn nothing_but_the_doors_opens_without_a_sign_in() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let browser = Browser::new(world.router());
    for (method, path) in routes().into_iter().filter(|(_, path)| !OPEN.contains(&path.as_str())) {
        let answer = browser.send(method.clone(), &path, "", String::new()).await;
        if path.starts_with("/api/") || path.starts_with("/v1/") {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(answer.json()["error"].is_string());
        } else {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path}");
            assert!(answer.header("location").starts_with("/login"), "{method} {path}");
        }
    }
    assert_eq!(browser.get("/no/such/page").await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/api/v1/none").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.get("/healthz").await.text, "ok");
    let wanted = browser.get("/orders?q=1").await;
    assert_eq!(wanted.header("location"), "/login?next=%2Forders%3Fq%3D1");
}

#[tokio::test]
async fn every_response_wears_its_headers_and_no_page_has_anything_inline() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let owner = world.signed_in(Role::Owner).await;
    for (_, path) in routes().into_iter().filter(|(method, _)| method == Method::GET) {
        let answer = owner.get(&path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        if path.starts_with("/assets/") || path == "/v1/flow.schema.json" {
            continue;
        }
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        if answer.header("content-type").starts_with("text/html") {
            for inline in [" style=", "<style", " onclick=", "javascript:", "<script>"] {
                assert!(!answer.text.contains(inline), "{path} has {inline}");
            }
        }
    }
}

#[tokio::test]
async fn roles_hold_on_the_server() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let (viewer, operator) = (world.signed_in(Role::Viewer).await, world.signed_in(Role::Operator).await);
    let owners =
        ["/audit", "/settings", "/settings/keys", "/settings/people/invite", "/settings/keys/revoke"];
    let operators = [
        "/orders/shopify-1/actions",
        "/outbox/tap",
        "/replays",
        "/flows",
        "/flow-form",
        "/flows/cod-confirmation/state",
        "/flows/cod-confirmation/draft/drop",
        "/api/v1/orders/shopify-1/actions",
        "/api/v1/replays",
        "/api/v1/flows",
        "/api/v1/flows/cod-confirmation/state",
        "/api/v1/flows/cod-confirmation/draft/drop",
        "/api/v1/bundle/apply",
    ];
    for path in owners.into_iter().chain(operators) {
        let answer = match path {
            "/audit" | "/settings" => viewer.get(path).await,
            _ => viewer.post(path, &[]).await,
        };
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in owners {
        let answer = match path {
            "/audit" | "/settings" => operator.get(path).await,
            _ => operator.post(path, &[]).await,
        };
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let page = viewer.get("/orders/shopify-1").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("Add note") && !page.text.contains("/settings"));
    assert!(operator.get("/orders/shopify-1").await.text.contains("Add note"));
}

#[tokio::test]
async fn a_change_needs_the_forms_token_and_a_page_of_ours() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let mut operator = world.signed_in(Role::Operator).await;
    let note = [("act", "note"), ("text", "hello")];
    let path = "/orders/shopify-1/actions";
    assert_eq!(operator.post_bare(path, &note).await.status, StatusCode::FORBIDDEN);
    let mut wrong = note.to_vec();
    let bad = "0".repeat(64);
    wrong.push(("csrf", &bad));
    assert_eq!(operator.post_bare(path, &wrong).await.status, StatusCode::FORBIDDEN);
    let json = serde_json::json!({ "act": "note", "text": "hello" });
    let api = "/api/v1/orders/shopify-1/actions";
    assert_eq!(operator.json(api, json.clone()).await.status, StatusCode::FORBIDDEN);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
        ("origin", "null"),
    ] {
        operator.headers = vec![(name, value.to_owned())];
        assert_eq!(operator.post(path, &note).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert!(world.queue.bodies(harkara_engine::port::QueueName::Events).is_empty());
    operator.headers = vec![("origin", "http://shop.test".to_owned())];
    assert_eq!(operator.post(path, &note).await.status, StatusCode::SEE_OTHER);
    operator.headers = vec![("x-csrf-token", operator.csrf.clone())];
    assert_eq!(operator.json(api, json).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn too_much_is_refused() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let operator = world.signed_in(Role::Operator).await;
    let long = "x".repeat(70 * 1024);
    let answer = operator.post("/orders/shopify-1/actions", &[("act", "note"), ("text", &long)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let open = Browser::new(world.router()).post_bare("/login", &[("email", &long), ("password", "x")]).await;
    assert_eq!(open.status, StatusCode::PAYLOAD_TOO_LARGE);
}
