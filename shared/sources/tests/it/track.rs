//! What the shop's own programs tell: samples, faults, repetitions, and the schema beside the parser.

use harkara_domain::{
    CustomerId, Fact, FactBody, OrderStatus, Phone, Point,
    fact::{Actor, CustomerFact, FinancialStatus, OrderAction, OrderSnapshot, PaymentMethod},
    flow::Channel,
    shipment::ShipmentStatus,
};
use harkara_sources::track::{
    MAX_AGE, MAX_FACTS, MAX_PROBLEMS, Problem, Refused, SKEW, Telling, kinds, parse, schemas,
};
use jiff::{SignedDuration, Timestamp};
use jsonschema::Validator;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use std::sync::LazyLock;

use crate::world::{event, store};

const NOW: &str = "2026-11-22T09:06:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn read_at(received_at: Timestamp, body: &[u8]) -> Result<Vec<Fact>, Refused> {
    let (store, by) = (store(), Actor::Program("till".to_owned()));
    let is_zone = |name: &str| jiff::tz::TimeZone::get(name).is_ok();
    parse(Telling { store: &store, by: &by, received_at, is_zone }, body)
}

fn read(body: &Value) -> Result<Vec<Fact>, Refused> {
    read_at(now(), body.to_string().as_bytes())
}

fn sample(name: &str) -> Value {
    serde_json::from_str(&event(&format!("track/{name}.json"))).unwrap()
}

/// A sample, changed.
fn with(name: &str, pointer: &str, value: Value) -> Value {
    let mut body = sample(name);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[field] = value;
    body
}

fn without(name: &str, pointer: &str) -> Value {
    let mut body = sample(name);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    body
}

fn problems(body: &Value) -> Vec<(String, String)> {
    match read(body) {
        Err(Refused::Problems(all)) => {
            all.into_iter().map(|Problem { field, message }| (field, message)).collect()
        }
        other => panic!("{other:?} of {body}"),
    }
}

fn fields(body: &Value) -> Vec<String> {
    problems(body).into_iter().map(|(field, _)| field).collect()
}

fn validator() -> &'static Validator {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": "#/components/schemas/Track",
            "components": { "schemas": schemas() },
        });
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    });
    &VALIDATOR
}

fn all_samples() -> Vec<(String, Value)> {
    kinds().chain(["batch"]).map(|name| (name.to_owned(), sample(name))).collect()
}

#[test]
fn our_samples_are_these_facts_and_pass_the_schema() {
    for (name, body) in all_samples() {
        let facts = read(&body).unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        let faults: Vec<String> = validator().iter_errors(&body).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{name}");
        insta::assert_snapshot!(format!("track_{name}"), serde_json::to_string_pretty(&facts).unwrap());
    }
}

#[test]
fn every_sample_of_the_folder_is_of_a_kind() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/track");
    let mut held: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut known: Vec<String> = all_samples().into_iter().map(|(name, _)| name).collect();
    held.sort();
    known.sort();
    assert_eq!(held, known);
}

#[test]
fn words_are_those_of_the_domain() {
    let accepted = |name: &str, pointer: &str, word: &str| read(&with(name, pointer, json!(word))).is_ok();
    for point in Point::ALL {
        let word =
            point.status().map_or_else(|| point.as_str().to_owned(), |status| status.as_str().to_owned());
        let told = !matches!(point, Point::Created | Point::PaymentPending);
        let word = if point == Point::Refunded { "refunded".to_owned() } else { word };
        assert_eq!(accepted("order_status", "/status", &word), told, "{word}");
    }
    assert!(!accepted("order_status", "/status", OrderStatus::Pending.as_str()));
    for word in [
        "unknown",
        "error",
        "failure",
        "pending",
        "pre_transit",
        "in_transit",
        "available_for_pickup",
        "out_for_delivery",
        "delivered",
        "picked_up",
        "return_to_sender",
        "cancelled",
    ] {
        let status: ShipmentStatus = serde_json::from_value(json!(word)).unwrap();
        let facts = read(&with("shipment", "/parcel/status", json!(word))).unwrap();
        let FactBody::Shipment { update, .. } = &facts[0].body else { panic!() };
        assert_eq!((update.status, status.as_str()), (Some(status), word));
    }
    for word in
        ["pending", "authorized", "partially_paid", "paid", "partially_refunded", "refunded", "voided"]
    {
        let status: FinancialStatus = serde_json::from_value(json!(word)).unwrap();
        let snapshot = snapshot(&with("order", "/financial_status", json!(word)));
        assert_eq!(snapshot.details.financial_status, Some(status));
        assert_eq!(snapshot.paid, word == "paid" || word.ends_with("refunded"), "{word}");
    }
    assert_eq!(snapshot(&with("order", "/payment", json!("prepaid"))).payment, PaymentMethod::Prepaid);
    for channel in Channel::ALL {
        assert!(read(&with("profile", "/consent", json!({ channel.as_str(): true }))).is_ok());
    }
}

