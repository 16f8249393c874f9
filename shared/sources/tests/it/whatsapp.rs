//! WhatsApp: our own events as facts, taps, receipts, and the handshake.

use harkara_domain::{
    FactBody, OrderId, StoreId, Subject,
    fact::{Choice, Reply, Said},
    phone::Phone,
    reference::ReferenceKey,
};
use harkara_sources::{Connection, Inbound, Parsed};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::world::{connection, event, key, parse_shopify, parse_whatsapp, parse_with, store, whatsapp};

const REFERENCE: &str = "shopify-5840012301042/cod-confirmation~order_created/0/1";

fn order() -> OrderId {
    OrderId::new("shopify-5840012301042")
}

/// One of our events with its placeholders filled.
fn filled(name: &str) -> String {
    let choice = if name == "button_interactive" { Choice::Cancel } else { Choice::Confirm };
    let payload = key().payload(&store(), choice, &order().into());
    event(&format!("whatsapp/{name}.json"))
        .replace("@@PAYLOAD@@", &payload)
        .replace("@@REFERENCE@@", REFERENCE)
}

fn parsed(body: &str) -> Parsed {
    parse_whatsapp(body.as_bytes()).unwrap()
}

fn reply(parsed: &Parsed) -> &Reply {
    match parsed.facts.as_slice() {
        [fact] => match &fact.body {
            FactBody::Reply(reply) => reply,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?} {:?}", parsed.ignored),
    }
}

/// A body with these messages and statuses.
fn body(messages: &Value, statuses: &Value) -> String {
    let value = json!({"messages": messages, "statuses": statuses});
    let entry = json!([{"changes": [{"field": "messages", "value": value}]}]);
    json!({"object": "whatsapp_business_account", "entry": entry}).to_string()
}

pub(crate) fn handshake(query: &str, token: Option<&str>) -> Option<String> {
    let connection = Connection { verify_token: token.map(str::to_owned), ..connection() };
    whatsapp().handshake(Inbound { headers: &HeaderMap::new(), query, body: b"" }, &connection)
}

#[test]
fn our_events_are_these_facts() {
    for name in [
        "message_text",
        "button_template",
        "button_interactive",
        "status_sent",
        "status_delivered",
        "status_read",
        "status_failed",
    ] {
        let parsed = parsed(&filled(name));
        assert_eq!((parsed.facts.len(), parsed.ignored.as_slice()), (1, [].as_slice()), "{name}");
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&parsed.facts[0]).unwrap());
    }
}

#[test]
fn who_answers_is_who_ordered() {
    let order = parse_shopify("orders/create", event("shopify/orders_create.json").as_bytes()).unwrap();
    let FactBody::Order(order) = &order.facts[0].body else { panic!() };
    let parsed = parsed(&filled("message_text"));
    assert_eq!(reply(&parsed).customer, order.snapshot.customer.id);
    assert_eq!(reply(&parsed).from, order.snapshot.customer.phone);
}

#[test]
fn a_tap_counts_only_with_our_signature_for_this_store() {
    let label = |name: &str, payload: &str| {
        let parsed = parsed(&event(&format!("whatsapp/{name}.json")).replace("@@PAYLOAD@@", payload));
        let reply = reply(&parsed);
        (reply.order.clone(), reply.said.clone())
    };
    let sound = key().payload(&store(), Choice::Confirm, &order().into());
    let forged = [
        sound.replace("confirm", "cancel"),
        sound.replace("1042", "1043"),
        key().payload(&StoreId::new("another"), Choice::Confirm, &order().into()),
        ReferenceKey::new("another").payload(&store(), Choice::Confirm, &order().into()),
        "callback_data".to_owned(),
        "hk1:".to_owned(),
        String::new(),
    ];
    for (name, words) in [("button_template", "Confirm"), ("button_interactive", "Cancel")] {
        let tapped = Said::Tapped { choice: Choice::Confirm, label: words.to_owned() };
        assert_eq!(label(name, &sound), (Some(order()), tapped), "{name}");
        for payload in &forged {
            assert_eq!(label(name, payload), (None, Said::Wrote(words.to_owned())), "{name} {payload}");
        }
    }
    let keyless = Connection { reference_key: None, ..connection() };
    let parsed = parse_with(whatsapp(), &keyless, &[], filled("button_template").as_bytes()).unwrap();
    assert_eq!(reply(&parsed).said, Said::Wrote("Confirm".to_owned()));
}

