//! An order's own state.

use harkara_domain::{
    Money,
    fact::{Address, FinancialStatus, LineItem, OrderSnapshot},
};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{
    Delivery,
    contact::{Named, contact, country},
    details,
    model::{self, entries, given},
    order_id,
};
use crate::{
    Malformed,
    json::{Text, amount, bare_id},
    limits::{self, line},
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
        customer: contact(delivery, &Named::in_order(order)),
        total: total(order)?,
        payment: details::payment(order),
        paid: details::financial_status(order).is_some_and(FinancialStatus::is_paid),
        address: order.shipping_address.as_ref().map(address),
        items: lines.iter().take(OrderSnapshot::MAX_ITEMS).map(item).collect::<Result<_, _>>()?,
        item_count: lines.iter().fold(0, |sum: u32, line| sum.saturating_add(pieces(line))),
        tags: tags(order),
        details: details::details(order),
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
    money(order.total_price, &order.currency).ok_or_else(bad)
}

/// An amount with its currency.
pub(super) fn money(price: Option<&RawValue>, currency: &Option<Text<'_>>) -> Option<Money> {
    Some(Money { amount: amount(price?)?, currency: given(currency)?.parse().ok()? })
}

/// A line without a quantity is one piece.
pub(super) fn pieces(line: &model::LineItem<'_>) -> u32 {
    line.quantity.map_or(1, |count| count.0)
}

pub(super) fn item(item: &model::LineItem<'_>) -> Result<LineItem, Malformed> {
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
        product: given(&item.product_id).and_then(|id| line(bare_id(id), limits::NAME)),
        vendor: given(&item.vendor).and_then(|vendor| line(vendor, limits::NAME)),
        categories: Vec::new(),
    })
}

fn tags(order: &model::Order<'_>) -> Vec<String> {
    let tags = given(&order.tags).unwrap_or_default().split(',');
    tags.filter_map(|tag| line(tag, limits::NAME)).take(limits::TAGS).collect()
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
