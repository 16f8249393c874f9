//! Shopify: our own events as facts, and the edges of its shapes.

use harkara_domain::{
    FactBody, OrderStatus, Point, StoreId,
    fact::{CartFact, OrderFact, PaymentMethod},
    order::{Confirmation, fold},
    shipment::{ShipmentStatus, ShipmentUpdate},
};
use harkara_sources::{Malformed, Parsed};
use serde_json::{Value, json};

use crate::world::{connection, event, parse_shopify, parse_with, shopify};

const EVENTS: [(&str, &str); 11] = [
    ("orders_create", "orders/create"),
    ("orders_create_prepaid", "orders/create"),
    ("orders_updated", "orders/updated"),
    ("orders_paid", "orders/paid"),
    ("orders_cancelled", "orders/cancelled"),
    ("orders_fulfilled", "orders/fulfilled"),
    ("fulfillments_create", "fulfillments/create"),
    ("fulfillments_update", "fulfillments/update"),
    ("fulfillment_events_create_out_for_delivery", "fulfillment_events/create"),
    ("fulfillment_events_create_delivered", "fulfillment_events/create"),
    ("refunds_create", "refunds/create"),
];

fn parsed(name: &str) -> Parsed {
    let (_, topic) = EVENTS.iter().find(|(known, _)| *known == name).unwrap();
    parse_shopify(topic, event(&format!("shopify/{name}.json")).as_bytes()).unwrap()
}

/// The order event, changed, under a topic.
fn order_of(topic: &str, change: impl FnOnce(&mut Value)) -> Result<OrderFact, Malformed> {
    let mut body: Value = serde_json::from_str(&event("shopify/orders_create.json")).unwrap();
    change(&mut body);
    let mut parsed = parse_shopify(topic, body.to_string().as_bytes())?;
    match parsed.facts.pop().unwrap().body {
        FactBody::Order(order) => Ok(*order),
        other => panic!("{other:?}"),
    }
}

fn order(change: impl FnOnce(&mut Value)) -> OrderFact {
    order_of("orders/updated", change).unwrap()
}

fn set(pointer: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |body| *body.pointer_mut(pointer).unwrap() = value
}

#[test]
fn our_events_are_these_facts() {
    for (name, _) in EVENTS {
        let parsed = parsed(name);
        assert_eq!((parsed.facts.len(), parsed.ignored.as_slice()), (1, [].as_slice()), "{name}");
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&parsed.facts[0]).unwrap());
    }
}

#[test]
fn our_events_tell_the_life_of_an_order() {
    let id = "shopify-5840012301042".into();
    let road =
        EVENTS.iter().filter(|(name, _)| !matches!(*name, "orders_create_prepaid" | "orders_cancelled"));
    let facts: Vec<_> = road.flat_map(|(name, _)| parsed(name).facts).collect();
    let (mut view, mut fired) = (None, Vec::new());
    for fact in &facts {
        let folded = fold(view.as_ref(), fact, &id);
        fired.extend(folded.transitions.iter().filter_map(|transition| transition.occurrence.point()));
        view = Some(folded.view);
    }
    fired.sort();
    fired.dedup();
    let expected = [
        Point::Created,
        Point::Booked,
        Point::Dispatched,
        Point::OutForDelivery,
        Point::Delivered,
        Point::Returned,
    ];
    assert_eq!(
        fired.iter().filter(|trigger| expected.contains(trigger)).count(),
        expected.len(),
        "{fired:?}"
    );
    assert_eq!(view.as_ref().unwrap().status(), OrderStatus::Returned);
    let mut backwards = None;
    for fact in facts.iter().rev().chain(&facts) {
        backwards = Some(fold(backwards.as_ref(), fact, &id).view);
    }
    assert_eq!(backwards, view);
}

