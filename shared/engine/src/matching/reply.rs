//! What a customer's answer means. The answer itself is a fact; what follows from it depends on
//! where the order stands, so it is a second fact, made here.

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, FactId, OrderId, OrderStatus, OrderView, StoreId, Trigger,
    fact::{Actor, Choice, OrderAction, Said},
    order::Confirmation,
};

use super::Matcher;
use crate::{
    fault::Fault,
    keys,
    record::{expect, load, put},
};

/// The flag of an order whose customer tapped Cancel when it was on its road already.
pub(super) const CANCEL_REQUESTED: &str = "cancel_requested";

/// The fact that follows from a tapped button.
pub(super) fn follow_up(view: &OrderView, fact: &Fact) -> Option<Fact> {
    let FactBody::Reply(reply) = &fact.body else { return None };
    let Said::Tapped { choice, .. } = reply.said else { return None };
    let status = view.status();
    let action = match choice {
        Choice::Confirm if view.confirmation() == Confirmation::Pending => {
            OrderAction::Reach(Trigger::OrderConfirmed)
        }
        Choice::Cancel if status < OrderStatus::Booked => OrderAction::Reach(Trigger::OrderCancelled),
        // The parcel is on its road: a tap cannot call it back, a person may.
        Choice::Cancel if !status.is_terminal() => {
            OrderAction::SetFlag { flag: CANCEL_REQUESTED.to_owned(), on: true }
        }
        _ => return None,
    };
    Some(Fact {
        id: FactId::new(format!("{}/{}", fact.id, choice.as_str())),
        body: FactBody::Action { order: view.id.clone(), action, by: Actor::Customer },
        ..fact.clone()
    })
}

impl Matcher {
    /// Whoever writes without a button means their last order. Somebody without an order is noted,
    /// since their message opens the 24-hour window.
    pub(super) async fn last_order(
        &self,
        store: &StoreId,
        customer: &CustomerId,
        facts: &[Fact],
    ) -> Result<Option<OrderId>, Fault> {
        let key = keys::customer(store, customer);
        let stored = load::<CustomerView>(&*self.table, &key).await?;
        let last = stored.as_ref().and_then(|stored| stored.value.last_order.clone());
        if let Some((_, order)) = last {
            return Ok(Some(order));
        }
        let held = stored.as_ref().map(|stored| stored.value.clone());
        let mut view = held.clone().unwrap_or_else(|| CustomerView::empty(store, customer));
        facts.iter().for_each(|fact| view.heard_from(fact.occurred_at));
        if held.as_ref() != Some(&view) {
            // Whoever was faster may have placed the customer's first order: the message comes again.
            self.table.write(vec![put(key, &view, expect(stored.as_ref()))]).await?;
        }
        Ok(None)
    }
}
