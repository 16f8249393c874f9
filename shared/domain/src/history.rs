//! The timeline of an order: one entry a fact that counted, with all that it set off.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Actor, CustomerFact, Deed, OrderAction, Said},
    id::{FactId, FlowId, RunId},
    occurrence::{Occurrence, Transition},
    reason::Reason,
    shipment::ShipmentUpdate,
    status::OrderStatus,
};

/// One entry of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When Harkara worked on it.
    pub at: Timestamp,
    /// The fact.
    pub fact: FactId,
    /// Who said it.
    pub source: Box<str>,
    /// When it happened, by the source's clock.
    pub occurred_at: Timestamp,
    /// What it said.
    pub what: What,
    /// What fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// The runs that it started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub started: Vec<RunId>,
    /// The flows with its trigger that it did not start, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<(FlowId, Reason)>,
    /// The runs that it cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<RunId>,
}

/// What a fact said, in the timeline's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The shop's state of the order.
    Order {
        /// Where the order then stood.
        status: OrderStatus,
    },
    /// A parcel moved.
    Shipment(ShipmentUpdate),
    /// Pieces came back.
    Refund {
        /// How many.
        returned: u32,
    },
    /// The customer answered.
    Reply(Said),
    /// Something about a customer, beside their orders.
    Customer(CustomerFact),
    /// The state of a cart.
    Cart {
        /// How many pieces are in it.
        pieces: u32,
        /// It became an order, or is gone.
        closed: bool,
    },
    /// Time, a provider's report or a flow brought something about.
    Occurred(Occurrence),
    /// A flow did something that leaves no mark on the view.
    Done {
        /// What.
        deed: Deed,
        /// Who did it.
        by: Actor,
    },
    /// Somebody or a flow acted.
    Action {
        /// What was done.
        action: OrderAction,
        /// By whom.
        by: Actor,
    },
}