#[test]
fn our_new_order_waits_for_a_confirmation_and_our_cancelled_one_does_not_come_back() {
    let id = "shopify-5840012301042".into();
    let created = fold(None, &parsed("orders_create").facts[0], &id).view;
    assert_eq!(created.confirmation(), Confirmation::Pending);
    let cancelled = fold(Some(&created), &parsed("orders_cancelled").facts[0], &id).view;
    assert_eq!(cancelled.status(), OrderStatus::Cancelled, "pieces taken off before dispatch are no return");
    let prepaid = fold(None, &parsed("orders_create_prepaid").facts[0], &"shopify-5840012301043".into()).view;
    assert_eq!(prepaid.confirmation(), Confirmation::NotNeeded);
}

#[test]
fn an_order_with_next_to_nothing_is_an_order() {
    let body = r#"{"id": "gid://shopify/Order/7", "created_at": "2026-11-22T14:05:09+05:00",
        "currency": "pkr", "total_price": 950, "line_items": null, "customer": null, "new_field": [{}]}"#;
    let parsed = parse_shopify("orders/create", body.as_bytes()).unwrap();
    insta::assert_snapshot!("sparse_order", serde_json::to_string_pretty(&parsed.facts[0]).unwrap());
}

#[test]
fn an_order_without_an_id_a_time_or_a_total_is_none() {
    for (pointer, value) in [
        ("/id", Value::Null),
        ("/id", json!("a/b")),
        ("/total_price", Value::Null),
        ("/total_price", json!("free")),
        ("/currency", json!("Rs")),
        ("/updated_at", json!("yesterday")),
        ("/updated_at", json!("9999-12-31T00:00:00Z")),
        ("/line_items/0/price", json!("a lot")),
        ("/customer", json!("0300-1234567")),
    ] {
        let Err(Malformed(words)) = order_of("orders/create", set(pointer, value)) else {
            panic!("{pointer}")
        };
        assert!(!words.contains("0300"), "{words}");
    }
    let timeless = |body: &mut Value| {
        body["created_at"] = Value::Null;
        body["updated_at"] = Value::Null;
    };
    assert!(order_of("orders/create", timeless).is_err());
    for body in ["", "[]", "null", "{}", "{", "\u{feff}{}", "{\"id\":1}{"] {
        assert!(parse_shopify("orders/create", body.as_bytes()).is_err(), "{body}");
    }
    assert!(parse_with(shopify(), &connection(), &[], b"{}").is_err(), "without a topic");
}

#[test]
fn nesting_is_bounded() {
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        let body = event("shopify/orders_create.json");
        body.replacen("\"note_attributes\": []", &format!("\"note_attributes\": {open}{close}"), 1)
    };
    assert!(parse_shopify("orders/create", deep(50).as_bytes()).is_ok());
    let Err(Malformed(words)) = parse_shopify("orders/create", deep(70).as_bytes()) else { panic!() };
    assert_eq!(words, "the order nests too deeply");
}

#[test]
fn the_payment_is_read_off_the_gateways() {
    let pay = |gateways: Value, status: &str| {
        let fact = order(|body| {
            body["payment_gateway_names"] = gateways;
            body["financial_status"] = json!(status);
        });
        (fact.snapshot.payment, fact.snapshot.paid)
    };
    use PaymentMethod::{Cod, Prepaid};
    assert_eq!(pay(json!(["gift_card", "COD"]), "partially_paid"), (Cod, false));
    assert_eq!(pay(json!(["Cash on Delivery (COD)"]), "paid"), (Cod, true));
    assert_eq!(pay(json!(["manual"]), "pending"), (Cod, false));
    assert_eq!(pay(json!(["manual"]), "paid"), (Prepaid, true));
    assert_eq!(pay(json!(["Bank Deposit"]), "pending"), (Prepaid, false));
    assert_eq!(pay(json!([]), "pending"), (Prepaid, false));
    assert_eq!(pay(Value::Null, "authorized"), (Prepaid, false));
    assert_eq!(pay(json!(["visa"]), "partially_refunded"), (Prepaid, true));
    assert_eq!(pay(json!(["visa"]), "voided"), (Prepaid, false));
    let legacy = order(|body| {
        body["payment_gateway_names"] = Value::Null;
        body["gateway"] = json!("Cash on Delivery (COD)");
    });
    assert_eq!(legacy.snapshot.payment, Cod);
}

