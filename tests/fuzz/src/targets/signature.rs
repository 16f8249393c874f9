//! Signatures: only what the secret made verifies, and nothing told of a secret comes back.

use harkara_sources::{Connection, Inbound, SOURCES, shopify, whatsapp};
use http::{HeaderMap, HeaderValue};

use crate::{
    request::Request,
    sample::{CONNECTION, SECRET, TOKEN},
};

type Sign = fn(&str, &[u8]) -> String;
const SIGNATURES: [(&str, &str, Sign); 2] =
    [("shopify", shopify::SIGNATURE, shopify::sign), ("whatsapp", whatsapp::SIGNATURE, whatsapp::sign)];

pub(super) fn run(data: &[u8]) {
    let Some(request) = Request::read(data) else { return };
    let inbound = Inbound { headers: &request.headers, query: request.query(), body: request.body };
    for source in SOURCES {
        let (_, header, sign) =
            SIGNATURES.iter().find(|(name, ..)| *name == source.name()).expect("every source signs");
        let made = sign(SECRET, request.body);
        let given = [Some(*header), header.strip_prefix("x-")];
        let given = given.into_iter().flatten().find_map(|name| request.headers.get(name));
        let verified = source.verify(inbound, &CONNECTION).is_ok();
        let ours = given.is_some_and(|given| given.as_bytes() == made.as_bytes());
        assert!(verified == ours, "{}: {verified} for {given:?}", source.name());
        let none = Connection { secrets: vec![String::new()], ..CONNECTION.clone() };
        assert!(source.verify(inbound, &none).is_err(), "an empty secret is nobody's");
        slip(*source, header, &made, request.body);
        let answer = source.handshake(inbound, &CONNECTION);
        assert!(answer.is_none_or(|answer| answer.len() <= 256), "a challenge that is no challenge");
        let other = Connection { verify_token: Some(format!("{TOKEN}!")), ..CONNECTION.clone() };
        let both =
            source.handshake(inbound, &CONNECTION).is_some() && source.handshake(inbound, &other).is_some();
        assert!(!both, "another token is taken, too");
    }
}

/// Our own signature holds, for this body and no other.
fn slip(source: &dyn harkara_sources::Source, header: &'static str, made: &str, body: &[u8]) {
    let mut headers = HeaderMap::new();
    headers.insert(header, HeaderValue::from_str(made).expect("a signature is text"));
    let holds = |body| source.verify(Inbound { headers: &headers, query: "", body }, &CONNECTION).is_ok();
    assert!(holds(body), "our own signature does not hold");
    let mut other = body.to_vec();
    match other.first_mut() {
        Some(first) => *first ^= 1,
        None => other.push(0),
    }
    assert!(!holds(&other), "a changed body passes");
}
