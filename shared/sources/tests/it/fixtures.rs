//! The vendors' own samples: each becomes facts, or is left alone knowingly.

use harkara_domain::{FactBody, fact::PaymentMethod, status::Point};
use std::collections::BTreeMap;

use crate::world::{fixtures, parse_shopify, parse_whatsapp};

/// The topic of a sample, where its name is not simply `<thing>_<verb>`.
fn topic(name: &str) -> String {
    for (file, topic) in [
        ("orders_create.cod_2026-04_derived", "orders/create"),
        ("orders_partially_fulfilled", "orders/partially_fulfilled"),
        ("customers_data_request", "customers/data_request"),
    ] {
        if name == file {
            return topic.to_owned();
        }
    }
    let (thing, verb) = name.rsplit_once('_').unwrap();
    format!("{thing}/{verb}")
}

fn samples(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let mut samples: Vec<_> = std::fs::read_dir(fixtures(folder)?)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .filter(|(name, _)| !name.starts_with('_'))
        .collect();
    samples.sort();
    Some(samples)
}

fn kind(body: &FactBody) -> &'static str {
    match body {
        FactBody::Order(_) => "order",
        FactBody::Shipment { .. } => "shipment",
        FactBody::Refund { .. } => "refund",
        FactBody::Reply(_) => "reply",
        FactBody::Receipt(_) => "receipt",
        FactBody::Action { .. } => "action",
        FactBody::Customer { .. } => "customer",
        FactBody::Cart(_) => "cart",
        FactBody::Occurred { .. } => "occurred",
        FactBody::Done { .. } => "done",
    }
}