fn snapshot(body: &Value) -> OrderSnapshot {
    match &read(body).unwrap()[0].body {
        FactBody::Order(order) => order.snapshot.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_wrong_field_is_named_by_its_path_and_nothing_is_taken() {
    let body = json!({ "facts": [
        sample("product_viewed"),
        { "kind": "product_viewed", "at": "yesterday", "customer": { "phone": "0300" }, "prodct": "P-1" },
        { "kind": "teir", "at": NOW },
        "cart_updated",
        { "kind": "cart_updated", "at": NOW, "cart": "9", "items": [
            { "title": " ", "quantity": 0, "price": 12 }, { "title": "a", "quantity": 1, "price": "1", "skU": "x" } ] },
        { "kind": "shipment", "at": NOW, "order": "shopify-1", "parcel": { "shipment": "custom-1" } },
        { "kind": "tier", "at": NOW, "customer": {}, "name": "Gold", "level": 1.5, "at_risk": null },
    ]});
    let mut told = fields(&body);
    told.sort();
    assert_eq!(
        told,
        [
            "facts[1].at",
            "facts[1].customer.phone",
            "facts[1].prodct",
            "facts[1].product",
            "facts[2].kind",
            "facts[3]",
            "facts[4].cart",
            "facts[4].items[0].price",
            "facts[4].items[0].quantity",
            "facts[4].items[0].title",
            "facts[4].items[1].skU",
            "facts[5].parcel",
            "facts[6].at_risk",
            "facts[6].customer",
            "facts[6].level",
        ]
    );
    assert_eq!(fields(&json!([])), [""]);
    assert_eq!(fields(&json!({})), ["kind", "at"]);
    assert_eq!(fields(&json!({ "facts": [sample("tier")], "at": NOW })), ["at"]);
}

#[test]
fn a_problem_repeats_no_value_and_an_unknown_name_is_made_fit_for_a_log() {
    let secret = "0300-1234567";
    let body = with("profile", "/customer/phone", json!(secret));
    for (field, message) in problems(&body) {
        assert!(!field.contains(secret) && !message.contains(secret), "{field} {message}");
    }
    let odd = format!("{}\n", "ä".repeat(500));
    let told = fields(&with("tier", &format!("/{odd}"), json!(1)));
    assert!(told[0].len() <= 80 && told[0].bytes().all(|b| b.is_ascii_graphic()), "{told:?}");
}

#[test]
fn sizes_are_bounded() {
    let many = |count: usize| json!({ "facts": vec![sample("tier"); count] });
    assert_eq!(read(&many(MAX_FACTS)).unwrap().len(), MAX_FACTS);
    assert_eq!(fields(&many(MAX_FACTS + 1)), ["facts"]);
    assert_eq!(fields(&many(0)), ["facts"]);
    let bad = json!({ "facts": vec![json!({}); MAX_FACTS] });
    assert_eq!(problems(&bad).len(), MAX_PROBLEMS);
    for (name, pointer, most) in [
        ("product_viewed", "/product", 100),
        ("product_viewed", "/title", 250),
        ("searched", "/query", 250),
        ("order", "/note", 500),
        ("tier", "/id", 64),
    ] {
        assert!(read(&with(name, pointer, json!("x".repeat(most)))).is_ok(), "{pointer}");
        assert_eq!(fields(&with(name, pointer, json!("x".repeat(most + 1)))), [&pointer[1..]]);
    }
    assert!(read(&with("searched", "/query", json!("چ".repeat(250)))).is_ok(), "characters, not bytes");
    assert!(read(&with("tier", "/level", json!(1_000_000))).is_ok());
    assert_eq!(fields(&with("tier", "/level", json!(1_000_001))), ["level"]);
    assert_eq!(fields(&with("tier", "/level", json!(-1))), ["level"]);
    let item = sample("cart_updated")["items"][0].clone();
    assert!(read(&with("cart_updated", "/items", json!(vec![item.clone(); 250]))).is_ok());
    assert_eq!(fields(&with("cart_updated", "/items", json!(vec![item; 251]))), ["items"]);
    let deep = format!("{}{}", "[".repeat(11), "]".repeat(11));
    for body in [deep.as_str(), "", "{", "\u{feff}{}", &format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))] {
        assert!(matches!(read_at(now(), body.as_bytes()), Err(Refused::Unreadable(_))), "{body:.20}");
    }
}

