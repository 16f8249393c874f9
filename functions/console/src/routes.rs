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

/// A folder of flows is larger than a form.
fn bundle() -> DefaultBodyLimit {
    DefaultBodyLimit::max(api::bundle::MAX_BUNDLE)
}

/// A batch of facts, too.
fn facts() -> DefaultBodyLimit {
    DefaultBodyLimit::max(harkara_sources::track::MAX_BODY)
}

/// For everybody, signed in or not.
fn open() -> Routes {
    Router::new()
        .route("/login", get(sign_in::login_page).post(sign_in::login))
        .route("/setup/{token}", get(sign_in::setup_page).post(sign_in::setup))
        .route("/healthz", get(async || "ok"))
        .route("/assets/console.css", get(async || asset("text/css; charset=utf-8", STYLE)))
        .route("/assets/console.js", get(async || asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/assets/form.js", get(async || asset("text/javascript; charset=utf-8", FORM)))
        .route("/assets/icon.svg", get(async || asset("image/svg+xml", ICON)))
        .route("/v1/flow.schema.json", get(async || asset("application/schema+json", FLOW_SCHEMA)))
}

/// For whoever is signed in.
fn seen() -> Routes {
    Router::new()
        .route("/", get(pages::overview::overview))
        .route("/orders", get(pages::orders::orders))
        .route("/orders/{order}", get(pages::order::order))
        .route("/orders/{order}/why", get(pages::why::why))
        .route("/runs", get(pages::runs::runs))
        .route("/outbox", get(pages::outbox::outbox))
        .route("/dead-letters", get(pages::letters::letters))
        .route("/dead-letters/preview", get(pages::letters::preview))
        .route("/replays/{replay}", get(pages::replays::replay))
        .route("/flows", get(pages::flows::flows))
        .route("/flows/{flow}", get(pages::flow::flow))
        .route("/flows/{flow}/versions", get(pages::flow::versions))
        .route("/flows/{flow}/activation", get(pages::activation::preview))
        .route("/flows/{flow}/rehearsal", get(pages::rehearsal::show).post(pages::rehearsal::post))
        .route("/flows/{flow}/time-machine", get(pages::time_machine::show).post(pages::time_machine::ask))
        .route("/rehearsal", post(pages::rehearsal::of_text))
        .route("/tasks", get(pages::tasks::tasks))
        .route("/templates", get(pages::templates::templates))
        .route("/logout", post(sign_in::logout))
        .route("/api/v1/orders", get(api::orders))
        .route("/api/v1/orders/{order}", get(api::order))
        .route("/api/v1/runs", get(api::runs))
        .route("/api/v1/outbox", get(api::outbox))
        .route("/api/v1/dead-letters", get(api::dead_letters))
        .route("/api/v1/dead-letters/preview", post(api::preview))
        .route("/api/v1/replays/{replay}", get(api::replay))
        .route("/api/v1/tasks", get(api::tasks::tasks))
        .route("/api/v1/flows", get(api::flows::flows))
        .route("/api/v1/flows/{flow}", get(api::flows::flow))
        .route("/api/v1/flows/{flow}/versions", get(api::flows::versions))
        .route("/api/v1/flows/{flow}/versions/{version}", get(api::flows::version))
        .route("/api/v1/flows/{flow}/changes", get(api::flows::changes))
        .route("/api/v1/flows/{flow}/diff", get(api::flows::diff))
        .route("/api/v1/flows/{flow}/preview", get(api::flows::preview))
        .route("/api/v1/bundle", get(api::bundle::export))
        .route("/api/v1/bundle/compare", post(api::bundle::compare).layer(bundle()))
        .route("/api/v1/orders/{order}/why", get(api::why::why))
        .route("/api/v1/rehearsals", post(api::rehearsal::rehearse))
        .route("/api/v1/time-machine", post(api::time_machine::ask))
        .route("/api/v1/counters", get(api::counters))
        .route("/api/v1/openapi.json", get(api::openapi::openapi))
        .route("/v1/openapi.json", get(api::openapi::openapi))
}

/// For operators and owners.
fn operated() -> Routes {
    Router::new()
        .route("/orders/{order}/actions", post(act::post))
        .route("/outbox/tap", post(pages::outbox::tap))
        .route("/replays", post(pages::replays::start))
        .route("/tasks/{task}", post(pages::tasks::mark))
        .route("/flows", post(pages::editor::save))
        .route("/new-flow", get(pages::editor::new))
        .route("/flow-form", post(pages::form::convert))
        .route("/flows/{flow}/edit", get(pages::editor::edit))
        .route("/flows/{flow}/state", post(pages::flow::state))
        .route("/flows/{flow}/draft/drop", post(pages::flow::drop_draft))
        .route("/api/v1/orders/{order}/actions", post(api::act))
        .route("/api/v1/replays", post(api::start_replay))
        .route("/api/v1/tasks/{task}", post(api::tasks::mark))
        .route("/api/v1/flows", post(api::flows::save))
        .route("/api/v1/flows/{flow}/state", post(api::flows::state))
        .route("/api/v1/flows/{flow}/draft/drop", post(api::flows::drop_draft))
        .route("/api/v1/bundle/apply", post(api::bundle::apply).layer(bundle()))
        .route("/api/v1/track", post(api::track::track).layer(facts()))
        .route("/v1/track", post(api::track::track).layer(facts()))
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
const FORM: &str = include_str!("../assets/form.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// The JSON Schema of the flow language, as editors and the console's form read it.
pub const FLOW_SCHEMA: &str = include_str!("../../../docs/flow.schema.json");

fn asset(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Short, so that a new version's pages do not wear the old one's style for long.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
