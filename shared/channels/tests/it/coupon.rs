use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
    time::Duration,
};

use harkara_channels::{
    ActionRef, HttpRequest, HttpResponse, Policy, Reach, Unsendable, Verdict,
    coupon::{
        Coupon, Discount, code,
        shopify::{self, Connection, verdict},
    },
};
use harkara_domain::{RunId, StoreId, reference::ReferenceKey};
use serde_json::{Value, json};

use crate::world::{recorded, same_as_before};

const SCHEMA: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/specs/shopify-admin-2026-04.graphql");

/// Shopify's own schema, where the fixtures are there: the fields of each type with their types, or the
/// values of an enum with nothing.
fn schema() -> Option<&'static BTreeMap<String, BTreeMap<String, String>>> {
    static TYPES: OnceLock<Option<BTreeMap<String, BTreeMap<String, String>>>> = OnceLock::new();
    TYPES
        .get_or_init(|| {
            let Ok(text) = std::fs::read_to_string(SCHEMA) else {
                eprintln!("SKIPPED: requests are not checked against Shopify's schema; there is no {SCHEMA}");
                return None;
            };
            let mut types = BTreeMap::new();
            let mut fields: Option<&mut BTreeMap<String, String>> = None;
            for line in text.lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                match (words.as_slice(), &mut fields) {
                    (["input" | "type" | "enum", name, "{"], _) => {
                        fields = Some(types.entry((*name).to_owned()).or_default());
                    }
                    (["}"], _) => fields = None,
                    ([field, ..], Some(fields)) if line.starts_with("  ") => {
                        let name = field.split(['(', ':']).next().unwrap().to_owned();
                        let kind = line.rsplit_once(": ").map_or("", |(_, kind)| kind).to_owned();
                        fields.insert(name, kind);
                    }
                    _ => {}
                }
            }
            Some(types)
        })
        .as_ref()
}

/// What the schema has against a value.
fn faults(kind: &str, value: &Value, path: &str) -> Vec<String> {
    let types = schema().unwrap();
    if value.is_null() {
        return if kind.ends_with('!') { vec![format!("{path}: null")] } else { vec![] };
    }
    let fine = match (kind.trim_end_matches('!'), value) {
        ("String" | "Decimal" | "DateTime" | "ID", value) => value.is_string(),
        ("Int", value) => value.is_i64(),
        ("Float", value) => value.is_f64() || value.is_i64(),
        ("Boolean", value) => value.is_boolean(),
        (name, Value::String(one)) => types.get(name).is_some_and(|values| values.contains_key(one)),
        (name, Value::Object(fields)) => {
            let known = &types[name];
            let inside = fields.iter().flat_map(|(field, value)| match known.get(field) {
                Some(kind) => faults(kind, value, &format!("{path}.{field}")),
                None => vec![format!("{path}.{field}: unknown")],
            });
            let missing =
                known.iter().filter(|(field, kind)| kind.ends_with('!') && !fields.contains_key(*field));
            return inside.chain(missing.map(|(field, _)| format!("{path}.{field}: missing"))).collect();
        }
        _ => false,
    };
    if fine { vec![] } else { vec![format!("{path}: {value} is no {kind}")] }
}

fn coupon(discount: Discount) -> Coupon<'static> {
    Coupon {
        code: "EID-7K3M9QX2TB4V",
        title: "Cart recovery:\nEid",
        discount,
        once: true,
        starts_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        ends_at: Some("2026-11-25T10:00:00Z".parse().unwrap()),
    }
}

fn percent(percent: &str) -> Coupon<'static> {
    coupon(Discount::Percent(percent.parse().unwrap()))
}

fn amount(amount: &str) -> Coupon<'static> {
    coupon(Discount::Amount(amount.parse().unwrap()))
}

fn connection(settings: Value) -> Connection {
    serde_json::from_value(settings).unwrap()
}