#[test]
fn a_time_is_of_the_last_days_and_not_ahead() {
    let at = |at: Timestamp| read(&with("tier", "/at", json!(at.to_string())));
    let second = SignedDuration::from_secs(1);
    assert!(at(now() + SKEW).is_ok() && at(now() - MAX_AGE).is_ok());
    for wrong in [now() + SKEW + second, now() - MAX_AGE - second] {
        assert!(matches!(at(wrong), Err(Refused::Problems(all)) if all[0].field == "at"));
    }
    for form in ["2026-11-22T09:05:00Z", "2026-11-22T14:05:09.25+05:00"] {
        assert!(read(&with("tier", "/at", json!(form))).is_ok(), "{form}");
    }
    for form in [
        "2026-11-22",
        "2026-11-22T09:05:00",
        "20261122T090500Z",
        "2026-11-22 09:05:00Z",
        "2026-11-22T09:05Z",
        "2026-11-22T09:05:00+05",
        "2026-11-22T09:05:00Z[UTC]",
    ] {
        assert_eq!(fields(&with("tier", "/at", json!(form))), ["at"], "{form}");
    }
    assert_eq!(fields(&without("tier", "/at")), ["at"]);
    assert_eq!(fields(&with("order", "/created_at", json!("2026-11-22T14:05:10+05:00"))), ["created_at"]);
}

#[test]
fn a_fact_is_the_same_by_its_id_or_by_its_content() {
    let id = |body: &Value| read(body).unwrap()[0].id.to_string();
    assert_eq!(id(&sample("cart_updated")), "api/cart_updated/cart-9-1");
    let tier = sample("tier");
    assert_eq!(id(&tier), id(&tier));
    assert_ne!(id(&tier), id(&with("tier", "/level", json!(3))));
    assert_ne!(id(&tier), id(&with("tier", "/at", json!("2026-11-22T09:05:00Z"))));
    assert_eq!(id(&tier).len(), "api/tier/".len() + 64);
    let later = read_at(now() + SignedDuration::from_mins(3), tier.to_string().as_bytes()).unwrap();
    let mut first = read(&tier).unwrap();
    first[0].received_at = later[0].received_at;
    assert_eq!(first, later, "a repetition is the same fact");
    for bad in ["a/b", "a#b", "", "ä"] {
        assert_eq!(fields(&with("tier", "/id", json!(bad))), ["id"], "{bad}");
    }
}

#[test]
fn a_customer_is_who_the_sources_know() {
    let phone = Phone::e164("+923001234567").unwrap();
    let of = |body: &Value| match &read(body).unwrap()[0].body {
        FactBody::Customer { customer, said } => (customer.clone(), said.clone()),
        other => panic!("{other:?}"),
    };
    let by = |phone: Option<&Phone>, email, id| CustomerId::of(&store(), phone, email, id).unwrap();
    assert_eq!(of(&sample("product_viewed")).0, by(Some(&phone), None, None));
    assert_eq!(of(&sample("searched")).0, by(None, Some("Ayesha.Siddiqui@example.com"), None));
    assert_eq!(of(&sample("category_browsed")).0, by(None, None, Some("C-77")));
    let (customer, said) = of(&sample("profile"));
    assert_eq!(customer, by(Some(&phone), None, None), "the number counts first");
    let CustomerFact::Profile(profile) = said else { panic!() };
    assert_eq!(profile.contact.phone, Some(phone));
    assert_eq!(fields(&with("tier", "/customer", json!({}))), ["customer"]);
    for bad in ["0300-1234567", "+92 300", "+92 300 SHIPPED", "+", "+999999999999999"] {
        assert_eq!(fields(&with("tier", "/customer/phone", json!(bad))), ["customer.phone"], "{bad}");
    }
}

#[test]
fn an_order_closes_the_cart_that_it_was() {
    let facts = read(&sample("order")).unwrap();
    let FactBody::Cart(cart) = &facts[1].body else { panic!("{facts:?}") };
    assert_eq!((cart.id.as_str(), cart.order.as_ref().unwrap().as_str()), ("custom-cart9", "custom-A1042"));
    assert_ne!(facts[0].id, facts[1].id);
    assert_eq!(read(&without("order", "/cart")).unwrap().len(), 1);
    assert_eq!(fields(&with("order", "/order", json!("shopify-1"))), ["order"], "those come from Shopify");
    let FactBody::Cart(emptied) = &read(&with("cart_updated", "/items", json!([]))).unwrap()[0].body else {
        panic!()
    };
    assert!(emptied.gone);
}

#[test]
fn a_status_is_told_by_whoever_tells() {
    let FactBody::Action { action, by, .. } = &read(&sample("order_status")).unwrap()[0].body else {
        panic!()
    };
    assert_eq!((action, by), (&OrderAction::Reach(Point::Ready), &Actor::Program("till".to_owned())));
}

