//! What sets a rehearsed flow off: its trigger, brought about.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::known::Known;
use crate::{
    calendar::MonthDay,
    fact::{Choice, CustomerFact, Fact, FactBody, Profile, Said, Tier},
    flow::{
        Trigger,
        heard::{Heard, Intent},
        trigger::Often,
    },
    id::{FlowId, RunId, ShipmentId},
    occurrence::{Kind, Occurrence},
    reference::StageRef,
    shipment::{Issue, ShipmentStatus},
    status::OrderStatus,
    subject::Subject,
};

/// What kinds of subjects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// An order.
    Order,
    /// A customer.
    Customer,
    /// A cart.
    Cart,
}

impl SubjectKind {
    /// The kind that a trigger comes about for, in the first place.
    pub fn of(trigger: &Trigger) -> Self {
        match trigger.kind() {
            Kind::CartAbandoned => Self::Cart,
            kind if kind.is_of_orders() || kind == Kind::StartedBy => Self::Order,
            _ => Self::Customer,
        }
    }
}

/// How a trigger is brought about for a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// What has to be told first; what is so already need not.
    pub facts: Vec<Fact>,
    /// What comes about; `None` where the fold of the facts says it.
    pub occurrence: Option<Occurrence>,
}

impl Occasion {
    /// The occasion of a trigger at a time. `flow` is the flow whose trigger it is.
    pub fn of(trigger: &Trigger, flow: &FlowId, known: Known<'_>, at: Timestamp, zone: &TimeZone) -> Self {
        let facts = bodies(trigger, known, at, zone);
        let facts =
            facts.into_iter().map(|(at, body)| known.fact(at, trigger.kind().as_str(), body)).collect();
        Self { facts, occurrence: occurrence(trigger, flow, known, at, zone) }
    }
}

/// What brings a trigger about.
fn bodies(trigger: &Trigger, known: Known<'_>, at: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, FactBody)> {
    let one = |body: Option<FactBody>| body.map(|body| (at, body)).into_iter().collect::<Vec<_>>();
    let said = |said: CustomerFact| Some(FactBody::Customer { customer: known.customer_id()?.clone(), said });
    match trigger.kind() {
        Kind::Order(point) => {
            let reached = known.order.is_none_or(|order| order.reached.contains_key(&point));
            one(known.point(point, at).filter(|_| !reached))
        }
        Kind::ShipmentCreated => {
            let there = known.order.is_none_or(|order| !order.shipments.is_empty());
            one(known.parcel(at, Some(ShipmentStatus::Pending), false).filter(|_| !there))
        }
        Kind::ShipmentUpdated | Kind::ShipmentIssue => moved(trigger, known, at),
        Kind::ProductViewed | Kind::CategoryBrowsed => looks(trigger, known, at),
        Kind::SearchedWithoutPurchase => {
            let Trigger::SearchedWithoutPurchase(after) = trigger else { return Vec::new() };
            let then = at.saturating_sub(after.nominal()).unwrap_or(at);
            let searched = said(CustomerFact::Searched { query: "sample".to_owned() });
            searched.map(|body| (then, body)).into_iter().collect()
        }
        Kind::Birthday => {
            let today = MonthDay::of(zone.to_datetime(at).date()).to_string();
            let unknown = known.customer.is_some_and(|customer| customer.birthday.is_none());
            let profile = Profile { birthday: Some(today), ..Profile::default() };
            one(said(CustomerFact::Profile(Box::new(profile))).filter(|_| unknown))
        }
        Kind::SubscriptionRenewal => {
            let Trigger::SubscriptionRenewal(before) = trigger else { return Vec::new() };
            let on = zone.to_datetime(before.from(at, zone)).date();
            let title = Some("Sample".to_owned());
            one(said(CustomerFact::Subscription { id: SUBSCRIPTION.to_owned(), renews_on: Some(on), title }))
        }
        Kind::TierUpgraded | Kind::CloseToUpgrade | Kind::AtRiskOfDowngrade => {
            one(said(CustomerFact::Tier(tier(trigger, known))))
        }
        Kind::MessageReceived => {
            let Trigger::MessageReceived(heard) = trigger else { return Vec::new() };
            one(known.reply(Said::Wrote(words(heard)), at))
        }
        Kind::ButtonTapped => {
            let choice = match trigger {
                Trigger::ButtonTapped(choice) => *choice,
                Trigger::SatisfactionNegative => Choice::Dissatisfied,
                _ => Choice::Satisfied,
            };
            one(known.reply(Said::Tapped { choice, label: choice.as_str().to_owned() }, at))
        }
        Kind::Custom => {
            let Trigger::Custom(name) = trigger else { return Vec::new() };
            one(said(CustomerFact::Custom { name: name.clone() }))
        }
        Kind::CartAbandoned
        | Kind::CustomerInactive
        | Kind::PurchaseAnniversary
        | Kind::MessageReported(_)
        | Kind::StartedBy => Vec::new(),
    }
}

