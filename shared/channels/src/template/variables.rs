//! What a template can say about an order.

use std::fmt;

use harkara_domain::{
    CartView, CustomerView, Occurrence, OrderView,
    fact::{Contact, LineItem},
    run,
};
use jiff::{Zoned, tz::TimeZone};
use liquid::{ObjectView, ValueView};

use crate::text::{at_most, one_line};
pub use list::VARIABLES;

mod list;

/// Names and places are what a stranger typed into a checkout; a message should not carry more.
const MAX_NAME: usize = 60;
/// A title in the summary of the items.
const MAX_TITLE: usize = 40;
/// Lines of an order that its summary names.
const MAX_LINES: usize = 3;

/// The values for one message. Each is one line, or absent; its `Debug` form shows none of them.
#[derive(Clone, ObjectView, ValueView)]
pub struct Variables {
    order: Order,
    customer: Customer,
    cart: Cart,
    subscription: Subscription,
    coupon: Coupon,
    store: Store,
}

#[derive(Clone, Debug, ObjectView, ValueView)]
struct Order {
    name: Option<String>,
    total: Option<String>,
    items: Option<String>,
    city: Option<String>,
    status: Option<String>,
    tracking_url: Option<String>,
    tracking_number: Option<String>,
    courier: Option<String>,
    status_url: Option<String>,
}

#[derive(Clone, Debug, Default, ObjectView, ValueView)]
struct Customer {
    first_name: Option<String>,
    last_name: Option<String>,
    name: Option<String>,
    language: Option<String>,
    tier: Option<String>,
    next_tier: Option<String>,
    points: Option<String>,
}

#[derive(Clone, Debug, Default, ObjectView, ValueView)]
struct Cart {
    items: Option<String>,
    total: Option<String>,
    url: Option<String>,
}

#[derive(Clone, Debug, Default, ObjectView, ValueView)]
struct Subscription {
    title: Option<String>,
    renews_on: Option<String>,
}

#[derive(Clone, Debug, ObjectView, ValueView)]
struct Coupon {
    code: Option<String>,
    expires: Option<String>,
}

#[derive(Clone, Debug, ObjectView, ValueView)]
struct Store {
    name: Option<String>,
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables(…)")
    }
}

impl Variables {
    /// The values of an order. The customer's name is the one on this order; what other orders said
    /// of them fills in what it leaves out.
    pub fn of(order: Option<&OrderView>, customer: Option<&CustomerView>, store_name: &str) -> Self {
        let snapshot = order.and_then(|order| order.snapshot.as_ref());
        let tracking = order.and_then(OrderView::tracking);
        let known = customer.and_then(|view| view.contact.as_ref()).map(|(_, contact)| contact);
        let contacts = [order.and_then(OrderView::contact), known];
        Self {
            order: Order {
                name: snapshot.and_then(|snapshot| value(&snapshot.name, MAX_NAME)),
                total: snapshot.map(|snapshot| snapshot.total.to_string()),
                items: snapshot.and_then(|snapshot| items(&snapshot.items, snapshot.item_count)),
                city: snapshot
                    .and_then(|snapshot| snapshot.address.as_ref())
                    .and_then(|address| value(&address.city, MAX_NAME)),
                status: order.map(|order| order.status().to_string()),
                tracking_url: tracking.and_then(|tracking| link(tracking.url.as_deref()?)),
                tracking_number: tracking.and_then(|tracking| value(tracking.number.as_deref()?, MAX_NAME)),
                courier: tracking.and_then(|tracking| value(tracking.company.as_deref()?, MAX_NAME)),
                status_url: snapshot.and_then(|snapshot| link(snapshot.status_url.as_deref()?)),
            },
            customer: Customer::of(&contacts, customer),
            cart: Cart::default(),
            subscription: Subscription::default(),
            coupon: Coupon { code: None, expires: None },
            store: Store { name: value(store_name, MAX_NAME) },
        }
    }

    /// The same with the run's coupon, where it has made one; its end is told in the shop's time zone.
    #[must_use]
    pub fn with_coupon(self, coupon: Option<&run::Coupon>, zone: &TimeZone) -> Self {
        let Some(coupon) = coupon else { return self };
        let coupon = Coupon {
            code: value(&coupon.code, MAX_NAME),
            expires: Some(expires(&coupon.ends_at.to_zoned(zone.clone()))),
        };
        Self { coupon, ..self }
    }

    /// The same with those of a cart. Its customer's name fills in what is not known otherwise.
    #[must_use]
    pub fn with_cart(mut self, cart: Option<&CartView>) -> Self {
        let Some(cart) = cart else { return self };
        if self.customer.name.is_none() {
            let Customer { first_name, last_name, name, .. } = Customer::of(&[cart.contact()], None);
            self.customer = Customer { first_name, last_name, name, ..self.customer };
        }
        let pieces = cart.items().iter().fold(0u32, |sum, item| sum.saturating_add(item.quantity));
        self.cart = Cart {
            items: items(cart.items(), pieces),
            total: cart.total().map(|total| total.to_string()),
            url: cart.state.as_ref().and_then(|state| link(state.url.as_deref()?)),
        };
        self
    }