/// Values that do not belong there, or just do.
const ODD: [&str; 34] = [
    "null",
    "true",
    "0",
    "-1",
    "1.0",
    "1.5",
    "1e400",
    "18446744073709551616",
    "1000000",
    "1000001",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ufeff\"",
    "\"x\"",
    "\"+92 300 1234567\"",
    "\"+923001234567\"",
    "\"0300\"",
    "\"a@b\"",
    "\" a@b\"",
    "\"2026-11-22T14:05:09+05:00\"",
    "\"2026-11-22T14:05:09.Z\"",
    "\"2026-11-22\"",
    "\"02-30\"",
    "\"4490.00\"",
    "\".5\"",
    "\"pkr\"",
    "\"custom-1\"",
    "\"shopify-1\"",
    "\"https://x\"",
    "\"javascript:x\"",
    "[]",
    "{}",
    "[\"a\"]",
];

/// Every place of a value.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            let at = format!("{at}/{name}");
            all.push(at.clone());
            places(value, &at, all);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(place, value)| {
            let at = format!("{at}/{place}");
            all.push(at.clone());
            places(value, &at, all);
        }),
        _ => {}
    }
}

#[derive(Clone, Debug)]
enum Slip {
    Swap(String),
    Remove,
    Add(String),
    Long(usize),
}

fn slip() -> impl Strategy<Value = Slip> {
    let odd = || select(ODD.to_vec()).prop_map(str::to_owned);
    prop_oneof![
        4 => odd().prop_map(Slip::Swap),
        2 => Just(Slip::Remove),
        1 => odd().prop_map(Slip::Add),
        1 => select(vec![64usize, 65, 100, 101, 250, 251, 500, 501]).prop_map(Slip::Long),
    ]
}

fn slipped(mut body: Value, slips: &[(prop::sample::Index, Slip)]) -> Option<Value> {
    for (at, slip) in slips {
        let mut all = Vec::new();
        places(&body, "", &mut all);
        if all.is_empty() {
            return Some(body);
        }
        let pointer = at.get(&all).clone();
        let (parent, last) = pointer.rsplit_once('/')?;
        match slip {
            Slip::Swap(odd) => *body.pointer_mut(&pointer)? = serde_json::from_str(odd).ok()?,
            Slip::Long(count) => *body.pointer_mut(&pointer)? = json!("x".repeat(*count)),
            Slip::Add(odd) => {
                let value = serde_json::from_str(odd).ok()?;
                match body.pointer_mut(parent)? {
                    Value::Object(map) => drop(map.insert("another".to_owned(), value)),
                    Value::Array(list) => list.push(value),
                    _ => return None,
                }
            }
            Slip::Remove => match body.pointer_mut(parent)? {
                Value::Object(map) => drop(map.remove(last)),
                Value::Array(list) => drop(list.remove(last.parse().ok()?)),
                _ => return None,
            },
        }
    }
    Some(body)
}

/// What the schema cannot say: whether a number, a zone, a day exists, how long ago a time is, what is
/// blank, and what goes with what.
const BEYOND: [&str; 12] = [
    "phone number that exists",
    "IANA name",
    "is in the future",
    "days ago",
    "is blank",
    "a month and a day",
    "an e-mail address",
    "address of a page",
    "no later than",
    "a time with its offset",
    "reference of a message",
    "a whole number from",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_schema_and_the_parser_agree_as_far_as_a_schema_can_say(
        (_, sample) in select(all_samples()),
        slips in vec((any::<prop::sample::Index>(), slip()), 1..4),
    ) {
        let Some(body) = slipped(sample, &slips) else { return Ok(()) };
        let valid = validator().is_valid(&body);
        match read(&body) {
            Ok(facts) => {
                prop_assert!(valid, "the parser takes what the schema refuses: {body:#}");
                let text = serde_json::to_string(&facts).unwrap();
                prop_assert_eq!(serde_json::from_str::<Vec<Fact>>(&text).unwrap(), facts);
            }
            Err(Refused::Problems(all)) => {
                let beyond = |problem: &Problem| BEYOND.iter().any(|words| problem.message.contains(words));
                prop_assert!(!all.is_empty());
                prop_assert!(!valid || all.iter().all(beyond), "the schema takes what the parser refuses: {all:?} {body:#}");
            }
            Err(refused) => prop_assert!(false, "{refused:?}"),
        }
    }

    #[test]
    fn any_bytes_are_survived(body in vec(any::<u8>(), 0..300)) {
        prop_assert!(read_at(now(), &body).is_err());
    }
}
