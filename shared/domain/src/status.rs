//! The road of an order: its points, and its statuses, a lattice.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A point of an order's road. Each is come to at most once, whatever the number and order of the
/// facts that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Point {
    /// The shop has the order.
    #[serde(rename = "order_created")]
    Created,
    /// It is to be paid before delivery, and is not yet.
    #[serde(rename = "payment_pending")]
    PaymentPending,
    /// The shop has the money.
    #[serde(rename = "payment_received")]
    PaymentReceived,
    /// The customer (or the team for them) confirmed it.
    #[serde(rename = "order_confirmed")]
    Confirmed,
    /// A courier has been booked for its parcel.
    #[serde(rename = "order_booked")]
    Booked,
    /// It is being packed or made.
    #[serde(rename = "order_preparing")]
    Preparing,
    /// It waits for the courier, or to be fetched.
    #[serde(rename = "order_ready")]
    Ready,
    /// The parcel is with the courier, on its way.
    #[serde(rename = "order_dispatched")]
    Dispatched,
    /// The rider has it for today.
    #[serde(rename = "order_out_for_delivery")]
    OutForDelivery,
    /// It reached the customer.
    #[serde(rename = "order_delivered")]
    Delivered,
    /// The customer fetched it.
    #[serde(rename = "order_picked_up")]
    PickedUp,
    /// The customer asked for it to be cancelled when it was on its road already.
    #[serde(rename = "cancellation_requested")]
    CancellationRequested,
    /// It is cancelled. Ends what is pending.
    #[serde(rename = "order_cancelled")]
    Cancelled,
    /// Money went back.
    #[serde(rename = "order_refunded")]
    Refunded,
    /// All of it came back to the shop. Ends what is pending.
    #[serde(rename = "order_returned")]
    Returned,
}

impl Point {
    /// Every point, in the order of the road.
    pub const ALL: [Self; 15] = [
        Self::Created,
        Self::PaymentPending,
        Self::PaymentReceived,
        Self::Confirmed,
        Self::Booked,
        Self::Preparing,
        Self::Ready,
        Self::Dispatched,
        Self::OutForDelivery,
        Self::Delivered,
        Self::PickedUp,
        Self::CancellationRequested,
        Self::Cancelled,
        Self::Refunded,
        Self::Returned,
    ];

    /// As in the flow language and in ids: `order_created`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "order_created",
            Self::PaymentPending => "payment_pending",
            Self::PaymentReceived => "payment_received",
            Self::Confirmed => "order_confirmed",
            Self::Booked => "order_booked",
            Self::Preparing => "order_preparing",
            Self::Ready => "order_ready",
            Self::Dispatched => "order_dispatched",
            Self::OutForDelivery => "order_out_for_delivery",
            Self::Delivered => "order_delivered",
            Self::PickedUp => "order_picked_up",
            Self::CancellationRequested => "cancellation_requested",
            Self::Cancelled => "order_cancelled",
            Self::Refunded => "order_refunded",
            Self::Returned => "order_returned",
        }
    }

    /// The status that an order has once it came here and no further; `None` for a point beside the
    /// road, which moves no status: money, and what was only asked for.
    pub fn status(self) -> Option<OrderStatus> {
        Some(match self {
            Self::Created => OrderStatus::Pending,
            Self::Confirmed => OrderStatus::Confirmed,
            Self::Booked => OrderStatus::Booked,
            Self::Preparing => OrderStatus::Preparing,
            Self::Ready => OrderStatus::Ready,
            Self::Dispatched => OrderStatus::Dispatched,
            Self::OutForDelivery => OrderStatus::OutForDelivery,
            Self::Delivered => OrderStatus::Delivered,
            Self::PickedUp => OrderStatus::PickedUp,
            Self::Cancelled => OrderStatus::Cancelled,
            Self::Returned => OrderStatus::Returned,
            Self::PaymentPending | Self::PaymentReceived | Self::CancellationRequested | Self::Refunded => {
                return None;
            }
        })
    }

    /// The status that makes coming here stale news, where an order stands at `status` by now.
    pub fn overtaken_by(self, status: OrderStatus) -> Option<OrderStatus> {
        let stale = match (self, self.status()) {
            // Money goes back after the end of the road, too.
            (Self::Refunded, _) => false,
            (_, Some(own)) => status > own,
            (_, None) => status.is_terminal(),
        };
        stale.then_some(status)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an order stands: the furthest point that any fact has shown.
///
/// The derived order *is* the lattice; a join is `max`, so neither repetition nor disorder of facts can move it backwards.
/// `Returned` tops `Cancelled`, because shops cancel an order in their books once its parcel is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, nothing else known.
    Pending,
    /// Confirmed by the customer or the team.
    Confirmed,
    /// Booked with a courier.
    Booked,
    /// Being packed or made.
    Preparing,
    /// Waits for the courier, or to be fetched.
    Ready,
    /// On its way.
    Dispatched,
    /// With the rider.
    OutForDelivery,
    /// With the customer.
    Delivered,
    /// Fetched by the customer.
    PickedUp,
    /// Cancelled.
    Cancelled,
    /// Back at the shop.
    Returned,
}

impl OrderStatus {
    /// Every status, in the order of the lattice.
    pub const ALL: [Self; 11] = [
        Self::Pending,
        Self::Confirmed,
        Self::Booked,
        Self::Preparing,
        Self::Ready,
        Self::Dispatched,
        Self::OutForDelivery,
        Self::Delivered,
        Self::PickedUp,
        Self::Cancelled,
        Self::Returned,
    ];

    /// Cancelled and returned orders get no more automation than those that this very status starts.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Cancelled | Self::Returned)
    }

    /// As in the flow language: `out_for_delivery`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Booked => "booked",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Dispatched => "dispatched",
            Self::OutForDelivery => "out_for_delivery",
            Self::Delivered => "delivered",
            Self::PickedUp => "picked_up",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    /// The point at which an order has this status.
    pub fn point(self) -> Point {
        match self {
            Self::Pending => Point::Created,
            Self::Confirmed => Point::Confirmed,
            Self::Booked => Point::Booked,
            Self::Preparing => Point::Preparing,
            Self::Ready => Point::Ready,
            Self::Dispatched => Point::Dispatched,
            Self::OutForDelivery => Point::OutForDelivery,
            Self::Delivered => Point::Delivered,
            Self::PickedUp => Point::PickedUp,
            Self::Cancelled => Point::Cancelled,
            Self::Returned => Point::Returned,
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}
