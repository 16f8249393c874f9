//! An order's own state.

use harkara_domain::{
    CustomerId, Money, Phone,
    fact::{Address, Contact, LineItem, OrderSnapshot, PaymentMethod},
};
use rust_decimal::Decimal;

use super::{
    Delivery,
    model::{self, entries, given},
    order_id,
};
use crate::{
    Malformed,
    json::{amount, bare_id},
    limits::{self, line},
    phone,
};

pub(super) fn snapshot(delivery: Delivery<'_>, order: &model::Order<'_>) -> Result<OrderSnapshot, Malformed> {
    let created_at = delivery.time("the order", [order.created_at, order.updated_at])?;
    let updated_at = order.updated_at.map_or(created_at, |when| when.0);
    let cancelled_at = order.cancelled_at.map(|when| when.0);
    let lines = entries(&order.line_items);
    Ok(OrderSnapshot {
        id: order_id(&order.id),
        name: name(order),
        created_at,
        updated_at,
        customer: contact(delivery, order),
        total: total(order)?,
        payment: payment(order),
        paid: matches!(given(&order.financial_status), Some("paid" | "partially_refunded" | "refunded")),
        address: order.shipping_address.as_ref().map(address),
        items: lines.iter().take(OrderSnapshot::MAX_ITEMS).map(item).collect::<Result<_, _>>()?,
        item_count: lines.iter().fold(0, |sum: u32, line| sum.saturating_add(pieces(line))),
        tags: tags(order),
        status_url: given(&order.order_status_url).and_then(limits::link),
        // The topic alone says so where the field does not.
        cancelled_at: cancelled_at.or((delivery.topic == "orders/cancelled").then_some(updated_at)),
    })
}

/// What the customer calls it.
fn name(order: &model::Order<'_>) -> String {
    let name = given(&order.name).and_then(|name| line(name, limits::NAME));
    let number = || given(&order.order_number).and_then(|number| line(&format!("#{number}"), limits::NAME));
    name.or_else(number).unwrap_or_else(|| format!("#{}", order.id.as_str()))
}

fn total(order: &model::Order<'_>) -> Result<Money, Malformed> {
    let bad = || Malformed("the order has no readable total".to_owned());
    let amount = order.total_price.and_then(amount).ok_or_else(bad)?;
    let currency = given(&order.currency).and_then(|code| code.parse().ok()).ok_or_else(bad)?;
    Ok(Money { amount, currency })
}

/// A line without a quantity is one piece.
fn pieces(line: &model::LineItem<'_>) -> u32 {
    line.quantity.map_or(1, |count| count.0)
}

fn item(item: &model::LineItem<'_>) -> Result<LineItem, Malformed> {
    let price = match item.price {
        Some(raw) => amount(raw).ok_or_else(|| Malformed("an item has no readable price".to_owned()))?,
        None => Decimal::ZERO,
    };
    let title = given(&item.name).or(given(&item.title)).and_then(|title| line(title, limits::LINE));
    Ok(LineItem {
        title: title.unwrap_or_default(),
        quantity: pieces(item),
        price,
        sku: given(&item.sku).and_then(|sku| line(sku, limits::NAME)),
    })
}

fn tags(order: &model::Order<'_>) -> Vec<String> {
    let tags = given(&order.tags).unwrap_or_default().split(',');
    tags.filter_map(|tag| line(tag, limits::NAME)).take(limits::TAGS).collect()
}

/// Cash on delivery where a gateway says so, or where a gateway is just `manual` (an order that the
/// team typed in) and the money is still to come. A bank deposit is manual by nature too, but goes by
/// its own name and is paid before the parcel leaves.
fn payment(order: &model::Order<'_>) -> PaymentMethod {
    let gateways = || {
        let names = entries(&order.payment_gateway_names).iter().map(|name| &**name);
        names.chain(given(&order.gateway))
    };
    let pending = given(&order.financial_status) == Some("pending");
    let manual = || gateways().any(|name| name.trim().eq_ignore_ascii_case("manual"));
    if gateways().any(on_delivery) || (pending && manual()) {
        PaymentMethod::Cod
    } else {
        PaymentMethod::Prepaid
    }
}

