//! Signatures: the vendors' own vectors, and what must never pass.

use harkara_sources::{Connection, Inbound, Source, shopify, whatsapp};
use http::HeaderMap;
use serde_json::Value;

use crate::world::{self, connection, fixtures, headers};

type Sign = fn(&str, &[u8]) -> String;

fn verifies(source: &dyn Source, secrets: &[&str], headers: &HeaderMap, body: &[u8]) -> bool {
    let secrets = secrets.iter().map(|&secret| secret.to_owned()).collect();
    let connection = Connection { secrets, ..connection() };
    source.verify(Inbound { headers, query: "", body }, &connection).is_ok()
}

/// Holds each vector of a file to the letter. Returns how many it held.
fn hold(file: &str, source: &dyn Source, sign: Sign) -> Option<usize> {
    let vectors: Vec<Value> =
        serde_json::from_slice(&std::fs::read(fixtures(&format!("signatures/{file}"))?).unwrap()).unwrap();
    let mut held = 0;
    for vector in &vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let expected = vector["expected"]["valid"].as_bool().unwrap();
        if text("scheme").contains("oauth") {
            eprintln!("SKIPPED: {file}, {:?} is of another scheme: {}", text("name"), text("scheme"));
            continue;
        }
        let pairs: Vec<(&str, &str)> = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str().unwrap()))
            .collect();
        let (headers, body) = (headers(&pairs), text("body").as_bytes());
        assert_eq!(verifies(source, &[text("secret")], &headers, body), expected, "{file}: {}", text("name"));
        assert!(!verifies(source, &["another"], &headers, body), "{file}: {}", text("name"));
        assert!(!verifies(source, &[], &headers, body), "{file}: {}", text("name"));
        let rotated = verifies(source, &["newer", "", text("secret")], &headers, body);
        assert_eq!(rotated, expected, "{file}: {}", text("name"));
        if expected {
            assert_eq!(sign(text("secret"), body), vector["expected"]["signature"].as_str().unwrap());
        }
        held += 1;
    }
    Some(held)
}

#[test]
fn shopifys_vectors_hold() {
    let held = hold("shopify.json", world::shopify(), shopify::sign);
    assert!(held.is_none_or(|held| held == 11), "{held:?}");
}

#[test]
fn metas_vectors_hold() {
    let held = hold("meta.json", world::whatsapp(), whatsapp::sign);
    assert!(held.is_none_or(|held| held == 5), "{held:?}");
}

#[test]
fn what_we_sign_verifies_and_a_changed_byte_does_not() {
    let cases: [(&dyn Source, &str, Sign); 2] = [
        (world::shopify(), shopify::SIGNATURE, shopify::sign),
        (world::whatsapp(), whatsapp::SIGNATURE, whatsapp::sign),
    ];
    for (source, header, sign) in cases {
        let body = world::event("shopify/orders_create.json");
        let signature = sign(world::SECRET, body.as_bytes());
        let signed = headers(&[(header, &signature)]);
        assert!(verifies(source, &[world::SECRET], &signed, body.as_bytes()));
        assert!(
            verifies(source, &["the new one", world::SECRET], &signed, body.as_bytes()),
            "old, while rotated"
        );
        assert!(
            verifies(source, &[world::SECRET, "the old one"], &signed, body.as_bytes()),
            "new, while rotated"
        );
        assert!(!verifies(source, &["the new one"], &signed, body.as_bytes()), "after the rotation");
        assert!(!verifies(source, &[world::SECRET], &signed, body.replace("4490", "1").as_bytes()));
        for bad in
            ["", "sha256=", "=", "sha256=zz", &signature[..signature.len() - 4], &format!("{signature}00")]
        {
            assert!(
                !verifies(source, &[world::SECRET], &headers(&[(header, bad)]), body.as_bytes()),
                "{bad}"
            );
        }
        assert!(!verifies(source, &[world::SECRET], &HeaderMap::new(), body.as_bytes()));
        let empty = headers(&[(header, &sign("", body.as_bytes()))]);
        assert!(!verifies(source, &["", ""], &empty, body.as_bytes()), "an empty secret is nobody's");
    }
}

#[test]
fn secrets_and_bodies_stay_out_of_debug_forms() {
    let shown = format!("{:?}", connection());
    assert!(!shown.contains(world::SECRET) && !shown.contains("let me in"), "{shown}");
    let headers = headers(&[(shopify::SIGNATURE, "tag")]);
    let shown = format!("{:?}", Inbound { headers: &headers, query: "hub.verify_token=x", body: b"0300" });
    assert_eq!(shown, "Inbound(1 headers, 4 bytes)");
}
