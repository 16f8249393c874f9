//! What a customer's answer means. The answer itself is a fact; what follows from it depends on where
//! the order stands and on the words that the store knows, so it is more facts, made here.

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, FactId, OrderStatus, OrderView, Point, StoreId, Subject,
    customer::words_of,
    fact::{Actor, Choice, CustomerAction, CustomerFact, OrderAction, Reply, Said},
    flow::{
        Channel,
        heard::{Intent, OwnWords},
    },
};

use super::{Matcher, plan::Before};
use crate::{fault::Fault, keys, record::load, views::View};

/// The flag of an order whose customer tapped Cancel when it was on its road already.
const CANCEL_REQUESTED: &str = "cancel_requested";
/// The flag of an order whose customer said that something was wrong.
const COMPLAINT: &str = "complaint";

/// The facts that follow from an answer; `view` is the subject's after it.
pub(super) fn follow_ups(view: &View, fact: &Fact, words: &OwnWords) -> Vec<Fact> {
    let FactBody::Reply(reply) = &fact.body else { return Vec::new() };
    match &reply.said {
        Said::Tapped { choice, .. } => {
            view.order().map(|order| tapped(order, fact, *choice)).unwrap_or_default()
        }
        Said::Wrote(text) => wrote(reply, fact, text, words).into_iter().collect(),
    }
}

/// What a tap does to its order.
fn tapped(order: &OrderView, fact: &Fact, choice: Choice) -> Vec<Fact> {
    let status = order.status();
    let flag = |flag: &str| OrderAction::SetFlag { flag: flag.to_owned(), on: true };
    let actions = match choice {
        // Wherever the order stands by now: what else is known may have come before what happened first.
        Choice::Confirm if order.reached.get(&Point::Confirmed).is_none_or(|at| *at > fact.occurred_at) => {
            vec![("confirm", OrderAction::Reach(Point::Confirmed))]
        }
        Choice::Cancel if status < OrderStatus::Booked => {
            vec![("cancel", OrderAction::Reach(Point::Cancelled))]
        }
        // The parcel is on its road: a tap cannot call it back, a person may.
        Choice::Cancel if !status.is_terminal() => vec![
            ("cancel", flag(CANCEL_REQUESTED)),
            ("cancel/requested", OrderAction::Reach(Point::CancellationRequested)),
        ],
        Choice::Dissatisfied => vec![("dissatisfied", flag(COMPLAINT))],
        Choice::Confirm | Choice::Cancel | Choice::Satisfied => Vec::new(),
    };
    let follows = |(name, action): (&str, OrderAction)| Fact {
        id: FactId::new(format!("{}/{name}", fact.id)),
        body: FactBody::Action { order: order.id.clone(), action, by: Actor::Customer },
        ..fact.clone()
    };
    actions.into_iter().map(follows).collect()
}

/// STOP and START, and their kin.
fn wrote(reply: &Reply, fact: &Fact, text: &str, words: &OwnWords) -> Option<Fact> {
    let customer = reply.customer.clone()?;
    let on = if Intent::Stop.heard_in(text, words) {
        true
    } else if Intent::Start.heard_in(text, words) {
        false
    } else {
        return None;
    };
    let channel = Channel::ALL.into_iter().find(|channel| channel.as_str() == &*fact.source);
    let said = CustomerFact::Acted { action: CustomerAction::Suppress { on, channel }, by: Actor::Customer };
    Some(Fact {
        id: FactId::new(format!("{}/{}", fact.id, if on { "stop" } else { "start" })),
        body: FactBody::Customer { customer, said },
        ..fact.clone()
    })
}

impl Before {
    /// Whether a text came before, and was taken to be about something else.
    pub(super) fn is_elsewhere(&self, fact: &Fact) -> bool {
        let Some(id) = words_of(fact) else { return false };
        let whole = self.view.as_ref().and_then(|view| view.value.customer());
        let behind = || self.customers.iter().find(|(held, _)| held == id)?.1.as_ref();
        let customer = whole.or_else(|| behind().map(|held| &held.value));
        customer.and_then(|customer| customer.text_about(&fact.id)).is_some_and(|about| about != self.subject)
    }
}

impl Matcher {
    /// What facts about a customer are folded into: whoever writes without a button means their last
    /// order, where they have one; all else is about themselves.
    pub(super) async fn last_order(
        &self,
        store: &StoreId,
        customer: CustomerId,
        facts: &[Fact],
    ) -> Result<Subject, Fault> {
        // A button says what it is about: this one was under a message about no order.
        if !facts.iter().all(|fact| words_of(fact).is_some()) {
            return Ok(customer.into());
        }
        let stored = load::<CustomerView>(&*self.table, &keys::customer(store, &customer)).await?;
        let known = stored.as_ref().map(|stored| &stored.value);
        if let Some(about) = known.and_then(|known| facts.iter().find_map(|fact| known.text_about(&fact.id)))
        {
            return Ok(about);
        }
        let orders =
            stored.into_iter().flat_map(|stored| [stored.value.last_order, stored.value.previous_order]);
        // Nobody means an order that they placed later.
        let wrote_at = facts.iter().map(|fact| fact.occurred_at).min();
        let mut meant = orders.flatten().filter(|(placed, _)| wrote_at.is_none_or(|at| *placed <= at));
        Ok(meant.next().map_or_else(|| customer.into(), |(_, order)| order.into()))
    }
}
