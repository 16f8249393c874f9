//! Shopify's webhooks (shopify.dev, "Webhooks delivery structure"; REST shapes of 2026-04).
//!
//! Each order webhook becomes one fact that holds the order, its parcels and its refunds. Choices:
//!
//! - The total is `total_price` in the shop's `currency`: what the customer agreed to pay.
//!   `current_total_price` also falls with refunds, which are facts of their own here.
//! - Pieces are the lines' `quantity`, as ordered, so that a return can be measured against them.
//! - `orders/edited` is left alone: it holds only differences, and `orders/updated` comes with it.
//! - An order that was a cart closes it: a second fact says so.
//! - Texts are cut to the lengths of [`limits`]; addresses of mails and pages that
//!   are too long or not sound are dropped.

mod cart;
mod contact;
mod details;
mod model;
mod order;
mod parcel;

use base64::{Engine, engine::general_purpose::STANDARD};
use harkara_domain::{Fact, FactBody, FactId, OrderId, fact::OrderFact};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    BadSignature, Connection, Context, Inbound, Malformed, Parsed, Source,
    json::{Id, When, read},
    limits, signature,
};

/// Names the header with the topic, for example `orders/create`.
pub const TOPIC: &str = "x-shopify-topic";
/// Names the header with the signature; [`sign`] makes its value.
pub const SIGNATURE: &str = "x-shopify-hmac-sha256";
/// Names the header with the id of what happened: the same for every delivery of it.
pub const EVENT_ID: &str = "x-shopify-event-id";
/// Names the header with the id of the webhook: the same for every retry of it.
pub const WEBHOOK_ID: &str = "x-shopify-webhook-id";
/// Names the header with the time of what happened.
pub const TRIGGERED_AT: &str = "x-shopify-triggered-at";

const NAME: &str = "shopify";

/// The value of [`SIGNATURE`] for a body: base64 of its HMAC-SHA256.
pub fn sign(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(signature::tag(secret, body))
}

/// The Shopify source, named `shopify`.
#[derive(Clone, Copy, Debug)]
pub struct Shopify;

/// What a topic's body is.
#[derive(Clone, Copy)]
enum Shape {
    Order,
    Parcel,
    ParcelEvent,
    Refund,
    Cart,
}

impl Shape {
    fn of(topic: &str) -> Option<Self> {
        match topic {
            "orders/create"
            | "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => Some(Self::Order),
            "fulfillments/create" | "fulfillments/update" => Some(Self::Parcel),
            "fulfillment_events/create" => Some(Self::ParcelEvent),
            "refunds/create" => Some(Self::Refund),
            "carts/create" | "carts/update" | "checkouts/create" | "checkouts/update" => Some(Self::Cart),
            _ => None,
        }
    }
}

/// A delivery as its body is read.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    topic: &'a str,
    connection: &'a Connection,
    context: Context<'a>,
    /// When it was triggered: the time of an object that has none.
    triggered_at: Option<Timestamp>,
}

impl Delivery<'_> {
    /// The first time there is. Never the time of receipt: a redelivery must be the same fact.
    fn time(&self, what: &str, given: [Option<When>; 2]) -> Result<Timestamp, Malformed> {
        let given = given.into_iter().flatten().next().map(|when| when.0);
        given.or(self.triggered_at).ok_or_else(|| Malformed(format!("{what} has no time")))
    }
}

impl Source for Shopify {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Webhooks that the shop's staff added are signed with a key of the shop, those of an app with its client
    /// secret (shopify.dev: About client credentials).
    fn secret_shown(&self) -> &'static str {
        "the key below Settings → Notifications → Webhooks in Shopify, or, where an app subscribed to the webhooks, \
         the app's client secret under its Settings in the Dev Dashboard"
    }

    fn verify(&self, request: Inbound<'_>, connection: &Connection) -> Result<(), BadSignature> {
        let given = header(request, SIGNATURE).ok_or(BadSignature)?;
        // Hex decodes as base64 too, but into 48 bytes, which no tag has.
        let tag = STANDARD.decode(given).map_err(|_| BadSignature)?;
        signature::check(&connection.secrets, request.body, &tag)
    }

    fn parse(
        &self,
        context: Context<'_>,
        request: Inbound<'_>,
        connection: &Connection,
    ) -> Result<Parsed, Malformed> {
        let topic = header(request, TOPIC).ok_or_else(|| Malformed("there is no topic".to_owned()))?;
        let mut parsed = Parsed::default();
        let Some(shape) = Shape::of(topic) else {
            parsed.ignore("topic", topic);
            return Ok(parsed);
        };
        let triggered_at =
            header(request, TRIGGERED_AT).and_then(|at| at.parse::<When>().ok()).map(|at| at.0);
        let delivery = Delivery { topic, connection, context, triggered_at };
        let said = match shape {
            Shape::Order => said_of_order(delivery, request.body, &mut parsed)?,
            Shape::Parcel => vec![said_of_parcel(delivery, request.body, &mut parsed)?],
            Shape::ParcelEvent => vec![said_of_event(delivery, request.body, &mut parsed)?],
            Shape::Refund => vec![said_of_refund(delivery, request.body)?],
            Shape::Cart => vec![said_of_cart(delivery, request.body)?],
        };
        parsed.facts.extend(said.into_iter().map(|said| Fact {
            id: fact_id(topic, request, said.part.as_deref()),
            store: context.store.clone(),
            source: NAME.into(),
            occurred_at: said.at,
            received_at: context.received_at,
            body: said.body,
        }));
        Ok(parsed)
    }
}

