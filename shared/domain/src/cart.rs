//! The view of a cart: what a customer has put together and not ordered yet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    awaited::{self, Awaited},
    fact::{CartFact, Contact, Fact, FactBody, LineItem},
    id::{CartId, CustomerId, OrderId, StoreId},
    money::Money,
    occurrence::{Folded, Occurrence, Transition},
};

/// What is known of a cart: the latest state that was told, and its checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    /// Whose it is.
    pub store: StoreId,
    /// The cart.
    pub id: CartId,
    /// The latest state of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CartFact>,
    /// Whose it is, as was last told: the shop tells of a cart's content without its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<(Timestamp, Contact)>,
    /// The page where it can be gone on with, as was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<(Timestamp, String)>,
    /// When it became an order, or was emptied and not filled again: it is not abandoned any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The order that it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// A run on it has to be looked at when something happens to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listened: bool,
    /// What time will bring about, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaits: Vec<Awaited>,
}

impl CartView {
    /// A cart that nothing is known of yet.
    pub fn empty(store: &StoreId, id: &CartId) -> Self {
        Self {
            store: store.clone(),
            id: id.clone(),
            state: None,
            contact: None,
            url: None,
            closed_at: None,
            order: None,
            listened: false,
            awaits: Vec::new(),
        }
    }

    /// Whose cart it is.
    pub fn contact(&self) -> Option<&Contact> {
        let known = self.contact.as_ref().map(|(_, contact)| contact);
        known.or_else(|| self.state.as_ref().map(|state| &state.customer))
    }

    /// The customer, where one is known.
    pub fn customer(&self) -> Option<&CustomerId> {
        self.contact()?.id.as_ref()
    }

    /// What it holds.
    pub fn items(&self) -> &[LineItem] {
        self.state.as_ref().map_or(&[], |state| &state.items)
    }

    /// A page where the customer can go on.
    pub fn url(&self) -> Option<&str> {
        self.url.as_ref().map(|(_, url)| url.as_str())
    }

    /// What it costs.
    pub fn total(&self) -> Option<Money> {
        self.state.as_ref()?.total
    }

    fn apply(&mut self, fact: &Fact) {
        if let FactBody::Occurred { occurrence, .. } = &fact.body {
            awaited::settle(&mut self.awaits, occurrence);
        }
        let FactBody::Cart(cart) = &fact.body else { return };
        let newer =
            self.state.as_ref().is_none_or(|held| (held.touched_at, held) < (cart.touched_at, &**cart));
        let at = cart.touched_at;
        let ordered_at = self.closed_at.filter(|_| self.order.is_some());
        let ordered_at = [ordered_at, cart.order.is_some().then_some(at)].into_iter().flatten().min();
        self.order = self.order.take().max(cart.order.clone());
        if cart.customer != Contact::default() {
            self.contact = self.contact.take().max(Some((at, cart.customer.clone())));
        }
        let url = cart.url.as_ref().map(|url| (at, url.clone()));
        self.url = self.url.take().max(url);
        if newer {
            self.state = Some((**cart).clone());
        }
        let gone_at = self.state.as_ref().filter(|state| state.gone).map(|state| state.touched_at);
        self.closed_at = ordered_at.or(gone_at);
    }

    /// Whether what a fact says came about by time alone is so.
    pub fn is_so(&self, occurrence: &Occurrence) -> bool {
        match occurrence {
            Occurrence::CartAbandoned { touched_at, .. } => {
                let touched = self.state.as_ref().map(|state| state.touched_at);
                self.closed_at.is_none() && touched == Some(*touched_at)
            }
            Occurrence::StartedBy { .. } | Occurrence::MessageReported { .. } => true,
            _ => false,
        }
    }
}

/// Folds a fact about a cart into its view.
pub fn fold(before: Option<&CartView>, fact: &Fact, id: &CartId) -> Folded<CartView> {
    let mut view = before.cloned().unwrap_or_else(|| CartView::empty(&fact.store, id));
    view.apply(fact);
    let changed = before != Some(&view);
    let occurred = match &fact.body {
        FactBody::Occurred { occurrence, .. } if view.is_so(occurrence) => Some(occurrence.clone()),
        _ => None,
    };
    let transition = |occurrence| Transition { occurrence, at: fact.occurred_at, overtaken_by: None };
    Folded { view, changed, transitions: occurred.map(transition).into_iter().collect() }
}