const SUBSCRIPTION: &str = "rehearsal";

/// A parcel that moves, or does not.
fn moved(trigger: &Trigger, known: Known<'_>, at: Timestamp) -> Vec<(Timestamp, FactBody)> {
    let Some(order) = known.order else { return Vec::new() };
    let body = match trigger {
        Trigger::ShipmentUpdated(status) => {
            let seen = order.shipments.values().any(|parcel| parcel.seen.contains_key(status));
            known.parcel(at, Some(*status), false).filter(|_| !seen)
        }
        Trigger::ShipmentIssue(Issue::DeliveryAttempted) => known.parcel(at, None, true),
        Trigger::ShipmentIssue(Issue::ReturnToSender) => {
            known.parcel(at, Some(ShipmentStatus::ReturnToSender), false)
        }
        Trigger::ShipmentIssue(Issue::ShipmentStalled) if order.status() < OrderStatus::Dispatched => {
            // It left two days after the order was placed, and was not seen again.
            let placed = order.snapshot.as_ref().map_or(at, |snapshot| snapshot.created_at);
            let left = placed.saturating_add(SignedDuration::from_hours(24)).unwrap_or(placed).min(at);
            let parcel = known.parcel(left, Some(ShipmentStatus::Dispatched), false);
            return parcel.map(|body| (left, body)).into_iter().collect();
        }
        _ => None,
    };
    body.map(|body| (at, body)).into_iter().collect()
}

/// As many looks as are asked for, a second apart, with those that there have been.
fn looks(trigger: &Trigger, known: Known<'_>, at: Timestamp) -> Vec<(Timestamp, FactBody)> {
    let (Some(id), Some(customer)) = (known.customer_id(), known.customer) else { return Vec::new() };
    let (often, product) = match trigger {
        Trigger::ProductViewed(often) => (often, true),
        Trigger::CategoryBrowsed(often) => (often, false),
        _ => return Vec::new(),
    };
    let what = looked_at(often);
    let had = if product {
        customer.views_of(&what, at, often.within)
    } else {
        customer.browses_of(&what, at, often.within)
    };
    let missing = i64::from(often.times.saturating_sub(had).max(1));
    let look = |ago: i64| {
        let then = at.saturating_sub(SignedDuration::from_secs(ago)).unwrap_or(at);
        let said = if product {
            CustomerFact::Viewed { product: what.clone(), title: None }
        } else {
            CustomerFact::Browsed { category: what.clone() }
        };
        (then, FactBody::Customer { customer: id.clone(), said })
    };
    (0..missing).rev().map(look).collect()
}

fn looked_at(often: &Often) -> String {
    often.only.clone().unwrap_or_else(|| "rehearsal".to_owned())
}

