//! What harkara's own sources make of the requests that the generator sends.

use harkara_domain::StoreId;
use harkara_sources::{Connection, Context, Inbound, Parsed, SOURCES, Source};
use http::HeaderMap;
use jiff::Timestamp;

use super::{client::Loopback, store};

/// Reads a request as the server would: its head, its signature, its facts.
pub(crate) fn taken_in(source: &str, request: &[u8], received_at: Timestamp) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut headers);
    let length = head.parse(request).unwrap().unwrap();
    let path = format!("/webhooks/{}/{source}", store::NAME);
    assert_eq!((head.method, head.path), (Some("POST"), Some(&*path)));
    let mut map = HeaderMap::new();
    for header in head.headers.iter() {
        let name: http::HeaderName = header.name.parse().unwrap();
        map.insert(name, http::HeaderValue::from_bytes(header.value).unwrap());
    }
    let body = &request[length..];
    assert_eq!(map["content-length"], body.len().to_string());
    let connection = store::connections(Loopback(9))[source].clone();
    let connection: Connection = serde_json::from_value(connection).unwrap();
    let source: &dyn Source = SOURCES.iter().copied().find(|known| known.name() == source).unwrap();
    let inbound = Inbound { headers: &map, query: "", body };
    source.verify(inbound, &connection).unwrap();
    let store = StoreId::new(store::NAME);
    source.parse(Context { store: &store, received_at }, inbound, &connection).unwrap()
}
