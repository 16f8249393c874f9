//! The largest bodies that are let in: many of everything, in a time that a queue's consumer or a vendor waits.
//! A fuzzer tries small inputs only, and does not see what grows with the square.
// A test speaks by panicking.
#![allow(clippy::unwrap_used)]

use harkara_fuzz_targets::{bounded, target};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

/// For a build without optimisation, on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
const BODY: usize = 2 << 20;

/// As many entries as a body holds, each made of its number.
fn many(before: &str, entry: impl Fn(usize) -> String, after: &str, most: usize) -> String {
    let mut body = before.to_owned();
    let mut number = 0;
    loop {
        let next = entry(number);
        if body.len() + next.len() + after.len() + 1 > most {
            break body + after;
        }
        let comma = if number == 0 { "" } else { "," };
        write!(body, "{comma}{next}").unwrap();
        number += 1;
    }
}

fn soon(name: &str, what: &str, data: &str) -> Duration {
    let target = target(name).unwrap();
    (target.run)(b"");
    let before = Instant::now();
    bounded(target, data.as_bytes());
    let took = before.elapsed();
    eprintln!("{name}, {what}: {} bytes in {took:?}", data.len());
    assert!(took < LONGEST, "{name}, {what}: {took:?}");
    took
}

/// Four times as much takes about four times as long, and not sixteen.
fn in_proportion(name: &str, what: &str, make: impl Fn(usize) -> String) {
    let (quarter, whole) = (soon(name, what, &make(BODY / 4)), soon(name, what, &make(BODY)));
    assert!(whole < 8 * quarter + Duration::from_millis(500), "{name}, {what}: {quarter:?}, then {whole:?}");
}

fn whatsapp(entries: &str, entry: impl Fn(usize) -> String, most: usize) -> String {
    let before = format!(
        "POST /webhooks/demo/whatsapp\nx-hub-signature-256: signed\n\n\
         {{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"changes\":[{{\"field\":\"messages\",\"value\":{{\"{entries}\":["
    );
    many(&before, entry, "]}}]}]}", most)
}

#[test]
fn a_body_full_of_receipts_about_as_many_orders() {
    let receipt = |number| {
        format!(
            r#"{{"id":"w{number}","status":"sent","timestamp":"1795338312","biz_opaque_callback_data":"o{number}/f~x/0/1"}}"#
        )
    };
    in_proportion("ingest", "receipts", |most| whatsapp("statuses", receipt, most));
}

#[test]
fn a_body_full_of_nothing_known() {
    in_proportion("ingest", "unknown messages", |most| whatsapp("messages", |_| "{}".to_owned(), most));
}

#[test]
fn an_order_full_of_lines_tags_and_parcels() {
    let head =
        "POST /webhooks/demo/shopify\nx-shopify-topic: orders/create\nx-shopify-hmac-sha256: signed\n\n";
    let order = r#"{"id":1,"name":"&1","created_at":"2026-11-22T09:05:12Z","updated_at":"2026-11-22T09:05:12Z","total_price":"1","currency":"PKR""#;
    for (what, entry) in [
        ("line_items", r#"{"id":1,"title":"چائے","quantity":1,"price":"1"}"#),
        ("fulfillments", r#"{"id":1,"order_id":1,"status":"success","created_at":"2026-11-22T09:05:12Z"}"#),
        ("refunds", r#"{"id":1,"order_id":1,"created_at":"2026-11-22T09:05:12Z"}"#),
        ("discount_codes", r#"{"code":"WELCOME"}"#),
    ] {
        let body = many(&format!("{head}{order},\"{what}\":["), |_| entry.to_owned(), "]}", BODY);
        soon("ingest", what, &body);
    }
    let tags = many(&format!("{head}{order},\"tags\":\""), |number| format!("t{number}"), "\"}", BODY);
    soon("ingest", "tags", &tags);
}

#[test]
fn a_flow_as_long_as_is_let_in() {
    let stage = |number| format!(r#"{{"name":"s{number}","workflow":[{{"add_note":"x"}}]}}"#);
    soon(
        "flow",
        "stages",
        &many(r#"{"name":"n","trigger":"order_created","stages":["#, stage, "]}", 64 << 10),
    );
    let unknown = |number| format!(r#""k{number}":1"#);
    soon("flow", "unknown fields", &many("{", unknown, "}", 64 << 10));
    soon("flow", "brackets", &"[".repeat(64 << 10));
    soon("flow", "indents", &(0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>());
    let aliases = (1..12)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")))
        .collect::<String>();
    soon("flow", "aliases of aliases", &format!("a0: &a0 [x,x]\n{aliases}"));
}

#[test]
fn a_body_full_of_told_facts() {
    let fact = |number| {
        format!(
            r#"{{"kind":"product_viewed","at":"2026-11-22T09:00:00Z","customer":{{"phone":"0300-1234567"}},"product":"p{number}"}}"#
        )
    };
    soon("track", "facts", &many(r#"{"facts":["#, fact, "]}", 1 << 20));
    soon("track", "unknown fields", &many("{", |number| format!(r#""k{number}":1"#), "}", 1 << 20));
}

#[test]
fn an_answer_full_of_errors() {
    let error = |number: usize| format!(r#"{{"message":"m{number}","field":["a"],"code":"X"}}"#);
    let body = many("200\n{\"data\":{\"discountCodeBasicCreate\":{\"userErrors\":[", error, "]}}}", 64 << 10);
    soon("answers", "errors", &body);
    soon("answers", "an id", &format!("200\n{{\"messages\":[{{\"id\":\"{}\"}}]}}", "x".repeat(60 << 10)));
}

#[test]
fn settings_full_of_places() {
    let before = r#"{"name":"n","timezone":"UTC","languages":["en"],"teams":{},"city_aliases":{"#;
    let aliases = |number| format!(r#""c{number}":["a{number}","b{number}"]"#);
    soon("settings", "aliases", &many(before, aliases, "}}", 256 << 10));
}
