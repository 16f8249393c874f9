//! Providers' answers: whatever they say, what is kept of it is small, and a refusal has a reason.
//! The first line is the status and, perhaps, the seconds of `retry-after`; the rest is the body.

use harkara_channels::{HttpResponse, Policy, Verdict, coupon, webhook, whatsapp};
use std::time::Duration;

/// The longest wait that an answer may impose.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The most bytes of an id that is kept, and of an error's words.
const KEPT: usize = 1_300;

pub(super) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (head, body) = data.split_at(end);
    let Ok(head) = std::str::from_utf8(head) else { return };
    let mut words = head.split(' ');
    let Some(status) = words.next().and_then(|word| word.parse().ok()) else { return };
    let retry_after = words.next().and_then(|word| word.parse().ok());
    let response = HttpResponse { status, retry_after, body: body.to_vec() };
    for verdict in [whatsapp::verdict, coupon::shopify::verdict, webhook::verdict] {
        let said = verdict(&response);
        assert!(said == verdict(&response), "another verdict on the same answer");
        judge(&said);
    }
    let _ = whatsapp::receipt_policy(i64::from(status));
}

fn judge(verdict: &Verdict) {
    let error = match verdict {
        Verdict::Accepted(id) => {
            assert!(id.len() <= KEPT, "an id of {} bytes", id.len());
            return;
        }
        Verdict::Refused(error, policy) => {
            if let Policy::Throttled(wait) | Policy::PauseSender(wait) = policy {
                assert!(*wait <= LONGEST && *wait > Duration::ZERO, "a wait of {wait:?}");
            }
            error
        }
        Verdict::Unclear(error) => error,
    };
    assert!(!error.message.trim().is_empty(), "refused without a word");
    assert!(error.message.len() <= KEPT, "{} bytes of an error's words", error.message.len());
}
