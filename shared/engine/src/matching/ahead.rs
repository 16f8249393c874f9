//! What time will bring about after a set of facts, and the list that renewals are found in.

use harkara_domain::{Awaited, StoreId, Subject};
use jiff::Timestamp;

use super::{Matcher, plan::Plan};
use crate::{
    catalog::Shelf,
    clocks::{self, dates::Renewal},
    fault::Fault,
    hand_on::Onward,
    port::Write,
};

impl Plan {
    /// Notes in the views what time will bring about; returns what is new.
    pub(super) fn look_ahead(&mut self, shelf: &Shelf, now: Timestamp) -> Vec<Awaited> {
        // An order ends the wait for a purchase.
        for (customer, (_, held)) in self.customers.iter_mut().zip(&self.before.customers) {
            let mut awaits = std::mem::take(&mut customer.awaits);
            awaits.retain(|awaited| customer.is_so(&awaited.occurrence));
            customer.awaits = awaits;
            clocks::look_back(held.as_ref().map(|held| &held.value), customer, shelf, now);
        }
        let before = self.before.view.as_ref().map(|stored| &stored.value);
        clocks::look_ahead(before, &mut self.view, shelf, now)
    }

    /// Puts subscriptions whose day has changed at their places in the list of renewals.
    pub(super) fn renewals(&self) -> Vec<Write> {
        let Some(customer) = self.view.customer() else { return Vec::new() };
        let before = self.before.view.as_ref().and_then(|stored| stored.value.customer());
        let held = |id| before.and_then(|before| before.subscriptions.get(id)?.renews_on);
        let moved = customer.subscriptions.iter().filter(|(id, now)| now.renews_on != held(*id));
        let renewals = moved.map(|(id, now)| Renewal {
            customer: customer.id.clone(),
            subscription: id.clone(),
            on: now.renews_on,
        });
        renewals.map(|renewal| renewal.put(&self.before.store)).collect()
    }
}

impl Matcher {
    /// Hands on what time will bring about to its time. What is lost on the way the sweep finds.
    pub(super) async fn hand_on_awaited(
        &self,
        (store, subject): (&StoreId, &Subject),
        awaited: Vec<Awaited>,
    ) -> Result<(), Fault> {
        let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
        for awaited in awaited.iter().filter(|awaited| clocks::is_handed_on(&awaited.occurrence)) {
            let fact = clocks::fact(store, subject, awaited, self.clock.now());
            onward.fact(fact, awaited.at).await?;
        }
        Ok(())
    }
}
