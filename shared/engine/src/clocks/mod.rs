//! What time alone brings about. What is near is kept in the view of its subject and in the sweep's index
//! until it has been looked at, and handed on to its time; what comes with a date is found in lists.

pub(crate) mod dates;

use harkara_domain::{
    Awaited, CartView, CustomerView, Fact, FactBody, FactId, Occurrence, OrderView, StoreId, Subject,
    flow::{Delay, Trigger},
    occurrence::Kind,
    shipment::Issue,
};
use jiff::{SignedDuration, Timestamp};

use crate::{catalog::Shelf, views::View};

/// News of so long ago bring nothing about any more: an outage is shorter, and what is longer ago was
/// brought in from another system.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far the sweep may be ahead of what is written now: its index lags, and clocks differ. What both find
/// comes about once.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// The fact that something has come about by time. The same occurrence makes the same fact.
pub(crate) fn fact(store: &StoreId, subject: &Subject, awaited: &Awaited, now: Timestamp) -> Fact {
    Fact {
        id: FactId::new(format!("{SOURCE}/{}", awaited.occurrence.key())),
        store: store.clone(),
        source: SOURCE.into(),
        occurred_at: awaited.at,
        received_at: now,
        body: FactBody::Occurred { subject: subject.clone(), occurrence: awaited.occurrence.clone() },
    }
}

/// Who says what time brings about.
pub(crate) const SOURCE: &str = "time";

/// Notes in a view what time will bring about since it changed, and forgets what it cannot any more.
/// Returns what is new.
pub(crate) fn look_ahead(
    before: Option<&View>,
    view: &mut View,
    shelf: &Shelf,
    now: Timestamp,
) -> Vec<Awaited> {
    take_stall_clocks(before, view, shelf);
    forget(view);
    let mut new = wanted(view, shelf, now);
    // What it could have waited for before it does, or it has come about, or no flow asked for it then.
    let had = before.map_or_else(Vec::new, |before| wanted(before, shelf, now));
    new.retain(|new| had.iter().all(|had| had.occurrence != new.occurrence) && new.at > now - STALE);
    let awaits = view.awaits_mut();
    awaits.extend(new.iter().cloned());
    awaits.sort_by_key(|awaited| awaited.at);
    new
}

/// Notes at a customer that they have been quiet for longer than a flow waits, where their last order came to
/// light only then: the sweep has gone past its place in the list.
pub(crate) fn look_back(
    before: Option<&CustomerView>,
    customer: &mut CustomerView,
    shelf: &Shelf,
    now: Timestamp,
) {
    let Some((since, _)) = customer.last_order.clone() else { return };
    if before.is_some_and(|before| before.last_order == customer.last_order) {
        return;
    }
    let quiet = distinct(delays(shelf, Kind::CustomerInactive).map(|after| Awaited {
        at: after.from(since, &shelf.zone),
        occurrence: Occurrence::CustomerInactive { after, since },
    }));
    let past = quiet.into_iter().filter(|quiet| quiet.at > now - STALE && quiet.at <= now + AHEAD);
    customer.awaits.extend(past);
    customer.awaits.sort_by_key(|awaited| awaited.at);
}

/// Forgets what cannot come about any more.
pub(crate) fn forget(view: &mut View) {
    let mut awaits = std::mem::take(view.awaits_mut());
    awaits.retain(|awaited| view.is_so(&awaited.occurrence));
    *view.awaits_mut() = awaits;
}

/// Whether it is handed on to its time. A stall of days need not be known to the second, and most are
/// averted by the next scan: they are left to the sweep, which costs nothing until one comes.
pub(crate) fn is_handed_on(occurrence: &Occurrence) -> bool {
    !matches!(occurrence, Occurrence::ShipmentIssue { .. })
}

/// An order keeps the clocks that hold when it is placed.
fn take_stall_clocks(before: Option<&View>, view: &mut View, shelf: &Shelf) {
    let known = before.and_then(View::order).is_some_and(|order| order.snapshot.is_some());
    let asked = waits_for(shelf, Issue::FulfillmentStalled) || waits_for(shelf, Issue::ShipmentStalled);
    if let View::Order(order) = view
        && !known
        && order.snapshot.is_some()
        && asked
    {
        order.stalled_after = Some(Box::new(shelf.settings.rules.stalled.clone()));
    }
}

