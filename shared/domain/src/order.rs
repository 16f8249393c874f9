//! The view of an order, and the fold that makes it.
//!
//! The view is a join of evidence: every part is a maximum, a minimum, a union or a last-writer
//! register with a total order, so that any order and any repetition of the same facts ends at the
//! same view. A trigger is a point of the road that is in the view now and was not before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    customer::Contribution,
    fact::{Contact, Fact, FactBody, OrderAction, OrderSnapshot, PaymentMethod, Refund},
    id::{OrderId, ShipmentId, StoreId},
    shipment::{Shipment, ShipmentUpdate, Tracking},
    status::{OrderStatus, Trigger},
};

/// Whether the customer wants what was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    pub reached: BTreeMap<Trigger, Timestamp>,
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
    /// When the customer last answered about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replied_at: Option<Timestamp>,
}

/// A point of the road that an order has just come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// What fires.
    pub trigger: Trigger,
    /// When it happened, by the source's clock.
    pub at: Timestamp,
    /// The order is further on already, so the trigger starts no flow: what it would say is stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtaken_by: Option<OrderStatus>,
}

/// What a fact did to a view.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The view after it.
    pub view: OrderView,
    /// The fact says something that the view did not hold.
    pub changed: bool,
    /// What fires, in the order of the road.
    pub transitions: Vec<Transition>,
}

/// Folds a fact about an order into its view (`None` before the first).
pub fn fold(before: Option<&OrderView>, fact: &Fact, order: &OrderId) -> Folded {
    let mut view = before.cloned().unwrap_or_else(|| OrderView::empty(&fact.store, order));
    view.apply(fact);
    let changed = before != Some(&view);
    let transitions = if changed { transitions(before, &view) } else { Vec::new() };
    Folded { view, changed, transitions }
}

fn transitions(before: Option<&OrderView>, after: &OrderView) -> Vec<Transition> {
    // Without the shop's own state no condition could be judged: what parcels have shown by then
    // fires together with the order's creation.
    if after.snapshot.is_none() {
        return Vec::new();
    }
    let known = before.filter(|view| view.snapshot.is_some());
    let status = after.status();
    after
        .reached
        .iter()
        .filter(|(trigger, _)| known.is_none_or(|view| !view.reached.contains_key(trigger)))
        .map(|(&trigger, &at)| Transition {
            trigger,
            at,
            overtaken_by: (status > trigger.status()).then_some(status),
        })
        .collect()
}

impl OrderView {
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
            replied_at: None,
        }
    }

    fn apply(&mut self, fact: &Fact) {
        match &fact.body {
            FactBody::Order(order) => {
                self.take_snapshot(&order.snapshot);
                order.shipments.iter().for_each(|update| self.take_shipment(update));
                order.refunds.iter().for_each(|refund| self.take_refund(refund));
            }
            FactBody::Shipment { update, .. } => self.take_shipment(update),
            FactBody::Refund { refund, .. } => self.take_refund(refund),
            FactBody::Reply(_) => self.replied_at = self.replied_at.max(Some(fact.occurred_at)),
            FactBody::Action { action, .. } => self.take_action(action, fact.occurred_at),
            FactBody::Receipt(_) => {}
        }
    }

    fn take_snapshot(&mut self, snapshot: &OrderSnapshot) {
        if snapshot.item_count > 0 {
            let least = if self.pieces == 0 { u32::MAX } else { self.pieces };
            self.pieces = least.min(snapshot.item_count);
        }
        self.reach(Trigger::OrderCreated, snapshot.created_at);
        if let Some(at) = snapshot.cancelled_at {
            self.reach(Trigger::OrderCancelled, at);
        }
        // Ties of the version are broken by content, which makes the register's order total.
        let newer = self
            .snapshot
            .as_ref()
            .is_none_or(|held| (held.updated_at, held) < (snapshot.updated_at, snapshot));
        if newer {
            self.snapshot = Some(snapshot.clone());
        }
        self.derive_returned();
    }

    fn take_shipment(&mut self, update: &ShipmentUpdate) {
        self.shipments.entry(update.shipment.clone()).or_default().join(update);
        if let Some(trigger) = update.status.and_then(|status| status.evidence()) {
            self.reach(trigger, update.at);
        }
    }

    fn take_refund(&mut self, refund: &Refund) {
        let held = self.refunds.entry(refund.id.clone()).or_insert_with(|| refund.clone());
        held.returned = held.returned.max(refund.returned);
        held.at = held.at.min(refund.at);
        self.derive_returned();
    }

    /// An order is returned once all its pieces are back, at the time of the refund that made it so.
    fn derive_returned(&mut self) {
        if self.pieces == 0 || self.snapshot.is_none() {
            return;
        }
        let mut back: Vec<(Timestamp, u32)> =
            self.refunds.values().map(|refund| (refund.at, refund.returned)).collect();
        back.sort_unstable();
        let mut sum = 0u32;
        for (at, returned) in back {
            sum = sum.saturating_add(returned);
            if sum >= self.pieces {
                self.reach(Trigger::OrderReturned, at);
                return;
            }
        }
    }

    fn take_action(&mut self, action: &OrderAction, at: Timestamp) {
        match action {
            OrderAction::Reach(trigger) => self.reach(*trigger, at),
            OrderAction::SetFlag { flag, on } => {
                let candidate = (at, *on);
                let held = self.flags.entry(flag.clone()).or_insert(candidate);
                *held = (*held).max(candidate);
            }
            OrderAction::Assign(person) => {
                self.assigned = self.assigned.take().max(Some((at, person.clone())));
            }
            OrderAction::AddNote(_)
            | OrderAction::LogEvent(_)
            | OrderAction::Escalated { .. }
            | OrderAction::CancelAutomations { .. } => {}
        }
    }

    fn reach(&mut self, trigger: Trigger, at: Timestamp) {
        self.reached.entry(trigger).and_modify(|held| *held = (*held).min(at)).or_insert(at);
    }

    /// The furthest point of the road.
    pub fn status(&self) -> OrderStatus {
        self.reached.keys().map(|trigger| trigger.status()).max().unwrap_or(OrderStatus::Pending)
    }

    /// Whether the customer wants it.
    pub fn confirmation(&self) -> Confirmation {
        let status = self.status();
        let settled = |snapshot: &OrderSnapshot| snapshot.paid || snapshot.payment == PaymentMethod::Prepaid;
        if self.reached.contains_key(&Trigger::OrderCancelled) {
            Confirmation::Cancelled
        } else if self.reached.contains_key(&Trigger::OrderConfirmed) {
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

    /// The flags that are set.
    pub fn flags_set(&self) -> impl Iterator<Item = &str> {
        self.flags.iter().filter(|(_, (_, on))| *on).map(|(flag, _)| flag.as_str())
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
            total: snapshot.total,
            kept: !self.status().is_terminal(),
            returned: self.reached.contains_key(&Trigger::OrderReturned),
        })
    }
}
