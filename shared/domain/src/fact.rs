//! Facts: what sources, people and flows say has happened. Past the edge there is nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CustomerId, FactId, OrderId, StoreId},
    money::Money,
    phone::Phone,
    reference::StageRef,
    shipment::ShipmentUpdate,
    status::Trigger,
};

/// One thing that happened, said once or many times, early or late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The same for every delivery of the same happening.
    pub id: FactId,
    /// Whose it is.
    pub store: StoreId,
    /// Who says so: `shopify`, `whatsapp`, `console`, `flow`.
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
}

/// What a fact is about: one order, or a customer without a known order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An order.
    Order(OrderId),
    /// A customer.
    Customer(CustomerId),
    /// Nobody that Harkara knows (a receipt for a message that is not ours).
    Nobody,
}

impl Fact {
    /// What the fact is about.
    pub fn subject(&self) -> Subject {
        match &self.body {
            FactBody::Order(fact) => Subject::Order(fact.snapshot.id.clone()),
            FactBody::Shipment { order, .. } | FactBody::Refund { order, .. } | FactBody::Action { order, .. } => {
                Subject::Order(order.clone())
            }
            FactBody::Reply(reply) => match (&reply.order, &reply.customer) {
                (Some(order), _) => Subject::Order(order.clone()),
                (None, Some(customer)) => Subject::Customer(customer.clone()),
                (None, None) => Subject::Nobody,
            },
            FactBody::Receipt(receipt) => match &receipt.stage {
                Some(stage) => Subject::Order(stage.order.clone()),
                None => Subject::Nobody,
            },
        }
    }
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Cash on delivery.
    Cod,
    /// Paid, or to be paid, before delivery.
    Prepaid,
}

/// All that one message of the shop says of an order. It is folded as one, so that an order which
/// arrives already dispatched is never asked to be confirmed in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFact {
    /// The order's own state.
    pub snapshot: OrderSnapshot,
    /// Its parcels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<ShipmentUpdate>,
    /// What went back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
}

/// The shop's state of an order at `updated_at`, cut to what Harkara uses. The latest one wins; its
/// `cancelled_at` is evidence, kept even from a late one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderSnapshot {
    /// The order.
    pub id: OrderId,
    /// What the customer calls it: `#1042`.
    pub name: String,
    /// When it was placed.
    pub created_at: Timestamp,
    /// The version of this state; of two, the later wins.
    pub updated_at: Timestamp,
    /// Who ordered.
    pub customer: Contact,
    /// What it costs in all.
    pub total: Money,
    /// How it is paid.
    pub payment: PaymentMethod,
    /// The shop has the money.
    #[serde(default)]
    pub paid: bool,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What was ordered; the first [`OrderSnapshot::MAX_ITEMS`] lines.
    #[serde(default)]
    pub items: Vec<LineItem>,
    /// How many pieces were ordered, over all lines.
    pub item_count: u32,
    /// The shop's own tags on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A page where the customer sees the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_url: Option<String>,
    /// When the shop cancelled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

impl OrderSnapshot {
    /// Lines kept of an order; what is beyond still counts in `item_count`.
    pub const MAX_ITEMS: usize = 20;
}

/// Who ordered, as the order says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    /// Harkara's id of the customer; `None` when the order names nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CustomerId>,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// In E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// BCP 47 tag of the language the customer shopped in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Where an order goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// House, street and area, in one line.
    #[serde(default)]
    pub street: String,
    /// City as the customer wrote it.
    #[serde(default)]
    pub city: String,
    /// Province or state.
    #[serde(default)]
    pub province: String,
    /// Postal code.
    #[serde(default)]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: String,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineItem {
    /// What it is called.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub price: rust_decimal::Decimal,
    /// The shop's stock-keeping unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
}

/// Money or goods that went back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refund {
    /// The source's id of the refund.
    pub id: Box<str>,
    /// Pieces that came back to the shop (not those taken off before dispatch).
    pub returned: u32,
    /// When, by the source's clock.
    pub at: Timestamp,
}

/// What a customer answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The provider's id of their message.
    pub message: String,
    /// Where it came from; WhatsApp may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Phone>,
    /// The customer, found by their phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The order that they answered about: known when a button carried our signed reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// What they said.
    pub said: Said,
}

/// The content of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// They tapped a button that we sent.
    Tapped {
        /// Which.
        choice: Choice,
        /// The words on it.
        label: String,
    },
    /// They wrote.
    Wrote(String),
}

/// The answers that a button can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Yes, send it.
    Confirm,
    /// No, I do not want it.
    Cancel,
}

impl Choice {
    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
        }
    }

    /// The choice of that name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "confirm" => Some(Self::Confirm),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// What became of a message after the provider accepted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The provider's id of our message.
    pub message: String,
    /// Which stage sent it: the reference that we gave, echoed. `None` when it is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageRef>,
    /// What happened to it.
    pub status: ReceiptStatus,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// The provider's error, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ProviderError>,
}

/// The progress of a message at the provider; receipts come in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// The provider took it.
    Sent,
    /// It could not be brought.
    Failed,
    /// It reached the phone.
    Delivered,
    /// It was seen.
    Read,
}

/// What a provider answered or reported when it would not send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderError {
    /// The provider's code, for example `131026`; an HTTP status where there is none.
    pub code: i64,
    /// Its words, cut to 300 characters.
    pub message: String,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer, by a reply.
    Customer,
    /// A person of the shop's team, by e-mail address.
    Person(String),
    /// A flow, by name.
    Flow(String),
}

/// What a person or a flow can do to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAction {
    /// Says that the order got this far (confirmed, cancelled, …).
    Reach(Trigger),
    /// Adds a note.
    AddNote(String),
    /// Sets or clears a flag such as `critical`.
    SetFlag {
        /// The flag's name.
        flag: String,
        /// Set, or clear.
        on: bool,
    },
    /// Gives the order to a person of the team.
    Assign(String),
    /// Writes a line into the timeline.
    LogEvent(String),
    /// The team was alerted.
    Escalated {
        /// Which team.
        team: String,
    },
    /// Cancels what is pending on the order, but for the run that says so.
    CancelAutomations {
        /// The run to keep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<crate::id::RunId>,
    },
}
