//! What facts and runs are about: an order, a customer or a cart.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::id::{CartId, CustomerId, OrderId};

/// What a fact is about, and what a run works on. As text an order is its id alone, the others have
/// their kind before it: `customer:9f2c…`, `cart:shopify-77`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Subject {
    /// An order.
    Order(OrderId),
    /// A customer.
    Customer(CustomerId),
    /// A cart.
    Cart(CartId),
}

const CUSTOMER: &str = "customer:";
const CART: &str = "cart:";

impl Subject {
    /// The order, where it is one.
    pub fn order(&self) -> Option<&OrderId> {
        match self {
            Self::Order(order) => Some(order),
            Self::Customer(_) | Self::Cart(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => f.write_str(order.as_str()),
            Self::Customer(customer) => write!(f, "{CUSTOMER}{customer}"),
            Self::Cart(cart) => write!(f, "{CART}{cart}"),
        }
    }
}

impl From<&str> for Subject {
    fn from(text: &str) -> Self {
        if let Some(id) = text.strip_prefix(CUSTOMER) {
            Self::Customer(id.into())
        } else if let Some(id) = text.strip_prefix(CART) {
            Self::Cart(id.into())
        } else {
            Self::Order(text.into())
        }
    }
}

impl From<String> for Subject {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl From<OrderId> for Subject {
    fn from(order: OrderId) -> Self {
        Self::Order(order)
    }
}

impl From<CustomerId> for Subject {
    fn from(customer: CustomerId) -> Self {
        Self::Customer(customer)
    }
}

impl From<CartId> for Subject {
    fn from(cart: CartId) -> Self {
        Self::Cart(cart)
    }
}
