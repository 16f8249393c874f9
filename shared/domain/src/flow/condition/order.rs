//! What conditions ask of an order or a cart, and where it lies.

use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::iter;

use super::{Circumstances, CitySeen, Country, Each, Word};
use crate::{
    calendar::Weekday,
    fact::{FinancialStatus, LineItem, OrderDetails, PaymentMethod},
    money::Currency,
    order::Confirmation,
    status::{OrderStatus, Point},
};

/// Where an order or a cart comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// A Shopify shop.
    Shopify,
    /// A WooCommerce shop.
    Woocommerce,
    /// Anything else, by the API.
    Custom,
}

impl Platform {
    /// The platform of an id of an order or cart, which begins with its source.
    fn of(id: &str) -> Self {
        match id.split_once('-') {
            Some(("shopify", _)) => Self::Shopify,
            Some(("woocommerce", _)) => Self::Woocommerce,
            _ => Self::Custom,
        }
    }
}

impl Word for Platform {
    fn word(&self) -> &str {
        match self {
            Self::Shopify => "shopify",
            Self::Woocommerce => "woocommerce",
            Self::Custom => "custom",
        }
    }
}

/// A text that says something.
pub(super) fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}

fn details<'a>(on: &Circumstances<'a>) -> Option<&'a OrderDetails> {
    Some(&on.snapshot()?.details)
}

pub(super) fn payment_method(on: &Circumstances<'_>) -> Option<PaymentMethod> {
    Some(on.snapshot()?.payment)
}

pub(super) fn gateway<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    details(on)?.gateway.as_deref()
}

pub(super) fn financial_status(on: &Circumstances<'_>) -> Option<FinancialStatus> {
    details(on)?.financial_status
}

pub(super) fn paid(on: &Circumstances<'_>) -> Option<bool> {
    let order = on.order?;
    let reached = order.reached.contains_key(&Point::PaymentReceived);
    reached.then_some(true).or_else(|| Some(order.snapshot.as_ref()?.paid))
}

pub(super) fn total(on: &Circumstances<'_>) -> Option<Decimal> {
    Some(on.snapshot()?.total.amount)
}

pub(super) fn currency(on: &Circumstances<'_>) -> Option<Currency> {
    let of_order = on.snapshot().map(|snapshot| snapshot.total);
    Some(of_order.or_else(|| on.cart?.total())?.currency)
}

pub(super) fn item_count(on: &Circumstances<'_>) -> Option<u32> {
    Some(on.snapshot()?.item_count)
}

/// The lines of the order, or of the cart.
pub(super) fn items<'a>(on: &Circumstances<'a>) -> Option<&'a [LineItem]> {
    match on.order {
        Some(order) => Some(&order.snapshot.as_ref()?.items),
        None => on.cart.map(|cart| cart.items()),
    }
}

pub(super) fn products<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    let names = |item: &'a LineItem| iter::once(item.title.as_str()).chain(item.product.as_deref());
    Some(Each(items(on)?.iter().flat_map(names)))
}

pub(super) fn skus<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    Some(Each(items(on)?.iter().filter_map(|item| item.sku.as_deref())))
}

pub(super) fn vendors<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    Some(Each(items(on)?.iter().filter_map(|item| item.vendor.as_deref())))
}

pub(super) fn categories<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    Some(Each(items(on)?.iter().flat_map(|item| item.categories.iter().map(String::as_str))))
}

pub(super) fn discount_codes<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    Some(Each(details(on)?.discount_codes.iter().map(String::as_str)))
}

pub(super) fn shipping_method<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    details(on)?.shipping_method.as_deref()
}

pub(super) fn city<'a>(on: &Circumstances<'a>) -> Option<CitySeen<'a>> {
    let written = on.snapshot()?.address.as_ref()?.city.as_str();
    let canonical = on.destination.city();
    (!canonical.is_empty()).then_some(CitySeen { written, canonical, cities: &on.ground.cities })
}