fn tier(trigger: &Trigger, known: Known<'_>) -> Tier {
    let held = known.customer.and_then(|customer| customer.tier.as_ref()).map(|(_, tier)| tier);
    let (name, level) = held.map_or(("Silver", 1), |tier| (tier.name.as_str(), tier.level));
    let points = held.and_then(|tier| tier.points);
    let stays = Tier { name: name.to_owned(), level, points, ..Tier::default() };
    match trigger {
        Trigger::TierUpgraded => Tier { name: "Gold".to_owned(), level: level.saturating_add(1), ..stays },
        Trigger::CloseToUpgrade => Tier { close_to: Some("Gold".to_owned()), ..stays },
        _ => Tier { at_risk: true, ..stays },
    }
}

/// Words that a flow listens for.
fn words(heard: &Heard) -> String {
    let intent = heard.intent.map(|intent| match intent {
        Intent::Confirm => "yes",
        Intent::Cancel => "cancel my order",
        Intent::WhereIsIt => "where is my order?",
        Intent::Complaint => "it is damaged",
        Intent::Stop => "STOP",
        Intent::Start => "START",
    });
    match (heard.contains.first(), intent) {
        (Some(word), Some(intent)) => format!("{intent}. {word}"),
        (Some(word), None) => word.clone(),
        (None, Some(intent)) => intent.to_owned(),
        (None, None) => "Assalam o alaikum".to_owned(),
    }
}

/// What comes about, where it can be said without a fold.
fn occurrence(
    trigger: &Trigger,
    flow: &FlowId,
    known: Known<'_>,
    at: Timestamp,
    zone: &TimeZone,
) -> Option<Occurrence> {
    let parcel = || {
        let held = known.order.and_then(|order| order.shipments.keys().next().cloned());
        held.unwrap_or_else(|| ShipmentId::new("rehearsal"))
    };
    let stage = |subject: &Subject| StageRef {
        subject: subject.clone(),
        run: RunId::new("rehearsal"),
        stage: 0,
        attempt: 1,
    };
    let today = || zone.to_datetime(at).date();
    Some(match (trigger, trigger.kind()) {
        (_, Kind::Order(point)) => Occurrence::Order(point),
        (_, Kind::ShipmentCreated) => Occurrence::ShipmentCreated { shipment: parcel() },
        (Trigger::ShipmentUpdated(status), _) => {
            Occurrence::ShipmentUpdated { shipment: parcel(), status: *status }
        }
        (Trigger::ShipmentIssue(issue @ (Issue::FulfillmentStalled | Issue::ShipmentStalled)), _) => {
            let unmoved = known.order.map(crate::order::OrderView::unmoved).unwrap_or_default();
            let since = unmoved.into_iter().find(|(of, _)| of == issue).map_or(at, |(_, since)| since);
            Occurrence::ShipmentIssue { issue: *issue, since }
        }
        (Trigger::CartAbandoned(after), _) => {
            let touched = known.cart.and_then(|cart| cart.state.as_ref()).map(|state| state.touched_at);
            Occurrence::CartAbandoned { after: *after, touched_at: touched.unwrap_or(at) }
        }
        (Trigger::SearchedWithoutPurchase(after), _) => {
            let searched_at = at.saturating_sub(after.nominal()).unwrap_or(at);
            Occurrence::SearchedWithoutPurchase { after: *after, searched_at }
        }
        (Trigger::CustomerInactive(after), _) => {
            let last = known.customer.and_then(|customer| customer.last_order.as_ref()).map(|(at, _)| *at);
            Occurrence::CustomerInactive { after: *after, since: last.unwrap_or(at) }
        }
        (Trigger::PurchaseAnniversary, _) => Occurrence::PurchaseAnniversary { on: today() },
        (Trigger::Birthday, _) => Occurrence::Birthday { on: today() },
        (Trigger::SubscriptionRenewal(before), _) => Occurrence::SubscriptionRenewal {
            subscription: SUBSCRIPTION.to_owned(),
            before: *before,
            on: zone.to_datetime(before.from(at, zone)).date(),
        },
        (_, Kind::MessageReported(report)) => {
            Occurrence::MessageReported { stage: stage(known.subject), report }
        }
        (_, Kind::StartedBy) => {
            Occurrence::StartedBy { flow: flow.clone(), stage: stage(known.subject), deep: 1 }
        }
        _ => return None,
    })
}