#[test]
fn a_sender_may_hide_the_phone() {
    let hidden = |contacts: Value| {
        let mut body: Value = serde_json::from_str(&filled("button_template")).unwrap();
        let value = body.pointer_mut("/entry/0/changes/0/value").unwrap();
        value["contacts"] = contacts;
        value["messages"][0].as_object_mut().unwrap().remove("from");
        parsed(&body.to_string())
    };
    let alone = hidden(json!([{"user_id": "PK.10420042001042"}]));
    let known = reply(&alone);
    assert_eq!((known.from.as_ref(), known.customer.as_ref()), (None, None));
    assert_eq!(alone.facts[0].subject(), Some(Subject::Order(order())), "the button still says which order");
    let beside = hidden(json!([{"wa_id": "923001234567"}]));
    assert_eq!(reply(&beside).from, Phone::e164("+923001234567").ok());
    let crowd = hidden(json!([{"wa_id": "923001234567"}, {"wa_id": "923337654321"}]));
    assert_eq!(reply(&crowd).from, None, "whose it is cannot be told");
    let nothing = hidden(Value::Null);
    assert_eq!(reply(&nothing).from, None);
}

#[test]
fn words_are_cut_and_none_is_none() {
    let text = |words: &str| {
        parsed(&body(
            &json!([{"id": "wamid.1", "timestamp": 1795338310, "type": "text", "text": {"body": words}}]),
            &Value::Null,
        ))
    };
    let long = text(&"ب".repeat(5000));
    let Said::Wrote(words) = &reply(&long).said else { panic!() };
    assert_eq!(words.chars().count(), 1000);
    assert_eq!(text(" \n ").ignored, ["message/without_words"]);
}

#[test]
fn a_batch_is_taken_whole_and_a_bad_part_alone_is_left_out() {
    let messages = json!([
        {"id": "wamid.1", "timestamp": "1795338310", "from": "923001234567", "type": "text", "text": {"body": "haan"}},
        {"id": "wamid.2", "timestamp": "1795338311", "type": "text", "text": "a shape nobody knows"},
        {"id": "wamid.3", "timestamp": 1795338312, "type": "text", "text": {"body": "ji"}},
        {"id": "wamid.4", "timestamp": "soon", "type": "text", "text": {"body": "?"}},
        {"id": "a#b", "timestamp": 1795338312, "type": "text", "text": {"body": "?"}},
        {"id": "wamid.5", "timestamp": 9_223_372_036_854_775_807i64, "type": "text", "text": {"body": "?"}},
        {"id": "wamid.6", "timestamp": 1795338312, "type": "button"},
        {"id": "wamid.7", "timestamp": 1795338312},
        "?",
    ]);
    let statuses = json!([
        {"id": "wamid.8", "timestamp": "1795338310", "status": "read"},
        {"id": "wamid.9", "timestamp": "1795338310", "status": "deleted"},
        {"id": "wamid.9", "status": "sent"},
        [],
    ]);
    let parsed = parsed(&body(&messages, &statuses));
    let ids: Vec<_> = parsed.facts.iter().map(|fact| fact.id.as_str()).collect();
    assert_eq!(ids, ["whatsapp/wamid.1", "whatsapp/wamid.3", "whatsapp/wamid.8/read/1795338310"]);
    let expected = [
        "message/unreadable",
        "message/without_id_or_time",
        "message/without_id_or_time",
        "message/without_id_or_time",
        "message/button",
        "message/without_type",
        "message/unreadable",
        "status/deleted",
        "status/without_id_or_time",
        "status/unreadable",
    ];
    assert_eq!(parsed.ignored, expected);
}