/// Whether a gateway's name says, in whole words, that the rider collects: `Cash on Delivery (COD)`,
/// `cash_on_delivery`, `C.O.D.`, `Pay upon delivery`.
fn on_delivery(name: &str) -> bool {
    let is = |word: &str, any: &[&str]| any.iter().any(|other| word.eq_ignore_ascii_case(other));
    let (mut first, mut second) = ("", "");
    for third in name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let phrase = is(third, &["delivery"])
            && is(second, &["on", "upon", "at"])
            && is(first, &["cash", "pay", "payment", "paid"]);
        let letters = is(first, &["c"]) && is(second, &["o"]) && is(third, &["d"]);
        if phrase || letters || is(third, &["cod", "cashondelivery"]) {
            return true;
        }
        (first, second) = (second, third);
    }
    false
}

fn address(from: &model::Address<'_>) -> Address {
    let text = |field: Option<&str>, max| field.and_then(|text| line(text, max)).unwrap_or_default();
    let street = match (given(&from.address1), given(&from.address2)) {
        (Some(first), Some(second)) => text(Some(&format!("{first}, {second}")), limits::LINE),
        (first, second) => text(first.or(second), limits::LINE),
    };
    Address {
        street,
        city: text(given(&from.city), limits::NAME),
        province: text(given(&from.province), limits::NAME),
        postal_code: text(given(&from.zip), limits::NAME),
        country: country(from).unwrap_or_default().to_ascii_uppercase(),
    }
}

/// An ISO 3166-1 alpha-2 code, in whichever case.
fn country<'t>(address: &'t model::Address<'_>) -> Option<&'t str> {
    given(&address.country_code)
        .filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()))
}

fn contact(delivery: Delivery<'_>, order: &model::Order<'_>) -> Contact {
    let customer = order.customer.as_ref();
    let phone = phone(delivery, order);
    let emails = [given(&order.email), given(&order.contact_email), customer.and_then(|c| given(&c.email))];
    let email = emails.into_iter().flatten().find_map(limits::email);
    let source_id = customer.and_then(|customer| given(&customer.id)).map(bare_id);
    let (first_name, last_name) = names(order);
    Contact {
        id: CustomerId::of(delivery.context.store, phone.as_ref(), email.as_deref(), source_id),
        first_name: first_name.and_then(|name| line(name, limits::NAME)),
        last_name: last_name.and_then(|name| line(name, limits::NAME)),
        phone,
        email,
        language: given(&order.customer_locale).and_then(language),
    }
}

/// Both names of whoever has any: who the parcel is for, else who has the account.
fn names<'t>(order: &'t model::Order<'_>) -> (Option<&'t str>, Option<&'t str>) {
    let recipient = order.shipping_address.as_ref().map(|a| (given(&a.first_name), given(&a.last_name)));
    let customer = order.customer.as_ref().map(|c| (given(&c.first_name), given(&c.last_name)));
    let named = |names: &(Option<&str>, Option<&str>)| names.0.is_some() || names.1.is_some();
    recipient.filter(named).or(customer).unwrap_or_default()
}

/// The first phone that is a number, read as from the country of the address that it is with.
fn phone(delivery: Delivery<'_>, order: &model::Order<'_>) -> Option<Phone> {
    let (shipping, billing) = (order.shipping_address.as_ref(), order.billing_address.as_ref());
    let customer = order.customer.as_ref();
    let home = customer.and_then(|customer| customer.default_address.as_ref());
    let candidates = [
        (given(&order.phone), shipping.or(billing)),
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

/// A BCP 47 tag, as far as its shape shows (at most 35 characters, RFC 5646).
fn language(locale: &str) -> Option<String> {
    let tag = locale.replace('_', "-");
    let sound =
        tag.len() <= 35 && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.is_ascii());
    (sound && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cash_on_delivery_goes_by_many_names() {
        for name in [
            "Cash on Delivery (COD)",
            "cash_on_delivery",
            "COD",
            "Cod - Karachi only",
            "C.O.D.",
            "Pay upon delivery",
            "CashOnDelivery",
        ] {
            assert!(on_delivery(name), "{name}");
        }
        for name in
            ["", "visa", "bogus", "Codify Payments", "Bank Deposit", "Delivery", "cash", "shopify_payments"]
        {
            assert!(!on_delivery(name), "{name}");
        }
    }

    #[test]
    fn a_language_is_a_tag() {
        assert_eq!(language("en").as_deref(), Some("en"));
        assert_eq!(language("ur_PK").as_deref(), Some("ur-PK"));
        for bad in ["english language", "-", "ur--PK", "اردو", "abcdefghi"] {
            assert_eq!(language(bad), None, "{bad}");
        }
    }
}
