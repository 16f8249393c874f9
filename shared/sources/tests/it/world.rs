//! A store, its connection, and requests to it.

use harkara_domain::{StoreId, reference::ReferenceKey};
use harkara_sources::{Connection, Context, Inbound, Malformed, Parsed, Source, source};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::path::{Path, PathBuf};

pub(crate) const SECRET: &str = "hush-hush";

pub(crate) fn store() -> StoreId {
    StoreId::new("gulmohar")
}

pub(crate) fn key() -> ReferenceKey {
    ReferenceKey::new("0123456789abcdef0123456789abcdef")
}

pub(crate) fn connection() -> Connection {
    Connection {
        secrets: vec![SECRET.to_owned()],
        verify_token: Some("let me in".to_owned()),
        region: Some("PK".to_owned()),
        reference_key: Some(key()),
        rate: None,
    }
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let name = |name: &str| name.parse::<HeaderName>().unwrap();
    pairs.iter().map(|(key, value)| (name(key), HeaderValue::from_str(value).unwrap())).collect()
}

pub(crate) fn shopify() -> &'static dyn Source {
    source("shopify").unwrap()
}

pub(crate) fn whatsapp() -> &'static dyn Source {
    source("whatsapp").unwrap()
}

pub(crate) fn parse_with(
    source: &dyn Source,
    connection: &Connection,
    pairs: &[(&str, &str)],
    body: &[u8],
) -> Result<Parsed, Malformed> {
    let (store, headers) = (store(), headers(pairs));
    let context = Context { store: &store, received_at: "2026-11-22T09:05:12Z".parse().unwrap() };
    source.parse(context, Inbound { headers: &headers, query: "", body }, connection)
}

pub(crate) fn parse_shopify(topic: &str, body: &[u8]) -> Result<Parsed, Malformed> {
    let pairs = [("X-Shopify-Topic", topic), ("X-Shopify-Event-Id", "98880550-7158-44d4-b7cd-2c97c8a091b5")];
    parse_with(shopify(), &connection(), &pairs, body)
}

pub(crate) fn parse_whatsapp(body: &[u8]) -> Result<Parsed, Malformed> {
    parse_with(whatsapp(), &connection(), &[], body)
}

/// Our own sample events.
pub(crate) fn event(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folder of vendors' own samples, where this checkout has one beside it.
pub(crate) fn fixtures(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: no vendors' samples at {}", path.display());
    None
}
