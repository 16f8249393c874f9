//! A parcel of an order, and how its facts join.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{id::ShipmentId, status::Trigger};

/// Where a parcel stands. The derived order is its lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// Known, not yet booked with a courier.
    Pending,
    /// Label made or courier booked.
    Booked,
    /// Handed to the courier.
    Dispatched,
    /// With the rider.
    OutForDelivery,
    /// With the customer.
    Delivered,
    /// Given up or voided by the shop; says nothing about the order's other parcels.
    Cancelled,
}

impl ShipmentStatus {
    /// What reaching this says about the order. A delivered parcel was dispatched, but no fact says
    /// when it was out for delivery, so only the point itself is evidence.
    pub fn evidence(self) -> Option<Trigger> {
        match self {
            Self::Booked => Some(Trigger::OrderBooked),
            Self::Dispatched => Some(Trigger::OrderDispatched),
            Self::OutForDelivery => Some(Trigger::OrderOutForDelivery),
            Self::Delivered => Some(Trigger::OrderDelivered),
            Self::Pending | Self::Cancelled => None,
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
    /// The latest tracking seen, with its time: last writer wins, ties by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<(Timestamp, Tracking)>,
    /// When deliveries were tried and failed; a set, so that a repeated scan counts once.
    #[serde(default, skip_serializing_if = "std::collections::BTreeSet::is_empty")]
    pub attempts: std::collections::BTreeSet<Timestamp>,
}

impl Shipment {
    /// Joins a fact in. Commutative, associative and idempotent.
    pub fn join(&mut self, update: &ShipmentUpdate) {
        self.status = self.status.max(update.status);
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
}
