//! The lifecycle of an order: its statuses, a lattice, and the triggers that come out of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What happens to an order in its life. Each happens to an order at most once, whatever the
/// number and order of the facts that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The shop has the order.
    OrderCreated,
    /// The customer (or the team for them) confirmed it.
    OrderConfirmed,
    /// A courier has been booked for its parcel.
    OrderBooked,
    /// The parcel is with the courier, on its way.
    OrderDispatched,
    /// The rider has it for today.
    OrderOutForDelivery,
    /// It reached the customer.
    OrderDelivered,
    /// It is cancelled. Ends what is pending.
    OrderCancelled,
    /// All of it came back to the shop. Ends what is pending.
    OrderReturned,
}

impl Trigger {
    /// Every lifecycle trigger, in the order of the road.
    pub const ALL: [Self; 8] = [
        Self::OrderCreated,
        Self::OrderConfirmed,
        Self::OrderBooked,
        Self::OrderDispatched,
        Self::OrderOutForDelivery,
        Self::OrderDelivered,
        Self::OrderCancelled,
        Self::OrderReturned,
    ];

    /// As in the flow language and in ids: `order_created`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderCreated => "order_created",
            Self::OrderConfirmed => "order_confirmed",
            Self::OrderBooked => "order_booked",
            Self::OrderDispatched => "order_dispatched",
            Self::OrderOutForDelivery => "order_out_for_delivery",
            Self::OrderDelivered => "order_delivered",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderReturned => "order_returned",
        }
    }

    /// The status that an order has once this has happened and nothing later.
    pub fn status(self) -> OrderStatus {
        match self {
            Self::OrderCreated => OrderStatus::Pending,
            Self::OrderConfirmed => OrderStatus::Confirmed,
            Self::OrderBooked => OrderStatus::Booked,
            Self::OrderDispatched => OrderStatus::Dispatched,
            Self::OrderOutForDelivery => OrderStatus::OutForDelivery,
            Self::OrderDelivered => OrderStatus::Delivered,
            Self::OrderCancelled => OrderStatus::Cancelled,
            Self::OrderReturned => OrderStatus::Returned,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an order stands: the furthest point that any fact has shown. The derived order *is* the
/// lattice; a join is `max`, so neither repetition nor disorder of facts can move it backwards.
/// `Returned` tops `Cancelled`, because shops cancel an order in their books once its parcel is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, nothing else known.
    Pending,
    /// Confirmed by the customer or the team.
    Confirmed,
    /// Booked with a courier.
    Booked,
    /// On its way.
    Dispatched,
    /// With the rider.
    OutForDelivery,
    /// With the customer.
    Delivered,
    /// Cancelled.
    Cancelled,
    /// Back at the shop.
    Returned,
}

impl OrderStatus {
    /// Every status, in the order of the lattice.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Confirmed,
        Self::Booked,
        Self::Dispatched,
        Self::OutForDelivery,
        Self::Delivered,
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
            Self::Dispatched => "dispatched",
            Self::OutForDelivery => "out_for_delivery",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    /// The trigger that fires when an order first gets here.
    pub fn trigger(self) -> Trigger {
        match self {
            Self::Pending => Trigger::OrderCreated,
            Self::Confirmed => Trigger::OrderConfirmed,
            Self::Booked => Trigger::OrderBooked,
            Self::Dispatched => Trigger::OrderDispatched,
            Self::OutForDelivery => Trigger::OrderOutForDelivery,
            Self::Delivered => Trigger::OrderDelivered,
            Self::Cancelled => Trigger::OrderCancelled,
            Self::Returned => Trigger::OrderReturned,
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}
