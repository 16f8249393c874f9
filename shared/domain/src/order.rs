//! The view of an order, and the fold that makes it.
//!
//! The view is a join of evidence: every part is a maximum, a minimum, a union or a last-writer
//! register with a total order, so that any order and any repetition of the same facts ends at the
//! same view. A trigger is a point of the road that is in the view now and was not before.

mod fold;
mod stalls;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    awaited::Awaited,
    customer::Contribution,
    fact::{Choice, Contact, OrderSnapshot, PaymentMethod, Refund},
    id::{OrderId, ShipmentId, StoreId},
    rules::Stalled,
    shipment::{Issue, Shipment, Tracking},
    status::{OrderStatus, Point},
};
pub use fold::fold;

/// Whether the customer wants what was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// Asked for, not yet given.
    Pending,
    /// Given, by the customer or by the team.
    Confirmed,
    /// The order is cancelled.
    Cancelled,
    /// Paid already, or on its road already: there is nothing left to ask.
    NotNeeded,
}

impl Confirmation {
    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::NotNeeded => "not_needed",
        }
    }
}

/// What is known of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// Whose it is.
    pub store: StoreId,
    /// The order.
    pub id: OrderId,
    /// The shop's latest state of it; `None` while only its parcel has been heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<OrderSnapshot>,
    /// The points of the road that facts have shown, with the earliest time that any gave.
    #[serde(default)]
    pub reached: BTreeMap<Point, Timestamp>,
    /// Its parcels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shipments: BTreeMap<ShipmentId, Shipment>,
    /// Pieces that came back, by refund.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<Box<str>, Refund>,
    /// The fewest pieces that any state of the order had: a threshold that can only fall, so that
    /// "all are back" holds or not whatever came first. 0 while no state is known.
    #[serde(default)]
    pub pieces: u32,
    /// Flags with the time of their last change.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, (Timestamp, bool)>,
    /// Who of the team has it, since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<(Timestamp, String)>,
    /// The last [`OrderView::MAX_NOTES`] notes that people and flows added, the earliest first.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub notes: BTreeSet<(Timestamp, String)>,
    /// When the customer last answered about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replied_at: Option<Timestamp>,
    /// The buttons that the customer tapped, with the time of the last tap.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replies: BTreeMap<Choice, Timestamp>,
    /// What the customer last answered about it, in [short](crate::fact::Said::short).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reply: Option<(Timestamp, String)>,
    /// A run on it has to be looked at when something happens to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listened: bool,
    /// When it is stalled, as the store's rules were when it was placed; nothing in a store that did not
    /// ask then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled_after: Option<Box<Stalled>>,
    /// What stands still for too long, since when.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stalled: BTreeSet<(Issue, Timestamp)>,
    /// What time will bring about, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaits: Vec<Awaited>,
}

impl OrderView {
    /// Notes kept.
    pub const MAX_NOTES: usize = 10;

    /// An order that nothing is known of yet.
    pub fn empty(store: &StoreId, id: &OrderId) -> Self {
        Self {
            store: store.clone(),
            id: id.clone(),
            snapshot: None,
            reached: BTreeMap::new(),
            shipments: BTreeMap::new(),
            refunds: BTreeMap::new(),
            pieces: 0,
            flags: BTreeMap::new(),
            assigned: None,
            notes: BTreeSet::new(),
            replied_at: None,
            replies: BTreeMap::new(),
            last_reply: None,
            listened: false,
            stalled_after: None,
            stalled: BTreeSet::new(),
            awaits: Vec::new(),
        }
    }

    /// The furthest point of the road.
    pub fn status(&self) -> OrderStatus {
        self.reached.keys().filter_map(|point| point.status()).max().unwrap_or(OrderStatus::Pending)
    }

    /// Whether the customer wants it.
    pub fn confirmation(&self) -> Confirmation {
        let status = self.status();
        let settled = |snapshot: &OrderSnapshot| snapshot.paid || snapshot.payment == PaymentMethod::Prepaid;
        if self.reached.contains_key(&Point::Cancelled) {
            Confirmation::Cancelled
        } else if self.reached.contains_key(&Point::Confirmed) {
            Confirmation::Confirmed
        } else if status >= OrderStatus::Booked || self.snapshot.as_ref().is_some_and(settled) {
            Confirmation::NotNeeded
        } else {
            Confirmation::Pending
        }
    }

    /// Who ordered.
    pub fn contact(&self) -> Option<&Contact> {
        self.snapshot.as_ref().map(|snapshot| &snapshot.customer)
    }

    /// The flags that are set. What has stalled is one as long as it is so.
    pub fn flags_set(&self) -> impl Iterator<Item = &str> + Clone {
        let set = self.flags.iter().filter(|(_, (_, on))| *on).map(|(flag, _)| flag.as_str());
        let is_stalled = |issue: &Issue| self.stalled.iter().any(|(held, _)| held == issue);
        set.chain(Issue::ALL.into_iter().filter(is_stalled).map(|issue| -> &str { issue.as_str() }))
    }

    /// How its parcel is followed: of several, the one that said so last.
    pub fn tracking(&self) -> Option<&Tracking> {
        self.shipments.values().filter_map(|shipment| shipment.tracking.as_ref()).max().map(|(_, t)| t)
    }

    /// What the order adds to its customer's view.
    pub fn contribution(&self) -> Option<Contribution> {
        let snapshot = self.snapshot.as_ref()?;
        Some(Contribution {
            customer: snapshot.customer.id.clone()?,
            order: self.id.clone(),
            created_at: snapshot.created_at,
            updated_at: snapshot.updated_at,
            contact: snapshot.customer.clone(),
            accepts_marketing: snapshot.details.accepts_marketing.clone(),
            total: snapshot.total,
            kept: !self.status().is_terminal(),
            returned: self.reached.contains_key(&Point::Returned),
        })
    }
}
