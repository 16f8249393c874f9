//! Connections, as they are stored: whatever is wrong with one, nothing that is told of it holds its secrets.

use futures::executor::block_on;
use harkara_channels::{coupon, webhook, whatsapp};
use harkara_engine::ingest::Refusal;
use harkara_sources::Inbound;
use http::HeaderMap;
use std::sync::Arc;

use super::ingest::ingest;
use crate::{
    sample::{STORE, tells},
    world::{MemoryQueue, MemorySecrets},
};

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let secrets = MemorySecrets::of(&[("shopify", text.to_owned())]);
    let ingest = ingest(secrets, Arc::new(MemoryQueue::default()));
    let headers = HeaderMap::new();
    let inbound = Inbound { headers: &headers, query: "", body: b"{}" };
    let refusal = block_on(ingest.webhook(STORE.as_str(), "shopify", inbound));
    let Err(refusal) = refusal else { panic!("taken in without a signature") };
    let words = format!("{refusal} {refusal:?}");
    assert!(words.len() <= 600 && !tells(&words), "{words}");
    assert!(matches!(refusal, Refusal::Unavailable(_) | Refusal::Signature(_)), "{refusal:?}");
    // What cannot be read says so; it never panics.
    let _ = serde_json::from_str::<whatsapp::Connection>(text).map(|read| read.credentials().is_some());
    let _ = serde_json::from_str::<coupon::shopify::Connection>(text).map(|read| read.is_connected());
    if let Ok(read) = serde_json::from_str::<webhook::Connection>(text) {
        let _ = read.secrets("https://hooks.example.com/orders");
    }
}