#[test]
fn every_entry_and_change_is_visited() {
    let change = |id: &str| {
        let message = json!({"id": id, "timestamp": 1795338310, "type": "text", "text": {"body": "ji"}});
        json!({"value": {"messages": [message]}, "field": "messages"})
    };
    let other = json!({"value": {"messages": 1}, "field": "history"});
    let entry = json!([{"changes": [change("a"), other, change("b")]}, {"changes": null}, {"changes": [change("c")]}]);
    let parsed = parsed(&json!({"object": "whatsapp_business_account", "entry": entry}).to_string());
    assert_eq!((parsed.facts.len(), parsed.ignored), (3, vec!["field/history".to_owned()]));
}

#[test]
fn a_receipt_is_ours_by_its_reference() {
    let receipt = |status: Value| {
        let parsed = parsed(&body(&Value::Null, &json!([status])));
        match parsed.facts.into_iter().next().unwrap().body {
            FactBody::Receipt(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    };
    let status = |data: Value| json!({"id": "wamid.1", "status": "sent", "timestamp": 1795338310, "biz_opaque_callback_data": data});
    assert_eq!(receipt(status(json!(REFERENCE))).stage, REFERENCE.parse().ok());
    for other in [Value::Null, json!(""), json!("order-7"), json!("a/b/c/d"), json!(7)] {
        assert_eq!(receipt(status(other.clone())).stage, None, "{other}");
    }
    let failed = |errors: Value| {
        receipt(json!({"id": "wamid.1", "status": "failed", "timestamp": 1795338310, "errors": errors})).error
    };
    assert_eq!(
        failed(json!([{"code": "131047", "title": "Re-engagement"}])).map(|e| (e.code, e.message)),
        Some((131047, "Re-engagement".to_owned()))
    );
    assert_eq!(failed(json!([{"title": "no code"}, {"code": 1}])).map(|e| e.code), Some(1));
    assert_eq!(failed(json!([{"code": 1, "message": "x".repeat(1000)}])).map(|e| e.message.len()), Some(300));
    assert_eq!(failed(json!([])), None, "a code of our own making would mean something at Meta");
    assert_eq!(failed(Value::Null), None);
    let warned =
        json!({"id": "wamid.1", "status": "delivered", "timestamp": 1795338310, "errors": [{"code": 1}]});
    assert_eq!(receipt(warned).error, None);
}

#[test]
fn what_is_not_whatsapps_is_refused_or_named() {
    for bad in
        ["", "{}", "[]", "null", r#"{"object":"whatsapp_business_account"}"#, r#"{"object":1,"entry":{}}"#]
    {
        assert!(parse_whatsapp(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(parse_whatsapp("[".repeat(100_000).as_bytes()).is_err());
    let page = parsed(r#"{"object":"page","entry":[]}"#);
    assert_eq!(page.ignored, ["object/page"]);
    assert_eq!(parsed(&body(&json!([]), &json!([]))).ignored, ["value/empty"]);
}

#[test]
fn only_who_knows_the_token_is_answered() {
    let query = "hub.mode=subscribe&hub.challenge=1158%2F2%20a&hub.verify_token=let+me%20in";
    assert_eq!(handshake(query, Some("let me in")).as_deref(), Some("1158/2 a"));
    assert_eq!(handshake(query, Some("let me")), None);
    assert_eq!(handshake(query, Some("")), None);
    assert_eq!(handshake(query, None), None);
    assert_eq!(handshake("", Some("let me in")), None);
    assert_eq!(handshake("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", Some("")), None);
    assert_eq!(handshake(&query.replace("subscribe", "unsubscribe"), Some("let me in")), None);
    assert_eq!(handshake(&query.replace("hub.challenge", "challenge"), Some("let me in")), None);
    assert_eq!(
        handshake(
            &format!("{query}&hub.verify_token=let%20me%20in").replacen("let+me%20in", "x", 1),
            Some("let me in")
        ),
        None,
        "the first counts"
    );
    let long = format!("hub.mode=subscribe&hub.verify_token=t&hub.challenge={}", "1".repeat(257));
    assert_eq!(handshake(&long, Some("t")), None);
}
