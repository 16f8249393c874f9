//! Whom a rehearsal is about, and what would be said of them.

use jiff::Timestamp;

use super::{meanwhile::Happening, sample};
use crate::{
    cart::CartView,
    customer::CustomerView,
    fact::{Actor, Fact, FactBody, OrderAction, OrderFact, OrderSnapshot, Refund, Reply, Said},
    id::{CustomerId, FactId, OrderId, ShipmentId, StoreId},
    order::OrderView,
    shipment::{ShipmentStatus, ShipmentUpdate},
    status::{OrderStatus, Point},
    subject::Subject,
};

/// Whom something is assumed of.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The store.
    pub store: &'a StoreId,
    /// What is rehearsed on.
    pub subject: &'a Subject,
    /// The order, where it is one.
    pub order: Option<&'a OrderView>,
    /// The customer, where one is known.
    pub customer: Option<&'a CustomerView>,
    /// The cart, where it is one.
    pub cart: Option<&'a CartView>,
}

impl Known<'_> {
    /// The customer behind the subject.
    pub fn customer_id(&self) -> Option<&CustomerId> {
        let own = self.order.and_then(|order| order.contact()?.id.as_ref());
        own.or_else(|| self.cart.and_then(CartView::customer)).or(self.customer.map(|customer| &customer.id))
    }

    /// A fact that is told for a rehearsal.
    pub fn fact(&self, at: Timestamp, what: &str, body: FactBody) -> Fact {
        Fact {
            id: FactId::new(format!("rehearsal/{at}/{what}")),
            store: self.store.clone(),
            source: "rehearsal".into(),
            occurred_at: at,
            received_at: at,
            body,
        }
    }

    pub(super) fn reply(&self, said: Said, at: Timestamp) -> Option<FactBody> {
        let customer = self.customer_id().cloned();
        let order = self.order.map(|order| order.id.clone());
        if customer.is_none() && order.is_none() {
            return None;
        }
        let message = format!("rehearsal.{at}");
        Some(FactBody::Reply(Reply { message, from: None, customer, order, said }))
    }

    pub(super) fn parcel(
        &self,
        at: Timestamp,
        status: Option<ShipmentStatus>,
        attempted: bool,
    ) -> Option<FactBody> {
        let order = self.order?;
        let held = order.shipments.keys().next().cloned();
        let shipment = held.unwrap_or_else(|| ShipmentId::new("rehearsal"));
        let tracking = order.tracking().is_none().then(sample::tracking);
        let update = ShipmentUpdate { shipment, status, tracking, attempted, at };
        Some(FactBody::Shipment { order: order.id.clone(), update })
    }

    fn act(&self, action: OrderAction) -> Option<FactBody> {
        let by = Actor::Person("rehearsal".to_owned());
        Some(FactBody::Action { order: self.order?.id.clone(), action, by })
    }

    fn snapshot(&self, at: Timestamp, change: impl FnOnce(&mut OrderSnapshot)) -> Option<FactBody> {
        let mut snapshot = self.order?.snapshot.clone()?;
        snapshot.updated_at = snapshot.updated_at.max(at);
        change(&mut snapshot);
        Some(of_order(snapshot))
    }

    fn status(&self, status: OrderStatus, at: Timestamp) -> Option<FactBody> {
        use OrderStatus as Is;
        match status {
            Is::Booked => self.parcel(at, Some(ShipmentStatus::Booked), false),
            Is::Dispatched => self.parcel(at, Some(ShipmentStatus::Dispatched), false),
            Is::OutForDelivery => self.parcel(at, Some(ShipmentStatus::OutForDelivery), false),
            Is::Delivered => self.parcel(at, Some(ShipmentStatus::Delivered), false),
            Is::Pending | Is::Confirmed | Is::Preparing | Is::Ready | Is::PickedUp => {
                self.act(OrderAction::Reach(status.point()))
            }
            Is::Cancelled => self.snapshot(at, |snapshot| snapshot.cancelled_at = Some(at)),
            Is::Returned => {
                let order = self.order?;
                let refund = Refund { id: "rehearsal".into(), returned: order.pieces.max(1), at };
                Some(FactBody::Refund { order: order.id.clone(), refund })
            }
        }
    }

    /// Brings an order to a point of the road.
    pub(super) fn point(&self, point: Point, at: Timestamp) -> Option<FactBody> {
        match (point, point.status()) {
            (_, Some(status)) => self.status(status, at),
            (Point::PaymentReceived, _) => self.snapshot(at, |snapshot| snapshot.paid = true),
            (other, _) => self.act(OrderAction::Reach(other)),
        }
    }

    fn body(&self, happening: &Happening, at: Timestamp) -> Option<FactBody> {
        match happening {
            Happening::Tapped(choice) => {
                let (choice, label) = (*choice, choice.as_str().to_owned());
                self.reply(Said::Tapped { choice, label }, at)
            }
            Happening::Wrote(text) => self.reply(Said::Wrote(text.clone()), at),
            Happening::Status(status) => self.status(*status, at),
            Happening::Parcel(status) => self.parcel(at, Some(*status), false),
            Happening::Attempted => self.parcel(at, None, true),
            Happening::Paid => self.point(Point::PaymentReceived, at),
            Happening::Refunded => self.point(Point::Refunded, at),
            Happening::CancellationRequested => self.point(Point::CancellationRequested, at),
            Happening::Flag(flag, on) => self.act(OrderAction::SetFlag { flag: flag.clone(), on: *on }),
            Happening::Ordered => {
                let contact =
                    self.customer.and_then(|customer| customer.contact.clone()).map(|(_, held)| held);
                let own = self.order.and_then(OrderView::contact).cloned();
                let mut customer = own.or(contact).unwrap_or_default();
                customer.id = Some(self.customer_id()?.clone());
                let id = OrderId::new(format!("rehearsal-{}", at.as_second()));
                Some(of_order(OrderSnapshot { id, customer, ..sample::snapshot(at) }))
            }
        }
    }

    /// What an assumption says; nothing where it does not apply, as no order is delivered where there is
    /// none.
    pub fn told(&self, happening: &Happening, at: Timestamp) -> Vec<Fact> {
        let body = self.body(happening, at);
        body.map(|body| self.fact(at, &happening.word(), body)).into_iter().collect()
    }
}

pub(super) fn of_order(snapshot: OrderSnapshot) -> FactBody {
    FactBody::Order(Box::new(OrderFact { snapshot, shipments: Vec::new(), refunds: Vec::new() }))
}