#[test]
fn shopifys_samples_are_facts_or_are_left_alone_knowingly() {
    let Some(samples) = samples("webhooks/shopify") else { return };
    let (mut facts, mut ignored) = (BTreeMap::new(), Vec::new());
    for (name, body) in &samples {
        let parsed = parse_shopify(&topic(name), body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(parsed.facts.is_empty(), !parsed.ignored.is_empty(), "{name}");
        facts.extend(parsed.facts.iter().map(|fact| (name.as_str(), kind(&fact.body))));
        ignored.extend(parsed.ignored);
    }
    let expected = [
        ("carts_create", "cart"),
        ("carts_update", "cart"),
        ("checkouts_create", "cart"),
        ("checkouts_update", "cart"),
        ("fulfillment_events_create", "shipment"),
        ("fulfillments_create", "shipment"),
        ("fulfillments_update", "shipment"),
        ("orders_cancelled", "order"),
        ("orders_create", "order"),
        ("orders_create.cod_2026-04_derived", "order"),
        ("orders_fulfilled", "order"),
        ("orders_paid", "order"),
        ("orders_partially_fulfilled", "order"),
        ("orders_updated", "order"),
        ("refunds_create", "refund"),
    ];
    assert_eq!(facts, BTreeMap::from(expected));
    let expected = [
        "topic/app/uninstalled",
        "topic/checkouts/delete",
        "topic/customers/create",
        "topic/customers/data_request",
        "topic/customers/delete",
        "topic/customers_email_marketing_consent/update",
        "topic/customers_marketing_consent/update",
        "topic/customers/redact",
        "topic/customers/update",
        "topic/draft_orders/create",
        "topic/inventory_levels/update",
        "topic/order_transactions/create",
        "topic/orders/delete",
        "topic/orders/edited",
        "topic/products/create",
        "topic/products/delete",
        "topic/products/update",
        "topic/returns/request",
        "topic/shop/redact",
        "topic/shop/update",
        "topic/tender_transactions/create",
    ];
    assert_eq!(ignored, expected);
}

#[test]
fn a_captured_cash_on_delivery_order_is_one() {
    let Some(path) = fixtures("signatures/shopify.json") else { return };
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let vectors = vectors.as_array().unwrap();
    let order = vectors.iter().find(|vector| vector["name"] == "real COD draft order (4 kB)").unwrap();
    let parsed = parse_shopify("orders/create", order["body"].as_str().unwrap().as_bytes()).unwrap();
    let FactBody::Order(fact) = &parsed.facts[0].body else { panic!("{parsed:?}") };
    assert_eq!(fact.snapshot.id.as_str(), "shopify-3653782667469");
    assert_eq!(fact.snapshot.payment, PaymentMethod::Cod);
    assert!(fact.snapshot.paid, "typed in as paid already");
    assert_eq!(fact.snapshot.customer, Default::default(), "it names nobody");
    assert_eq!(fact.snapshot.address, None);
}

#[test]
fn the_samples_of_one_order_fold_into_one_view() {
    let Some(samples) = samples("webhooks/shopify") else { return };
    let facts: Vec<_> = samples
        .iter()
        .filter(|(name, _)| name != "orders_create.cod_2026-04_derived")
        .flat_map(|(name, body)| parse_shopify(&topic(name), body).unwrap().facts)
        .collect();
    let order = "shopify-820982911946154508".into();
    let mut view = None;
    for fact in facts.iter().chain(facts.iter().rev()) {
        view = Some(harkara_domain::order::fold(view.as_ref(), fact, &order).view);
    }
    let view = view.unwrap();
    assert_eq!(view.shipments.len(), 1);
    assert_eq!(view.refunds.len(), 1);
    let reached: Vec<_> = view.reached.keys().copied().collect();
    assert_eq!(
        reached,
        [Point::Created, Point::PaymentPending, Point::Booked, Point::Dispatched, Point::Cancelled]
    );
}

#[test]
fn whatsapps_samples_are_facts_or_are_left_alone_knowingly() {
    let Some(samples) = samples("webhooks/whatsapp") else { return };
    let (mut facts, mut ignored) = (BTreeMap::new(), BTreeMap::new());
    for (name, body) in &samples {
        let parsed = parse_whatsapp(body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(parsed.facts.len() + parsed.ignored.len(), 1, "{name}: {parsed:?}");
        facts.extend(parsed.facts.iter().map(|fact| (name.as_str(), kind(&fact.body))));
        ignored.extend(parsed.ignored.into_iter().map(|kind| (name.as_str(), kind)));
    }
    let expected = [
        ("callback_button.button", "reply"),
        ("callback_button.quick_reply", "reply"),
        ("derived.status_failed_131047", "receipt"),
        ("message.referral", "reply"),
        ("message.reply", "reply"),
        ("message.text", "reply"),
        ("message_status.delivered", "receipt"),
        ("message_status.failed", "receipt"),
        ("message_status.read", "receipt"),
        ("message_status.sent", "receipt"),
        ("meta_docs.status_sent_v23", "receipt"),
    ];
    assert_eq!(facts, BTreeMap::from(expected));
    let expected = [
        ("callback_selection.callback", "message/interactive/list_reply"),
        ("message.contacts", "message/contacts"),
        ("message.current_location", "message/location"),
        ("message.image", "message/image"),
        ("message.order", "message/order"),
        ("message.reaction", "message/reaction"),
        ("message.unsupported", "message/unsupported"),
        ("message_status.played", "status/played"),
        ("system.identity_change", "message/system"),
        ("template_quality_update.yellow", "field/message_template_quality_update"),
        ("template_status_update.approved", "field/message_template_status_update"),
        ("user_marketing_preferences.resume", "field/user_preferences"),
    ];
    let ignored: Vec<_> = ignored.iter().map(|(name, kind)| (*name, kind.as_str())).collect();
    assert_eq!(ignored, expected);
}

#[test]
fn metas_sample_handshake_is_answered() {
    let Some(path) = fixtures("webhooks/whatsapp/_verification_get.json") else { return };
    let sample: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let query = |name: &str| sample["query"][name].as_str().unwrap();
    let token = query("hub.verify_token");
    let text = format!(
        "hub.mode={}&hub.challenge={}&hub.verify_token={token}",
        query("hub.mode"),
        query("hub.challenge")
    );
    assert_eq!(
        crate::whatsapp::handshake(&text, Some(token)).as_deref(),
        sample["expected"]["body"].as_str()
    );
}