fn waits_for(shelf: &Shelf, issue: Issue) -> bool {
    shelf.active(Kind::ShipmentIssue).any(|flow| flow.trigger == Trigger::ShipmentIssue(issue))
}

/// All that time may bring about as a subject stands, for the flows that are active.
fn wanted(view: &View, shelf: &Shelf, now: Timestamp) -> Vec<Awaited> {
    match view {
        View::Order(order) => stalls(order, shelf),
        View::Customer(customer) => {
            let mut wanted = searched(customer, shelf);
            wanted.extend(renewing(customer, shelf, now));
            wanted
        }
        View::Cart(cart) => abandoned(cart, shelf),
    }
}

fn stalls(order: &OrderView, shelf: &Shelf) -> Vec<Awaited> {
    let Some(clocks) = &order.stalled_after else { return Vec::new() };
    let unmoved = order.unmoved().into_iter().filter(|(issue, _)| waits_for(shelf, *issue));
    let stall = |(issue, since)| {
        let clock = match issue {
            Issue::FulfillmentStalled => &clocks.fulfillment,
            _ => &clocks.shipment,
        };
        let occurrence = Occurrence::ShipmentIssue { issue, since };
        Awaited { at: clock.elapses(since, &shelf.zone), occurrence }
    };
    distinct(unmoved.map(stall))
}

fn abandoned(cart: &CartView, shelf: &Shelf) -> Vec<Awaited> {
    let Some(state) = cart.state.as_ref().filter(|_| cart.closed_at.is_none()) else { return Vec::new() };
    let touched_at = state.touched_at;
    distinct(delays(shelf, Kind::CartAbandoned).map(|after| Awaited {
        at: after.from(touched_at, &shelf.zone),
        occurrence: Occurrence::CartAbandoned { after, touched_at },
    }))
}

fn searched(customer: &CustomerView, shelf: &Shelf) -> Vec<Awaited> {
    let Some(searched_at) = customer.searched_at else { return Vec::new() };
    let all = delays(shelf, Kind::SearchedWithoutPurchase).map(|after| Awaited {
        at: after.from(searched_at, &shelf.zone),
        occurrence: Occurrence::SearchedWithoutPurchase { after, searched_at },
    });
    distinct(all.filter(|awaited| customer.is_so(&awaited.occurrence)))
}

/// Renewals that are so near that the sweep has gone past their day already.
fn renewing(customer: &CustomerView, shelf: &Shelf, now: Timestamp) -> Vec<Awaited> {
    let renewals = customer.subscriptions.iter();
    let renewals = renewals.filter_map(|(id, held)| Some((id, held.renews_on?)));
    distinct(renewals.flat_map(|(id, on)| {
        let near = delays(shelf, Kind::SubscriptionRenewal)
            .filter(move |before| dates::renewals(*before, now, &shelf.zone).contains(&on));
        let occurrence =
            move |before| Occurrence::SubscriptionRenewal { subscription: id.clone(), before, on };
        near.map(move |before| Awaited { at: now, occurrence: occurrence(before) })
    }))
}

/// The waits that a kind's active flows ask for.
fn delays(shelf: &Shelf, kind: Kind) -> impl Iterator<Item = Delay> {
    shelf.active(kind).filter_map(|flow| match flow.trigger {
        Trigger::CartAbandoned(delay)
        | Trigger::SearchedWithoutPurchase(delay)
        | Trigger::SubscriptionRenewal(delay)
        | Trigger::CustomerInactive(delay) => Some(delay),
        _ => None,
    })
}

/// Two flows may wait for the same.
fn distinct(all: impl Iterator<Item = Awaited>) -> Vec<Awaited> {
    let mut distinct: Vec<Awaited> = Vec::new();
    for awaited in all {
        if distinct.iter().all(|held| held.occurrence != awaited.occurrence) {
            distinct.push(awaited);
        }
    }
    distinct
}
