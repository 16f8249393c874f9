//! The view of a customer: what all their orders add up to.
//!
//! It is never counted from facts. It changes in the same transaction as an order's view, by the
//! difference between what that order added before and what it adds now, so it cannot drift.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    fact::Contact,
    id::{CustomerId, OrderId, StoreId},
    money::{Currency, Money},
};

/// What one order adds to its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Whose order it is.
    pub customer: CustomerId,
    /// The order.
    pub order: OrderId,
    /// When it was placed.
    pub created_at: Timestamp,
    /// The version of the state that the contact is from.
    pub updated_at: Timestamp,
    /// Who ordered, as this order says.
    pub contact: Contact,
    /// What it costs.
    pub total: Money,
    /// Neither cancelled nor returned, so its total counts as spent.
    pub kept: bool,
    /// It came back.
    pub returned: bool,
}

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// Whose customer.
    pub store: StoreId,
    /// The customer.
    pub id: CustomerId,
    /// Name and addresses, as the latest order state says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<(Timestamp, Contact)>,
    /// Orders placed, cancelled and returned ones included.
    #[serde(default)]
    pub orders: u32,
    /// Totals of the orders that were kept, by currency.
    #[serde(default)]
    pub spent: BTreeMap<Currency, Decimal>,
    /// Orders that came back.
    #[serde(default)]
    pub returns: u32,
    /// The order placed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_order: Option<(Timestamp, OrderId)>,
    /// When they last wrote or tapped; opens WhatsApp's 24-hour window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_inbound_at: Option<Timestamp>,
    /// They asked for no more marketing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
}

impl CustomerView {
    /// A customer nothing is known of yet.
    pub fn empty(store: &StoreId, id: &CustomerId) -> Self {
        Self {
            store: store.clone(),
            id: id.clone(),
            contact: None,
            orders: 0,
            spent: BTreeMap::new(),
            returns: 0,
            last_order: None,
            last_inbound_at: None,
            opted_out: false,
        }
    }

    /// Replaces what an order added before by what it adds now. A contribution to another customer
    /// is passed over, so both customers of an order that changed hands can be given the same pair.
    pub fn exchange(&mut self, before: Option<&Contribution>, now: Option<&Contribution>) {
        let mine = |contribution: &&Contribution| contribution.customer == self.id;
        if let Some(old) = before.filter(mine) {
            self.orders = self.orders.saturating_sub(1);
            self.returns = self.returns.saturating_sub(u32::from(old.returned));
            if old.kept {
                *self.spent.entry(old.total.currency).or_default() -= old.total.amount;
            }
        }
        if let Some(new) = now.filter(|contribution| contribution.customer == self.id) {
            self.orders += 1;
            self.returns += u32::from(new.returned);
            if new.kept {
                *self.spent.entry(new.total.currency).or_default() += new.total.amount;
            }
            self.last_order = self.last_order.take().max(Some((new.created_at, new.order.clone())));
            self.contact = self.contact.take().max(Some((new.updated_at, new.contact.clone())));
        }
        self.spent.retain(|_, amount| !amount.is_zero());
    }

    /// Notes that they wrote or tapped.
    pub fn heard_from(&mut self, at: Timestamp) {
        self.last_inbound_at = self.last_inbound_at.max(Some(at));
    }
}
