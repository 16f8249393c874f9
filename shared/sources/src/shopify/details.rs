//! How an order is paid, and what else it says.

use harkara_domain::{
    CartId,
    fact::{FinancialStatus, OrderDetails, PaymentMethod},
    flow::Channel,
    id::digest,
};
use std::collections::BTreeMap;

use super::{
    NAME,
    model::{self, entries, given},
};
use crate::{
    json::bare_id,
    limits::{self, line},
};

/// What else an order says.
pub(super) fn details(order: &model::Order<'_>) -> OrderDetails {
    let codes = entries(&order.discount_codes).iter().filter_map(|discount| given(&discount.code));
    let mut ways = entries(&order.shipping_lines).iter().filter_map(|shipping| given(&shipping.title));
    OrderDetails {
        financial_status: financial_status(order),
        gateway: gateways(order).find_map(|name| line(name, limits::NAME)),
        discount_codes: codes.filter_map(|code| line(code, limits::NAME)).take(limits::CODES).collect(),
        shipping_method: ways.find_map(|title| line(title, limits::NAME)),
        sales_channel: given(&order.source_name).and_then(|name| line(name, limits::NAME)),
        note: given(&order.note).and_then(|note| line(note, limits::NOTE)),
        accepts_marketing: accepts_marketing(order),
        cart: given(&order.cart_token).or(given(&order.checkout_token)).and_then(cart_id),
    }
}

/// A cart by its token. One that cannot stand in a key goes by its digest.
pub(super) fn cart_id(token: &str) -> Option<CartId> {
    let token = bare_id(token).trim();
    let id = if limits::is_id(token) { token.to_owned() } else { digest(token).get(..32)?.to_owned() };
    (!token.is_empty()).then(|| CartId::new(format!("{NAME}-{id}")))
}

/// Where the money stands; nothing for a word that nobody knows.
pub(super) fn financial_status(order: &model::Order<'_>) -> Option<FinancialStatus> {
    Some(match given(&order.financial_status)? {
        "pending" | "unpaid" | "expired" => FinancialStatus::Pending,
        "authorized" => FinancialStatus::Authorized,
        "partially_paid" => FinancialStatus::PartiallyPaid,
        "paid" => FinancialStatus::Paid,
        "partially_refunded" => FinancialStatus::PartiallyRefunded,
        "refunded" => FinancialStatus::Refunded,
        "voided" => FinancialStatus::Voided,
        _ => return None,
    })
}

/// E-mail: what the customer's account says, else the box that was ticked at the checkout. Their phone is
/// asked about as "SMS", and reached by WhatsApp here. Who was never asked has said nothing.
fn accepts_marketing(order: &model::Order<'_>) -> BTreeMap<Channel, bool> {
    let customer = order.customer.as_ref();
    let email = customer.and_then(|customer| customer.email_marketing_consent.as_ref()).and_then(consent);
    let phone = customer.and_then(|customer| customer.sms_marketing_consent.as_ref()).and_then(consent);
    let said = [(Channel::Email, email.or(order.buyer_accepts_marketing)), (Channel::Whatsapp, phone)];
    said.into_iter().filter_map(|(channel, wants)| Some((channel, wants?))).collect()
}

fn consent(consent: &model::Consent<'_>) -> Option<bool> {
    match given(&consent.state)? {
        "subscribed" => Some(true),
        "unsubscribed" | "redacted" => Some(false),
        _ => None,
    }
}

/// The names of the gateways, from whichever field has them.
fn gateways<'t>(order: &'t model::Order<'_>) -> impl Iterator<Item = &'t str> {
    let names = entries(&order.payment_gateway_names).iter().map(|name| &**name);
    names.chain(given(&order.gateway))
}

/// Cash on delivery where a gateway says so, or where a gateway is just `manual` (an order that the
/// team typed in) and the money is still to come. A bank deposit is manual by nature too, but goes by
/// its own name and is paid before the parcel leaves.
pub(super) fn payment(order: &model::Order<'_>) -> PaymentMethod {
    let pending = given(&order.financial_status) == Some("pending");
    let manual = || gateways(order).any(|name| name.trim().eq_ignore_ascii_case("manual"));
    if gateways(order).any(on_delivery) || (pending && manual()) {
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
}
