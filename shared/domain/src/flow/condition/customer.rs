//! What conditions ask of a customer, and where it lies.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Circumstances, Word, order};
use crate::{
    fact::{Choice, Contact},
    flow::Channel,
    id::OrderId,
};

/// What a customer said when they were asked how it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Satisfaction {
    /// All was well.
    Satisfied,
    /// Something was wrong.
    Dissatisfied,
}

impl Satisfaction {
    /// What a button says of it.
    pub fn of(choice: Choice) -> Option<Self> {
        match choice {
            Choice::Satisfied => Some(Self::Satisfied),
            Choice::Dissatisfied => Some(Self::Dissatisfied),
            Choice::Confirm | Choice::Cancel => None,
        }
    }
}

impl Word for Satisfaction {
    fn word(&self) -> &str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Dissatisfied => "dissatisfied",
        }
    }
}

pub(super) fn is_first_time(on: &Circumstances<'_>) -> Option<bool> {
    Some(on.customer.is_none_or(|customer| customer.orders <= 1))
}

pub(super) fn is_repeat(on: &Circumstances<'_>) -> Option<bool> {
    is_first_time(on).map(|first| !first)
}

pub(super) fn order_count(on: &Circumstances<'_>) -> Option<u32> {
    Some(on.customer?.orders)
}

pub(super) fn total_spent(on: &Circumstances<'_>) -> Option<Decimal> {
    let spent = &on.customer?.spent;
    if let Some(currency) = order::currency(on) {
        return Some(spent.get(&currency).copied().unwrap_or_default());
    }
    let mut amounts = spent.values();
    match (amounts.next(), amounts.next()) {
        (only, None) => Some(only.copied().unwrap_or_default()),
        // Amounts of several currencies cannot be added up.
        _ => None,
    }
}

pub(super) fn returns(on: &Circumstances<'_>) -> Option<u32> {
    Some(on.customer?.returns)
}

pub(super) fn return_rate(on: &Circumstances<'_>) -> Option<Decimal> {
    let customer = on.customer?;
    Decimal::from(customer.returns).checked_mul(Decimal::ONE_HUNDRED)?.checked_div(customer.orders.into())
}

/// The last order beside the one that it is about.
fn other_order(on: &Circumstances<'_>) -> Option<Timestamp> {
    let customer = on.customer?;
    let own = on.order.map(|order| &order.id);
    let placed = [&customer.last_order, &customer.previous_order].into_iter().flatten();
    placed.into_iter().find(|(_, order): &&(_, OrderId)| Some(order) != own).map(|(at, _)| *at)
}

pub(super) fn last_order(on: &Circumstances<'_>) -> Option<SignedDuration> {
    Some(on.now.duration_since(other_order(on)?))
}

pub(super) fn has_ordered_again(on: &Circumstances<'_>) -> Option<bool> {
    on.customer?;
    let since = match (on.run, on.snapshot()) {
        (Some(run), _) => run.started_at,
        (None, Some(snapshot)) => snapshot.created_at,
        (None, None) => return None,
    };
    Some(other_order(on).is_some_and(|at| at > since))
}

pub(super) fn tags<'a>(on: &Circumstances<'a>) -> Option<impl Iterator<Item = &'a str> + Clone + use<'a>> {
    Some(on.customer?.tags.iter().filter(|(_, (_, on))| *on).map(|(tag, _)| tag.as_str()))
}

pub(super) fn tier<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    on.customer?.tier_name()
}

pub(super) fn points(on: &Circumstances<'_>) -> Option<Decimal> {
    Some(on.customer?.points().into())
}

/// What the subject says of them, and what else is known.
fn contacts<'a>(on: &Circumstances<'a>) -> impl Iterator<Item = &'a Contact> + Clone + use<'a> {
    let own = on.order.and_then(|order| order.contact()).or_else(|| on.cart?.contact());
    let known = on.customer.and_then(|customer| customer.contact.as_ref()).map(|(_, contact)| contact);
    [own, known].into_iter().flatten()
}

pub(super) fn language<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    contacts(on).find_map(|contact| contact.language.as_deref())
}

pub(super) fn opted_in<'a>(
    on: &Circumstances<'a>,
) -> Option<impl Iterator<Item = Channel> + Clone + use<'a>> {
    let customer = on.customer?;
    Some(Channel::ALL.into_iter().filter(|channel| customer.wants_marketing(*channel)))
}

pub(super) fn reachable<'a>(
    on: &Circumstances<'a>,
) -> Option<impl Iterator<Item = Channel> + Clone + use<'a>> {
    let contacts = contacts(on);
    contacts.clone().next()?;
    Some(Channel::ALL.into_iter().filter(move |channel| {
        contacts.clone().any(|contact| match channel {
            Channel::Whatsapp => contact.phone.is_some(),
            Channel::Email => contact.email.is_some(),
        })
    }))
}

pub(super) fn accepts_marketing(on: &Circumstances<'_>) -> Option<bool> {
    opted_in(on).map(|mut channels| channels.next().is_some())
}

pub(super) fn last_reply<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    let last = match on.order {
        Some(order) => order.last_reply.as_ref(),
        None => on.customer?.last_reply.as_ref(),
    };
    last.map(|(_, said)| said.as_str())
}

pub(super) fn satisfaction(on: &Circumstances<'_>) -> Option<Satisfaction> {
    let about_order = on.order.into_iter().flat_map(|order| &order.replies);
    let about_it = about_order.filter_map(|(choice, at)| Some((*at, Satisfaction::of(*choice)?)));
    let at_all = on.customer.and_then(|customer| customer.satisfaction);
    about_it.chain(at_all).max().map(|(_, satisfaction)| satisfaction)
}