fn shop() -> Connection {
    connection(json!({
        "shop": "Gulab-Fabrics.myshopify.com",
        "access_token": "shpat_topsecret",
        "secrets": ["hush"],
        "reference_key": "key",
    }))
}

/// The request, when Shopify's schema has nothing against it.
fn accepted(coupon: &Coupon<'_>) -> (HttpRequest, Value) {
    let request = shopify::request(coupon, &shop()).unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let input = body["variables"]["coupon"].clone();
    if schema().is_some() {
        assert_eq!(faults("DiscountCodeBasicInput!", &input, "coupon"), Vec::<String>::new(), "{body:#}");
    }
    (request, input)
}

fn refused(coupon: &Coupon<'_>, connection: &Connection) -> String {
    match shopify::request(coupon, connection) {
        Err(Unsendable::Content(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_schema_can_refuse_and_knows_what_is_asked_for() {
    let Some(types) = schema() else { return };
    let (request, input) = accepted(&percent("10"));
    for (path, value) in [
        ("/usageLimit", json!("1")),
        ("/customerGets/value/percentage", json!("0.1")),
        ("/context/all", json!("EVERYBODY")),
        ("/customerGets/items", json!({ "every": true })),
        ("/title", json!(["a"])),
    ] {
        let mut bad = input.clone();
        *bad.pointer_mut(path).unwrap() = value;
        assert_eq!(faults("DiscountCodeBasicInput!", &bad, "coupon").len(), 1, "{path}");
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let query = body["query"].as_str().unwrap();
    assert!(query.contains("discountCodeBasicCreate(basicCodeDiscount: $coupon)"));
    assert!(query.contains("$coupon: DiscountCodeBasicInput!"));
    assert_eq!(types["Mutation"]["discountCodeBasicCreate"], "DiscountCodeBasicCreatePayload");
    for (kind, fields) in [
        ("DiscountCodeBasicCreatePayload", vec!["codeDiscountNode", "userErrors"]),
        ("DiscountCodeNode", vec!["id"]),
        ("DiscountUserError", vec!["field", "code", "message"]),
        ("DiscountErrorCode", vec!["TAKEN", "INTERNAL_ERROR"]),
    ] {
        assert!(fields.iter().all(|field| types[kind].contains_key(*field)), "{kind}");
    }
    for field in ["codeDiscountNode { id }", "userErrors { field code message }"] {
        assert!(query.contains(field), "{query}");
    }
}

#[test]
fn a_part_of_the_price_is_recorded() {
    same_as_before!(recorded(&accepted(&percent("12.5")).0));
}

#[test]
fn an_amount_without_an_end_is_recorded() {
    same_as_before!(recorded(&accepted(&Coupon { ends_at: None, ..amount("500.00") }).0));
}

#[test]
fn a_percentage_is_a_part_of_one() {
    for (text, part) in [("10", 0.1), ("12.5", 0.125), ("0.5", 0.005), ("33", 0.33), ("100", 1.0)] {
        assert_eq!(
            accepted(&percent(text)).1["customerGets"]["value"],
            json!({ "percentage": part }),
            "{text}"
        );
    }
    for bad in [percent("0"), percent("-5"), percent("100.01"), amount("0"), amount("-1")] {
        let why = refused(&bad, &shop());
        assert!(why.contains("more than 0"), "{why}");
    }
}

#[test]
fn what_shopify_would_refuse_is_not_sent() {
    let good = percent("10");
    let long = "x".repeat(256);
    for (bad, why) in [
        (Coupon { title: " \n", ..good }, "title of 0"),
        (Coupon { title: &long, ..good }, "title of 256"),
        (Coupon { code: "", ..good }, "code of 0"),
        (Coupon { code: &long, ..good }, "code of 256"),
        (Coupon { ends_at: Some(good.starts_at), ..good }, "ends before it starts"),
    ] {
        let said = refused(&bad, &shop());
        assert!(said.contains(why), "{said}");
    }
    assert!(shopify::request(&Coupon { title: &long[1..], code: &long[1..], ..good }, &shop()).is_ok());
}

#[test]
fn the_token_goes_to_shopify_alone_and_shows_nowhere() {
    let (request, _) = accepted(&percent("10"));
    assert_eq!(request.url, "https://gulab-fabrics.myshopify.com/admin/api/2026-04/graphql.json");
    assert_eq!(request.reach, Reach::Public);
    assert!(request.headers.contains(&("x-shopify-access-token", "shpat_topsecret".into())));
    let shown = format!("{request:?} {:?}", shop());
    assert!(shown.contains("Gulab-Fabrics"), "{shown}");
    for secret in ["topsecret", "hush", "key", "EID-"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for host in [
        "gulab.example.com",
        "myshopify.com",
        ".myshopify.com",
        "gulab.myshopify.com.evil.example",
        "evil.example/.myshopify.com",
        "evil.example#.myshopify.com",
        "u@gulab.myshopify.com",
        "a.b.myshopify.com",
        "-a.myshopify.com",
        "gulab",
        "https://gulab.myshopify.com",
    ] {
        let connection = connection(json!({ "shop": host, "access_token": "t" }));
        assert!(refused(&percent("10"), &connection).contains("is not a shop"), "{host}");
    }
}

#[test]
fn a_connection_is_a_shop_and_a_token() {
    for settings in [
        json!({}),
        json!({ "shop": "gulab.myshopify.com" }),
        json!({ "access_token": "t", "shop": null }),
        json!({ "access_token": " ", "shop": "gulab.myshopify.com" }),
    ] {
        let connection = connection(settings);
        assert!(!connection.is_connected());
        assert!(refused(&percent("10"), &connection).contains("not connected"));
    }
    assert!(shop().is_connected());
    let of = |fields: Value| {
        let mut settings = json!({ "shop": "gulab.myshopify.com", "access_token": " t " });
        settings.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        connection(settings)
    };
    let request = shopify::request(&percent("10"), &of(json!({ "api_version": "2026-07" }))).unwrap();
    assert_eq!(request.url, "https://gulab.myshopify.com/admin/api/2026-07/graphql.json");
    assert!(request.headers.contains(&("x-shopify-access-token", "t".into())));
    for version in ["..", "2026-07/../..", "2026", "2026-7", "20260-7", "latest", "2026-0a"] {
        let why = refused(&percent("10"), &of(json!({ "api_version": version })));
        assert!(why.contains("is not a version"), "{why}");
    }
    // An operator's stand-in, which may be anywhere.
    let request = shopify::request(&percent("10"), &of(json!({ "api_url": "http://127.0.0.1:9/" }))).unwrap();
    assert_eq!(request.url, "http://127.0.0.1:9/admin/api/2026-04/graphql.json");
    assert_eq!(request.reach, Reach::Anywhere);
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse { status, retry_after: None, body: body.to_string().into_bytes() }
}

fn payload(node: &Value, errors: &Value) -> HttpResponse {
    answer(
        200,
        &json!({ "data": { "discountCodeBasicCreate": { "codeDiscountNode": node, "userErrors": errors } } }),
    )
}

fn user_error(code: &str, field: &str) -> Value {
    json!({ "field": ["basicCodeDiscount", field], "code": code, "message": "Something\nis wrong" })
}

fn policy(response: &HttpResponse) -> (String, Policy) {
    match verdict(response) {
        Verdict::Refused(error, policy) => {
            assert_eq!(error.code, i64::from(response.status));
            (error.message, policy)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_coupon_is_there_when_it_was_made_and_when_it_was_there_before() {
    let made = payload(&json!({ "id": "gid://shopify/DiscountCodeNode/1" }), &json!([]));
    assert_eq!(verdict(&made), Verdict::Accepted("gid://shopify/DiscountCodeNode/1".into()));
    let taken = |errors: Value| verdict(&payload(&Value::Null, &errors));
    assert_eq!(taken(json!([user_error("TAKEN", "code")])), Verdict::Accepted(String::new()));
    let fieldless = json!([{ "field": null, "code": "TAKEN", "message": "Code must be unique." }]);
    assert_eq!(taken(fieldless), Verdict::Accepted(String::new()));
    assert!(matches!(taken(json!([user_error("TAKEN", "title")])), Verdict::Refused(_, Policy::Permanent)));
}

#[test]
fn what_shopify_has_against_a_coupon_is_told() {
    let errors = json!([user_error("TOO_LONG", "code"), { "field": null, "code": null, "message": "No." }]);
    let (words, then) = policy(&payload(&Value::Null, &errors));
    assert_eq!(words, "HTTP 200: code: Something is wrong (TOO_LONG); No.");
    assert_eq!(then, Policy::Permanent);

    let internal = policy(&payload(&Value::Null, &json!([user_error("INTERNAL_ERROR", "code")])));
    assert_eq!(internal.1, Policy::Retry);
    let mixed = json!([user_error("INTERNAL_ERROR", "code"), user_error("INVALID", "endsAt")]);
    assert_eq!(policy(&payload(&Value::Null, &mixed)).1, Policy::Permanent);

    let long = json!([{ "field": null, "code": "INVALID", "message": "x".repeat(400) }]);
    assert_eq!(policy(&payload(&Value::Null, &long)).0.chars().count(), 300);
}

#[test]
fn an_answer_that_tells_nothing_is_asked_for_again() {
    for body in [
        json!({}),
        json!({ "data": null }),
        json!({ "data": { "discountCodeBasicCreate": null } }),
        json!([]),
    ] {
        assert_eq!(policy(&answer(200, &body)).1, Policy::Retry, "{body}");
    }
    for node in [json!(null), json!({}), json!({ "id": "" })] {
        assert_eq!(policy(&payload(&node, &json!([]))).1, Policy::Retry);
    }
    let page = HttpResponse { status: 200, retry_after: None, body: b"<html>".to_vec() };
    assert_eq!(policy(&page).1, Policy::Retry);
}

fn error(code: &str) -> Value {
    json!({ "errors": [{ "message": "It failed", "extensions": { "code": code } }] })
}

#[test]
fn a_request_that_was_not_performed_has_its_move() {
    for (code, then) in [
        ("ACCESS_DENIED", Policy::StopAccount),
        ("SHOP_INACTIVE", Policy::StopAccount),
        ("INTERNAL_SERVER_ERROR", Policy::Retry),
        ("MAX_COST_EXCEEDED", Policy::Permanent),
        ("undefinedField", Policy::Permanent),
        ("INVALID_VARIABLE", Policy::Permanent),
        ("THROTTLED", Policy::Throttled(Duration::from_secs(60))),
    ] {
        assert_eq!(policy(&answer(200, &error(code))), ("HTTP 200: It failed".to_owned(), then), "{code}");
    }
    let bare = json!({ "errors": [{ "message": "Something went wrong" }] });
    assert_eq!(policy(&answer(200, &bare)).1, Policy::Retry);
}

#[test]
fn a_full_bucket_is_waited_for_as_long_as_it_takes() {
    // As community.shopify.com/t/8456 shows it, and as it is with a code.
    let throttled = |requested: f64, available: f64, rate: f64, coded: bool| {
        let error = if coded {
            json!({ "message": "Slow down", "extensions": { "code": "THROTTLED" } })
        } else {
            json!({ "message": "Throttled" })
        };
        let status =
            json!({ "maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": rate });
        let cost =
            json!({ "requestedQueryCost": requested, "actualQueryCost": null, "throttleStatus": status });
        policy(&answer(200, &json!({ "errors": [error], "extensions": { "cost": cost } }))).1
    };
    for (requested, available, rate, seconds) in [
        (202.0, 118.0, 50.0, 2),
        (10.0, 0.0, 100.0, 1),
        (10.0, 50.0, 50.0, 1),
        (1000.0, 0.0, 50.0, 20),
        (1000.0, 0.0, 1.0, 60),
        (1000.0, 0.0, 0.0, 60),
        (1000.0, 0.0, -1.0, 60),
        (f64::MAX, 0.0, 1e-300, 60),
    ] {
        for coded in [true, false] {
            let expected = Policy::Throttled(Duration::from_secs(seconds));
            assert_eq!(
                throttled(requested, available, rate, coded),
                expected,
                "{requested} {available} {rate}"
            );
        }
    }
}

#[test]
fn every_status_has_its_move() {
    for status in 300..=599_u16 {
        let expected = match status {
            300..=399 | 401..=404 | 423 => Policy::StopAccount,
            429 => Policy::Throttled(Duration::from_secs(60)),
            408 | 430 | 500..=599 => Policy::Retry,
            _ => Policy::Permanent,
        };
        let (words, then) = policy(&answer(status, &json!({})));
        assert_eq!(then, expected, "{status}");
        assert_eq!(words, format!("HTTP {status}: refused without a reason"));
    }
    let token =
        json!({ "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)" });
    let (words, then) = policy(&answer(401, &token));
    assert!(words.contains("Invalid API key or access token"), "{words}");
    assert_eq!(then, Policy::StopAccount);
    for (asked, waits) in [(0, 1), (2, 2)] {
        let response = HttpResponse { retry_after: Some(asked), ..answer(429, &json!({})) };
        assert_eq!(policy(&response).1, Policy::Throttled(Duration::from_secs(waits)));
    }
}

#[test]
fn an_action_has_a_code_of_its_own_which_is_the_same_every_time() {
    let (gulab, other) = (StoreId::new("gulab"), StoreId::new("other"));
    let (run, next) = (RunId::new("cart~1"), RunId::new("cart~2"));
    let action = ActionRef { store: &gulab, subject: "cart-42", run: &run, stage: 1, action: 0 };
    let key = ReferenceKey::new("0123456789abcdef");
    let codes: Vec<String> = [
        action,
        ActionRef { store: &other, ..action },
        ActionRef { subject: "cart-43", ..action },
        ActionRef { run: &next, ..action },
        ActionRef { stage: 2, ..action },
        ActionRef { action: 1, ..action },
    ]
    .iter()
    .map(|action| code(&key, action, "eid"))
    .collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    assert_eq!(code(&key, &action, "eid"), codes[0]);
    // It hangs on the key, so nobody else can make it from what is known of the order.
    assert_ne!(code(&ReferenceKey::new("another"), &action, "eid"), codes[0]);
    // Held still: a code that is out must be made again by tomorrow's version.
    assert_eq!(codes[0], "EID-CV40P3NMP4YA");
}

#[test]
fn a_code_can_be_read_aloud() {
    let (store, run) = (StoreId::new("gulab"), RunId::new("cart~1"));
    let key = ReferenceKey::new("0123456789abcdef");
    let of = |stage, prefix: &str| {
        code(&key, &ActionRef { store: &store, subject: "cart-42", run: &run, stage, action: 0 }, prefix)
    };
    let mut seen = BTreeSet::new();
    for stage in 0..2_000 {
        let code = of(stage, "");
        assert_eq!(code.len(), 12);
        seen.extend(code.chars());
    }
    assert_eq!(seen.into_iter().collect::<String>(), "0123456789ABCDEFGHJKMNPQRSTVWXYZ");

    let bare = of(0, "");
    for (prefix, before) in [
        ("eid25", "EID25-"),
        (" Eid Mubarak! ", "EIDMUBARAK-"),
        ("عید", ""),
        ("-", ""),
        ("aaaaaaaaaaaaaaaaaaaabbb", "AAAAAAAAAAAAAAAAAAAA-"),
    ] {
        assert_eq!(of(0, prefix), format!("{before}{bare}"), "{prefix}");
    }
}
