//! How facts about an order fold into its view.

use jiff::Timestamp;

use super::OrderView;
use crate::{
    fact::{Fact, FactBody, FinancialStatus, OrderAction, OrderSnapshot, PaymentMethod, Refund, Reply, Said},
    id::OrderId,
    occurrence::{Folded, Occurrence, Transition},
    shipment::ShipmentUpdate,
    status::Point,
};

/// Folds a fact about an order into its view (`None` before the first).
pub fn fold(before: Option<&OrderView>, fact: &Fact, order: &OrderId) -> Folded<OrderView> {
    let mut view = before.cloned().unwrap_or_else(|| OrderView::empty(&fact.store, order));
    view.apply(fact);
    let changed = before != Some(&view);
    let mut transitions = if changed { transitions(before, &view) } else { Vec::new() };
    transitions.extend(view.occurred(fact).map(|occurrence| Transition {
        overtaken_by: occurrence.overtaken_by(view.status()),
        occurrence,
        at: fact.occurred_at,
    }));
    Folded { view, changed, transitions }
}

fn transitions(before: Option<&OrderView>, after: &OrderView) -> Vec<Transition> {
    // Without the shop's own state no condition could be judged: what parcels have shown by then
    // fires together with the order's creation.
    if after.snapshot.is_none() {
        return Vec::new();
    }
    let known = before.filter(|view| view.snapshot.is_some());
    let paid = after.reached.contains_key(&Point::PaymentReceived);
    let points = after.reached.iter().filter(|(point, _)| {
        let new = known.is_none_or(|view| !view.reached.contains_key(point));
        new && !(paid && **point == Point::PaymentPending)
    });
    let points = points.map(|(&point, &at)| (Occurrence::Order(point), at));
    let parcels = after
        .shipments
        .iter()
        .flat_map(|(id, shipment)| shipment.occurrences(id, known.and_then(|view| view.shipments.get(id))));
    let status = after.status();
    points
        .chain(parcels)
        .map(|(occurrence, at)| Transition { overtaken_by: occurrence.overtaken_by(status), occurrence, at })
        .collect()
}

impl OrderView {
    fn apply(&mut self, fact: &Fact) {
        match &fact.body {
            FactBody::Order(order) => {
                self.take_snapshot(&order.snapshot);
                order.shipments.iter().for_each(|update| self.take_shipment(update));
                order.refunds.iter().for_each(|refund| self.take_refund(refund));
            }
            FactBody::Shipment { update, .. } => self.take_shipment(update),
            FactBody::Refund { refund, .. } => self.take_refund(refund),
            FactBody::Reply(reply) => self.take_reply(reply, fact.occurred_at),
            FactBody::Action { action, .. } => self.take_action(action, fact.occurred_at),
            FactBody::Receipt(_) | FactBody::Customer { .. } | FactBody::Cart(_) | FactBody::Done { .. } => {}
            FactBody::Occurred { occurrence, .. } => self.take_occurrence(occurrence),
        }
        self.forget_stalls();
    }

    /// What a fact brings about without leaving a mark in the view that could be compared.
    fn occurred(&self, fact: &Fact) -> Option<Occurrence> {
        match &fact.body {
            FactBody::Reply(reply) => {
                let message = reply.message.clone();
                Some(match &reply.said {
                    Said::Tapped { choice, .. } => Occurrence::ButtonTapped { message, choice: *choice },
                    Said::Wrote(text) => Occurrence::MessageReceived { message, text: text.clone() },
                })
            }
            FactBody::Occurred { occurrence, .. } if self.is_so(occurrence) => Some(occurrence.clone()),
            _ => None,
        }
    }

    fn take_reply(&mut self, reply: &Reply, at: Timestamp) {
        self.replied_at = self.replied_at.max(Some(at));
        self.last_reply = self.last_reply.take().max(Some((at, reply.said.short())));
        if let Said::Tapped { choice, .. } = &reply.said {
            let held = self.replies.entry(*choice).or_insert(at);
            *held = (*held).max(at);
        }
    }

    fn take_snapshot(&mut self, snapshot: &OrderSnapshot) {
        if snapshot.item_count > 0 {
            let least = if self.pieces == 0 { u32::MAX } else { self.pieces };
            self.pieces = least.min(snapshot.item_count);
        }
        self.reach(Point::Created, snapshot.created_at);
        match (snapshot.paid, snapshot.payment) {
            (true, _) => self.reach(Point::PaymentReceived, snapshot.updated_at),
            (false, PaymentMethod::Prepaid) => self.reach(Point::PaymentPending, snapshot.created_at),
            (false, PaymentMethod::Cod) => {}
        }
        let refunded = [FinancialStatus::Refunded, FinancialStatus::PartiallyRefunded];
        if snapshot.details.financial_status.is_some_and(|status| refunded.contains(&status)) {
            self.reach(Point::Refunded, snapshot.updated_at);
        }
        if let Some(at) = snapshot.cancelled_at {
            self.reach(Point::Cancelled, at);
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
        if let Some(point) = update.status.and_then(|status| status.evidence()) {
            self.reach(point, update.at);
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
                self.reach(Point::Returned, at);
                return;
            }
        }
    }

    fn take_action(&mut self, action: &OrderAction, at: Timestamp) {
        match action {
            OrderAction::Reach(point) => self.reach(*point, at),
            OrderAction::SetFlag { flag, on } => {
                let candidate = (at, *on);
                let held = self.flags.entry(flag.clone()).or_insert(candidate);
                *held = (*held).max(candidate);
            }
            OrderAction::Assign(person) => {
                self.assigned = self.assigned.take().max(Some((at, person.clone())));
            }
            OrderAction::AddNote(note) => self.take_note(note, at),
            OrderAction::LogEvent(_)
            | OrderAction::Escalated { .. }
            | OrderAction::CancelAutomations { .. } => {}
        }
    }

    fn take_note(&mut self, note: &str, at: Timestamp) {
        self.notes.insert((at, note.to_owned()));
        // The latest of a set that only grows are the same whatever came first.
        while self.notes.len() > Self::MAX_NOTES {
            self.notes.pop_first();
        }
    }

    fn reach(&mut self, point: Point, at: Timestamp) {
        self.reached.entry(point).and_modify(|held| *held = (*held).min(at)).or_insert(at);
    }
}
