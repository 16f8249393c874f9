//! What one order adds to its customer, and how it gets into their view.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

use super::CustomerView;
use crate::{
    fact::Contact,
    flow::Channel,
    id::{CustomerId, OrderId},
    money::Money,
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
    /// Whether they accepted marketing when they ordered, by channel.
    pub accepts_marketing: BTreeMap<Channel, bool>,
    /// What it costs.
    pub total: Money,
    /// Neither cancelled nor returned, so its total counts as spent.
    pub kept: bool,
    /// It came back.
    pub returned: bool,
}

impl Contribution {
    /// When the customer said whether they want marketing: when they ordered. A state of the order that
    /// comes years later, with its parcel, is no new word of theirs and must not undo a STOP in between.
    /// Of two states of one order the later one counts: it is later here by nanoseconds, one for each
    /// second between them.
    fn consent_said_at(&self) -> Timestamp {
        let since = self.updated_at.duration_since(self.created_at).as_secs().clamp(0, 999_999_999);
        self.created_at.saturating_add(SignedDuration::from_nanos(since)).unwrap_or(self.created_at)
    }
}

impl CustomerView {
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
            let first = self.first_order_at.map_or(new.created_at, |held| held.min(new.created_at));
            self.first_order_at = Some(first);
            self.place(new.created_at, &new.order);
            self.contact_by_order(new.updated_at, &new.contact);
            let said_at = new.consent_said_at();
            for (&channel, &wants) in &new.accepts_marketing {
                let held = self.consent.entry(channel).or_insert((said_at, wants));
                *held = (*held).max((said_at, wants));
            }
        }
        self.spent.retain(|_, amount| !amount.is_zero());
    }

    /// Keeps the last two orders; the same one, placed at a later time after all, is still one.
    fn place(&mut self, at: Timestamp, order: &OrderId) {
        let placed = Some((at, order.clone()));
        match &mut self.last_order {
            Some((_, last)) if last == order => self.last_order = self.last_order.take().max(placed),
            last if *last < placed => self.previous_order = std::mem::replace(last, placed),
            _ => self.previous_order = self.previous_order.take().max(placed),
        }
    }
}
