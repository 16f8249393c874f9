//! `harkara demo`: sample orders, signed as Shopify signs, through the real webhook.
#![allow(clippy::indexing_slicing)] // into JSON that we ship, where a missing field is null and no panic

use anyhow::{Context, Result, bail};
use harkara_engine::port::{Clock, Http, HttpRequest, Reach, Secrets, SystemClock};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value, json};
use std::path::Path;

use harkara_http::HttpClient;

use crate::{command::Demo, secrets_file::SecretsFile, store_file::StoreFile};

const ORDER: &str = include_str!("../../../events/shopify/orders_create.json");
const BOOKED: &str = include_str!("../../../events/shopify/fulfillments_create.json");
const MOVED: &str = include_str!("../../../events/shopify/fulfillment_events_create_delivered.json");

/// Invented customers: first name, last name, city, what they pay.
const CUSTOMERS: [(&str, &str, &str, &str); 6] = [
    ("Ayesha", "Siddiqui", "Karachi", "4490.00"),
    ("Bilal", "Ahmed", "Lahore", "2150.00"),
    ("Sana", "Malik", "Rawalpindi", "8990.00"),
    ("Usman", "Qureshi", "Faisalabad", "1250.00"),
    ("Hira", "Baig", "Multan", "3375.50"),
    ("Zain", "Shah", "Peshawar", "5600.00"),
];

struct Sender {
    http: HttpClient,
    url: String,
    secret: String,
}

/// Sends the sample orders.
///
/// # Errors
/// When the server is not there, or does not take one in.
pub async fn demo(options: &Demo) -> Result<()> {
    let sender = Sender {
        http: HttpClient::new(),
        url: format!("{}/webhooks/{}/shopify", options.url.trim_end_matches('/'), StoreFile::DEMO),
        secret: secret(&options.data).await?,
    };
    let now = now(&options.data);
    // Room for a thousand orders a millisecond: two runs never place the same order.
    let first = now.as_millisecond() * 1000;
    for place in 0..options.orders {
        let id = first + i64::from(place);
        let order = order(id, usize::try_from(place)?, now)?;
        sender.send("orders/create", &format!("{id}-create"), &order).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        println!("{} placed by {}", text(&order["name"]), text(&order["shipping_address"]["name"]));
    }
    if options.deliver {
        deliver(&sender, first, now).await?;
    }
    println!("See {}/orders and {}/outbox", options.url, options.url);
    Ok(())
}

/// A server in fast time is ahead of this machine's clock; its folder knows by how much.
fn now(data: &Path) -> Timestamp {
    let fast = std::fs::read_to_string(data.join("clock")).ok().and_then(|text| text.trim().parse().ok());
    fast.map_or_else(|| SystemClock.now(), |fast: Timestamp| fast.max(SystemClock.now()))
}

async fn secret(data: &Path) -> Result<String> {
    let connection = SecretsFile::in_folder(data).get(StoreFile::DEMO, "shopify").await?;
    let text = connection.with_context(|| format!("{} has no demo store", data.display()))?;
    let connection: Value = serde_json::from_str(&text)?;
    Ok(connection["secrets"][0].as_str().context("the demo store's Shopify has no secret")?.to_owned())
}

fn order(id: i64, place: usize, now: Timestamp) -> Result<Value> {
    let (first, last, city, total) = CUSTOMERS[place % CUSTOMERS.len()];
    let mut order: Value = serde_json::from_str(ORDER)?;
    let placed = written(now);
    let number = id % 100_000;
    // A phone of its own for every order; 0300 to 0349 are mobile prefixes of Pakistan.
    let phone = format!("+9230{:08}", id % 100_000_000);
    order["id"] = json!(id);
    order["admin_graphql_api_id"] = json!(format!("gid://shopify/Order/{id}"));
    order["name"] = json!(format!("#{number}"));
    order["order_number"] = json!(number);
    for field in ["created_at", "processed_at", "updated_at"] {
        order[field] = json!(placed);
    }
    order["total_price"] = json!(total);
    order["phone"] = json!(phone);
    for part in ["shipping_address", "billing_address", "customer"] {
        order[part]["first_name"] = json!(first);
        order[part]["last_name"] = json!(last);
        order[part]["name"] = json!(format!("{first} {last}"));
        order[part]["phone"] = json!(phone);
        order[part]["city"] = json!(city);
    }
    order["customer"]["id"] = json!(id);
    let email = format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase());
    for place in ["email", "contact_email"] {
        order[place] = json!(email);
    }
    order["customer"]["email"] = json!(email);
    // They get the shop's own language, and have agreed to hear from it.
    order["customer_locale"] = Value::Null;
    order["customer"]["sms_marketing_consent"] = json!({ "state": "subscribed" });
    Ok(order)
}

/// Booked, on its way, with the rider, at the door.
async fn deliver(sender: &Sender, id: i64, now: Timestamp) -> Result<()> {
    let mut booked: Value = serde_json::from_str(BOOKED)?;
    booked["id"] = json!(id);
    booked["order_id"] = json!(id);
    booked["created_at"] = json!(written(now));
    booked["updated_at"] = json!(written(now));
    sender.send("fulfillments/create", &format!("{id}-booked"), &booked).await?;
    for (minute, status) in [(1, "in_transit"), (2, "out_for_delivery"), (3, "delivered")] {
        let mut moved: Value = serde_json::from_str(MOVED)?;
        moved["id"] = json!(id * 10 + minute);
        moved["fulfillment_id"] = json!(id);
        moved["order_id"] = json!(id);
        moved["status"] = json!(status);
        moved["happened_at"] = json!(written(now + minute.minutes()));
        sender.send("fulfillment_events/create", &format!("{id}-{status}"), &moved).await?;
        println!("#{} is {status}", id % 100_000);
    }
    Ok(())
}

fn written(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Karachi").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl Sender {
    async fn send(&self, topic: &str, event: &str, body: &Value) -> Result<()> {
        let body = serde_json::to_vec(body)?;
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-event-id", event.to_owned()),
            ("x-shopify-hmac-sha256", harkara_sources::shopify::sign(&self.secret, &body)),
        ];
        let (url, reach) = (self.url.clone(), Reach::Anywhere);
        let request = HttpRequest { method: "POST", url, reach, headers, body };
        let response = self.http.call(request).await?;
        if response.status != 200 {
            bail!("{topic} answered {}: {}", response.status, String::from_utf8_lossy(&response.body));
        }
        Ok(())
    }
}
