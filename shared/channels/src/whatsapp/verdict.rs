//! What Meta's answers mean.

use std::{ops::RangeInclusive, time::Duration};

use harkara_domain::fact::ProviderError;
use serde_json::Value;

use crate::{HttpResponse, Policy, Verdict, text::at_most};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One message in 6 s to the same customer.
const PAIR_LIMIT: Duration = Duration::from_secs(6);

/// A phone number's rating recovers in hours, not minutes.
const SENDER_PAUSE: Duration = HOUR;

/// The most bytes of a message's id that is kept, as of those in receipts; WhatsApp's have about 60.
const MAX_ID: usize = 256;

/// The characters of an error's words that are kept.
const MAX_MESSAGE: usize = 300;

/// Codes and the moves that answer them. The codes are those of Meta's "Error codes" (Cloud API), the
/// moves are ours; unlisted codes go by the HTTP status.
const CODES: &[(RangeInclusive<i64>, Policy)] = &[
    // Meta's own trouble, or a limit that passes: the retry ladder.
    (1..=2, Policy::Retry),
    (4..=4, Policy::Retry),
    (80007..=80007, Policy::Retry),
    (130429..=130429, Policy::Retry),
    (131000..=131000, Policy::Retry),
    (131016..=131016, Policy::Retry),
    (131057..=131057, Policy::Retry),
    // Slow down.
    (131056..=131056, Policy::Throttled(PAIR_LIMIT)),
    (131049..=131049, Policy::Throttled(DAY)),
    (131048..=131048, Policy::PauseSender(SENDER_PAUSE)),
    (131064..=131064, Policy::PauseSender(SENDER_PAUSE)),
    // The same message may go another way.
    (131047..=131047, Policy::UseTemplate),
    (131026..=131026, Policy::NextChannel),
    (131050..=131050, Policy::OptedOut),
    // Never.
    (100..=100, Policy::Permanent),
    (130472..=130472, Policy::Permanent),
    (131008..=131009, Policy::Permanent),
    (131021..=131021, Policy::Permanent),
    (131030..=131030, Policy::Permanent),
    (131051..=131053, Policy::Permanent),
    (131062..=131063, Policy::Permanent),
    (132000..=132001, Policy::Permanent),
    (132005..=132005, Policy::Permanent),
    (132007..=132008, Policy::Permanent),
    (132012..=132012, Policy::Permanent),
    // Never, and the template is paused or disabled.
    (132015..=132016, Policy::PauseFlow),
    // The account: token, permission, payment, policy.
    (0..=0, Policy::StopAccount),
    (3..=3, Policy::StopAccount),
    (10..=10, Policy::StopAccount),
    (190..=190, Policy::StopAccount),
    (200..=299, Policy::StopAccount),
    (368..=368, Policy::StopAccount),
    (130497..=130497, Policy::StopAccount),
    (131005..=131005, Policy::StopAccount),
    (131031..=131031, Policy::StopAccount),
    (131037..=131037, Policy::StopAccount),
    (131042..=131042, Policy::StopAccount),
    (131045..=131045, Policy::StopAccount),
];

fn listed(code: i64) -> Option<Policy> {
    CODES.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, policy)| *policy)
}

/// What to do about a failure that a status webhook reports after the message had been accepted. There
/// is no HTTP status then: an unlisted code is permanent.
pub fn receipt_policy(code: i64) -> Policy {
    listed(code).unwrap_or(Policy::Permanent)
}

/// What an answer means.
///
/// A success without a message id, and a gateway's 502 or 504 without an error of Meta's, say nothing
/// about the message: Meta may have taken it. Trying again could send it twice, and taking it for sent
/// could lose it, so the verdict is [`Verdict::Unclear`].
pub fn verdict(response: &HttpResponse) -> Verdict {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let status = response.status;
    if (200..300).contains(&status) {
        let id = body.pointer("/messages/0/id").and_then(Value::as_str);
        let id = id.filter(|id| (1..=MAX_ID).contains(&id.len()));
        return match id {
            Some(id) => Verdict::Accepted(id.to_owned()),
            None => Verdict::Unclear(bare(status, "no message id in the answer")),
        };
    }
    let Some(error) = graph_error(&body) else {
        return match status {
            502 | 504 => Verdict::Unclear(bare(status, "a gateway lost the answer")),
            _ => Verdict::Refused(
                bare(status, "refused without a reason"),
                slowed(by_status(status), response),
            ),
        };
    };
    let policy = listed(error.code).unwrap_or_else(|| by_status(status));
    Verdict::Refused(error, slowed(policy, response))
}

fn by_status(status: u16) -> Policy {
    match status {
        429 => Policy::Throttled(MINUTE),
        // Whoever asks to come again, or sends elsewhere, has not taken the message.
        300..=399 | 408 | 500..=599 => Policy::Retry,
        _ => Policy::Permanent,
    }
}

/// The longer of our wait and theirs. A 429, and a failure that says when to come again, ask to slow
/// down, whatever their code.
fn slowed(policy: Policy, response: &HttpResponse) -> Policy {
    let asked = response.retry_after.map(|seconds| Duration::from_secs(u64::from(seconds)).min(DAY));
    match (policy, asked) {
        (Policy::Throttled(wait), Some(asked)) => Policy::Throttled(wait.max(asked)),
        (Policy::PauseSender(wait), Some(asked)) => Policy::PauseSender(wait.max(asked)),
        (Policy::Retry, Some(asked)) => Policy::Throttled(asked.max(Duration::from_secs(1))),
        (Policy::Retry, None) if response.status == 429 => Policy::Throttled(MINUTE),
        (policy, _) => policy,
    }
}

fn graph_error(body: &Value) -> Option<ProviderError> {
    let code = body.pointer("/error/code")?.as_i64()?;
    // The details tell more than the title: which parameter, which limit.
    let words = ["/error/error_data/details", "/error/message"]
        .iter()
        .filter_map(|path| body.pointer(path)?.as_str())
        .find(|words| !words.trim().is_empty())
        .unwrap_or("no words");
    Some(ProviderError { code, message: at_most(masked(words), MAX_MESSAGE) })
}

fn bare(status: u16, words: &str) -> ProviderError {
    ProviderError { code: i64::from(status), message: format!("HTTP {status}: {words}") }
}

/// Meta repeats a malformed access token in its error (code 190); it must not get into the history.
fn masked(words: &str) -> String {
    const LONGEST_WORD: usize = 32;
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '|');
    let mut text = String::with_capacity(words.len());
    for piece in words.split_inclusive(|c| !of_token(c)) {
        let word = piece.trim_end_matches(|c| !of_token(c));
        if word.len() > LONGEST_WORD {
            text.push('…');
            text.push_str(piece.get(word.len()..).unwrap_or_default());
        } else {
            text.push_str(piece);
        }
    }
    text
}