pub(super) fn province<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    said(&on.snapshot()?.address.as_ref()?.province)
}

pub(super) fn country(on: &Circumstances<'_>) -> Option<Country> {
    Country::of(&on.snapshot()?.address.as_ref()?.country)
}

pub(super) fn postal_code<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    said(&on.snapshot()?.address.as_ref()?.postal_code)
}

/// The names of the areas that the address is in.
pub(super) fn areas<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    on.snapshot()?.address.as_ref()?;
    let (city, postal_code) = (on.destination.city(), on.destination.postal_code());
    if city.is_empty() && postal_code.is_empty() {
        return None;
    }
    let names = on.ground.areas.of(city, postal_code);
    // An address in no area is known to be in none: an empty name stands for that.
    let none = names.clone().next().is_none().then_some("");
    Some(Each(names.chain(none)))
}

pub(super) fn platform(on: &Circumstances<'_>) -> Option<Platform> {
    let order = on.order.map(|order| order.id.as_str());
    order.or_else(|| Some(on.cart?.id.as_str())).map(Platform::of)
}

pub(super) fn sales_channel<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    details(on)?.sales_channel.as_deref()
}

pub(super) fn courier<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    on.order?.tracking()?.company.as_deref()
}

pub(super) fn delivery_attempts(on: &Circumstances<'_>) -> Option<u32> {
    let attempts = on.order?.shipments.values().map(|shipment| shipment.attempts.len()).sum::<usize>();
    Some(u32::try_from(attempts).unwrap_or(u32::MAX))
}

pub(super) fn status(on: &Circumstances<'_>) -> Option<OrderStatus> {
    Some(on.order?.status())
}

pub(super) fn confirmation(on: &Circumstances<'_>) -> Option<Confirmation> {
    Some(on.order?.confirmation())
}

pub(super) fn flags<'a>(on: &Circumstances<'a>) -> Option<impl Iterator<Item = &'a str> + Clone + use<'a>> {
    Some(on.order?.flags_set())
}

pub(super) fn tags<'a>(on: &Circumstances<'a>) -> Option<impl Iterator<Item = &'a str> + Clone + use<'a>> {
    Some(on.snapshot()?.tags.iter().map(String::as_str))
}

pub(super) fn assigned_user<'a>(on: &Circumstances<'a>) -> Option<&'a str> {
    on.order?.assigned.as_ref().map(|(_, person)| person.as_str())
}

pub(super) fn notes<'a>(
    on: &Circumstances<'a>,
) -> Option<Each<impl Iterator<Item = &'a str> + Clone + use<'a>>> {
    let order = on.order?;
    let of_shop = order.snapshot.as_ref().and_then(|snapshot| snapshot.details.note.as_deref());
    Some(Each(of_shop.into_iter().chain(order.notes.iter().map(|(_, note)| note.as_str()))))
}

pub(super) fn created_hour(on: &Circumstances<'_>) -> Option<i8> {
    Some(on.zone.to_datetime(on.snapshot()?.created_at).hour())
}

pub(super) fn created_weekday(on: &Circumstances<'_>) -> Option<Weekday> {
    Some(Weekday::of(on.zone.to_datetime(on.snapshot()?.created_at).date()))
}

pub(super) fn age(on: &Circumstances<'_>) -> Option<SignedDuration> {
    Some(on.now.duration_since(on.snapshot()?.created_at))
}

pub(super) fn cart_total(on: &Circumstances<'_>) -> Option<Decimal> {
    Some(on.cart?.total()?.amount)
}

pub(super) fn cart_items(on: &Circumstances<'_>) -> Option<u32> {
    let state = on.cart?.state.as_ref()?;
    Some(state.items.iter().fold(0, |sum, item| item.quantity.saturating_add(sum)))
}

pub(super) fn cart_open(on: &Circumstances<'_>) -> Option<bool> {
    Some(on.cart?.closed_at.is_none())
}
