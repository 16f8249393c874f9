//! What a shop says of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    flow::Channel,
    id::{CartId, CustomerId, OrderId},
    money::Money,
    phone::Phone,
    shipment::ShipmentUpdate,
};

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Cash on delivery.
    Cod,
    /// Paid, or to be paid, before delivery.
    Prepaid,
}

/// Where an order's money stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FinancialStatus {
    /// Nothing has come yet.
    Pending,
    /// Promised by the bank, not taken yet.
    Authorized,
    /// Some has come.
    PartiallyPaid,
    /// All has come.
    Paid,
    /// Some went back.
    PartiallyRefunded,
    /// All went back.
    Refunded,
    /// Given up before it came.
    Voided,
}

impl PaymentMethod {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Cod, Self::Prepaid];

    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cod => "cod",
            Self::Prepaid => "prepaid",
        }
    }
}

impl FinancialStatus {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Pending,
        Self::Authorized,
        Self::PartiallyPaid,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Voided,
    ];

    /// As in the flow language: `partially_paid`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }

    /// Whether all the money has come, whatever went back since.
    pub fn is_paid(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }
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
    /// What else the shop says of it.
    #[serde(default, skip_serializing_if = "OrderDetails::is_empty")]
    pub details: OrderDetails,
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

/// What conditions can ask of an order beside its state: each only where the shop says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderDetails {
    /// Where the money stands, as the shop says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub financial_status: Option<FinancialStatus>,
    /// The gateway that it is paid through, as the shop calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Discount codes that were used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discount_codes: Vec<String>,
    /// How it is sent, as the shop calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// Where it was placed: `web`, `pos`, a market place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_channel: Option<String>,
    /// The shop's note on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the customer accepts marketing, as the checkout said, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accepts_marketing: BTreeMap<Channel, bool>,
    /// The cart that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<CartId>,
}

impl OrderDetails {
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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

impl Contact {
    /// What this leaves out, as `other` has it.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            id: self.id.or_else(|| other.id.clone()),
            first_name: self.first_name.or_else(|| other.first_name.clone()),
            last_name: self.last_name.or_else(|| other.last_name.clone()),
            phone: self.phone.or_else(|| other.phone.clone()),
            email: self.email.or_else(|| other.email.clone()),
            language: self.language.or_else(|| other.language.clone()),
        }
    }
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
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// The shop's id of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The shop's categories and collections of it, where told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
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
