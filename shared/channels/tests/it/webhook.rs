use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use harkara_channels::{
    ActionRef, HttpRequest, HttpResponse, Policy, Reach, Unsendable, Verdict,
    webhook::{self, MAX_BODY, WebhookCall},
};
use harkara_domain::{RunId, StoreId, fact::ProviderError};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::{recorded, same_as_before};

/// The secret of the specification's own test vectors.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const URL: &str = "https://hooks.example.pk/harkara?shop=gulab";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn call<'a>(id: &'a str, seconds: i64, body: &'a [u8]) -> WebhookCall<'a> {
    WebhookCall { id, at: at(seconds), url: URL, body }
}

fn sent(call: &WebhookCall<'_>, secrets: &[&str]) -> HttpRequest {
    webhook::request(call, &texts(secrets)).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> &'r str {
    &request.headers.iter().find(|header| header.0 == name).unwrap().1
}

/// The vectors that the specification's libraries for Rust and for Python are tested with.
#[test]
fn signatures_are_those_of_the_specifications_libraries() {
    for (secret, id, seconds, body, signature) in [
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (
            SECRET,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ] {
        let request = sent(&call(id, seconds, body.as_bytes()), &[secret]);
        assert_eq!(header(&request, "webhook-signature"), signature);
        assert_eq!(header(&request, "webhook-id"), id);
        assert_eq!(header(&request, "webhook-timestamp"), seconds.to_string());
        assert_eq!(request.body, body.as_bytes());
    }
}

#[test]
fn a_call_is_recorded() {
    let (store, run) = (StoreId::new("gulab"), RunId::new("vip~order_created"));
    let action = ActionRef { store: &store, subject: "shopify-1042", run: &run, stage: 2, action: 1 };
    let body = webhook::body("order.confirmed", at(1_795_000_000), &json!({ "order": "#1042" })).unwrap();
    let id = webhook::id(&action);
    let request = sent(&call(&id, 1_795_000_060, &body), &[SECRET]);
    same_as_before!(recorded(&request));
}

#[test]
fn each_secret_signs_while_one_is_rotated() {
    let call = call("msg_1", 1_614_265_330, b"{}");
    let other = format!("whsec_{}", STANDARD.encode([7; 64]));
    let [mine, theirs] =
        [SECRET, &other].map(|secret| header(&sent(&call, &[secret]), "webhook-signature").to_owned());
    assert_ne!(mine, theirs);
    let both = sent(&call, &[SECRET, &other]);
    assert_eq!(header(&both, "webhook-signature"), format!("{mine} {theirs}"));
}

#[test]
fn whatever_changes_changes_the_signature() {
    let signature = |call: &WebhookCall<'_>| header(&sent(call, &[SECRET]), "webhook-signature").to_owned();
    let first = signature(&call("msg_1", 1_614_265_330, b"{}"));
    for other in [
        call("msg_2", 1_614_265_330, b"{}"),
        call("msg_1", 1_614_265_331, b"{}"),
        call("msg_1", 1_614_265_330, b"{ }"),
    ] {
        assert_ne!(signature(&other), first, "{other:?}");
    }
}

#[test]
fn a_repeated_action_has_the_same_id_and_every_other_another() {
    let (gulab, other) = (StoreId::new("gulab"), StoreId::new("other"));
    let (run, next) = (RunId::new("vip~order_created"), RunId::new("vip~order_created~2"));
    let action = ActionRef { store: &gulab, subject: "shopify-1042", run: &run, stage: 1, action: 2 };
    let ids: Vec<String> = [
        action,
        ActionRef { store: &other, ..action },
        ActionRef { subject: "shopify-1043", ..action },
        ActionRef { run: &next, ..action },
        ActionRef { stage: 2, ..action },
        ActionRef { action: 1, ..action },
        ActionRef { stage: 12, action: 0, ..action },
    ]
    .iter()
    .map(webhook::id)
    .collect();
    for (place, id) in ids.iter().enumerate() {
        assert!(!ids[..place].contains(id), "{place}");
        assert!(id.len() <= 64 && !id.contains('.') && !id.contains("1042"), "{id}");
    }
    assert_eq!(ids[0], webhook::id(&action));
}

fn why(call: &WebhookCall<'_>, secrets: &[&str]) -> String {
    match webhook::request(call, &texts(secrets)) {
        Err(Unsendable::Content(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn what_should_not_leave_does_not() {
    let good = call("msg_1", 0, b"{}");
    for url in [
        "http://hooks.example.pk",
        "https://10.0.0.1/",
        "https://u:p@hooks.example.pk/",
        "https://db.internal/",
    ] {
        why(&WebhookCall { url, ..good }, &[SECRET]);
    }
    assert!(why(&WebhookCall { url: "https://localhost", ..good }, &[SECRET]).contains("public internet"));
    for id in ["", "msg.1", "msg 1", "msg\r\n1", "پیغام"] {
        assert!(why(&WebhookCall { id, ..good }, &[SECRET]).contains("an id"), "{id:?}");
    }
    let body = vec![b' '; MAX_BODY + 1];
    assert!(webhook::request(&WebhookCall { body: &body[1..], ..good }, &texts(&[SECRET])).is_ok());
    assert!(why(&WebhookCall { body: &body, ..good }, &[SECRET]).contains("65537 bytes"));

    assert!(why(&good, &[]).contains("0 secrets"));
    assert!(webhook::request(&good, &texts(&[SECRET; 4])).is_ok());
    assert!(why(&good, &[SECRET; 5]).contains("5 secrets"));
    let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
    for secret in [
        "",
        "whsec_",
        "hush",
        &SECRET[6..],
        "whsec_????",
        "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        &of(23),
        &of(65),
    ] {
        let why = why(&good, &[SECRET, secret]);
        assert!(why.starts_with("secret 2 is not"), "{why}");
        assert!(secret.len() < 7 || !why.contains(secret), "{why}");
    }
    for bytes in [24, 32, 64] {
        assert!(webhook::request(&good, &[of(bytes)]).is_ok());
    }
}

#[test]
fn a_body_says_what_happened_and_when() {
    let body = webhook::body("order.confirmed", at(1_795_000_000), &json!({ "a": 1 })).unwrap();
    let text = String::from_utf8(body).unwrap();
    assert_eq!(text, r#"{"type":"order.confirmed","timestamp":"2026-11-18T11:06:40Z","data":{"a":1}}"#);
    assert!(webhook::body("vip_2", at(0), &json!({})).is_ok());
    for kind in ["", ".", "order.", ".order", "order..confirmed", "order confirmed", "آرڈر"] {
        assert!(webhook::body(kind, at(0), &json!({})).is_err(), "{kind:?}");
    }
    let room = MAX_BODY - webhook::body("a", at(0), &"").unwrap().len();
    assert_eq!(webhook::body("a", at(0), &"x".repeat(room)).unwrap().len(), MAX_BODY);
    assert!(webhook::body("a", at(0), &"x".repeat(room + 1)).is_err());
}

#[test]
fn a_call_goes_only_to_public_addresses_and_shows_nothing() {
    let call = call("msg_1", 0, br#"{"phone":"+923001234567"}"#);
    let request = sent(&call, &[SECRET]);
    assert_eq!(request.reach, Reach::Public);
    let connection: webhook::Connection = serde_json::from_value(json!({ "secrets": [SECRET] })).unwrap();
    let shown = format!("{request:?} {call:?} {connection:?}");
    assert!(shown.contains("hooks.example.pk") && shown.contains("msg_1"), "{shown}");
    for private in ["shop=gulab", "/harkara", "923001234567", "MfKQ9r8", "v1,"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

#[test]
fn a_host_can_have_secrets_of_its_own() {
    let connection = |settings: Value| serde_json::from_value::<webhook::Connection>(settings).unwrap();
    let both = connection(json!({
        "secrets": ["a"],
        "hosts": { "hooks.example.pk": ["b", "c"] },
        "of_somebody_else": 1,
    }));
    assert_eq!(both.secrets(URL), ["b", "c"]);
    assert_eq!(both.secrets("https://Hooks.Example.PK:8443/"), ["b", "c"]);
    assert_eq!(both.secrets("https://example.pk/"), ["a"]);
    assert_eq!(both.secrets("not an address"), ["a"]);
    assert!(connection(json!({})).secrets(URL).is_empty());
}

fn answer(status: u16, retry_after: Option<u32>) -> HttpResponse {
    HttpResponse { status, retry_after, body: b"Ayesha +923001234567".to_vec() }
}

#[test]
fn every_status_has_its_move() {
    for status in 100..=599_u16 {
        let expected = match status {
            200..=299 => None,
            408 | 500..=599 => Some(Policy::Retry),
            429 => Some(Policy::Throttled(Duration::from_secs(60))),
            _ => Some(Policy::Permanent),
        };
        match (webhook::verdict(&answer(status, None)), expected) {
            (Verdict::Accepted(id), None) => assert_eq!(id, ""),
            (Verdict::Refused(ProviderError { code, message }, policy), Some(expected)) => {
                assert_eq!(policy, expected, "{status}");
                assert_eq!(code, i64::from(status));
                assert!(message.starts_with(&format!("HTTP {status}: ")), "{message}");
                assert!(!message.contains("Ayesha"), "{message}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn a_receiver_can_say_when_to_come_again() {
    let policy = |status, seconds| match webhook::verdict(&answer(status, Some(seconds))) {
        Verdict::Refused(_, policy) => policy,
        other => panic!("{other:?}"),
    };
    for status in [429, 503] {
        for (asked, waits) in [(0, 1), (1, 1), (90, 90), (86_400, 86_400), (u32::MAX, 86_400)] {
            assert_eq!(
                policy(status, asked),
                Policy::Throttled(Duration::from_secs(waits)),
                "{status} {asked}"
            );
        }
    }
    assert_eq!(policy(500, 90), Policy::Retry);
    assert_eq!(policy(410, 90), Policy::Permanent);
    assert_eq!(policy(302, 90), Policy::Permanent);
    assert!(matches!(webhook::verdict(&answer(202, Some(90))), Verdict::Accepted(_)));
}
