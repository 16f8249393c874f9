//! Links, sign-ins, waits, people and keys.

use axum::{extract::ConnectInfo, http::StatusCode};
use harkara_engine::people::Role;
use std::net::SocketAddr;

use crate::{
    browser::{Answer, Browser},
    world::{PASSWORD, World},
};

fn joining<'a>(email: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [("email", email), ("password", password), ("again", password)]
}

async fn sign_in(browser: &Browser, email: &str, password: &str) -> Answer {
    browser.post_bare("/login", &[("email", email), ("password", password)]).await
}

#[tokio::test]
async fn the_first_link_makes_an_owner_once() {
    let world = World::new().await;
    let earlier = world.console.first_link().await.unwrap().unwrap();
    let link = world.console.first_link().await.unwrap().unwrap();
    let browser = Browser::new(world.router());
    assert_eq!(browser.get(&earlier).await.status, StatusCode::GONE, "a later link replaces it");
    assert!(browser.get(&link).await.text.contains("You are the first here"));
    let short = browser.post_bare(&link, &joining("owner@shop.test", "short")).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    assert!(short.text.contains("at least 10 characters"));
    let different =
        [("email", "o@shop.test"), ("password", "one long password"), ("again", "other long password")];
    assert_eq!(browser.post_bare(&link, &different).await.status, StatusCode::BAD_REQUEST);
    let joined = browser.post_bare(&link, &joining("Owner@Shop.test", PASSWORD)).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER);
    let cookie = joined.header("set-cookie");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/") && !cookie.contains("Secure"), "{cookie}");
    let session = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!world.table.dump().contains(session), "a session is kept as a digest");
    assert!(!world.table.dump().contains(PASSWORD));
    assert!(!world.table.dump().contains(link.trim_start_matches("/setup/")));
    let owner = Browser::with_session(world.router(), session);
    assert!(owner.get("/settings").await.text.contains("owner@shop.test"));
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
    assert_eq!(
        browser.post_bare(&link, &joining("second@shop.test", PASSWORD)).await.status,
        StatusCode::GONE
    );
    assert_eq!(world.console.first_link().await.unwrap(), None);
}

