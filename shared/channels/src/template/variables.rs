//! What a template can say about an order.

use std::fmt;

use harkara_domain::{
    CustomerView, OrderView,
    fact::{Contact, LineItem, OrderSnapshot},
};
use liquid::{ObjectView, ValueView};

use crate::text::{at_most, one_line};

/// Every variable, with what it holds. Nothing else can be written into a template.
pub const VARIABLES: [(&str, &str); 13] = [
    ("order.name", "what the customer calls the order: #1042"),
    ("order.total", "what it costs in all: Rs 1,499"),
    ("order.items", "what was ordered, in short: 2 x Lawn suit, 1 x Chadar"),
    ("order.city", "where it goes"),
    ("order.status", "where it stands: out for delivery"),
    ("order.tracking_url", "a page that follows the parcel"),
    ("order.tracking_number", "the consignment number"),
    ("order.courier", "who carries the parcel"),
    ("order.status_url", "the shop's page of the order"),
    ("customer.first_name", "first name"),
    ("customer.last_name", "last name"),
    ("customer.name", "first and last name, as far as known"),
    ("store.name", "the shop"),
];

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

#[derive(Clone, Debug, ObjectView, ValueView)]
struct Customer {
    first_name: Option<String>,
    last_name: Option<String>,
    name: Option<String>,
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
    pub fn of(order: &OrderView, customer: Option<&CustomerView>, store_name: &str) -> Self {
        let snapshot = order.snapshot.as_ref();
        let tracking = order.tracking();
        let known = customer.and_then(|view| view.contact.as_ref()).map(|(_, contact)| contact);
        let name = |part: fn(&Contact) -> Option<&String>| {
            [order.contact(), known].into_iter().flatten().find_map(|contact| value(part(contact)?, MAX_NAME))
        };
        let first_name = name(|contact| contact.first_name.as_ref());
        let last_name = name(|contact| contact.last_name.as_ref());
        let both: Vec<&str> =
            [&first_name, &last_name].into_iter().filter_map(|part| part.as_deref()).collect();
        let customer_name = value(&both.join(" "), MAX_NAME);
        Self {
            order: Order {
                name: snapshot.and_then(|snapshot| value(&snapshot.name, MAX_NAME)),
                total: snapshot.map(|snapshot| snapshot.total.to_string()),
                items: snapshot.and_then(items),
                city: snapshot
                    .and_then(|snapshot| snapshot.address.as_ref())
                    .and_then(|address| value(&address.city, MAX_NAME)),
                status: Some(order.status().to_string()),
                tracking_url: tracking.and_then(|tracking| link(tracking.url.as_deref()?)),
                tracking_number: tracking.and_then(|tracking| value(tracking.number.as_deref()?, MAX_NAME)),
                courier: tracking.and_then(|tracking| value(tracking.company.as_deref()?, MAX_NAME)),
                status_url: snapshot.and_then(|snapshot| link(snapshot.status_url.as_deref()?)),
            },
            customer: Customer { first_name, last_name, name: customer_name },
            store: Store { name: value(store_name, MAX_NAME) },
        }
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
            },
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

fn items(snapshot: &OrderSnapshot) -> Option<String> {
    let named: Vec<&LineItem> = snapshot.items.iter().take(MAX_LINES).collect();
    let mut parts: Vec<String> = named
        .iter()
        .filter_map(|item| Some(format!("{} x {}", item.quantity, value(&item.title, MAX_TITLE)?)))
        .collect();
    let pieces = named.iter().fold(0u32, |sum, item| sum.saturating_add(item.quantity));
    let rest = snapshot.item_count.saturating_sub(pieces);
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
        assert!(!sample.has("order.phone") && !sample.has("order"));
    }

    #[test]
    fn a_link_is_a_page() {
        assert_eq!(link(" https://a.pk/1 ").as_deref(), Some("https://a.pk/1"));
        for bad in ["javascript:alert(1)", "https://a.pk/ x", "a.pk/1", ""] {
            assert_eq!(link(bad), None, "{bad}");
        }
    }
}
