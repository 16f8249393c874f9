//! Carts.

use harkara_domain::{
    FactBody,
    fact::{CartFact, Contact},
};

use super::{
    Kind, Saying,
    order::{Item, items},
    shape::object,
    value::{Many, Page, Price, Reference},
    who::Person,
};
use crate::limits::LINES;

object! {
    /// Something was put into a cart or taken out, or its owner became known.
    struct CartUpdated {
        /// The cart: `custom-<your id>`.
        cart: Reference,
        /// Whose it is, as far as known; without that nobody can be reminded of it.
        customer: Option<Person>,
        /// What is in it; with nothing it is emptied.
        items: Many<Item, LINES>,
        /// What it costs in all.
        total: Option<Price>,
        /// A page where the customer can go on.
        url: Option<Page>,
    }
}

object! {
    /// A cart was emptied or thrown away.
    struct CartEmptied {
        /// The cart.
        cart: Reference,
    }
}

object! {
    /// A cart became an order.
    struct CartCheckedOut {
        /// The cart.
        cart: Reference,
        /// The order.
        order: Reference,
    }
}

fn bare(cart: Reference, saying: &Saying<'_>) -> CartFact {
    CartFact {
        id: cart.0.into(),
        touched_at: saying.at,
        customer: Contact::default(),
        items: Vec::new(),
        total: None,
        url: None,
        order: None,
        gone: false,
    }
}

fn said(cart: CartFact) -> Vec<FactBody> {
    vec![FactBody::Cart(Box::new(cart))]
}

impl Kind for CartUpdated {
    const KIND: &'static str = "cart_updated";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let customer = self.customer.map(|person| person.contact(saying.telling.store));
        said(CartFact {
            customer: customer.unwrap_or_default(),
            gone: self.items.0.is_empty(),
            items: items(self.items),
            total: self.total.map(|price| price.money()),
            url: self.url.map(|page| page.0),
            ..bare(self.cart, saying)
        })
    }
}

impl Kind for CartEmptied {
    const KIND: &'static str = "cart_emptied";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        said(CartFact { gone: true, ..bare(self.cart, saying) })
    }
}

impl Kind for CartCheckedOut {
    const KIND: &'static str = "cart_checked_out";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        said(CartFact { order: Some(self.order.0.into()), ..bare(self.cart, saying) })
    }
}
