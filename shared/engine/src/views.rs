//! The views of subjects, whatever kind they are of.

use harkara_domain::{
    Awaited, CartView, CustomerId, CustomerView, Fact, Occurrence, OrderStatus, OrderView, StoreId, Subject,
    cart, customer, fact::Contact, occurrence::Folded, order,
};

use crate::{
    keys,
    port::{Expect, Item, TableError, Write},
    record::{self, Stored, decode},
};

/// The view of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Of an order.
    Order(Box<OrderView>),
    /// Of a customer.
    Customer(Box<CustomerView>),
    /// Of a cart.
    Cart(Box<CartView>),
}

impl View {
    /// A subject that nothing is known of yet.
    pub fn empty(store: &StoreId, subject: &Subject) -> Self {
        match subject {
            Subject::Order(id) => Self::Order(Box::new(OrderView::empty(store, id))),
            Subject::Customer(id) => Self::Customer(Box::new(CustomerView::empty(store, id))),
            Subject::Cart(id) => Self::Cart(Box::new(CartView::empty(store, id))),
        }
    }

    /// Reads the view of a subject.
    ///
    /// # Errors
    /// When the item holds no view of its kind.
    pub fn decode(subject: &Subject, item: &Item) -> Result<Stored<Self>, TableError> {
        Ok(match subject {
            Subject::Order(_) => boxed(decode(item)?, Self::Order),
            Subject::Customer(_) => boxed(decode(item)?, Self::Customer),
            Subject::Cart(_) => boxed(decode(item)?, Self::Cart),
        })
    }

    /// A put of it, in its lists.
    pub fn put(&self, store: &StoreId, subject: &Subject, expect: Expect) -> Write {
        let key = keys::view(store, subject);
        match self {
            Self::Order(view) => {
                let mut item = record::item(key, view);
                item.list = keys::order_list(view);
                item.due = keys::view_due(store, subject, &view.awaits);
                Write::Put(item, expect)
            }
            Self::Customer(view) => put_customer(view, expect),
            Self::Cart(view) => {
                let mut item = record::item(key, view);
                item.due = keys::view_due(store, subject, &view.awaits);
                Write::Put(item, expect)
            }
        }
    }

    /// Folds a fact in.
    pub fn fold(before: Option<&Self>, fact: &Fact, subject: &Subject) -> Folded<Self> {
        match subject {
            Subject::Order(id) => folded(order::fold(before.and_then(Self::order), fact, id), |view| {
                Self::Order(Box::new(view))
            }),
            Subject::Customer(id) => {
                folded(customer::fold(before.and_then(Self::customer), fact, id), |view| {
                    Self::Customer(Box::new(view))
                })
            }
            Subject::Cart(id) => {
                folded(cart::fold(before.and_then(Self::cart), fact, id), |view| Self::Cart(Box::new(view)))
            }
        }
    }

    /// The order, where it is one.
    pub fn order(&self) -> Option<&OrderView> {
        match self {
            Self::Order(view) => Some(view),
            Self::Customer(_) | Self::Cart(_) => None,
        }
    }

    /// The customer, where it is one; not the customer behind an order.
    pub fn customer(&self) -> Option<&CustomerView> {
        match self {
            Self::Customer(view) => Some(view),
            Self::Order(_) | Self::Cart(_) => None,
        }
    }

    /// The cart, where it is one.
    pub fn cart(&self) -> Option<&CartView> {
        match self {
            Self::Cart(view) => Some(view),
            Self::Order(_) | Self::Customer(_) => None,
        }
    }

    /// Who is behind it, as it says itself.
    pub fn contact(&self) -> Option<&Contact> {
        match self {
            Self::Order(view) => view.contact(),
            Self::Customer(view) => view.contact.as_ref().map(|(_, contact)| contact),
            Self::Cart(view) => view.contact(),
        }
    }

    /// The customer behind it.
    pub fn customer_id(&self) -> Option<&CustomerId> {
        match self {
            Self::Order(view) => view.contact()?.id.as_ref(),
            Self::Customer(view) => Some(&view.id),
            Self::Cart(view) => view.customer(),
        }
    }

    /// Where the order stands, where it is one.
    pub fn status(&self) -> Option<OrderStatus> {
        self.order().map(OrderView::status)
    }

    /// What time will bring about, the earliest first.
    pub fn awaits(&self) -> &[Awaited] {
        match self {
            Self::Order(view) => &view.awaits,
            Self::Customer(view) => &view.awaits,
            Self::Cart(view) => &view.awaits,
        }
    }

    /// The same, to be changed.
    pub(crate) fn awaits_mut(&mut self) -> &mut Vec<Awaited> {
        match self {
            Self::Order(view) => &mut view.awaits,
            Self::Customer(view) => &mut view.awaits,
            Self::Cart(view) => &mut view.awaits,
        }
    }

    /// Whether what time is said to have brought about is so.
    pub(crate) fn is_so(&self, occurrence: &Occurrence) -> bool {
        match self {
            Self::Order(view) => view.is_so(occurrence),
            Self::Customer(view) => view.is_so(occurrence),
            Self::Cart(view) => view.is_so(occurrence),
        }
    }

    /// Whether a run on it has to be looked at when something happens to it.
    pub fn is_listened(&self) -> bool {
        match self {
            Self::Order(view) => view.listened,
            Self::Customer(view) => view.listened,
            Self::Cart(view) => view.listened,
        }
    }

    /// Notes that a run on it has to be.
    pub fn listen(&mut self) {
        match self {
            Self::Order(view) => view.listened = true,
            Self::Customer(view) => view.listened = true,
            Self::Cart(view) => view.listened = true,
        }
    }
}

/// A put of a customer's view, in its lists.
pub(crate) fn put_customer(view: &CustomerView, expect: Expect) -> Write {
    let subject = Subject::Customer(view.id.clone());
    let mut item = record::item(keys::view(&view.store, &subject), view);
    item.list = keys::birthday_list(view);
    item.due = keys::view_due(&view.store, &subject, &view.awaits);
    Write::Put(item, expect)
}

fn boxed<V>(stored: Stored<V>, of: impl Fn(Box<V>) -> View) -> Stored<View> {
    Stored { value: of(Box::new(stored.value)), version: stored.version }
}

fn folded<V>(folded: Folded<V>, of: impl Fn(V) -> View) -> Folded<View> {
    Folded { view: of(folded.view), changed: folded.changed, transitions: folded.transitions }
}
