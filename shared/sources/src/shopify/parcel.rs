//! Parcels and refunds. What Shopify's statuses mean on the lattice (meanings: shopify.dev,
//! "FulfillmentEventStatus"):
//!
//! | `shipment_status`, event `status` | here |
//! |---|---|
//! | none, `label_printed`, `label_purchased`, `confirmed`, `ready_for_pickup` | booked |
//! | `in_transit`, `picked_up`, `carrier_picked_up` | dispatched |
//! | `out_for_delivery`, `delivered` | the same |
//! | `attempted_delivery` | an attempt; says nothing of where it stands |
//! | `failure`, `not_delivered`, `delayed` | nothing of where it stands |
//! | anything else | the same, and named among the ignored |
//!
//! A fulfillment whose own `status` is `cancelled`, `error` or `failure` is a cancelled parcel.

use harkara_domain::{
    ShipmentId,
    fact::Refund,
    shipment::{ShipmentStatus, ShipmentUpdate, Tracking},
};
use jiff::Timestamp;

use super::{
    NAME,
    model::{self, entries, given},
};
use crate::{
    Parsed,
    json::Count,
    limits::{self, line},
};

/// The parcels of an order; `at` is the time of one that has none.
pub(super) fn of_order(order: &model::Order<'_>, at: Timestamp, parsed: &mut Parsed) -> Vec<ShipmentUpdate> {
    let fulfilled = given(&order.fulfillment_status) == Some("fulfilled");
    let parcels = capped(entries(&order.fulfillments), "fulfillments", parsed);
    let time =
        |parcel: &model::Fulfillment<'_>| parcel.updated_at.or(parcel.created_at).map_or(at, |when| when.0);
    parcels.iter().map(|parcel| update(parcel, time(parcel), fulfilled, parsed)).collect()
}

/// The refunds of an order; `at` is the time of one that has none.
pub(super) fn refunds_of_order(order: &model::Order<'_>, at: Timestamp, parsed: &mut Parsed) -> Vec<Refund> {
    let refunds = capped(entries(&order.refunds), "refunds", parsed);
    let time = |of: &model::Refund<'_>| of.processed_at.or(of.created_at).map_or(at, |when| when.0);
    refunds.iter().map(|of| refund(of, time(of))).collect()
}

fn capped<'t, T>(list: &'t [T], what: &str, parsed: &mut Parsed) -> &'t [T] {
    if list.len() > limits::PARTS {
        parsed.ignore(what, "beyond_limit");
    }
    list.get(..limits::PARTS).unwrap_or(list)
}

/// What a fulfillment says of its parcel. In an order that is `fulfilled` a successful one has left
/// the shop, whatever its courier has said so far.
pub(super) fn update(
    parcel: &model::Fulfillment<'_>,
    at: Timestamp,
    fulfilled: bool,
    parsed: &mut Parsed,
) -> ShipmentUpdate {
    let status = given(&parcel.status);
    let (reached, attempted) = if matches!(status, Some("cancelled" | "error" | "failure")) {
        (Some(ShipmentStatus::Cancelled), false)
    } else {
        let (reached, attempted) = progress(given(&parcel.shipment_status), parsed);
        let left = fulfilled && status == Some("success");
        (reached.max(left.then_some(ShipmentStatus::Dispatched)), attempted)
    };
    ShipmentUpdate {
        shipment: shipment_id(parcel.id.as_str()),
        status: reached,
        tracking: tracking(parcel),
        attempted,
        at,
    }
}

/// What a courier's scan says of its parcel.
pub(super) fn scan(
    event: &model::FulfillmentEvent<'_>,
    at: Timestamp,
    parsed: &mut Parsed,
) -> ShipmentUpdate {
    let (status, attempted) = progress(given(&event.status), parsed);
    let shipment = shipment_id(event.fulfillment_id.as_str());
    ShipmentUpdate { shipment, status, tracking: None, attempted, at }
}

/// What goes back: only pieces that came back to the shop count, not those that were taken off
/// before dispatch (`cancel`) or refunded without a parcel (`no_restock`).
pub(super) fn refund(refund: &model::Refund<'_>, at: Timestamp) -> Refund {
    let lines = entries(&refund.refund_line_items).iter();
    let back = lines.filter(|line| given(&line.restock_type) == Some("return"));
    let returned = back.fold(0u32, |sum, line| sum.saturating_add(line.quantity.map_or(0, |Count(n)| n)));
    Refund { id: refund.id.as_str().into(), returned, at }
}

fn shipment_id(id: &str) -> ShipmentId {
    ShipmentId::new(format!("{NAME}-{id}"))
}

/// Where a parcel stands by its courier's word, and whether a delivery was tried.
fn progress(word: Option<&str>, parsed: &mut Parsed) -> (Option<ShipmentStatus>, bool) {
    let status = match word {
        None | Some("label_printed" | "label_purchased" | "confirmed" | "ready_for_pickup") => {
            Some(ShipmentStatus::Booked)
        }
        Some("in_transit" | "picked_up" | "carrier_picked_up") => Some(ShipmentStatus::Dispatched),
        Some("out_for_delivery") => Some(ShipmentStatus::OutForDelivery),
        Some("delivered") => Some(ShipmentStatus::Delivered),
        Some("attempted_delivery" | "failure" | "not_delivered" | "delayed") => None,
        Some(other) => {
            parsed.ignore("shipment_status", other);
            None
        }
    };
    (status, word == Some("attempted_delivery"))
}

fn tracking(parcel: &model::Fulfillment<'_>) -> Option<Tracking> {
    let numbers = given(&parcel.tracking_number).into_iter();
    let numbers = numbers.chain(entries(&parcel.tracking_numbers).iter().map(|number| &**number));
    let urls = given(&parcel.tracking_url).into_iter();
    let urls = urls.chain(entries(&parcel.tracking_urls).iter().map(|url| &**url));
    let tracking = Tracking {
        company: given(&parcel.tracking_company).and_then(|company| line(company, limits::NAME)),
        number: numbers.filter_map(|number| line(number, limits::NAME)).next(),
        url: urls.filter_map(limits::link).next(),
    };
    (tracking != Tracking::default()).then_some(tracking)
}
