//! Orders and messages for the tests.

use harkara_channels::{Button, HttpRequest, OutgoingMessage, Rendered};
use harkara_domain::{
    CustomerId, CustomerView, OrderView, StoreId,
    fact::{Choice, Contact},
    phone::Phone,
};
use serde_json::{Value, json};

/// An order with all that an order can have.
pub(crate) fn full_order() -> OrderView {
    serde_json::from_value(json!({
        "store": "gulab",
        "id": "shopify-1042",
        "snapshot": {
            "id": "shopify-1042",
            "name": "#1042",
            "created_at": "2026-11-20T09:00:00Z",
            "updated_at": "2026-11-20T09:00:00Z",
            "customer": {
                "first_name": "Ayesha\n",
                "last_name": "Khan",
                "phone": "+923001234567",
                "email": "ayesha@example.pk"
            },
            "total": { "amount": "4499.00", "currency": "PKR" },
            "payment": "cod",
            "address": { "street": "House 5", "city": "Lahore" },
            "items": [
                { "title": "Lawn suit", "quantity": 2, "price": "1500" },
                { "title": "Chadar", "quantity": 1, "price": "999" },
                { "title": "Khussa", "quantity": 1, "price": "400" },
                { "title": "Dupatta", "quantity": 3, "price": "100" }
            ],
            "item_count": 9,
            "status_url": "https://shop.example/orders/1042"
        },
        "reached": { "order_created": "2026-11-20T09:00:00Z", "order_dispatched": "2026-11-21T09:00:00Z" },
        "shipments": {
            "shopify-1": {
                "status": "dispatched",
                "tracking": ["2026-11-21T09:00:00Z", {
                    "company": "Leopards",
                    "number": "LE7501",
                    "url": "https://courier.example/track/LE7501"
                }]
            }
        }
    }))
    .unwrap()
}

/// The least that a shop says of an order.
pub(crate) fn minimal_order() -> OrderView {
    serde_json::from_value(json!({
        "store": "gulab",
        "id": "shopify-7",
        "snapshot": {
            "id": "shopify-7",
            "name": "#7",
            "created_at": "2026-11-20T09:00:00Z",
            "updated_at": "2026-11-20T09:00:00Z",
            "customer": {},
            "total": { "amount": "950", "currency": "PKR" },
            "payment": "cod",
            "item_count": 0
        },
        "reached": { "order_created": "2026-11-20T09:00:00Z" }
    }))
    .unwrap()
}

/// A customer whose name only other orders tell.
pub(crate) fn known_customer() -> CustomerView {
    let mut customer = CustomerView::empty(&StoreId::new("gulab"), &CustomerId::new("c1"));
    let contact = Contact { first_name: Some("Bilal".into()), ..Contact::default() };
    customer.contact = Some(("2026-11-01T09:00:00Z".parse().unwrap(), contact));
    customer
}

/// A message with two buttons, the window open.
pub(crate) fn message() -> OutgoingMessage {
    OutgoingMessage {
        to: Contact {
            phone: Some(Phone::e164("+923001234567").unwrap()),
            email: Some("ayesha@example.pk".into()),
            ..Contact::default()
        },
        content: Rendered {
            template: "cod_confirmation".into(),
            language: "roman-ur".into(),
            meta_language: "ur".into(),
            text: "Salam Ayesha! Order #1042, Rs 4,499. Bhej dein?".into(),
            parameters: vec!["Ayesha".into(), "#1042".into(), "Rs 4,499".into()],
            subject: Some("Gulab Fabrics: order #1042".into()),
            labels: Default::default(),
        },
        buttons: vec![button(Choice::Confirm, "Ji, bhej dein"), button(Choice::Cancel, "Cancel kar dein")],
        window_open: true,
        reference: "shopify-1042/cod-confirmation~order_created/0/1".parse().unwrap(),
    }
}

pub(crate) fn button(choice: Choice, title: &str) -> Button {
    let payload = format!("hk1:{}:shopify-1042:00112233445566778899aabbccddeeff", choice.as_str());
    Button { choice, title: title.into(), payload }
}

/// A request as a snapshot holds it: whole, with its body as JSON.
pub(crate) fn recorded(request: &HttpRequest) -> Value {
    let headers: serde_json::Map<String, Value> =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "method": request.method,
        "url": request.url,
        "reach": format!("{:?}", request.reach),
        "headers": headers,
        "body": serde_json::from_slice::<Value>(&request.body).unwrap(),
    })
}

/// Sorted, so that the order of keys does not hang on a feature of another crate.
macro_rules! same_as_before {
    ($body:expr) => {
        insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!($body) })
    };
}

pub(crate) use same_as_before;
