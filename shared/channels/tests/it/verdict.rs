use std::time::Duration;

use harkara_channels::{
    HttpResponse, Policy, Verdict,
    whatsapp::{receipt_policy, verdict},
};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse { status, retry_after: None, body: body.to_string().into_bytes() }
}

fn error(code: i64) -> Value {
    json!({ "error": { "message": format!("(#{code}) It failed"), "code": code, "fbtrace_id": "A1" } })
}

fn policy(response: &HttpResponse) -> Policy {
    match verdict(response) {
        Verdict::Refused(_, policy) => policy,
        other => panic!("not refused: {other:?}"),
    }
}

/// Every code that is known, with its move: written out here a second time on purpose.
fn known() -> Vec<(i64, Policy)> {
    let mut known = Vec::new();
    let mut all = |codes: &[i64], policy| known.extend(codes.iter().map(|code| (*code, policy)));
    all(&[1, 2, 4, 80007, 130429, 131000, 131016, 131057], Policy::Retry);
    all(&[131056], Policy::Throttled(Duration::from_secs(6)));
    all(&[131049], Policy::Throttled(DAY));
    all(&[131048, 131064], Policy::PauseSender(HOUR));
    all(&[131047], Policy::UseTemplate);
    all(&[131026], Policy::NextChannel);
    all(&[131050], Policy::OptedOut);
    all(&[100, 130472, 131008, 131009, 131021, 131030, 131051, 131052, 131053], Policy::Permanent);
    all(&[132000, 132001, 132005, 132007, 132008, 132012, 131062, 131063], Policy::Permanent);
    all(&[132015, 132016], Policy::PauseFlow);
    all(&[0, 3, 10, 190, 368, 130497, 131005, 131031, 131037, 131042, 131045], Policy::StopAccount);
    all(&(200..=299).collect::<Vec<i64>>(), Policy::StopAccount);
    known
}

#[test]
fn every_known_code_has_its_move_whatever_the_status() {
    for (code, expected) in known() {
        for status in [400, 403, 500] {
            assert_eq!(policy(&answer(status, &error(code))), expected, "{code} with {status}");
        }
        assert_eq!(receipt_policy(code), expected, "{code} by webhook");
    }
}

#[test]
fn other_codes_go_by_the_status() {
    let known: Vec<i64> = known().into_iter().map(|(code, _)| code).collect();
    let others = (-2..400).chain(80_000..80_020).chain(130_400..130_600).chain(131_000..131_100);
    for code in others.chain(132_000..132_100).filter(|code| !known.contains(code)) {
        assert_eq!(policy(&answer(400, &error(code))), Policy::Permanent, "{code}");
        assert_eq!(policy(&answer(503, &error(code))), Policy::Retry, "{code}");
        assert_eq!(policy(&answer(429, &error(code))), Policy::Throttled(Duration::from_secs(60)), "{code}");
        assert_eq!(receipt_policy(code), Policy::Permanent, "{code}");
    }
}

#[test]
fn without_a_code_the_status_decides() {
    let bare = |status| verdict(&HttpResponse { status, retry_after: None, body: b"<html>".to_vec() });
    let refused = |status| match bare(status) {
        Verdict::Refused(error, policy) => {
            assert_eq!(error.code, i64::from(status));
            policy
        }
        other => panic!("{status}: {other:?}"),
    };
    assert_eq!(refused(404), Policy::Permanent);
    assert_eq!(refused(302), Policy::Retry);
    assert_eq!(refused(408), Policy::Retry);
    assert_eq!(refused(500), Policy::Retry);
    assert_eq!(refused(503), Policy::Retry);
    assert_eq!(refused(429), Policy::Throttled(Duration::from_secs(60)));
    // Whether the message got through, nobody knows.
    for status in [502, 504] {
        assert!(matches!(bare(status), Verdict::Unclear(_)), "{status}");
        assert_eq!(policy(&answer(status, &error(131016))), Policy::Retry, "Meta says that it failed");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let asked = |status, code, seconds| {
        policy(&HttpResponse { retry_after: Some(seconds), ..answer(status, &error(code)) })
    };
    let seconds = Duration::from_secs;
    assert_eq!(asked(429, 131056, 30), Policy::Throttled(seconds(30)));
    assert_eq!(asked(429, 131056, 2), Policy::Throttled(seconds(6)), "never below the pair limit");
    assert_eq!(asked(429, 131048, 7_200), Policy::PauseSender(seconds(7_200)));
    assert_eq!(asked(429, 130429, 90), Policy::Throttled(seconds(90)));
    assert_eq!(asked(503, 131016, 0), Policy::Throttled(seconds(1)));
    assert_eq!(asked(503, 131016, u32::MAX), Policy::Throttled(DAY));
    assert_eq!(asked(400, 100, 30), Policy::Permanent);
    assert_eq!(policy(&answer(429, &error(130429))), Policy::Throttled(seconds(60)));
}

#[test]
fn an_accepted_message_has_its_id() {
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "923001234567", "wa_id": "923001234567" }],
        "messages": [{ "id": "wamid.X1", "message_status": "accepted" }],
    });
    assert_eq!(verdict(&answer(200, &body)), Verdict::Accepted("wamid.X1".into()));
}

#[test]
fn a_success_that_says_nothing_is_neither_sent_nor_failed() {
    for body in [json!({}), json!({ "messages": [] }), json!({ "messages": [{ "id": "" }] }), error(100)] {
        assert!(matches!(verdict(&answer(200, &body)), Verdict::Unclear(_)), "{body}");
    }
    let cut = HttpResponse { status: 200, retry_after: None, body: b"{\"messages\":[{\"id\":\"wam".to_vec() };
    assert!(matches!(verdict(&cut), Verdict::Unclear(_)));
}

#[test]
fn an_error_keeps_its_words_but_no_token() {
    let said = |body: &Value| match verdict(&answer(400, body)) {
        Verdict::Refused(error, _) => error.message,
        other => panic!("{other:?}"),
    };
    let detailed =
        json!({ "error": { "code": 132000, "message": "Count", "error_data": { "details": "3 of 4" } } });
    assert_eq!(said(&detailed), "3 of 4");
    assert_eq!(said(&json!({ "error": { "code": 100 } })), "no words");
    let token = "EAAG".repeat(20);
    let echoed =
        json!({ "error": { "code": 190, "message": format!("Malformed access token \"{token}\", sorry") } });
    assert_eq!(said(&echoed), "Malformed access token \"…\", sorry");
    let long = json!({ "error": { "code": 1, "message": "word ".repeat(200) } });
    assert_eq!(said(&long).chars().count(), 300);
}
