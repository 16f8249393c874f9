//! Signing in and out, and the links that let somebody in for the first time.

use askama::Template;
use axum::{
    Form,
    extract::{ConnectInfo, Path, Query, State},
    http::{
        Extensions, HeaderMap, HeaderValue, StatusCode,
        header::{RETRY_AFTER, SET_COOKIE},
    },
    response::{Html, IntoResponse, Redirect, Response},
};
use harkara_engine::people::{self, Attempt, People, PeopleError, Person, Role, password};
use serde::Deserialize;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

use crate::{
    Console,
    failure::Failure,
    guard::{cookie_name, from_here, session_token},
};

/// Each hash takes 19 MiB, and a core for tens of milliseconds.
static HASHING: Semaphore = Semaphore::const_new(2);
/// Whoever would wait longer for one is told to come again, so that a flood does not pile up.
const LONGEST_QUEUE: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    email: String,
    next: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    token: String,
    role: Role,
    first: bool,
    email: String,
    problem: Option<String>,
}

#[derive(Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct Joining {
    email: String,
    password: String,
    again: String,
}

/// A path of ours: anything else that a link might ask for leads to the overview.
fn local(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//");
    let plain = next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if ours && plain { next } else { "/" }
}

pub(crate) async fn login_page(Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let page = LoginPage { email: String::new(), next: local(&wanted.next).to_owned(), problem: None };
    Ok(Html(page.render()?).into_response())
}

pub(crate) async fn login(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(form): Form<SignIn>,
) -> Result<Response, Failure> {
    from_here(&console, &headers)?;
    let (people, next) = (console.people(), local(&form.next).to_owned());
    let again = |status, problem: &str| -> Result<Response, Failure> {
        let page =
            LoginPage { email: form.email.clone(), next: next.clone(), problem: Some(problem.to_owned()) };
        Ok((status, WithPage(page.render()?)).into_response())
    };
    // An address that cannot be one is counted and checked like any other.
    let email = people::address(&form.email).unwrap_or_else(|_| form.email.trim().to_lowercase());
    let mut whom = vec![format!("email {email}")];
    whom.extend(peer(&extensions));
    if let Attempt::Wait(wait) = people.attempt(&console.store, &whom).await? {
        let seconds = wait.as_secs().max(1);
        let minutes = (seconds + 59) / 60;
        let words = if seconds <= 60 { format!("{seconds} seconds") } else { format!("{minutes} minutes") };
        let problem = format!("That was tried too often. Please wait {words} and try again.");
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, &problem)?;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let person = people.person(&console.store, &email).await?;
    let hashed = person.as_ref().map(|person| person.password.clone());
    let right = verified(form.password.clone(), hashed).await?;
    let Some(person) = person.filter(|_| right) else {
        console.counters.sign_ins_refused.add(());
        return again(StatusCode::UNAUTHORIZED, "The e-mail address or the password is not right.");
    };
    people.succeeded(&console.store, &whom).await?;
    signed_in(&console, &people, &person, &next).await
}

/// A page with an error status that is dressed already.
struct WithPage(String);

impl IntoResponse for WithPage {
    fn into_response(self) -> Response {
        let mut response = Html(self.0).into_response();
        response.extensions_mut().insert(crate::dress::Dressed);
        response
    }
}

/// Where the request came from. A proxy on the same machine speaks for everybody, so its address
/// does not count: waits for it would lock out the whole team.
fn peer(extensions: &Extensions) -> Option<String> {
    let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    (!address.ip().is_loopback()).then(|| format!("peer {}", address.ip()))
}

async fn verified(given: String, hashed: Option<String>) -> Result<bool, Failure> {
    hashing(move || password::verify(&given, hashed.as_deref())).await
}

async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let busy = |_| {
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "Too many people sign in at once. Please try again.")
    };
    let permit = tokio::time::timeout(LONGEST_QUEUE, HASHING.acquire()).await.map_err(busy)?;
    let _permit = permit.map_err(Failure::fault)?;
    tokio::task::spawn_blocking(work).await.map_err(Failure::fault)
}

async fn signed_in(
    console: &Console,
    people: &People,
    person: &Person,
    next: &str,
) -> Result<Response, Failure> {
    let token = people.open_session(&console.store, person).await?;
    let mut response = Redirect::to(next).into_response();
    set_cookie(console, &mut response, &token, People::SESSION.as_secs())?;
    Ok(response)
}

fn set_cookie(console: &Console, response: &mut Response, value: &str, seconds: i64) -> Result<(), Failure> {
    let name = cookie_name(console.secure_cookies);
    let secure = if console.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(Failure::fault)?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(())
}

pub(crate) async fn logout(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(token) = session_token(&console, &headers) {
        console.people().close_session(&console.store, &token).await?;
    }
    let mut response = Redirect::to("/login").into_response();
    set_cookie(&console, &mut response, "", 0)?;
    Ok(response)
}

pub(crate) async fn setup_page(
    State(console): State<Arc<Console>>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let offer = console.people().offer(&console.store, &token).await?.ok_or(PeopleError::Gone)?;
    let (role, first) = (offer.role, offer.by.is_none());
    let page = SetupPage { token, role, first, email: String::new(), problem: None };
    Ok(Html(page.render()?).into_response())
}

pub(crate) async fn setup(
    State(console): State<Arc<Console>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Joining>,
) -> Result<Response, Failure> {
    from_here(&console, &headers)?;
    let people = console.people();
    let offer = people.offer(&console.store, &token).await?.ok_or(PeopleError::Gone)?;
    match join(&console, &people, &token, &form).await {
        Ok(person) => {
            let what = format!("joined as {}", person.role);
            people.log(&console.store, &person.email, &what, "").await?;
            signed_in(&console, &people, &person, "/").await
        }
        Err(failure) if failure.status.is_client_error() && failure.status != StatusCode::GONE => {
            let (role, first, email) = (offer.role, offer.by.is_none(), form.email);
            let page = SetupPage { token, role, first, email, problem: Some(failure.words) };
            Ok((failure.status, WithPage(page.render()?)).into_response())
        }
        Err(failure) => Err(failure),
    }
}

async fn join(console: &Console, people: &People, token: &str, form: &Joining) -> Result<Person, Failure> {
    people::address(&form.email)?;
    password::check(&form.password)?;
    if form.password != form.again {
        return Err(Failure::bad("The two passwords are not the same."));
    }
    let given = form.password.clone();
    let hashed = hashing(move || password::hash(&given)).await??;
    Ok(people.accept(&console.store, token, &form.email, hashed).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_the_sign_in_cannot_lead_away() {
        for away in
            ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/a b", "/a\nb"]
        {
            assert_eq!(local(away), "/", "{away}");
        }
        assert_eq!(local("/orders/shopify-1?notice=done"), "/orders/shopify-1?notice=done");
    }
}
