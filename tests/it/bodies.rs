//! What the shop and WhatsApp send, made of the sample events.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

const ORDER: &str = include_str!("../../events/shopify/orders_create.json");
const PARCEL: &str = include_str!("../../events/shopify/fulfillments_create.json");
const SCAN: &str = include_str!("../../events/shopify/fulfillment_events_create_delivered.json");
const REFUND: &str = include_str!("../../events/shopify/refunds_create.json");

fn written(at: Timestamp) -> String {
    let zone = TimeZone::get("Asia/Karachi").unwrap();
    at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn read(sample: &str) -> Value {
    serde_json::from_str(sample).unwrap()
}

/// An order of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) placed: Timestamp,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) total: &'static str,
    pub(crate) paid: bool,
}

impl Order {
    /// Cash on delivery, by a customer of its own.
    pub(crate) fn cod(id: u64, placed: Timestamp) -> Self {
        let phone = Some(format!("+92300{:07}", 1_000_000 + id));
        Self { id, placed, phone, email: Some(format!("c{id}@example.com")), total: "4490.00", paid: false }
    }

    /// Paid by card.
    pub(crate) fn prepaid(id: u64, placed: Timestamp) -> Self {
        Self { paid: true, ..Self::cod(id, placed) }
    }

    /// Its id at Harkara.
    pub(crate) fn key(&self) -> String {
        format!("shopify-{}", self.id)
    }

    /// The body of `orders/…`, as of `updated_at`.
    pub(crate) fn body(&self, updated_at: Timestamp) -> Value {
        let mut order = read(ORDER);
        order["id"] = json!(self.id);
        order["name"] = json!(format!("#{}", self.id));
        order["order_number"] = json!(self.id);
        order["created_at"] = json!(written(self.placed));
        order["updated_at"] = json!(written(updated_at));
        order["total_price"] = json!(self.total);
        order["phone"] = json!(self.phone);
        order["email"] = json!(self.email);
        order["contact_email"] = json!(self.email);
        for part in ["customer", "shipping_address"] {
            order[part]["phone"] = json!(self.phone);
        }
        order["customer"]["id"] = json!(self.id);
        order["customer"]["email"] = json!(self.email);
        order["customer"]["sms_marketing_consent"] = json!({ "state": "subscribed" });
        if self.paid {
            order["financial_status"] = json!("paid");
            order["payment_gateway_names"] = json!(["Card payments"]);
        }
        order
    }

    pub(crate) fn cancelled(&self, at: Timestamp) -> Value {
        let mut order = self.body(at);
        order["cancelled_at"] = json!(written(at));
        order["cancel_reason"] = json!("customer");
        order
    }

    /// A fulfillment with the courier's word on it.
    pub(crate) fn parcel(&self, shipment_status: Option<&str>, at: Timestamp) -> Value {
        let mut parcel = read(PARCEL);
        parcel["id"] = json!(self.id * 10);
        parcel["order_id"] = json!(self.id);
        parcel["shipment_status"] = json!(shipment_status);
        parcel["created_at"] = json!(written(at));
        parcel["updated_at"] = json!(written(at));
        parcel
    }

    /// A courier's scan.
    pub(crate) fn scan(&self, status: &str, at: Timestamp) -> Value {
        let mut scan = read(SCAN);
        scan["id"] = json!(self.id * 1000 + status.len() as u64);
        scan["fulfillment_id"] = json!(self.id * 10);
        scan["order_id"] = json!(self.id);
        scan["status"] = json!(status);
        scan["happened_at"] = json!(written(at));
        scan["created_at"] = json!(written(at));
        scan
    }

    /// Both pieces come back.
    pub(crate) fn refund(&self, at: Timestamp) -> Value {
        let mut refund = read(REFUND);
        refund["id"] = json!(self.id * 100);
        refund["order_id"] = json!(self.id);
        refund["created_at"] = json!(written(at));
        refund["processed_at"] = json!(written(at));
        refund
    }
}

/// Meta's wrapping of a change.
fn wrapped(value: &Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "290042001042", "changes": [{ "field": "messages", "value": value }] }],
    })
}

/// A customer's message: a tapped quick reply, or a text.
pub(crate) fn message(id: &str, from: &str, at: Timestamp, kind: &str, content: &Value) -> Value {
    wrapped(&json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "wa_id": from, "profile": { "name": "Ayesha" } }],
        "messages": [{ "from": from, "id": id, "timestamp": at.as_second().to_string(), "type": kind, kind: content }],
    }))
}

/// A status report.
pub(crate) fn status(wamid: &str, status: &str, at: Timestamp, reference: &str, code: Option<i64>) -> Value {
    let errors: Vec<Value> = code
        .iter()
        .map(|code| json!({ "code": code, "title": "told to fail", "message": "told to fail" }))
        .collect();
    wrapped(&json!({
        "messaging_product": "whatsapp",
        "statuses": [{
            "id": wamid,
            "status": status,
            "timestamp": at.as_second().to_string(),
            "recipient_id": "923001234567",
            "biz_opaque_callback_data": reference,
            "errors": errors,
        }],
    }))
}
