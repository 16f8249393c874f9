//! Subscriptions.

use harkara_domain::{FactBody, fact::CustomerFact};

use super::{
    Kind, Saying,
    shape::object,
    value::{Day, Line},
    who::Who,
};
use crate::limits::{LINE, NAME};

object! {
    /// A subscription of a customer, and when it renews next.
    struct Subscription {
        /// Whose it is.
        customer: Who,
        /// The shop's id of it.
        subscription: Line<NAME>,
        /// When it renews next.
        renews_on: Day,
        /// What it is called.
        title: Option<Line<LINE>>,
    }
}

object! {
    /// A subscription will not renew any more.
    struct SubscriptionEnded {
        /// Whose it was.
        customer: Who,
        /// The shop's id of it.
        subscription: Line<NAME>,
    }
}

impl Kind for Subscription {
    const KIND: &'static str = "subscription";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let said = CustomerFact::Subscription {
            id: self.subscription.0,
            renews_on: Some(self.renews_on.0),
            title: self.title.map(|title| title.0),
        };
        self.customer.said(saying, said)
    }
}

impl Kind for SubscriptionEnded {
    const KIND: &'static str = "subscription_ended";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let said = CustomerFact::Subscription { id: self.subscription.0, renews_on: None, title: None };
        self.customer.said(saying, said)
    }
}
