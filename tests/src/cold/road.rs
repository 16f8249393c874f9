//! The road of an order, as events: each function is given what the one before has sent.

use anyhow::{Context, Result, ensure};
use harkara_onebox::store_file::{FLOWS, TEMPLATES};
use harkara_sources::shopify;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::wire::Port;

/// The store.
pub(crate) const STORE: &str = "chadar";
/// Guards nothing: the store lives for one measurement on the loopback.
const SECRET: &str = "the-secret-of-one-measurement";
const ORDER: &str = include_str!("../load/order.json");

/// The store as `harkara aws store-put` reads it, with WhatsApp at `whatsapp`.
pub(crate) fn store(whatsapp: Port) -> Value {
    json!({
        "store": STORE,
        "settings": {
            "name": "Chadar & Co.",
            "timezone": "Asia/Karachi",
            "languages": ["roman-ur", "en"],
            "teams": { "ops": ["ops@chadar.example"] },
        },
        "connections": {
            "shopify": { "secrets": [SECRET], "region": "PK" },
            "whatsapp": {
                "secrets": [SECRET],
                "verify_token": "the-token-of-one-measurement",
                "region": "PK",
                "reference_key": "the-reference-key-of-one-measurement",
                "phone_number_id": "1",
                "access_token": "the-access-token-of-one-measurement",
                "api_url": format!("http://{whatsapp}/v23.0"),
            },
        },
        "templates": TEMPLATES,
        "flows": FLOWS,
        "activate": true,
    })
}

/// A new order of `number`, as API Gateway hands it over.
pub(crate) fn webhook(number: usize) -> Vec<u8> {
    let fields = [
        ("@@ID@@", (6_100_000_000_000 + number as u64).to_string()),
        ("@@NUMBER@@", number.to_string()),
        ("@@AT@@", Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("@@TOTAL@@", "2490.00".to_owned()),
        ("@@PHONE@@", format!("0300-{number:07}")),
        ("@@FIRST@@", "Ayesha".to_owned()),
        ("@@CITY@@", "Lahore".to_owned()),
    ];
    let body = fields.iter().fold(ORDER.to_owned(), |body, (field, value)| body.replace(field, value));
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("user-agent", "Shopify-Captain-Hook".to_owned()),
        ("x-shopify-api-version", "2026-04".to_owned()),
        ("x-shopify-event-id", format!("e0a1-{number:012}")),
        ("x-shopify-hmac-sha256", shopify::sign(SECRET, body.as_bytes())),
        ("x-shopify-shop-domain", "chadar.example".to_owned()),
        ("x-shopify-topic", "orders/create".to_owned()),
        ("x-shopify-webhook-id", format!("b7c2-{number:012}")),
    ];
    let path = format!("/webhooks/{STORE}/shopify");
    request("POST", &path, "POST /webhooks/{store}/{source}", &headers, Some(&body))
}

/// The console's list of orders, asked for by a program.
pub(crate) fn listing(key: &str) -> Vec<u8> {
    let headers = [("accept", "application/json".to_owned()), ("authorization", format!("Bearer {key}"))];
    request("GET", "/api/v1/orders", "$default", &headers, None)
}

/// An event of an HTTP API, payload format 2.0.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
fn request(method: &str, path: &str, route: &str, headers: &[(&str, String)], body: Option<&str>) -> Vec<u8> {
    const DOMAIN: &str = "abc123.execute-api.us-east-1.amazonaws.com";
    let mut sent: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    sent.insert("host".to_owned(), DOMAIN.into());
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": sent,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": DOMAIN,
            "domainPrefix": "abc123",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "Shopify-Captain-Hook",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "22/Nov/2026:13:00:00 +0000",
            "timeEpoch": 1_795_352_400_000_u64,
        },
        "isBase64Encoded": false,
    });
    if let (Some(body), Some(event)) = (body, event.as_object_mut()) {
        event.insert("body".to_owned(), body.into());
    }
    event.to_string().into_bytes()
}

/// Messages of a queue, as SQS hands them to a function: one an event.
pub(crate) fn records(queue: &str, bodies: Vec<String>) -> Vec<Vec<u8>> {
    let record = |(place, body): (usize, String)| {
        let event = json!({ "Records": [{
            "messageId": format!("059f36b4-87a3-44ab-83d2-{place:012}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795352400000",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1795352400001",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
            "awsRegion": "us-east-1",
        }] });
        event.to_string().into_bytes()
    };
    bodies.into_iter().enumerate().map(record).collect()
}

/// A recurring schedule's event.
pub(crate) fn tick() -> Vec<u8> {
    b"{}".to_vec()
}

/// Whether a webhook was taken in, with facts.
///
/// # Errors
/// When it was not.
pub(crate) fn taken_in(answer: &[u8]) -> Result<()> {
    let body = answered(answer)?;
    ensure!(body.get("facts").and_then(Value::as_u64) > Some(0), "no facts: {body}");
    Ok(())
}

/// Whether orders were listed.
///
/// # Errors
/// When there are none.
pub(crate) fn listed(answer: &[u8]) -> Result<()> {
    let body = answered(answer)?;
    ensure!(
        body.get("entries").and_then(Value::as_array).is_some_and(|orders| !orders.is_empty()),
        "no orders: {body}"
    );
    Ok(())
}

/// Whether the sweep has looked.
///
/// # Errors
/// When it answers with anything but what it found.
pub(crate) fn looked(answer: &[u8]) -> Result<()> {
    serde_json::from_slice::<Value>(answer).map(drop).context("an answer that is no JSON")
}

fn answered(answer: &[u8]) -> Result<Value> {
    let answer: Value = serde_json::from_slice(answer).context("an answer that is no JSON")?;
    ensure!(answer.get("statusCode").and_then(Value::as_u64) == Some(200), "{answer}");
    Ok(serde_json::from_str(answer.get("body").and_then(Value::as_str).unwrap_or_default())?)
}

/// Whether a batch was worked on, all of it.
///
/// # Errors
/// When a record comes again.
pub(crate) fn processed(answer: &[u8]) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer).context("an answer that is no JSON")?;
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    ensure!(failures.is_some_and(Vec::is_empty), "not processed: {answer}");
    Ok(())
}