#[test]
fn the_first_phone_that_is_one_counts() {
    let phone = |change: &dyn Fn(&mut Value)| order(|body| change(body)).snapshot.customer.phone;
    let text = |change: &dyn Fn(&mut Value)| phone(change).map(|phone| phone.as_str().to_owned());
    assert_eq!(text(&|_| {}).as_deref(), Some("+923001234567"), "of the shipping address");
    assert_eq!(text(&|body| body["phone"] = json!("0333 7654321")).as_deref(), Some("+923337654321"));
    assert_eq!(
        text(&|body| body["phone"] = json!("call me")).as_deref(),
        Some("+923001234567"),
        "a wrong one is passed"
    );
    let abroad = |body: &mut Value| {
        body["shipping_address"]["country_code"] = json!("IN");
        body["shipping_address"]["phone"] = json!("99999 00003");
    };
    assert_eq!(text(&abroad).as_deref(), Some("+919999900003"), "read as from the address");
    let stateless = |body: &mut Value| body["shipping_address"]["country_code"] = Value::Null;
    assert_eq!(text(&stateless).as_deref(), Some("+923001234567"), "read as from the store's region");
    let account = |body: &mut Value| {
        body["shipping_address"] = Value::Null;
        body["customer"]["default_address"] = json!({"phone": 3001234567u64, "country_code": "PK"});
    };
    assert_eq!(text(&account).as_deref(), Some("+923001234567"), "a number may stand as a number");
    let none = |body: &mut Value| body["shipping_address"] = Value::Null;
    let contact = order(none).snapshot.customer;
    assert_eq!(contact.phone, None);
    assert!(contact.id.is_some(), "known by e-mail then");
}

#[test]
fn a_customer_is_the_same_by_phone_whatever_the_account() {
    let id = |change: &dyn Fn(&mut Value)| order(|body| change(body)).snapshot.customer.id.unwrap();
    let guest = |body: &mut Value| {
        body["customer"] = Value::Null;
        body["email"] = json!("another@example.com");
        body["shipping_address"]["phone"] = json!("+92 300 123 4567");
    };
    assert_eq!(id(&|_| {}), id(&guest));
    let other = harkara_domain::CustomerId::of(
        &StoreId::new("another"),
        order(|_| {}).snapshot.customer.phone.as_ref(),
        None,
        None,
    );
    assert_ne!(Some(id(&|_| {})), other, "another store's customer is another");
}

#[test]
fn texts_and_lists_are_cut() {
    let long = "x".repeat(100_000);
    let fact = order(|body| {
        body["name"] = json!(long);
        body["tags"] = json!((0..500).map(|n| format!("tag{n}")).collect::<Vec<_>>().join(","));
        body["order_status_url"] = json!(format!("https://{long}"));
        body["email"] = json!(format!("{long}@example.com"));
        body["contact_email"] = Value::Null;
        body["customer"]["email"] = Value::Null;
        body["customer_locale"] = json!(long);
        body["shipping_address"]["first_name"] = json!("Ay\u{0}esha\r\n{{ boo }}");
        body["shipping_address"]["address1"] = json!(long);
        let line = body["line_items"][0].clone();
        body["line_items"] = json!(vec![line; 30]);
        body["line_items"][0]["name"] = json!(long);
        body["line_items"][1]["quantity"] = json!(4_294_967_295u64);
    });
    let snapshot = fact.snapshot;
    assert_eq!((snapshot.name.len(), snapshot.tags.len(), snapshot.items.len()), (100, 50, 20));
    assert_eq!((snapshot.items[0].title.len(), snapshot.item_count), (250, u32::MAX));
    assert_eq!(
        (snapshot.status_url, snapshot.customer.email, snapshot.customer.language),
        (None, None, None)
    );
    assert_eq!(snapshot.customer.first_name.as_deref(), Some("Ay esha {{ boo }}"));
    assert_eq!(snapshot.address.unwrap().street.len(), 250);
}

