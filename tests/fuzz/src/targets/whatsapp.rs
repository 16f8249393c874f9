//! WhatsApp's webhooks, as they are parsed once their signature held. The input is the body.

use harkara_domain::{FactBody, Subject, fact::Said};
use harkara_sources::{Inbound, Malformed, Parsed, source};
use http::HeaderMap;
use jiff::SignedDuration;

use crate::{
    fact,
    sample::{CONNECTION, STORE, now, received},
};

pub(super) fn run(data: &[u8]) {
    let source = source("whatsapp").expect("a source");
    let headers = HeaderMap::new();
    let inbound = Inbound { headers: &headers, query: "", body: data };
    let parse = |at| source.parse(received(at), inbound, &CONNECTION);
    let (first, later) = (parse(now()), parse(now() + SignedDuration::from_hours(30)));
    assert!(first.is_ok() == later.is_ok(), "{first:?} at first, then {later:?}");
    let (Ok(first), Ok(later)) = (&first, &later) else { return refused(&first) };
    assert!(fact::same(&first.facts, &later.facts) && first.ignored == later.ignored, "not the same again");
    sound(first, data.len());
    signed(first);
}

/// An error says where, and not what.
pub(super) fn refused(parsed: &Result<Parsed, Malformed>) {
    let Err(Malformed(words)) = parsed else { return };
    assert!(words.len() <= 120 && words.is_ascii() && !words.contains('"'), "{words:?} in a log");
}

/// What has to hold of whatever a source says.
pub(super) fn sound(parsed: &Parsed, body: usize) {
    fact::sound(&parsed.facts, body);
    assert!(parsed.facts.len() + parsed.ignored.len() <= body + 1, "more than there can be in {body} bytes");
    for kind in &parsed.ignored {
        let fit = kind.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(fit && kind.len() <= harkara_sources::limits::KIND, "{kind:?} in a log");
    }
}

/// A tap counts for an order only where we signed its button.
fn signed(parsed: &Parsed) {
    for fact in &parsed.facts {
        let FactBody::Reply(reply) = &fact.body else { continue };
        let Said::Tapped { choice, .. } = &reply.said else {
            assert!(reply.order.is_none(), "words about an order that nobody signed");
            continue;
        };
        let about = reply.order.clone().map(Subject::Order);
        let about = about.or_else(|| reply.customer.clone().map(Subject::Customer));
        assert!(about.is_some() && STORE.as_str() == fact.store.as_str(), "{choice:?} about nothing");
    }
}