#[tokio::test]
async fn a_link_ends_after_a_day() {
    let world = World::new().await;
    let link = world.console.first_link().await.unwrap().unwrap();
    world.advance(24 * 60 + 1);
    assert_eq!(Browser::new(world.router()).get(&link).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn failures_make_waits_for_an_address_known_or_not() {
    let world = World::new().await;
    world.signed_in(Role::Owner).await;
    let browser = Browser::new(world.router());
    for email in ["owner@shop.test", "nobody@shop.test"] {
        for _ in 0..5 {
            let refused = sign_in(&browser, email, "not the password").await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
            assert!(refused.text.contains("The e-mail address or the password is not right."));
        }
        let waits = sign_in(&browser, email, PASSWORD).await;
        assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "even the right one waits");
        assert_eq!(waits.header("retry-after"), "30");
    }
    world.advance(1);
    assert_eq!(sign_in(&browser, "owner@shop.test", "wrong again").await.status, StatusCode::UNAUTHORIZED);
    let waits = sign_in(&browser, "owner@shop.test", PASSWORD).await;
    assert_eq!(waits.header("retry-after"), "60", "the next wait is longer");
    world.advance(2);
    let right = sign_in(&browser, "OWNER@shop.test ", PASSWORD).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER);
    for _ in 0..4 {
        assert_eq!(sign_in(&browser, "owner@shop.test", "no").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn failures_from_one_place_make_waits_there_but_a_local_proxy_is_no_place() {
    let world = World::new().await;
    let from = |peer: &str| {
        let peer: SocketAddr = peer.parse().unwrap();
        Browser::new(world.router().layer(axum::Extension(ConnectInfo(peer))))
    };
    let (there, elsewhere, proxy) = (from("192.0.2.7:4000"), from("192.0.2.8:4000"), from("127.0.0.1:4000"));
    for guess in 0..6 {
        let email = format!("guess{guess}@shop.test");
        sign_in(&there, &email, "no").await;
        sign_in(&proxy, &format!("proxied{guess}@shop.test"), "no").await;
    }
    assert_eq!(sign_in(&there, "fresh@shop.test", "no").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(sign_in(&elsewhere, "fresh2@shop.test", "no").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&proxy, "fresh3@shop.test", "no").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_time_and_by_removal() {
    let world = World::new().await;
    let owner = world.signed_in(Role::Owner).await;
    let viewer = world.signed_in(Role::Viewer).await;
    assert_eq!(viewer.get("/").await.status, StatusCode::OK);
    assert_eq!(viewer.post("/logout", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(viewer.get("/").await.status, StatusCode::SEE_OTHER);
    let viewer = world.signed_in(Role::Viewer).await;
    let alone = owner.post("/settings/people/remove", &[("email", "owner@shop.test")]).await;
    assert_eq!(alone.status, StatusCode::CONFLICT);
    let removed = owner.post("/settings/people/remove", &[("email", "viewer@shop.test")]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert_eq!(viewer.get("/").await.status, StatusCode::SEE_OTHER);
    world.signed_in(Role::Viewer).await;
    assert_eq!(viewer.get("/").await.status, StatusCode::SEE_OTHER, "joining anew revives no session");
    world.advance(7 * 24 * 60);
    assert_eq!(owner.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_owner_invites_by_a_link_that_works_once() {
    let world = World::new().await;
    let owner = world.signed_in(Role::Owner).await;
    let page = owner.post("/settings/people/invite", &[("role", "operator")]).await;
    let link =
        page.text.split("value=\"http://shop.test").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(!owner.get("/settings").await.text.contains(&link), "shown once");
    let browser = Browser::new(world.router());
    let taken = browser.post_bare(&link, &joining("owner@shop.test", PASSWORD)).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    let joined = browser.post_bare(&link, &joining("amna@shop.test", PASSWORD)).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
    let amna = world.people.person(&world.store, "amna@shop.test").await.unwrap().unwrap();
    assert_eq!(amna.role, Role::Operator);
    let log = owner.get("/audit").await.text;
    assert!(log.contains("invited somebody as operator") && log.contains("joined as operator"));
}

#[tokio::test]
async fn an_api_key_is_shown_once_kept_as_a_digest_and_revoked() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let owner = world.signed_in(Role::Owner).await;
    let page = owner.post("/settings/keys", &[("name", "reports"), ("role", "viewer")]).await;
    let secret = format!("hk_{}", page.text.split("value=\"hk_").nth(1).unwrap().split('"').next().unwrap());
    assert!(!owner.get("/settings").await.text.contains(&secret));
    assert!(!world.table.dump().contains(&secret));
    let mut program = Browser::new(world.router());
    program.headers = vec![("authorization", format!("Bearer {secret}"))];
    let orders = program.get("/api/v1/orders?limit=100000").await;
    assert_eq!(orders.json()["entries"][0]["id"], "shopify-1");
    assert_eq!(program.get("/orders").await.status, StatusCode::SEE_OTHER, "pages are for people");
    let act = program.json("/api/v1/orders/shopify-1/actions", serde_json::json!({"act": "confirm"})).await;
    assert_eq!(act.status, StatusCode::FORBIDDEN);
    let id = page.text.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(owner.post("/settings/keys/revoke", &[("id", id)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(program.get("/api/v1/orders").await.status, StatusCode::UNAUTHORIZED);
    program.headers = vec![("authorization", "Bearer hk_wrong".to_owned())];
    assert_eq!(program.get("/api/v1/orders").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn many_guesses_at_once_do_not_slip_through() {
    let world = World::new().await;
    world.signed_in(Role::Owner).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let browser = Browser::new(world.router());
        guesses.spawn(async move { sign_in(&browser, "owner@shop.test", "a guess of many").await.status });
    }
    let answers = guesses.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count(), 5);
}

#[tokio::test]
async fn two_at_once_do_not_both_become_the_first_owner() {
    let world = World::new().await;
    let link = world.console.first_link().await.unwrap().unwrap();
    let mut both = tokio::task::JoinSet::new();
    for email in ["one@shop.test", "two@shop.test"] {
        let (browser, link) = (Browser::new(world.router()), link.clone());
        both.spawn(async move { browser.post_bare(&link, &joining(email, PASSWORD)).await.status });
    }
    let mut answers = both.join_all().await;
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::GONE]);
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_it() {
    let mut world = World::new().await;
    std::sync::Arc::get_mut(&mut world.console).unwrap().secure_cookies = true;
    let link = world.console.first_link().await.unwrap().unwrap();
    let joined = Browser::new(world.router()).post_bare(&link, &joining("o@shop.test", PASSWORD)).await;
    let cookie = joined.header("set-cookie");
    assert!(cookie.starts_with("__Host-harkara=") && cookie.ends_with("; Secure"), "{cookie}");
}