/// The facts of an order's body, as a webhook would bring it: for whoever has only the body.
///
/// # Errors
/// [`Malformed`] when the body is no order.
pub fn facts_of_order(
    context: Context<'_>,
    body: &[u8],
    connection: &Connection,
) -> Result<Parsed, Malformed> {
    let mut headers = http::HeaderMap::new();
    headers.insert(TOPIC, http::HeaderValue::from_static("orders/updated"));
    Shopify.parse(context, Inbound { headers: &headers, query: "", body }, connection)
}

/// What a body says.
struct Saying {
    at: Timestamp,
    /// The part of an order that it is about.
    part: Option<String>,
    body: FactBody,
}

fn said_of_order(delivery: Delivery<'_>, body: &[u8], parsed: &mut Parsed) -> Result<Vec<Saying>, Malformed> {
    let order: model::Order<'_> = read("the order", body)?;
    let snapshot = order::snapshot(delivery, &order)?;
    let at = snapshot.updated_at;
    let shipments = parcel::of_order(&order, at, parsed);
    let refunds = parcel::refunds_of_order(&order, at, parsed);
    let closed = cart::closed_by(delivery.topic, &snapshot).map(|cart| Saying {
        at: cart.touched_at,
        part: Some("cart".to_owned()),
        body: FactBody::Cart(Box::new(cart)),
    });
    let body = FactBody::Order(Box::new(OrderFact { snapshot, shipments, refunds }));
    Ok([Saying { at, part: None, body }].into_iter().chain(closed).collect())
}

fn said_of_parcel(delivery: Delivery<'_>, body: &[u8], parsed: &mut Parsed) -> Result<Saying, Malformed> {
    let parcel: model::Fulfillment<'_> = read("the fulfillment", body)?;
    let order =
        parcel.order_id.as_ref().ok_or_else(|| Malformed("the fulfillment has no order".to_owned()))?;
    let at = delivery.time("the fulfillment", [parcel.updated_at, parcel.created_at])?;
    let update = parcel::update(&parcel, at, parsed);
    let part = Some(parcel.id.as_str().to_owned());
    Ok(Saying { at, part, body: FactBody::Shipment { order: order_id(order), update } })
}

fn said_of_event(delivery: Delivery<'_>, body: &[u8], parsed: &mut Parsed) -> Result<Saying, Malformed> {
    let event: model::FulfillmentEvent<'_> = read("the fulfillment event", body)?;
    let at = delivery.time("the fulfillment event", [event.happened_at, event.created_at])?;
    let update = parcel::scan(&event, at, parsed);
    let part = Some(event.id.as_str().to_owned());
    Ok(Saying { at, part, body: FactBody::Shipment { order: order_id(&event.order_id), update } })
}

fn said_of_refund(delivery: Delivery<'_>, body: &[u8]) -> Result<Saying, Malformed> {
    let refund: model::Refund<'_> = read("the refund", body)?;
    let order = refund.order_id.as_ref().ok_or_else(|| Malformed("the refund has no order".to_owned()))?;
    let at = delivery.time("the refund", [refund.processed_at, refund.created_at])?;
    let part = Some(refund.id.as_str().to_owned());
    let body = FactBody::Refund { order: order_id(order), refund: parcel::refund(&refund, at) };
    Ok(Saying { at, part, body })
}

fn said_of_cart(delivery: Delivery<'_>, body: &[u8]) -> Result<Saying, Malformed> {
    let cart: model::Cart<'_> = read("the cart", body)?;
    let cart = cart::state(delivery, &cart)?;
    Ok(Saying { at: cart.touched_at, part: None, body: FactBody::Cart(Box::new(cart)) })
}

fn order_id(id: &Id<'_>) -> OrderId {
    OrderId::new(format!("{NAME}-{}", id.as_str()))
}

/// A header by its name, with or without the `X-` that newer deliveries leave out.
fn header<'a>(request: Inbound<'a>, name: &str) -> Option<&'a str> {
    let value = request.headers.get(name);
    let value = value.or_else(|| request.headers.get(name.strip_prefix("x-")?))?;
    value.to_str().ok()
}

/// `shopify/<topic>/<event id>`, with `/<id>` of the part of the order where it is about one: an
/// event id goes with all that one act in the shop caused, and one act can send several parcels.
/// Without an event id the webhook's id stands for it, without that a digest of topic and body.
fn fact_id(topic: &str, request: Inbound<'_>, part: Option<&str>) -> FactId {
    let given = |name| header(request, name).filter(|id| limits::is_id(id)).map(str::to_owned);
    let digest = || {
        let digest =
            Sha256::new().chain_update(topic).chain_update("\n").chain_update(request.body).finalize();
        hex::encode(digest)
    };
    let event = given(EVENT_ID).or_else(|| given(WEBHOOK_ID)).unwrap_or_else(digest);
    FactId::new(match part {
        Some(part) => format!("{NAME}/{topic}/{event}/{part}"),
        None => format!("{NAME}/{topic}/{event}"),
    })
}
