//! Who asks, and whether they may. Everything behind this layer needs a session or an API key.

use axum::{
    body::{self, Body},
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use harkara_engine::people::{Role, token};
use std::sync::Arc;

use crate::{Console, failure::Failure};

/// The largest body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// Where scripts put a form's token.
pub(crate) const TOKEN_HEADER: &str = "x-csrf-token";
/// Where forms put it.
const TOKEN_FIELD: &str = "csrf";

/// Whether programs are answered there, and not browsers.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/v1/")
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Caller {
    /// An e-mail address, or `API key <name>`.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The session's token; `None` for an API key.
    pub(crate) session: Option<String>,
}

impl Caller {
    /// Before the name of an API key.
    pub(crate) const KEY: &'static str = "API key ";

    /// What forms of their session carry.
    pub(crate) fn form_token(&self) -> String {
        self.session.as_deref().map(token::form_token).unwrap_or_default()
    }
}

/// The cookie's name. The prefix makes browsers insist on `Secure`, on `/` and on this very host.
pub(crate) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-harkara" } else { "harkara" }
}

/// Lets through whoever is signed in, as a [`Caller`].
pub(crate) async fn guard(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    match admit(&console, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    }
}

async fn admit(console: &Console, mut request: Request) -> Result<Request, Response> {
    let api = is_api(request.uri().path());
    let caller = if api && request.headers().contains_key(AUTHORIZATION) {
        by_key(console, request.headers()).await
    } else {
        by_cookie(console, request.headers()).await
    };
    let Some(caller) = caller.map_err(Failure::into_response)? else {
        return Err(not_signed_in(api, &request));
    };
    if !safe(request.method())
        && let Some(session) = &caller.session
    {
        let expected = token::form_token(session);
        request = meant(console, request, &expected).await.map_err(Failure::into_response)?;
    }
    request.extensions_mut().insert(caller);
    Ok(request)
}

fn safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn not_signed_in(api: bool, request: &Request) -> Response {
    if api {
        let words = "Sign in, or send an API key as a bearer token.";
        return Failure::new(StatusCode::UNAUTHORIZED, words).into_response();
    }
    let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    if !safe(request.method()) || wanted == "/" {
        return Redirect::to("/login").into_response();
    }
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
    Redirect::to(&format!("/login?{query}")).into_response()
}

async fn by_key(console: &Console, headers: &HeaderMap) -> Result<Option<Caller>, Failure> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, secret)) = value.split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let key = console.people().key(&console.store, secret.trim()).await?;
    Ok(key.map(|key| Caller { name: format!("{}{}", Caller::KEY, key.name), role: key.role, session: None }))
}

async fn by_cookie(console: &Console, headers: &HeaderMap) -> Result<Option<Caller>, Failure> {
    let Some(token) = session_token(console, headers) else { return Ok(None) };
    let person = console.people().signed_in(&console.store, &token).await?;
    Ok(person.map(|person| Caller { name: person.email, role: person.role, session: Some(token) }))
}

/// The session's token in the cookies of a request.
pub(crate) fn session_token(console: &Console, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(console.secure_cookies);
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Whether the browser says that a page of ours made the request. A client that says nothing is no
/// browser, or an old one: it still needs the form's token.
pub(crate) fn from_here(console: &Console, headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let elsewhere = || Failure::forbidden("This request came from another site.");
    if let Some(site) = text("sec-fetch-site") {
        return if matches!(site, "same-origin" | "none") { Ok(()) } else { Err(elsewhere()) };
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return Ok(()) };
    let authority = |uri: &str| uri.parse::<Uri>().ok().and_then(|uri| Some(uri.authority()?.to_string()));
    let origin = authority(origin).ok_or_else(elsewhere)?;
    let ours = [authority(&console.base_url), text(HOST.as_str()).map(str::to_owned)];
    if ours.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(&origin)) {
        Ok(())
    } else {
        Err(elsewhere())
    }
}

/// A change that a cookie speaks for must be meant: made by a page of ours, with the token that only
/// such a page knows.
async fn meant(console: &Console, request: Request, expected: &str) -> Result<Request, Failure> {
    from_here(console, request.headers())?;
    let stale =
        || Failure::forbidden("This page was too old. Please go back, load it again and try once more.");
    if let Some(given) = request.headers().get(TOKEN_HEADER) {
        let right = given.to_str().is_ok_and(|given| token::same(given, expected));
        return if right { Ok(request) } else { Err(stale()) };
    }
    let form = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Err(stale());
    }
    let (parts, body) = request.into_parts();
    let too_much =
        |_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "That is too much at once: 64 KB is the most.");
    let bytes = body::to_bytes(body, MAX_BODY).await.map_err(too_much)?;
    let given = form_urlencoded::parse(&bytes).find(|(name, _)| name == TOKEN_FIELD);
    if !given.is_some_and(|(_, given)| token::same(&given, expected)) {
        return Err(stale());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Lets through callers with a role or more.
pub(crate) async fn need(role: Role, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>();
    if caller.is_some_and(|caller| caller.role >= role) {
        return next.run(request).await;
    }
    let words = match role {
        Role::Owner => "Only an owner of the store can do this.",
        Role::Operator => "Only operators and owners can do this. Your role lets you look.",
        Role::Viewer => "Please sign in first.",
    };
    Failure::forbidden(words).into_response()
}
