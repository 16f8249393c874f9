//! Parcels and refunds. What Shopify's statuses mean on the lattice (meanings: shopify.dev,
//! "FulfillmentEventStatus"):
//!
//! | `shipment_status`, event `status` | here |
//! |---|---|
//! | none, `label_printed`, `label_purchased`, `confirmed` | booked |
//! | `in_transit`, `carrier_picked_up` | dispatched |
//! | `ready_for_pickup` | available for pickup |
//! | `picked_up` | picked up, by the customer |
//! | `out_for_delivery`, `delivered` | the same |
//! | `attempted_delivery` | an attempt; says nothing of where it stands |
//! | `failure`, `not_delivered` | failure |
//! | `delayed`, `label_voided` | nothing of where it stands |
//! | anything else | unknown, and named among the ignored |
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
    let mut updates = Vec::with_capacity(parcels.len());
    for parcel in parcels {
        let mut said = update(parcel, time(parcel), parsed);
        // In an order that is fulfilled a successful parcel has left the shop, whatever its courier says.
        let left = fulfilled && given(&parcel.status) == Some("success");
        match said.status {
            None | Some(ShipmentStatus::Booked) if left => said.status = Some(ShipmentStatus::Dispatched),
            status if left && status < Some(ShipmentStatus::Dispatched) => {
                updates.push(ShipmentUpdate { status: Some(ShipmentStatus::Dispatched), ..said.clone() });
            }
            _ => {}
        }
        updates.push(said);
    }
    updates
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

/// What a fulfillment says of its parcel.
pub(super) fn update(parcel: &model::Fulfillment<'_>, at: Timestamp, parsed: &mut Parsed) -> ShipmentUpdate {
    let status = given(&parcel.status);
    let (reached, attempted) = if matches!(status, Some("cancelled" | "error" | "failure")) {
        (Some(ShipmentStatus::Cancelled), false)
    } else {
        progress(given(&parcel.shipment_status), parsed)
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
        None | Some("label_printed" | "label_purchased" | "confirmed") => Some(ShipmentStatus::Booked),
        Some("in_transit" | "carrier_picked_up") => Some(ShipmentStatus::Dispatched),
        Some("ready_for_pickup") => Some(ShipmentStatus::AvailableForPickup),
        Some("picked_up") => Some(ShipmentStatus::PickedUp),
        Some("out_for_delivery") => Some(ShipmentStatus::OutForDelivery),
        Some("delivered") => Some(ShipmentStatus::Delivered),
        Some("failure" | "not_delivered") => Some(ShipmentStatus::Failure),
        Some("attempted_delivery" | "delayed" | "label_voided") => None,
        Some(other) => {
            parsed.ignore("shipment_status", other);
            Some(ShipmentStatus::Unknown)
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
