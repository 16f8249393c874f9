//! Webhooks that a flow calls, signed by Standard Webhooks 1.0.0 (standardwebhooks.com), symmetric `v1`.
//!
//! A call is safe to repeat: its id stays the same, and receivers are told to take an id once. So an answer
//! that was lost is to be treated as a failed attempt.

use std::{collections::BTreeMap, fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use harkara_domain::{fact::ProviderError, web};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{ActionRef, HttpRequest, HttpResponse, Policy, Reach, Unsendable, Verdict};

/// The most bytes of a body. (The specification would rather have 20 KB.)
pub const MAX_BODY: usize = 64 * 1024;
/// The most secrets that sign: today's and those that are on their way out.
pub const MAX_SECRETS: usize = 4;

/// What begins a secret's text form.
const PREFIX: &str = "whsec_";
/// How long a receiver that is asked too much, and says no time, is left alone.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest pause that a receiver can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// With what a store's webhooks are signed. Each secret is `whsec_` and the base64 of 24 to 64 random
/// bytes; of several, each makes a signature, so that a receiver can change from one to the next.
#[derive(Clone, Default, Deserialize)]
pub struct Connection {
    #[serde(default)]
    secrets: Vec<String>,
    /// By host: receivers that do not share a secret cannot speak in our name to one another.
    #[serde(default)]
    hosts: BTreeMap<String, Vec<String>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} secrets, {:?})", self.secrets.len(), self.hosts.keys())
    }
}

impl Connection {
    /// The secrets for an address: those of its host, else those of the store. Without any, nothing is
    /// sent.
    pub fn secrets(&self, url: &str) -> &[String] {
        let host = web::target(url).map(|target| target.host.to_ascii_lowercase());
        host.ok().and_then(|host| self.hosts.get(&host)).unwrap_or(&self.secrets)
    }
}

/// A call of a webhook. Its `Debug` form shows neither address nor body.
#[derive(Clone, Copy)]
pub struct WebhookCall<'a> {
    /// The same for every attempt; see [`id`].
    pub id: &'a str,
    /// When this attempt is made. A receiver that follows the specification takes no late one.
    pub at: Timestamp,
    /// The address as it was typed.
    pub url: &'a str,
    /// JSON; see [`body`].
    pub body: &'a [u8],
}

impl fmt::Debug for WebhookCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookCall({}, {} bytes)", self.id, self.body.len())
    }
}

/// What a receiver knows an action's call by. It holds no full stop: those divide what is signed.
pub fn id(action: &ActionRef<'_>) -> String {
    format!("msg_{}", action.name())
}

/// A body of the recommended form. `kind` says what happened, in words divided by full stops, such as
/// `order.confirmed`; `at` is when it happened, which stays the same for every attempt.
///
/// # Errors
/// [`Unsendable::Content`] when the kind is no such words, or the body is over [`MAX_BODY`].
pub fn body(kind: &str, at: Timestamp, data: &impl Serialize) -> Result<Vec<u8>, Unsendable> {
    #[derive(Serialize)]
    struct Payload<'p, D> {
        r#type: &'p str,
        timestamp: Timestamp,
        data: &'p D,
    }
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !kind.split('.').all(word) {
        let message = format!("“{kind}” is not words of letters, digits and `_`, divided by full stops");
        return Err(Unsendable::Content(message));
    }
    let body = serde_json::to_vec(&Payload { r#type: kind, timestamp: at, data })
        .map_err(|error| Unsendable::Content(format!("data that is no JSON: {error}")))?;
    checked(&body)?;
    Ok(body)
}

/// The request of a call, signed with each of the secrets.
///
/// # Errors
/// [`Unsendable::Content`] when the address is not one of the public web ([`web::target`]), the body is
/// over [`MAX_BODY`], the id is not one of [`id`]'s kind, there are none or more than [`MAX_SECRETS`]
/// secrets, or one of them is not what the specification asks for.
pub fn request(call: &WebhookCall<'_>, secrets: &[String]) -> Result<HttpRequest, Unsendable> {
    web::target(call.url).map_err(|problem| Unsendable::Content(problem.to_string()))?;
    checked(call.body)?;
    if call.id.is_empty() || !call.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(Unsendable::Content("an id that is not letters, digits and `_`".to_owned()));
    }
    if !(1..=MAX_SECRETS).contains(&secrets.len()) {
        let message = format!("{} secrets to sign with; 1 to {MAX_SECRETS} are needed", secrets.len());
        return Err(Unsendable::Content(message));
    }
    let mut signatures = Vec::with_capacity(secrets.len());
    for (index, secret) in secrets.iter().enumerate() {
        let signature = signature(secret, call).ok_or_else(|| {
            let message = format!("secret {} is not `{PREFIX}` and 24 to 64 bytes in base64", index + 1);
            Unsendable::Content(message)
        })?;
        signatures.push(signature);
    }
    Ok(HttpRequest {
        method: "POST",
        url: call.url.to_owned(),
        reach: Reach::Public,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "Harkara".to_owned()),
            ("webhook-id", call.id.to_owned()),
            ("webhook-timestamp", call.at.as_second().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ],
        body: call.body.to_vec(),
    })
}

fn checked(body: &[u8]) -> Result<(), Unsendable> {
    if body.len() > MAX_BODY {
        let message = format!("a body of {} bytes; a webhook takes {MAX_BODY}", body.len());
        return Err(Unsendable::Content(message));
    }
    Ok(())
}

fn signature(secret: &str, call: &WebhookCall<'_>) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok().filter(|_| (24..=64).contains(&key.len()))?;
    mac.update(format!("{}.{}.", call.id, call.at.as_second()).as_bytes());
    mac.update(call.body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// What a receiver's answer means. An acceptance has no id; of a refusal only the status is told, since
/// the words are a stranger's and may repeat what we sent.
pub fn verdict(response: &HttpResponse) -> Verdict {
    let status = response.status;
    let asked = response
        .retry_after
        .map(|seconds| Duration::from_secs(u64::from(seconds)).clamp(Duration::from_secs(1), LONGEST_PAUSE));
    let policy = match (status, asked) {
        (200..=299, _) => return Verdict::Accepted(String::new()),
        (429 | 503, Some(asked)) => Policy::Throttled(asked),
        (429, None) => Policy::Throttled(PAUSE),
        (408 | 500..=599, _) => Policy::Retry,
        // A redirection is not followed: it would lead the signed body where nobody typed. 410 says that
        // the receiver wants no more of them.
        _ => Policy::Permanent,
    };
    let words = match status {
        300..=399 => "sends elsewhere, which is not followed",
        410 => "wants no more webhooks",
        429 => "asks to slow down",
        _ => "did not take the webhook",
    };
    let message = format!("HTTP {status}: the receiver {words}");
    Verdict::Refused(ProviderError { code: i64::from(status), message }, policy)
}
