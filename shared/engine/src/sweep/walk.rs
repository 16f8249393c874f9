//! Going through the stretches of one flow's dates.

use futures::future::try_join_all;
use harkara_domain::{Awaited, CustomerId, CustomerView, Occurrence, OrderView, Subject, Trigger};
use jiff::{Timestamp, civil::Date};

use super::{
    Sweeper,
    dates::{Dated, Progress, Walked},
};
use crate::{
    clocks::{
        self,
        dates::{Renewal, Stretch, is_daily, midnight, stretches},
    },
    fault::Fault,
    job::{FactsJob, Job},
    keys,
    port::{Item, Outgoing, QueueName, TableError},
    record::{decode, load},
};

/// Goes through a flow's dates for a while.
pub(super) struct Walk<'a> {
    pub(super) sweeper: &'a Sweeper,
    pub(super) dated: &'a Dated<'a>,
    pub(super) progress: Progress,
    pub(super) now: Timestamp,
    pub(super) walked: Walked,
}

impl Walk<'_> {
    /// Customers that are read at once.
    const AT_ONCE: usize = 25;

    /// Goes on until all is done by now, or `looks` items have been looked at.
    pub(super) async fn go(&mut self, looks: usize) -> Result<(), Fault> {
        loop {
            let Dated { store, trigger, zone, .. } = *self.dated;
            let all = stretches(trigger, store, self.progress.day, self.now, zone);
            while let Some(stretch) = all.get(self.progress.stretch) {
                if !self.stretch(stretch, looks).await? {
                    return Ok(());
                }
                // What grows with time is never done with.
                if !is_daily(trigger) {
                    return Ok(());
                }
                (self.progress.stretch, self.progress.after) = (self.progress.stretch + 1, None);
            }
            let today = zone.to_datetime(self.now).date();
            match self.progress.day.tomorrow().ok().filter(|next| *next <= today) {
                Some(next) => (self.progress.day, self.progress.stretch) = (next, 0),
                None => return Ok(()),
            }
        }
    }

    /// Goes through what is left of a stretch; whether it came to its end.
    async fn stretch(&mut self, stretch: &Stretch, looks: usize) -> Result<bool, Fault> {
        let query = stretch.behind(self.progress.after.as_deref());
        let mut cursor = None;
        loop {
            let room = looks.saturating_sub(self.walked.looked);
            if room == 0 {
                return Ok(false);
            }
            let page = self.sweeper.table.query(query.clone().limit(room).after(cursor)).await?;
            self.page(&page.items).await?;
            let last = page.items.last().and_then(|item| item.list.as_ref());
            self.progress.after = last.map(|place| place.sk.clone()).or(self.progress.after.take());
            // A page whose items have all left their places counts, too: it was read.
            self.walked.looked += page.items.len().max(1);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(true);
            }
        }
    }

    /// Says what has come about for the customers of a page.
    async fn page(&mut self, items: &[Item]) -> Result<(), Fault> {
        let mut found = Vec::new();
        for some in items.chunks(Self::AT_ONCE) {
            found.extend(try_join_all(some.iter().map(|item| self.find(item))).await?);
        }
        let messages: Vec<Outgoing> = found
            .into_iter()
            .flatten()
            .map(|(customer, awaited)| {
                let mut fact =
                    clocks::fact(self.dated.store, &Subject::Customer(customer), &awaited, self.now);
                // Each flow finds its dates by itself, whenever it was activated.
                fact.id = format!("{}/{}", fact.id, self.dated.flow).as_str().into();
                Outgoing::now(Job::Facts(FactsJob { facts: vec![fact] }).body())
            })
            .collect();
        self.walked.found += messages.len();
        if !messages.is_empty() {
            self.sweeper.queue.send(QueueName::Events, messages).await?;
        }
        Ok(())
    }

    /// What an item of a list says has come about, and for whom.
    async fn find(&self, item: &Item) -> Result<Option<(CustomerId, Awaited)>, TableError> {
        let day = self.progress.day;
        match self.dated.trigger {
            Trigger::Birthday => {
                let customer = decode::<CustomerView>(item)?.value;
                Ok(Some((customer.id, self.on(day, Occurrence::Birthday { on: day }))))
            }
            Trigger::SubscriptionRenewal(before) => {
                let Renewal { customer, subscription, on } = decode::<Renewal>(item)?.value;
                let Some(on) = on else { return Ok(None) };
                let at = midnight(on, self.dated.zone).saturating_sub(before.nominal()).unwrap_or(self.now);
                let occurrence = Occurrence::SubscriptionRenewal { subscription, before: *before, on };
                Ok(Some((customer, Awaited { at, occurrence })))
            }
            _ => self.of_order(&decode::<OrderView>(item)?.value).await,
        }
    }

    /// Of an order that is its customer's last, or first.
    async fn of_order(&self, order: &OrderView) -> Result<Option<(CustomerId, Awaited)>, TableError> {
        let Some(snapshot) = &order.snapshot else { return Ok(None) };
        let (Some(id), placed) = (&snapshot.customer.id, snapshot.created_at) else { return Ok(None) };
        let key = keys::customer(self.dated.store, id);
        let Some(customer) = load::<CustomerView>(&*self.sweeper.table, &key).await? else { return Ok(None) };
        let customer = customer.value;
        let come = match self.dated.trigger {
            Trigger::CustomerInactive(after) => {
                let last = customer.last_order.as_ref().is_some_and(|(_, last)| *last == order.id);
                let occurrence = Occurrence::CustomerInactive { after: *after, since: placed };
                last.then(|| Awaited { at: after.from(placed, self.dated.zone), occurrence })
            }
            _ => {
                let day = self.progress.day;
                let first = customer.first_order_at == Some(placed);
                first.then(|| self.on(day, Occurrence::PurchaseAnniversary { on: day }))
            }
        };
        Ok(come.map(|come| (customer.id, come)))
    }

    /// On a day of the shop's.
    fn on(&self, day: Date, occurrence: Occurrence) -> Awaited {
        Awaited { at: midnight(day, self.dated.zone), occurrence }
    }
}
