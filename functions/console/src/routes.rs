//! The addresses. What is not in [`open`] is behind the guard, and what changes something is under a role.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use harkara_engine::people::Role;
use std::sync::Arc;

use crate::{
    Console, act, api, dress,
    failure::Failure,
    guard::{self, MAX_BODY, guard},
    pages, sign_in,
};

/// The console. Give it connections with `ConnectInfo<SocketAddr>`, so that waits after failed
/// sign-ins know where a request comes from.
pub fn router(console: Arc<Console>) -> Router {
    let may = |role| from_fn(move |request, next| guard::need(role, request, next));
    let guarded = Router::new()
        .merge(seen().route_layer(may(Role::Viewer)))
        .merge(operated().route_layer(may(Role::Operator)))
        .merge(owned().route_layer(may(Role::Owner)))
        .fallback(async || Failure::missing("page"))
        .layer(from_fn_with_state(console.clone(), guard));
    guarded
        .merge(open())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(dress::dress))
        .with_state(console)
}

type Routes = Router<Arc<Console>>;

/// For everybody, signed in or not.
fn open() -> Routes {
    Router::new()
        .route("/login", get(sign_in::login_page).post(sign_in::login))
        .route("/setup/{token}", get(sign_in::setup_page).post(sign_in::setup))
        .route("/healthz", get(async || "ok"))
        .route("/assets/console.css", get(async || asset("text/css; charset=utf-8", STYLE)))
        .route("/assets/console.js", get(async || asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/assets/icon.svg", get(async || asset("image/svg+xml", ICON)))
}

/// For whoever is signed in.
fn seen() -> Routes {
    Router::new()
        .route("/", get(pages::overview::overview))
        .route("/orders", get(pages::orders::orders))
        .route("/orders/{order}", get(pages::order::order))
        .route("/runs", get(pages::runs::runs))
        .route("/outbox", get(pages::outbox::outbox))
        .route("/dead-letters", get(pages::letters::letters))
        .route("/dead-letters/preview", get(pages::letters::preview))
        .route("/replays/{replay}", get(pages::replays::replay))
        .route("/flows", get(pages::flows::flows))
        .route("/flows/{flow}", get(pages::flows::flow))
        .route("/templates", get(pages::templates::templates))
        .route("/logout", post(sign_in::logout))
        .route("/api/v1/orders", get(api::orders))
        .route("/api/v1/orders/{order}", get(api::order))
        .route("/api/v1/runs", get(api::runs))
        .route("/api/v1/outbox", get(api::outbox))
        .route("/api/v1/dead-letters", get(api::dead_letters))
        .route("/api/v1/dead-letters/preview", post(api::preview))
        .route("/api/v1/replays/{replay}", get(api::replay))
        .route("/api/v1/flows", get(api::flows))
        .route("/api/v1/counters", get(api::counters))
}

/// For operators and owners.
fn operated() -> Routes {
    Router::new()
        .route("/orders/{order}/actions", post(act::post))
        .route("/outbox/tap", post(pages::outbox::tap))
        .route("/replays", post(pages::replays::start))
        .route("/flows/{flow}/switch", post(pages::flows::switch))
        .route("/api/v1/orders/{order}/actions", post(api::act))
        .route("/api/v1/replays", post(api::start_replay))
        .route("/api/v1/flows/{flow}/switch", post(api::switch))
}

/// For owners.
fn owned() -> Routes {
    Router::new()
        .route("/audit", get(pages::audit::audit))
        .route("/settings", get(pages::settings::settings))
        .route("/settings/keys", post(pages::settings::make_key))
        .route("/settings/keys/revoke", post(pages::settings::revoke))
        .route("/settings/people/invite", post(pages::settings::invite))
        .route("/settings/people/remove", post(pages::settings::remove))
        .route("/settings/people/withdraw", post(pages::settings::withdraw))
}

const STYLE: &str = include_str!("../assets/console.css");
const SCRIPT: &str = include_str!("../assets/console.js");
const ICON: &str = include_str!("../assets/icon.svg");

fn asset(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Short, so that a new version's pages do not wear the old one's style for long.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
