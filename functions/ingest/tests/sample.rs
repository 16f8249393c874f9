//! The sample event is one that Shopify could have sent.

use harkara_sources::shopify;
use serde_json::Value;

/// The secret that the sample is signed with; `events/README.md` names it.
const SECRET: &str = "local-secret";

#[test]
fn the_sample_event_is_signed_and_holds_the_sample_order() {
    let event: Value = serde_json::from_str(include_str!("../../../events/lambda/ingest.json")).unwrap();
    let body = event["body"].as_str().unwrap();
    assert_eq!(body, include_str!("../../../events/shopify/orders_create.json"));
    let signature = event["headers"][shopify::SIGNATURE].as_str().unwrap();
    assert_eq!(signature, shopify::sign(SECRET, body.as_bytes()));
}
