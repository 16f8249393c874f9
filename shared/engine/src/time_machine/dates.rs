//! What dates bring about for the flows that wait for them, found in the lists that the sweep goes through.

use harkara_domain::{
    Awaited, CustomerId, CustomerView, Fact, FactBody, FlowId, Occurrence, OrderView, StoreId, Subject,
    Trigger, fact::CustomerFact,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use std::collections::BTreeSet;

use super::{TimeMachineError, agenda::What, world::World};
use crate::{
    catalog::Shelf,
    clocks::{
        self,
        dates::{Renewal, is_daily, midnight, stretches},
    },
    journal::Entry,
    port::{Item, Table, TableError},
    record::{all, decode},
};

/// Whose date comes when, for which flow.
#[derive(Debug, Default)]
pub(super) struct Dates {
    found: Vec<(Timestamp, CustomerId, FlowId, Occurrence)>,
    known: BTreeSet<(FlowId, CustomerId, String)>,
}

/// What is looked for, and between which times.
pub(super) struct Wanted<'a> {
    pub(super) table: &'a dyn Table,
    pub(super) store: &'a StoreId,
    pub(super) shelf: &'a Shelf,
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
}

impl Dates {
    /// The most that is looked at.
    const MOST: usize = 500_000;

    /// All dates of all flows that are active.
    ///
    /// # Errors
    /// When the table fails, or there are too many.
    pub(super) async fn of(wanted: &Wanted<'_>, script: &[Entry]) -> Result<Self, TimeMachineError> {
        let mut dates = Self::default();
        for loaded in wanted.shelf.flows.iter().filter(|loaded| loaded.head.is_active()) {
            let (flow, trigger) = (&loaded.head.id, &loaded.flow.trigger);
            if !trigger.kind().comes_by_date() {
                continue;
            }
            dates.listed(wanted, flow, trigger).await?;
            if let Trigger::SubscriptionRenewal(_) = trigger {
                dates.told(wanted, flow, trigger, script);
            }
        }
        Ok(dates)
    }

    /// From the lists, as they are now.
    async fn listed(
        &mut self,
        wanted: &Wanted<'_>,
        flow: &FlowId,
        trigger: &Trigger,
    ) -> Result<(), TimeMachineError> {
        let Wanted { table, store, shelf, begin, end } = *wanted;
        let today = |at: Timestamp| shelf.zone.to_datetime(at).date();
        let (first, last) = (today(begin), today(end));
        let days = first.series(1.day()).take_while(|day| *day <= last);
        let days: Vec<Date> = if is_daily(trigger) { days.collect() } else { vec![last] };
        for day in days {
            for stretch in stretches(trigger, store, day, end, &shelf.zone) {
                let mut query = stretch.behind(None);
                if let Trigger::CustomerInactive(after) = trigger {
                    // Who has been quiet for longer was found before.
                    let since = begin.saturating_sub(after.nominal()).unwrap_or(Timestamp::MIN);
                    query.from = Some(crate::keys::stamp(since));
                }
                if let Trigger::SubscriptionRenewal(_) = trigger {
                    query.from = Some(first.to_string());
                }
                for item in all(table, query).await? {
                    if let Some((customer, come)) = come(wanted, trigger, day, &item)? {
                        self.note(wanted, flow, customer, come);
                    }
                }
                if self.found.len() > Self::MOST {
                    return Err(TimeMachineError::TooMuch(format!("more than {} dates", Self::MOST)));
                }
            }
        }
        Ok(())
    }

    /// Renewals that were told meanwhile: the list holds the last one alone.
    fn told(&mut self, wanted: &Wanted<'_>, flow: &FlowId, trigger: &Trigger, script: &[Entry]) {
        for fact in script.iter().flat_map(|entry| &entry.facts) {
            if let FactBody::Customer { customer, said: CustomerFact::Subscription { id, renews_on, .. } } =
                &fact.body
                && let Some(on) = renews_on
                && let Some(come) = renews(wanted, trigger, id, *on)
            {
                self.note(wanted, flow, customer.clone(), come);
            }
        }
    }

    fn note(&mut self, wanted: &Wanted<'_>, flow: &FlowId, customer: CustomerId, come: Awaited) {
        let Awaited { at, occurrence } = come;
        let within = (wanted.begin..=wanted.end).contains(&at);
        if within && self.known.insert((flow.clone(), customer.clone(), occurrence.key())) {
            self.found.push((at, customer, flow.clone(), occurrence));
        }
    }

    /// Whose dates they are.
    pub(super) fn customers(&self) -> impl Iterator<Item = &CustomerId> {
        self.found.iter().map(|(_, customer, ..)| customer)
    }

    /// Notes them in a world's agenda.
    pub(super) fn put(self, store: &StoreId, world: &mut World) {
        for (at, customer, flow, occurrence) in self.found {
            let awaited = Awaited { at, occurrence };
            let mut fact: Fact = clocks::fact(store, &Subject::Customer(customer), &awaited, at);
            // As the sweep does: each flow finds its dates by itself.
            fact.id = format!("{}/{flow}", fact.id).as_str().into();
            world.agenda.note(at, What::Facts(vec![fact]));
        }
    }
}

/// Whom an item of a list is about, and what comes about for them when. Whether it does is judged then.
fn come(
    wanted: &Wanted<'_>,
    trigger: &Trigger,
    day: Date,
    item: &Item,
) -> Result<Option<(CustomerId, Awaited)>, TableError> {
    let zone = &wanted.shelf.zone;
    let on = |occurrence| Awaited { at: midnight(day, zone), occurrence };
    Ok(match trigger {
        Trigger::Birthday => {
            let customer = decode::<CustomerView>(item)?.value;
            Some((customer.id, on(Occurrence::Birthday { on: day })))
        }
        Trigger::SubscriptionRenewal(_) => {
            let Renewal { customer, subscription, on } = decode::<Renewal>(item)?.value;
            on.and_then(|on| Some((customer, renews(wanted, trigger, &subscription, on)?)))
        }
        _ => {
            let order = decode::<OrderView>(item)?.value;
            let Some(snapshot) = &order.snapshot else { return Ok(None) };
            let placed = snapshot.created_at;
            let come = match trigger {
                Trigger::CustomerInactive(after) => {
                    let occurrence = Occurrence::CustomerInactive { after: *after, since: placed };
                    Awaited { at: after.from(placed, zone), occurrence }
                }
                _ => on(Occurrence::PurchaseAnniversary { on: day }),
            };
            snapshot.customer.id.clone().map(|customer| (customer, come))
        }
    })
}

fn renews(wanted: &Wanted<'_>, trigger: &Trigger, subscription: &str, on: Date) -> Option<Awaited> {
    let Trigger::SubscriptionRenewal(before) = trigger else { return None };
    let zone = &wanted.shelf.zone;
    let at = midnight(on, zone).saturating_sub(before.nominal()).ok()?;
    let subscription = subscription.to_owned();
    let occurrence = Occurrence::SubscriptionRenewal { subscription, before: *before, on };
    Some(Awaited { at, occurrence })
}
