//! A parcel of an order, and how its facts join.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::{id::ShipmentId, occurrence::Occurrence, status::Point};

/// Where a parcel stands.
///
/// The derived order is its lattice: of several that were seen, the last one here is where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// The courier says nothing that is understood.
    Unknown,
    /// The courier's data are at fault.
    Error,
    /// The courier could not do it: lost, damaged, refused.
    Failure,
    /// Known, not yet booked with a courier.
    Pending,
    /// Label made or courier booked.
    #[serde(rename = "pre_transit", alias = "booked")]
    Booked,
    /// Handed to the courier.
    #[serde(rename = "in_transit", alias = "dispatched")]
    Dispatched,
    /// Waits to be fetched by the customer.
    AvailableForPickup,
    /// With the rider.
    OutForDelivery,
    /// With the customer.
    Delivered,
    /// Fetched by the customer.
    PickedUp,
    /// On its way back to the shop.
    ReturnToSender,
    /// Given up or voided by the shop; says nothing about the order's other parcels.
    Cancelled,
}

/// What can be wrong with an order's way to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    /// Nothing was handed to a courier for too long.
    FulfillmentStalled,
    /// The courier has not scanned the parcel for too long.
    ShipmentStalled,
    /// A delivery was tried, and failed.
    DeliveryAttempted,
    /// The parcel is on its way back.
    ReturnToSender,
}

impl Issue {
    /// Every issue.
    pub const ALL: [Self; 4] =
        [Self::FulfillmentStalled, Self::ShipmentStalled, Self::DeliveryAttempted, Self::ReturnToSender];

    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FulfillmentStalled => "fulfillment_stalled",
            Self::ShipmentStalled => "shipment_stalled",
            Self::DeliveryAttempted => "delivery_attempted",
            Self::ReturnToSender => "return_to_sender",
        }
    }
}

impl ShipmentStatus {
    /// What reaching this says about the order. A delivered parcel was dispatched, but no fact says
    /// when it was out for delivery, so only the point itself is evidence.
    pub fn evidence(self) -> Option<Point> {
        match self {
            Self::Booked => Some(Point::Booked),
            Self::Dispatched => Some(Point::Dispatched),
            Self::OutForDelivery => Some(Point::OutForDelivery),
            Self::Delivered => Some(Point::Delivered),
            Self::AvailableForPickup => Some(Point::Ready),
            Self::PickedUp => Some(Point::PickedUp),
            Self::Unknown
            | Self::Error
            | Self::Failure
            | Self::Pending
            | Self::ReturnToSender
            | Self::Cancelled => None,
        }
    }

    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Pending => "pending",
            Self::Booked => "pre_transit",
            Self::Dispatched => "in_transit",
            Self::AvailableForPickup => "available_for_pickup",
            Self::OutForDelivery => "out_for_delivery",
            Self::Delivered => "delivered",
            Self::PickedUp => "picked_up",
            Self::ReturnToSender => "return_to_sender",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How a parcel is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tracking {
    /// The courier's name as the shop knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Consignment number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// A page that a customer can open; always `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A fact about a parcel, past the edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentUpdate {
    /// Which parcel.
    pub shipment: ShipmentId,
    /// Where it stands; `None` when the fact only says something else (an attempt, a delay).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ShipmentStatus>,
    /// How it is followed, where the fact says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
    /// A delivery was tried and failed.
    #[serde(default)]
    pub attempted: bool,
    /// When this happened, by the source's clock.
    pub at: Timestamp,
}

/// The view of a parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The furthest status seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ShipmentStatus>,
    /// Every status seen, with the earliest time that any fact gave.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<ShipmentStatus, Timestamp>,
    /// When it was last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<Timestamp>,
    /// The latest tracking seen, with its time: last writer wins, ties by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<(Timestamp, Tracking)>,
    /// When deliveries were tried and failed; a set, so that a repeated scan counts once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attempts: BTreeSet<Timestamp>,
}

impl Shipment {
    /// Joins a fact in. Commutative, associative and idempotent.
    pub fn join(&mut self, update: &ShipmentUpdate) {
        self.status = self.status.max(update.status);
        self.scanned_at = self.scanned_at.max(Some(update.at));
        if let Some(status) = update.status {
            let held = self.seen.entry(status).or_insert(update.at);
            *held = (*held).min(update.at);
        }
        if let Some(tracking) = &update.tracking {
            let candidate = (update.at, tracking.clone());
            if self.tracking.as_ref().is_none_or(|current| *current < candidate) {
                self.tracking = Some(candidate);
            }
        }
        if update.attempted {
            self.attempts.insert(update.at);
        }
    }

    /// What has come about since `before`, in the order of the road.
    pub(crate) fn occurrences(&self, id: &ShipmentId, before: Option<&Self>) -> Vec<(Occurrence, Timestamp)> {
        let mut occurred = Vec::new();
        let first = self.seen.values().chain(&self.scanned_at).min().copied();
        if let (None, Some(at)) = (before, first) {
            occurred.push((Occurrence::ShipmentCreated { shipment: id.clone() }, at));
        }
        // A parcel that was kept without the statuses that it had seen has them all behind it.
        let known = |status: &ShipmentStatus| {
            before.is_some_and(|held| {
                held.seen.contains_key(status) || (held.seen.is_empty() && held.status >= Some(*status))
            })
        };
        for (&status, &at) in self.seen.iter().filter(|(status, _)| !known(status)) {
            occurred.push((Occurrence::ShipmentUpdated { shipment: id.clone(), status }, at));
            if status == ShipmentStatus::ReturnToSender {
                let issue = Issue::ReturnToSender;
                occurred.push((Occurrence::ShipmentIssue { issue, since: at }, at));
            }
        }
        for &at in self.attempts.iter().filter(|at| before.is_none_or(|held| !held.attempts.contains(at))) {
            occurred.push((Occurrence::ShipmentIssue { issue: Issue::DeliveryAttempted, since: at }, at));
        }
        occurred
    }
}
