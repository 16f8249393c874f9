//! Shopify's webhooks, as they are parsed once their signature held: the topic and ids are in the headers.

use harkara_sources::{Inbound, source};
use jiff::SignedDuration;

use super::whatsapp::{refused, sound};
use crate::{
    fact,
    request::Request,
    sample::{CONNECTION, now, received},
};

pub(super) fn run(data: &[u8]) {
    let Some(request) = Request::read(data) else { return };
    let source = source("shopify").expect("a source");
    let inbound = Inbound { headers: &request.headers, query: request.query(), body: request.body };
    let parse = |at| source.parse(received(at), inbound, &CONNECTION);
    let (first, later) = (parse(now()), parse(now() + SignedDuration::from_hours(30)));
    assert!(first.is_ok() == later.is_ok(), "{first:?} at first, then {later:?}");
    let (Ok(first), Ok(later)) = (&first, &later) else { return refused(&first) };
    assert!(fact::same(&first.facts, &later.facts) && first.ignored == later.ignored, "not the same again");
    assert!(first.facts.len() <= 2, "{} facts of one webhook", first.facts.len());
    sound(first, data.len());
}