#[test]
fn too_many_parcels_are_cut_and_named() {
    let mut body: Value = serde_json::from_str(&event("shopify/orders_paid.json")).unwrap();
    let parcel = body["fulfillments"][0].clone();
    body["fulfillments"] = (0..101)
        .map(|n| {
            let mut p = parcel.clone();
            p["id"] = json!(n);
            p
        })
        .collect();
    let parsed = parse_shopify("orders/updated", body.to_string().as_bytes()).unwrap();
    let FactBody::Order(fact) = &parsed.facts[0].body else { panic!() };
    assert_eq!(fact.shipments.len(), 100);
    assert_eq!(parsed.ignored, ["fulfillments/beyond_limit"]);
}

#[test]
fn cancelled_is_cancelled_whether_the_field_or_the_topic_says_so() {
    let at = order(set("/cancelled_at", json!("2026-11-22T15:02:17+05:00"))).snapshot.cancelled_at;
    assert_eq!(at.unwrap().to_string(), "2026-11-22T10:02:17Z");
    let fact = order_of("orders/cancelled", |_| {}).unwrap();
    assert_eq!(fact.snapshot.cancelled_at, Some(fact.snapshot.updated_at));
    assert_eq!(order_of("orders/create", |_| {}).unwrap().snapshot.cancelled_at, None);
}

