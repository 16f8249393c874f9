//! What is told of a cart.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Contact, LineItem, OrderSnapshot};
use crate::{
    id::{CartId, OrderId},
    money::Money,
};

/// The state of a cart at `touched_at`; the latest one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CartFact {
    /// The cart.
    pub id: CartId,
    /// When it was last touched.
    pub touched_at: Timestamp,
    /// Whose it is, as far as known.
    pub customer: Contact,
    /// What is in it; the first [`super::OrderSnapshot::MAX_ITEMS`] lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<LineItem>,
    /// What it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// A page where the customer can go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// It became this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// It was emptied or thrown away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl CartFact {
    /// The end of the cart that an order was; nothing where it is not known to have been one.
    pub fn closed_by(order: &OrderSnapshot) -> Option<Self> {
        Some(Self {
            id: order.details.cart.clone()?,
            touched_at: order.created_at,
            customer: order.customer.clone(),
            items: order.items.clone(),
            total: Some(order.total),
            url: None,
            order: Some(order.id.clone()),
            gone: false,
        })
    }

    /// It will never be checked out any more.
    pub fn is_closed(&self) -> bool {
        self.gone || self.order.is_some()
    }
}
