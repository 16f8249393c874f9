//! Who is behind an order or a cart.

use harkara_domain::{CustomerId, Phone, fact::Contact};

use super::{
    Delivery,
    model::{self, given},
};
use crate::{
    json::bare_id,
    limits::{self, line},
    phone,
};

/// What an order, a checkout or a cart says of its customer.
pub(super) struct Named<'t, 'a> {
    pub(super) phone: Option<&'t str>,
    pub(super) email: Option<&'t str>,
    pub(super) contact_email: Option<&'t str>,
    pub(super) locale: Option<&'t str>,
    pub(super) customer: Option<&'t model::Customer<'a>>,
    pub(super) shipping_address: Option<&'t model::Address<'a>>,
    pub(super) billing_address: Option<&'t model::Address<'a>>,
}

impl<'t, 'a> Named<'t, 'a> {
    pub(super) fn in_order(order: &'t model::Order<'a>) -> Self {
        Self {
            phone: given(&order.phone),
            email: given(&order.email),
            contact_email: given(&order.contact_email),
            locale: given(&order.customer_locale),
            customer: order.customer.as_ref(),
            shipping_address: order.shipping_address.as_ref(),
            billing_address: order.billing_address.as_ref(),
        }
    }

    pub(super) fn in_cart(cart: &'t model::Cart<'a>) -> Self {
        Self {
            phone: given(&cart.phone),
            email: given(&cart.email),
            contact_email: None,
            locale: given(&cart.customer_locale),
            customer: cart.customer.as_ref(),
            shipping_address: cart.shipping_address.as_ref(),
            billing_address: cart.billing_address.as_ref(),
        }
    }
}

pub(super) fn contact(delivery: Delivery<'_>, named: &Named<'_, '_>) -> Contact {
    let customer = named.customer;
    let phone = phone(delivery, named);
    let emails = [named.email, named.contact_email, customer.and_then(|c| given(&c.email))];
    let email = emails.into_iter().flatten().find_map(limits::email);
    let source_id = customer.and_then(|customer| given(&customer.id)).map(bare_id);
    let (first_name, last_name) = names(named);
    Contact {
        id: CustomerId::of(delivery.context.store, phone.as_ref(), email.as_deref(), source_id),
        first_name: first_name.and_then(|name| line(name, limits::NAME)),
        last_name: last_name.and_then(|name| line(name, limits::NAME)),
        phone,
        email,
        language: named.locale.and_then(limits::language),
    }
}

/// Both names of whoever has any: who the parcel is for, else who has the account.
fn names<'t>(named: &Named<'t, '_>) -> (Option<&'t str>, Option<&'t str>) {
    let recipient = named.shipping_address.map(|a| (given(&a.first_name), given(&a.last_name)));
    let customer = named.customer.map(|c| (given(&c.first_name), given(&c.last_name)));
    let named = |names: &(Option<&str>, Option<&str>)| names.0.is_some() || names.1.is_some();
    recipient.filter(named).or(customer).unwrap_or_default()
}

/// The first phone that is a number, read as from the country of the address that it is with.
fn phone(delivery: Delivery<'_>, named: &Named<'_, '_>) -> Option<Phone> {
    let (shipping, billing) = (named.shipping_address, named.billing_address);
    let customer = named.customer;
    let home = customer.and_then(|customer| customer.default_address.as_ref());
    let candidates = [
        (named.phone, shipping.or(billing)),
        (shipping.and_then(|address| given(&address.phone)), shipping),
        (billing.and_then(|address| given(&address.phone)), billing),
        (customer.and_then(|customer| given(&customer.phone)), home.or(shipping).or(billing)),
        (home.and_then(|address| given(&address.phone)), home),
    ];
    candidates.into_iter().find_map(|(text, address)| {
        let region = address.and_then(country).or(delivery.connection.region.as_deref());
        phone::normalise(text?, region)
    })
}

/// An ISO 3166-1 alpha-2 code, in whichever case.
pub(super) fn country<'t>(address: &'t model::Address<'_>) -> Option<&'t str> {
    given(&address.country_code)
        .filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()))
}
