//! What a fact said, in the timeline's words.

use harkara_domain::{Fact, FactBody, OrderStatus, fact::Actor, history::What};

use crate::views::View;

/// Who acted.
pub(super) fn who(by: &Actor) -> String {
    match by {
        Actor::Customer => "the customer".to_owned(),
        Actor::Person(name) => name.clone(),
        Actor::Flow(name) => format!("the flow {name}"),
        Actor::Program(name) => format!("the program {name}"),
    }
}

/// What a fact said, given the view after it; `None` for a report that has no place in a timeline.
pub(super) fn what(fact: &Fact, after: &View) -> Option<What> {
    Some(match &fact.body {
        FactBody::Order(_) => What::Order { status: after.status().unwrap_or(OrderStatus::Pending) },
        FactBody::Shipment { update, .. } => What::Shipment(update.clone()),
        FactBody::Refund { refund, .. } => What::Refund { returned: refund.returned },
        FactBody::Reply(reply) => What::Reply(reply.said.clone()),
        FactBody::Action { action, by, .. } => What::Action { action: action.clone(), by: by.clone() },
        FactBody::Customer { said, .. } => What::Customer(said.clone()),
        FactBody::Cart(cart) => What::Cart {
            pieces: cart.items.iter().fold(0, |sum, item| item.quantity.saturating_add(sum)),
            closed: cart.is_closed(),
        },
        FactBody::Occurred { occurrence, .. } => What::Occurred(occurrence.clone()),
        FactBody::Done { deed, by, .. } => What::Done { deed: deed.clone(), by: by.clone() },
        FactBody::Receipt(_) => return None,
    })
}
