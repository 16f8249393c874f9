//! What Shopify's answers mean.

use std::time::Duration;

use harkara_domain::fact::ProviderError;
use serde_json::Value;

use crate::{
    HttpResponse, Policy, Verdict,
    text::{at_most, one_line},
};

/// The characters of an error's words that are kept.
const MAX_MESSAGE: usize = 300;
/// How long to wait when Shopify does not say: its buckets refill within a minute.
const PAUSE: Duration = Duration::from_secs(60);
/// The shortest wait.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The longest wait that an answer can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
/// The most bytes of an id that is kept; Shopify's have about 50.
const MAX_ID: usize = 256;

/// What an answer means. An acceptance holds Shopify's id of the discount; it is empty when the shop had
/// the code already, from an attempt whose answer was lost.
pub fn verdict(response: &HttpResponse) -> Verdict {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let refused = |words: &str, policy| refused(response.status, words, policy);
    if let Some(policy) = by_status(response) {
        return refused(&words(&body), policy);
    }
    if body.get("errors").is_some_and(|errors| !errors.is_null()) {
        return refused(&words(&body), by_error(&body));
    }
    let Some(payload) = body.pointer("/data/discountCodeBasicCreate").filter(|payload| payload.is_object())
    else {
        return refused("the answer tells nothing of the coupon", Policy::Retry);
    };
    let errors = payload.get("userErrors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if errors.iter().any(is_ours_already) {
        return Verdict::Accepted(String::new());
    }
    if errors.is_empty() {
        return match payload.pointer("/codeDiscountNode/id").and_then(Value::as_str) {
            Some(id) if (1..=MAX_ID).contains(&id.len()) => Verdict::Accepted(id.to_owned()),
            _ => refused("the answer tells nothing of the coupon", Policy::Retry),
        };
    }
    let theirs = errors.iter().all(|error| code(error) == Some("INTERNAL_ERROR"));
    refused(&user_words(errors), if theirs { Policy::Retry } else { Policy::Permanent })
}

/// A code is made from the store's key, so nobody else has taken it.
fn is_ours_already(error: &Value) -> bool {
    let field = error.get("field").and_then(Value::as_array).and_then(|path| path.last());
    code(error) == Some("TAKEN") && field.is_none_or(|field| field == "code")
}

fn code(error: &Value) -> Option<&str> {
    error.get("code").and_then(Value::as_str)
}

/// What a status says by itself (shopify.dev, "response status and error codes"); `None` where the body
/// is to be read.
fn by_status(response: &HttpResponse) -> Option<Policy> {
    let asked = response.retry_after.map(|seconds| Duration::from_secs(u64::from(seconds)));
    match response.status {
        200..=299 => None,
        // The token, the plan, the shop: withdrawn, unpaid, forbidden, unknown, locked, or moved.
        300..=399 | 401..=404 | 423 => Some(Policy::StopAccount),
        429 => Some(Policy::Throttled(asked.unwrap_or(PAUSE).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))),
        // 430: Shopify took us for an attack.
        408 | 430 | 500..=599 => Some(Policy::Retry),
        _ => Some(Policy::Permanent),
    }
}

/// What to do about a request that was not performed (shopify.dev, GraphQL Admin API, "error codes").
fn by_error(body: &Value) -> Policy {
    let errors = body.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has = |wanted: &str| {
        errors.iter().any(|error| error.pointer("/extensions/code").and_then(Value::as_str) == Some(wanted))
    };
    let coded = errors.iter().any(|error| error.pointer("/extensions/code").is_some());
    if has("THROTTLED") || errors.iter().any(|error| error.get("message") == Some(&"Throttled".into())) {
        Policy::Throttled(refill(body))
    } else if has("ACCESS_DENIED") || has("SHOP_INACTIVE") {
        Policy::StopAccount
    } else if has("INTERNAL_SERVER_ERROR") || !coded {
        Policy::Retry
    } else {
        Policy::Permanent
    }
}

/// How long until the bucket holds what the request costs.
fn refill(body: &Value) -> Duration {
    let number = |path: &str| body.pointer(&format!("/extensions/cost/{path}")).and_then(Value::as_f64);
    let seconds = || {
        let missing = number("requestedQueryCost")? - number("throttleStatus/currentlyAvailable")?;
        Some(missing / number("throttleStatus/restoreRate").filter(|rate| *rate > 0.0)?)
    };
    let wait = seconds().and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0).ceil()).ok());
    wait.map_or(PAUSE, |wait| wait.clamp(SHORTEST_PAUSE, PAUSE))
}

/// The words of `errors`, which is a list, a text, or texts by field.
fn words(body: &Value) -> String {
    match body.get("errors") {
        Some(Value::String(words)) => words.clone(),
        Some(Value::Array(errors)) => {
            let words = errors.iter().filter_map(|error| error.get("message").and_then(Value::as_str));
            words.collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    }
}

/// `code: Code is too long (TOO_LONG); …`
fn user_words(errors: &[Value]) -> String {
    let one = |error: &Value| {
        let field = error.get("field").and_then(Value::as_array).and_then(|path| path.last()?.as_str());
        let words = error.get("message").and_then(Value::as_str).unwrap_or("no words");
        let code = code(error).map(|code| format!(" ({code})")).unwrap_or_default();
        format!("{}{words}{code}", field.map(|field| format!("{field}: ")).unwrap_or_default())
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn refused(status: u16, words: &str, policy: Policy) -> Verdict {
    let words = one_line(words);
    let words = if words.is_empty() { "refused without a reason".to_owned() } else { words };
    let message = at_most(format!("HTTP {status}: {words}"), MAX_MESSAGE);
    Verdict::Refused(ProviderError { code: i64::from(status), message }, policy)
}
