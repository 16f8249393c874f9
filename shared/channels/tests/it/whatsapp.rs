use std::sync::OnceLock;

use harkara_channels::{OutgoingMessage, Unsendable, whatsapp};
use harkara_domain::fact::Choice;
use serde_json::{Value, json};

use crate::world::{button, message, same_as_before};

const SCHEMA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/fixtures/specs/bodies/meta-whatsapp-messages.post.Version_Phone_Number_ID_messages.json.schema.json"
);

/// Meta's own schema, where the fixtures are there.
fn schema() -> Option<&'static jsonschema::Validator> {
    static VALIDATOR: OnceLock<Option<jsonschema::Validator>> = OnceLock::new();
    VALIDATOR
        .get_or_init(|| {
            let Ok(text) = std::fs::read_to_string(SCHEMA) else {
                eprintln!("SKIPPED: bodies are not checked against Meta's schema; there is no {SCHEMA}");
                return None;
            };
            let schema: Value = serde_json::from_str(&text).unwrap();
            Some(jsonschema::validator_for(&schema).unwrap())
        })
        .as_ref()
}

/// What Meta's schema has against it.
fn faults(body: &Value) -> Vec<String> {
    schema().map_or_else(Vec::new, |schema| schema.iter_errors(body).map(|fault| fault.to_string()).collect())
}

fn accepted(message: &OutgoingMessage, as_template: bool) -> Value {
    let body = whatsapp::body(message, as_template).unwrap();
    assert_eq!(faults(&body), Vec::<String>::new(), "{body:#}");
    body
}

fn refused(message: &OutgoingMessage, as_template: bool) -> String {
    match whatsapp::body(message, as_template) {
        Err(Unsendable::Content(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

fn plain() -> OutgoingMessage {
    OutgoingMessage { buttons: Vec::new(), ..message() }
}

#[test]
fn the_schema_can_refuse() {
    if schema().is_some() {
        let mut body = accepted(&message(), false);
        body["interactive"]["action"]["buttons"][0]["reply"]["title"] = json!("x".repeat(21));
        assert!(!faults(&body).is_empty());
    }
}

#[test]
fn inside_the_window_buttons_are_interactive() {
    same_as_before!(accepted(&message(), false));
}

#[test]
fn inside_the_window_a_message_without_buttons_is_text() {
    same_as_before!(accepted(&plain(), false));
}

#[test]
fn outside_the_window_buttons_are_quick_replies_of_the_template() {
    same_as_before!(accepted(&OutgoingMessage { window_open: false, ..message() }, false));
}

#[test]
fn outside_the_window_a_message_without_buttons_is_a_template() {
    same_as_before!(accepted(&OutgoingMessage { window_open: false, ..plain() }, false));
}

#[test]
fn a_template_can_be_asked_for_inside_the_window() {
    assert_eq!(accepted(&message(), true)["type"], "template");
    let mut bare = plain();
    bare.content.parameters.clear();
    assert_eq!(accepted(&bare, true)["template"]["components"], json!([]));
}

#[test]
fn parameters_lose_what_meta_refuses_in_them() {
    let mut message = message();
    message.content.parameters = vec!["House 5,\r\n\tStreet     9".into()];
    let body = accepted(&message, true);
    assert_eq!(body["template"]["components"][0]["parameters"][0]["text"], "House 5, Street 9");
    message.content.parameters = vec![" \n ".into()];
    assert_eq!(refused(&message, true), "an empty parameter");
}

#[test]
fn limits_hold_to_the_character() {
    let mut longest = message();
    longest.content.text = "ش".repeat(1_024);
    longest.buttons[0].title = "آ".repeat(20);
    longest.buttons[0].payload = "p".repeat(256);
    accepted(&longest, false);
    accepted(&longest, true);

    let over = |change: fn(&mut OutgoingMessage), as_template| {
        let mut message = message();
        change(&mut message);
        refused(&message, as_template)
    };
    for as_template in [false, true] {
        assert!(over(|m| m.content.text = "x".repeat(1_025), as_template).contains("1025"));
        assert!(over(|m| m.buttons[1].title = "x".repeat(21), as_template).contains("21"));
        assert!(over(|m| m.buttons[1].title = " ".into(), as_template).contains("empty"));
        assert!(over(|m| m.buttons[1].payload = "x".repeat(257), as_template).contains("257"));
        assert!(over(|m| m.reference.subject = "x".repeat(512).into(), as_template).contains("reference"));
        let four = |m: &mut OutgoingMessage| m.buttons = vec![button(Choice::Confirm, "Ji"); 4];
        assert!(over(four, as_template).contains("4 buttons"));
    }
    assert!(over(|m| m.content.parameters[0] = "x".repeat(1_025), true).contains("parameter"));

    let mut text = plain();
    text.content.text = "x".repeat(4_096);
    accepted(&text, false);
    text.content.text.push('x');
    assert!(refused(&text, false).contains("4097"));
    text.content.text = " ".into();
    assert!(refused(&text, false).contains("empty"));
}

#[test]
fn nobody_is_written_to_without_a_number() {
    let mut message = message();
    message.to.phone = None;
    assert_eq!(whatsapp::body(&message, false), Err(Unsendable::NoAddress));
}

fn connection(settings: Value) -> whatsapp::Connection {
    serde_json::from_value(settings).unwrap()
}

#[test]
fn a_request_goes_to_the_number_with_its_token() {
    let connection = connection(json!({
        "phone_number_id": "1066",
        "access_token": "EAAtopsecret",
        "verify_token": "hush",
        "secrets": ["deep"],
        "reference_key": "key",
    }));
    let request = whatsapp::request(&message(), &connection, false).unwrap();
    assert_eq!(request.method, "POST");
    assert_eq!(request.url, "https://graph.facebook.com/v23.0/1066/messages");
    assert!(request.headers.contains(&("authorization", "Bearer EAAtopsecret".into())));
    assert!(request.headers.contains(&("content-type", "application/json".into())));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, whatsapp::body(&message(), false).unwrap());

    let shown = format!("{request:?} {connection:?} {:?}", connection.credentials());
    assert!(shown.contains("1066"), "{shown}");
    for secret in ["topsecret", "hush", "deep", "key"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn without_credentials_there_is_no_request() {
    for settings in [
        json!({}),
        json!({ "phone_number_id": "1066" }),
        json!({ "access_token": "t", "phone_number_id": null }),
        json!({ "access_token": "t", "phone_number_id": " " }),
    ] {
        let connection = connection(settings);
        assert!(connection.credentials().is_none());
        assert!(whatsapp::request(&message(), &connection, false).is_err());
    }
    assert!(whatsapp::Connection::default().credentials().is_none());
    let other = connection(
        json!({ "api_url": "http://127.0.0.1:9/v1/", "phone_number_id": "1", "access_token": "t" }),
    );
    let request = whatsapp::request(&message(), &other, false).unwrap();
    assert_eq!(request.url, "http://127.0.0.1:9/v1/1/messages");
}

#[test]
fn no_customer_and_no_words_show_in_a_log() {
    let mail = harkara_channels::email::mail(&message()).unwrap();
    let shown = format!("{:?} {mail:?} {:?}", message(), message().content);
    assert!(shown.contains("shopify-1042") && shown.contains("cod_confirmation"), "{shown}");
    for private in ["Ayesha", "ayesha", "300123", "4,499", "hk1:"] {
        assert!(!shown.contains(private), "{shown}");
    }
}