/// A fulfillment webhook, changed.
fn parcel(change: impl FnOnce(&mut Value)) -> (ShipmentUpdate, Vec<String>) {
    let mut body: Value = serde_json::from_str(&event("shopify/fulfillments_update.json")).unwrap();
    change(&mut body);
    let mut parsed = parse_shopify("fulfillments/update", body.to_string().as_bytes()).unwrap();
    match parsed.facts.pop().unwrap().body {
        FactBody::Shipment { order, update } if order.as_str() == "shopify-5840012301042" => {
            (update, parsed.ignored)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_parcels_status_is_a_point_of_the_lattice() {
    use ShipmentStatus::{
        AvailableForPickup, Booked, Cancelled, Delivered, Dispatched, Failure, OutForDelivery, PickedUp,
    };
    let table = [
        (Value::Null, Some(Booked), false),
        (json!("label_printed"), Some(Booked), false),
        (json!("label_purchased"), Some(Booked), false),
        (json!("confirmed"), Some(Booked), false),
        (json!("ready_for_pickup"), Some(AvailableForPickup), false),
        (json!("in_transit"), Some(Dispatched), false),
        (json!("picked_up"), Some(PickedUp), false),
        (json!("carrier_picked_up"), Some(Dispatched), false),
        (json!("out_for_delivery"), Some(OutForDelivery), false),
        (json!("attempted_delivery"), None, true),
        (json!("delivered"), Some(Delivered), false),
        (json!("failure"), Some(Failure), false),
        (json!("not_delivered"), Some(Failure), false),
        (json!("delayed"), None, false),
        (json!("label_voided"), None, false),
    ];
    for (word, status, attempted) in table {
        for own in ["pending", "open", "success"] {
            let (update, ignored) = parcel(|body| {
                body["shipment_status"] = word.clone();
                body["status"] = json!(own);
            });
            assert_eq!((update.status, update.attempted), (status, attempted), "{word} {own}");
            assert_eq!(ignored.len(), 0, "{word}");
        }
        for own in ["cancelled", "error", "failure"] {
            let (update, _) = parcel(|body| {
                body["shipment_status"] = word.clone();
                body["status"] = json!(own);
            });
            assert_eq!((update.status, update.attempted), (Some(Cancelled), false), "{word} {own}");
        }
        let mut scan: Value =
            serde_json::from_str(&event("shopify/fulfillment_events_create_delivered.json")).unwrap();
        scan["status"] = word.clone();
        let parsed = parse_shopify("fulfillment_events/create", scan.to_string().as_bytes()).unwrap();
        let FactBody::Shipment { update, .. } = &parsed.facts[0].body else { panic!() };
        assert_eq!((update.status, update.attempted), (status, attempted), "{word}");
    }
    let (update, ignored) = parcel(|body| body["shipment_status"] = json!("returning to sender\n"));
    assert_eq!(update.status, Some(ShipmentStatus::Unknown));
    assert_eq!(ignored, ["shipment_status/returning?to?sender"]);
}

#[test]
fn a_fulfilled_orders_parcels_have_left_the_shop() {
    let status = |order_status: Value, own: &str, word: Value| {
        let parcel = json!({"id": 1, "status": own, "shipment_status": word});
        let fact = order(|body| {
            body["fulfillment_status"] = order_status;
            body["fulfillments"] = json!([parcel]);
        });
        assert_eq!(fact.shipments[0].at, fact.snapshot.updated_at, "for want of a time of its own");
        fact.shipments[0].status
    };
    let fulfilled = || json!("fulfilled");
    assert_eq!(status(fulfilled(), "success", Value::Null), Some(ShipmentStatus::Dispatched));
    assert_eq!(status(fulfilled(), "success", json!("delivered")), Some(ShipmentStatus::Delivered));
    assert_eq!(status(fulfilled(), "success", json!("delayed")), Some(ShipmentStatus::Dispatched));
    assert_eq!(status(fulfilled(), "pending", Value::Null), Some(ShipmentStatus::Booked));
    assert_eq!(status(fulfilled(), "cancelled", Value::Null), Some(ShipmentStatus::Cancelled));
    assert_eq!(status(json!("partial"), "success", Value::Null), Some(ShipmentStatus::Booked));
    let failed = order(|body| {
        body["fulfillment_status"] = json!("fulfilled");
        body["fulfillments"] = json!([{"id": 1, "status": "success", "shipment_status": "failure"}]);
    });
    let said: Vec<_> = failed.shipments.iter().map(|update| update.status.unwrap()).collect();
    assert_eq!(said, [ShipmentStatus::Dispatched, ShipmentStatus::Failure], "it left, and failed on its way");
}

#[test]
fn a_parcel_that_is_fetched_is_ready_first_and_then_picked_up() {
    let point =
        |word: &str| parcel(|body| body["shipment_status"] = json!(word)).0.status.unwrap().evidence();
    assert_eq!(point("ready_for_pickup"), Some(Point::Ready));
    assert_eq!(point("picked_up"), Some(Point::PickedUp));
    assert_eq!(point("failure"), None);
}

#[test]
fn details_are_what_conditions_can_ask() {
    let details = |change: &dyn Fn(&mut Value)| order(|body| change(body)).snapshot.details;
    let status =
        |word: &'static str| details(&|body| body["financial_status"] = json!(word)).financial_status;
    use harkara_domain::fact::FinancialStatus as Money;
    for (word, meant) in [
        ("pending", Some(Money::Pending)),
        ("authorized", Some(Money::Authorized)),
        ("partially_paid", Some(Money::PartiallyPaid)),
        ("paid", Some(Money::Paid)),
        ("partially_refunded", Some(Money::PartiallyRefunded)),
        ("refunded", Some(Money::Refunded)),
        ("voided", Some(Money::Voided)),
        ("new_word", None),
    ] {
        assert_eq!(status(word), meant, "{word}");
    }
    let long = details(&|body| {
        body["note"] = json!("n".repeat(9000));
        body["discount_codes"] = json!((0..90).map(|n| json!({"code": format!("C{n}")})).collect::<Vec<_>>());
        body["shipping_lines"] = json!([{"title": null}, {"title": "Rider"}]);
        body["payment_gateway_names"] = json!(["", "gift_card", "visa"]);
    });
    assert_eq!((long.note.unwrap().len(), long.discount_codes.len()), (500, 20));
    assert_eq!(
        (long.shipping_method.as_deref(), long.gateway.as_deref()),
        (Some("Rider"), Some("gift_card"))
    );
    let item = order(|body| {
        body["line_items"][0]["product_id"] = json!(7880321196742929u64);
        body["line_items"][0]["vendor"] = json!(" Gul  Ahmed ");
    });
    let item = &item.snapshot.items[0];
    assert_eq!(
        (item.product.as_deref(), item.vendor.as_deref()),
        (Some("7880321196742929"), Some("Gul Ahmed"))
    );
}

#[test]
fn consent_is_of_a_channel_and_only_where_it_was_given_or_refused() {
    use harkara_domain::flow::Channel::{Email, Whatsapp};
    let consent = |ticked: Value, email: Value, sms: Value| {
        let details = order(|body| {
            body["buyer_accepts_marketing"] = ticked;
            body["customer"]["email_marketing_consent"] = email;
            body["customer"]["sms_marketing_consent"] = sms;
        });
        details.snapshot.details.accepts_marketing.into_iter().collect::<Vec<_>>()
    };
    let state = |word: &str| json!({"state": word, "opt_in_level": null});
    assert_eq!(consent(Value::Null, Value::Null, Value::Null), []);
    assert_eq!(consent(json!(false), Value::Null, Value::Null), [(Email, false)]);
    assert_eq!(
        consent(json!(true), state("unsubscribed"), Value::Null),
        [(Email, false)],
        "the account's word"
    );
    assert_eq!(consent(json!(true), state("not_subscribed"), Value::Null), [(Email, true)]);
    assert_eq!(consent(Value::Null, state("pending"), state("subscribed")), [(Whatsapp, true)]);
    assert_eq!(consent(Value::Null, Value::Null, state("unsubscribed")), [(Whatsapp, false)]);
}

/// The cart in a parsed webhook, if one is.
fn cart_in(parsed: &Parsed) -> Option<CartFact> {
    parsed.facts.iter().find_map(|fact| match &fact.body {
        FactBody::Cart(cart) => Some((**cart).clone()),
        _ => None,
    })
}

fn checkout() -> Value {
    json!({
        "id": 981820079255i64, "token": "chk1", "cart_token": "hWN2BmrWXdTo", "email": null,
        "created_at": "2026-11-22T13:50:00+05:00", "updated_at": "2026-11-22T13:58:00+05:00", "completed_at": null,
        "currency": "PKR", "total_price": "4490.00", "customer_locale": "en-PK",
        "abandoned_checkout_url": "https://gulmohar.example/checkouts/chk1/recover?key=x",
        "shipping_address": {"first_name": "Ayesha", "phone": "0300-1234567", "country_code": "PK"},
        "line_items": [{"title": "Lawn suit", "quantity": 2, "price": "2245.00", "product_id": 55, "vendor": "Gul"}],
    })
}

#[test]
fn a_checkout_and_its_cart_and_its_order_are_one_cart() {
    let of = |topic: &str, body: &Value| {
        cart_in(&parse_shopify(topic, body.to_string().as_bytes()).unwrap()).unwrap()
    };
    let known = of("checkouts/update", &checkout());
    assert_eq!(known.id.as_str(), "shopify-hWN2BmrWXdTo");
    assert_eq!(known.touched_at.to_string(), "2026-11-22T08:58:00Z");
    assert_eq!(known.customer.phone.as_ref().unwrap().as_str(), "+923001234567");
    assert_eq!((known.items[0].quantity, known.total.unwrap().to_string()), (2, "Rs 4,490".to_owned()));
    assert!(known.url.is_some() && !known.is_closed());

    let bare = json!({"id": "hWN2BmrWXdTo", "token": "hWN2BmrWXdTo", "updated_at": "2026-11-22T13:40:00+05:00",
        "line_items": [{"title": "Lawn suit", "quantity": 1, "price": "2245.00"}]});
    assert_eq!(of("carts/update", &bare).id, known.id);
    let mut emptied = bare;
    emptied["line_items"] = json!([]);
    assert!(of("carts/update", &emptied).gone);
    let mut completed = checkout();
    completed["completed_at"] = json!("2026-11-22T14:05:00+05:00");
    assert!(of("checkouts/update", &completed).is_closed());

    let ordered = |topic: &str, updated: &str| {
        let mut body: Value = serde_json::from_str(&event("shopify/orders_create.json")).unwrap();
        body["cart_token"] = json!("hWN2BmrWXdTo");
        body["checkout_token"] = json!("chk1");
        body["updated_at"] = json!(updated);
        parse_shopify(topic, body.to_string().as_bytes()).unwrap()
    };
    let parsed = ordered("orders/create", "2026-11-22T14:05:10+05:00");
    let closing = cart_in(&parsed).unwrap();
    assert_eq!((&closing.id, closing.order.unwrap().as_str()), (&known.id, "shopify-5840012301042"));
    assert_eq!(closing.customer.phone, known.customer.phone);
    assert!(parsed.facts[1].id.as_str().ends_with("/cart") && parsed.facts[0].id != parsed.facts[1].id);
    assert!(
        cart_in(&ordered("orders/updated", "2026-11-22T14:30:00+05:00")).is_some(),
        "if the first was lost"
    );
    assert!(cart_in(&ordered("orders/create", "2026-11-23T14:05:10+05:00")).is_some());
    assert!(cart_in(&ordered("orders/updated", "2026-11-22T15:05:10+05:00")).is_none(), "long closed");
}

#[test]
fn a_cart_needs_a_token_and_a_time_and_any_token_makes_a_key() {
    let parse = |change: &dyn Fn(&mut Value)| {
        let mut body = checkout();
        change(&mut body);
        parse_shopify("checkouts/create", body.to_string().as_bytes()).map(|parsed| cart_in(&parsed).unwrap())
    };
    assert_eq!(parse(&|body| body["cart_token"] = Value::Null).unwrap().id.as_str(), "shopify-chk1");
    let gid = parse(&|body| body["cart_token"] = json!("gid://shopify/Cart/Z2Nw-x?key=9")).unwrap();
    assert_eq!(gid.id.as_str(), "shopify-Z2Nw-x");
    let odd = parse(&|body| body["cart_token"] = json!(format!("{}#/", "a".repeat(500)))).unwrap();
    assert_eq!(odd.id.as_str().len(), "shopify-".len() + 32);
    assert!(
        parse(&|body| {
            body["created_at"] = Value::Null;
            body["updated_at"] = Value::Null;
        })
        .is_err()
    );
    assert!(
        parse(&|body| {
            body["cart_token"] = Value::Null;
            body["token"] = json!("");
        })
        .is_err()
    );
}

#[test]
fn tracking_is_what_a_customer_can_follow() {
    let tracking = |change: &dyn Fn(&mut Value)| parcel(|body| change(body)).0.tracking;
    let hostile = tracking(&|body| body["tracking_url"] = json!("javascript:alert(1)")).unwrap();
    assert_eq!(
        hostile.url.as_deref(),
        Some("https://track.raviexpress.example/?cn=RX104200077"),
        "the next is sound"
    );
    let listed = tracking(&|body| {
        body["tracking_number"] = Value::Null;
        body["tracking_numbers"] = json!(["", "RX2"]);
        body["tracking_url"] = Value::Null;
        body["tracking_urls"] = json!(["ftp://x.example"]);
    });
    let listed = listed.unwrap();
    assert_eq!((listed.number.as_deref(), listed.url), (Some("RX2"), None));
    let nothing = tracking(&|body| {
        for field in
            ["tracking_company", "tracking_number", "tracking_numbers", "tracking_url", "tracking_urls"]
        {
            body[field] = Value::Null;
        }
    });
    assert_eq!(nothing, None);
}

#[test]
fn only_pieces_that_came_back_are_returned() {
    let lines = json!([
        {"quantity": 2, "restock_type": "return"}, {"quantity": "1", "restock_type": "return"},
        {"quantity": 4, "restock_type": "cancel"}, {"quantity": 8, "restock_type": "no_restock"},
        {"quantity": 16, "restock_type": null}, {"restock_type": "return"},
    ]);
    let refund = json!({"id": 5, "order_id": 7, "created_at": "2026-11-28T12:15:00+05:00", "refund_line_items": lines});
    let parsed = parse_shopify("refunds/create", refund.to_string().as_bytes()).unwrap();
    let FactBody::Refund { order: id, refund: alone } = &parsed.facts[0].body else { panic!() };
    assert_eq!((id.as_str(), &*alone.id, alone.returned), ("shopify-7", "5", 3));
    let within = order(|body| body["refunds"] = json!([refund]));
    assert_eq!(within.refunds, std::slice::from_ref(alone), "the same refund either way");
}

#[test]
fn a_redelivery_is_the_same_fact_and_another_event_is_not() {
    let body = event("shopify/orders_create.json");
    let id = |pairs: &[(&str, &str)], body: &str| {
        let parsed = parse_with(shopify(), &connection(), pairs, body.as_bytes()).unwrap();
        parsed.facts[0].id.as_str().to_owned()
    };
    let topic = ("X-Shopify-Topic", "orders/create");
    let event_id = ("X-Shopify-Event-Id", "e-1");
    let webhook = ("X-Shopify-Webhook-Id", "w-1");
    assert_eq!(id(&[topic, event_id, webhook], &body), "shopify/orders/create/e-1");
    assert_eq!(id(&[topic, event_id, ("X-Shopify-Webhook-Id", "w-2")], &body), "shopify/orders/create/e-1");
    assert_eq!(id(&[topic, webhook], &body), "shopify/orders/create/w-1");
    assert_eq!(
        id(&[("Shopify-Topic", "orders/create"), ("Shopify-Event-Id", "e-1")], &body),
        "shopify/orders/create/e-1"
    );
    let digest = id(&[topic], &body);
    assert_eq!(digest.len(), "shopify/orders/create/".len() + 64);
    assert_eq!(digest, id(&[topic], &body));
    assert_ne!(digest, id(&[topic], &body.replace("#1042", "#1043")));
    assert_ne!(
        digest.rsplit('/').next(),
        id(&[("X-Shopify-Topic", "orders/paid")], &body).rsplit('/').next()
    );
    assert_eq!(
        digest,
        id(&[topic, ("X-Shopify-Event-Id", "not#an/id")], &body),
        "what cannot stand in a key is passed"
    );
    let scan = event("shopify/fulfillment_events_create_delivered.json");
    let scan_topic = ("X-Shopify-Topic", "fulfillment_events/create");
    assert_eq!(id(&[scan_topic, event_id], &scan), "shopify/fulfillment_events/create/e-1/88200011001043");
}

#[test]
fn the_time_of_an_object_without_one_is_when_it_was_triggered() {
    let parse = |pairs: &[(&str, &str)]| {
        parse_with(shopify(), &connection(), pairs, br#"{"id": 1, "fulfillment_id": 2, "order_id": 3}"#)
    };
    let topic = ("X-Shopify-Topic", "fulfillment_events/create");
    let parsed = parse(&[topic, ("X-Shopify-Triggered-At", "2026-11-24T08:45:20.290670248Z")]).unwrap();
    assert_eq!(parsed.facts[0].occurred_at.to_string(), "2026-11-24T08:45:20.290670248Z");
    assert!(parse(&[topic]).is_err(), "the time of receipt would make another fact of each delivery");
}

#[test]
fn an_unknown_topic_is_named_and_its_body_not_even_read() {
    let parsed = parse_shopify("products/update", b"\xff{").unwrap();
    assert_eq!((parsed.facts.len(), parsed.ignored), (0, vec!["topic/products/update".to_owned()]));
    let parsed = parse_shopify(&"x".repeat(5000), b"").unwrap();
    assert_eq!(parsed.ignored[0].len(), 80);
}