    /// The same with those of what has come about: which subscription renews.
    #[must_use]
    pub fn with_occurrence(mut self, occurrence: &Occurrence, customer: Option<&CustomerView>) -> Self {
        if let Occurrence::SubscriptionRenewal { subscription, on, .. } = occurrence {
            let told = customer.and_then(|customer| customer.subscriptions.get(subscription));
            self.subscription = Subscription {
                title: told.and_then(|told| value(told.title.as_deref()?, MAX_NAME)),
                renews_on: Some(on.strftime("%-d %b %Y").to_string()),
            };
        }
        self
    }

    /// Values of an invented order: for previews, and for the samples that Meta wants with a template.
    pub fn sample() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            order: Order {
                name: some("#1042"),
                total: some("Rs 4,499"),
                items: some("2 x Lawn suit, 1 x Chadar"),
                city: some("Lahore"),
                status: some("dispatched"),
                tracking_url: some("https://courier.example/track/LE7501"),
                tracking_number: some("LE7501"),
                courier: some("Leopards"),
                status_url: some("https://shop.example/orders/1042"),
            },
            customer: Customer {
                first_name: some("Ayesha"),
                last_name: some("Khan"),
                name: some("Ayesha Khan"),
                language: some("ur"),
                tier: some("Silver"),
                next_tier: some("Gold"),
                points: some("1250"),
            },
            cart: Cart {
                items: some("1 x Khussa, embroidered"),
                total: some("Rs 1,150"),
                url: some("https://shop.example/cart/1042"),
            },
            subscription: Subscription { title: some("Attar every month"), renews_on: some("5 Jan 2027") },
            coupon: Coupon { code: some("WELCOME-7K2M9QX4D0TC"), expires: some("29 Nov 2026") },
            store: Store { name: some("Gulab Fabrics") },
        }
    }

    /// Whether there is a value, for a name of [`VARIABLES`].
    pub fn has(&self, variable: &str) -> bool {
        self.find(variable).is_some_and(|found| !found.is_nil())
    }

    fn find(&self, variable: &str) -> Option<&dyn ValueView> {
        let (object, field) = variable.split_once('.')?;
        ObjectView::get(self, object)?.as_object()?.get(field)
    }
}

/// A day that counts whole needs no time.
fn expires(end: &Zoned) -> String {
    let whole = (end.hour(), end.minute()) == (23, 59);
    end.strftime(if whole { "%-d %b %Y" } else { "%-d %b %Y, %H:%M" }).to_string()
}

impl Customer {
    /// By name as the first of `contacts` says that knows it.
    fn of(contacts: &[Option<&Contact>], known: Option<&CustomerView>) -> Self {
        let said = |part: fn(&Contact) -> Option<&String>| {
            contacts.iter().flatten().find_map(|contact| value(part(contact)?, MAX_NAME))
        };
        let first_name = said(|contact| contact.first_name.as_ref());
        let last_name = said(|contact| contact.last_name.as_ref());
        let both: Vec<&str> =
            [&first_name, &last_name].into_iter().filter_map(|part| part.as_deref()).collect();
        let name = value(&both.join(" "), MAX_NAME);
        let tier = known.and_then(|known| known.tier.as_ref()).map(|(_, tier)| tier);
        let counted =
            |known: &&CustomerView| known.points_added != 0 || tier.is_some_and(|tier| tier.points.is_some());
        Self {
            first_name,
            last_name,
            name,
            language: said(|contact| contact.language.as_ref()),
            tier: known.and_then(|known| value(known.tier_name()?, MAX_NAME)),
            next_tier: tier.and_then(|tier| value(tier.close_to.as_deref()?, MAX_NAME)),
            points: known.filter(counted).map(|known| known.points().to_string()),
        }
    }
}

fn value(text: &str, max: usize) -> Option<String> {
    let line = one_line(text);
    (!line.is_empty()).then(|| at_most(line, max))
}

/// Only what a phone opens as a page; a cut link would be a wrong one.
fn link(text: &str) -> Option<String> {
    let text = text.trim();
    let page = text.starts_with("https://") || text.starts_with("http://");
    (page && !text.contains(|c: char| c.is_whitespace() || c.is_control())).then(|| text.to_owned())
}

/// The first lines, and how many of the `count` pieces there are besides.
fn items(lines: &[LineItem], count: u32) -> Option<String> {
    let named: Vec<&LineItem> = lines.iter().take(MAX_LINES).collect();
    let mut parts: Vec<String> = named
        .iter()
        .filter_map(|item| Some(format!("{} x {}", item.quantity, value(&item.title, MAX_TITLE)?)))
        .collect();
    let pieces = named.iter().fold(0u32, |sum, item| sum.saturating_add(item.quantity));
    let rest = count.saturating_sub(pieces);
    if rest > 0 && !parts.is_empty() {
        parts.push(format!("+{rest} more"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_list_is_what_there_is() {
        let sample = Variables::sample();
        for (name, _) in VARIABLES {
            assert!(sample.has(name), "{name}");
        }
        let fields = |object: &str| {
            ObjectView::get(&sample, object).and_then(|view| view.as_object()).map_or(0, ObjectView::size)
        };
        let there: i64 = ObjectView::keys(&sample).map(|key| fields(key.as_str())).sum();
        assert_eq!(there, i64::try_from(VARIABLES.len()).unwrap());
        assert!(!sample.has("cart.phone") && !sample.has("order.phone") && !sample.has("order"));
    }

    #[test]
    fn a_link_is_a_page() {
        assert_eq!(link(" https://a.pk/1 ").as_deref(), Some("https://a.pk/1"));
        for bad in ["javascript:alert(1)", "https://a.pk/ x", "a.pk/1", ""] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }
}
