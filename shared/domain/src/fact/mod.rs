//! Facts: what sources, people and flows say has happened. Past the edge there is nothing else.

mod action;
mod cart;
mod customer;
mod order;
mod receipt;
mod reply;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CustomerId, FactId, OrderId, StoreId},
    occurrence::Occurrence,
    shipment::ShipmentUpdate,
    subject::Subject,
};
pub use action::{Actor, Deed, OrderAction};
pub use cart::CartFact;
pub use customer::{CustomerAction, CustomerFact, Profile, Tier};
pub use order::{
    Address, Contact, FinancialStatus, LineItem, OrderDetails, OrderFact, OrderSnapshot, PaymentMethod,
    Refund,
};
pub use receipt::{ProviderError, Receipt, ReceiptStatus};
pub use reply::{Choice, Reply, Said};

/// One thing that happened, said once or many times, early or late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The same for every delivery of the same happening.
    pub id: FactId,
    /// Whose it is.
    pub store: StoreId,
    /// Who says so: `shopify`, `whatsapp`, `api`, `console`, `flow`.
    pub source: Box<str>,
    /// When it happened, by the source's clock.
    pub occurred_at: Timestamp,
    /// When Harkara took it in.
    pub received_at: Timestamp,
    /// What happened.
    pub body: FactBody,
}

/// What happened. Its name stands outside it in JSON, which is read three times faster than a tag inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactBody {
    /// The shop's whole state of an order at a moment.
    Order(Box<OrderFact>),
    /// A parcel moved.
    Shipment {
        /// The order it belongs to.
        order: OrderId,
        /// What is known of the parcel.
        update: ShipmentUpdate,
    },
    /// Money or goods went back.
    Refund {
        /// The order it belongs to.
        order: OrderId,
        /// What went back.
        refund: Refund,
    },
    /// The customer answered.
    Reply(Reply),
    /// A provider reports on a message of ours.
    Receipt(Receipt),
    /// A person or a flow acted on an order.
    Action {
        /// The order acted on.
        order: OrderId,
        /// What was done.
        action: OrderAction,
        /// Who did it.
        by: Actor,
    },
    /// A flow did something that leaves no mark on the view.
    Done {
        /// For whom.
        subject: Subject,
        /// What.
        deed: Deed,
        /// Who did it.
        by: Actor,
    },
    /// Something about a customer, beside their orders.
    Customer {
        /// Whom.
        customer: CustomerId,
        /// What.
        said: CustomerFact,
    },
    /// The state of a cart.
    Cart(Box<CartFact>),
    /// Time, a provider's report or a flow brought something about. Whether it is still so is judged
    /// when it is folded.
    Occurred {
        /// Whose it is.
        subject: Subject,
        /// What.
        occurrence: Occurrence,
    },
}

impl Fact {
    /// What the fact is about; `None` for what concerns nobody that Harkara knows, such as a receipt for
    /// a message that is not ours.
    pub fn subject(&self) -> Option<Subject> {
        Some(match &self.body {
            FactBody::Order(fact) => Subject::Order(fact.snapshot.id.clone()),
            FactBody::Shipment { order, .. }
            | FactBody::Refund { order, .. }
            | FactBody::Action { order, .. } => Subject::Order(order.clone()),
            FactBody::Reply(reply) => match (&reply.order, &reply.customer) {
                (Some(order), _) => Subject::Order(order.clone()),
                (None, Some(customer)) => Subject::Customer(customer.clone()),
                (None, None) => return None,
            },
            FactBody::Receipt(receipt) => receipt.stage.as_ref()?.subject.clone(),
            FactBody::Customer { customer, .. } => Subject::Customer(customer.clone()),
            FactBody::Cart(cart) => Subject::Cart(cart.id.clone()),
            FactBody::Occurred { subject, .. } | FactBody::Done { subject, .. } => subject.clone(),
        })
    }
}
