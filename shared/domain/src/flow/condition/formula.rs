//! Expressions as a condition: what they can ask of an order, a customer, a cart and the time.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Circumstances, Family, Flaw, Operator, Word, customer, order};
use crate::{
    calendar::Weekday,
    fact::LineItem,
    flow::expression::{Expression, Input, Value},
};

/// An expression over `order`, `customer`, `cart` and `now`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Formula(pub Expression);

/// A field of a variable: its name, what it holds, and where that lies.
type Field = (&'static str, &'static str, for<'a> fn(&Circumstances<'a>) -> Option<Value<'a>>);

const ORDER: &[Field] = &[
    ("id", "Harkara's id of it", |on| Some(Value::text(on.order?.id.as_str()))),
    ("name", "what the customer calls it: `#1042`", |on| Some(Value::text(on.snapshot()?.name.as_str()))),
    ("total", "what it costs", |on| number(order::total(on))),
    ("currency", "`PKR`", |on| Some(Value::text(on.snapshot()?.total.currency.as_str()))),
    ("item_count", "its pieces", |on| number(order::item_count(on))),
    (
        "items",
        "its lines: objects with `title`, `quantity`, `price`, `sku`, `product`, `vendor`, `categories`",
        |on| Some(items(&on.snapshot()?.items)),
    ),
    ("payment_method", "`cod` or `prepaid`", |on| word(order::payment_method(on))),
    ("gateway", "how it is paid, as the shop calls it", |on| text(order::gateway(on))),
    ("financial_status", "where the money stands", |on| word(order::financial_status(on))),
    ("paid", "true or false", |on| order::paid(on).map(Value::truth)),
    ("discount_codes", "a list", |on| Some(texts(order::discount_codes(on)?.0))),
    ("shipping_method", "as the shop calls it", |on| text(order::shipping_method(on))),
    ("city", "as the customer wrote it", |on| Some(Value::text(order::city(on)?.written))),
    ("province", "where it goes", |on| text(order::province(on))),
    ("country", "two letters", |on| word(order::country(on))),
    ("postal_code", "where it goes", |on| text(order::postal_code(on))),
    ("platform", "`shopify`, `woocommerce` or `custom`", |on| on.order.and(word(order::platform(on)))),
    ("sales_channel", "where it was placed", |on| text(order::sales_channel(on))),
    ("courier", "who carries it", |on| text(order::courier(on))),
    ("delivery_attempts", "failed ones", |on| number(order::delivery_attempts(on))),
    ("status", "as in `order_status`", |on| word(order::status(on))),
    ("confirmation", "as in the condition", |on| word(order::confirmation(on))),
    ("flags", "a list of those that are set", |on| Some(texts(order::flags(on)?))),
    ("tags", "a list", |on| Some(texts(order::tags(on)?))),
    ("assigned_user", "who has it", |on| text(order::assigned_user(on))),
    ("hour", "at which it was placed, in the store's zone", |on| number(order::created_hour(on))),
    ("weekday", "on which it was placed", |on| word(order::created_weekday(on))),
    ("age_hours", "since it was placed, whole hours", |on| number(Some(order::age(on)?.as_hours()))),
];

const CUSTOMER: &[Field] = &[
    ("orders", "how many they have placed", |on| number(customer::order_count(on))),
    ("spent", "as in `total_spent`", |on| number(customer::total_spent(on))),
    ("returns", "how many came back", |on| number(customer::returns(on))),
    ("return_rate", "in percent", |on| number(customer::return_rate(on))),
    ("days_since_order", "whole days, as in `last_order`", |on| {
        number(Some(customer::last_order(on)?.as_hours() / 24))
    }),
    ("points", "those that they have", |on| number(customer::points(on))),
    ("tier", "its name", |on| text(customer::tier(on))),
    ("tags", "a list", |on| Some(texts(customer::tags(on)?))),
    ("language", "a tag: `ur`", |on| text(customer::language(on))),
    ("opted_in", "a list of channels", |on| Some(words(customer::opted_in(on)?))),
    ("reachable", "a list of channels", |on| Some(words(customer::reachable(on)?))),
    ("last_reply", "as in the condition", |on| text(customer::last_reply(on))),
    ("satisfaction", "`satisfied` or `dissatisfied`", |on| word(customer::satisfaction(on))),
];

const CART: &[Field] = &[
    ("total", "what it costs", |on| number(order::cart_total(on))),
    ("currency", "`PKR`", |on| Some(Value::text(on.cart?.state.as_ref()?.total.as_ref()?.currency.as_str()))),
    ("item_count", "its pieces", |on| number(order::cart_items(on))),
    ("items", "its lines, as those of an order", |on| Some(items(on.cart?.items()))),
];

const NOW: &[Field] = &[
    ("hour", "0 to 23, in the store's zone", |on| number(Some(on.zone.to_datetime(on.now).hour()))),
    ("minute", "0 to 59", |on| number(Some(on.zone.to_datetime(on.now).minute()))),
    ("weekday", "`monday` …", |on| word(Some(Weekday::of(on.zone.to_datetime(on.now).date())))),
    ("day", "of the month", |on| number(Some(on.zone.to_datetime(on.now).day()))),
    ("month", "1 to 12", |on| number(Some(on.zone.to_datetime(on.now).month()))),
    ("year", "2026", |on| number(Some(on.zone.to_datetime(on.now).year()))),
];

/// What an expression knows: each variable is made when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a>(pub Circumstances<'a>);

impl Known<'_> {
    /// The variables with their fields: names, and what they hold.
    pub fn fields() -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
        let named = |fields: &'static [Field]| fields.iter().map(|(name, doc, _)| (*name, *doc)).collect();
        TABLE.iter().map(move |(variable, fields)| (*variable, named(fields)))
    }
}

const TABLE: [(&str, &[Field]); 4] = [("order", ORDER), ("customer", CUSTOMER), ("cart", CART), ("now", NOW)];

impl Input for Known<'_> {
    fn variable(&self, name: &str) -> Option<Value<'_>> {
        let on = self.0;
        let there = match name {
            "order" => on.order.is_some(),
            "customer" => on.customer.is_some() || on.order.is_some() || on.cart.is_some(),
            "cart" => on.cart.is_some(),
            _ => true,
        };
        let (_, fields) = TABLE.iter().find(|(variable, _)| *variable == name && there)?;
        Some(Value::object(fields.iter().map(|(field, _, value)| (*field, value(&on)))))
    }
}

/// All of it: what an expression asks for is in its text.
pub(super) fn all<'a>(on: &Circumstances<'a>) -> Option<Circumstances<'a>> {
    Some(*on)
}

fn number(number: Option<impl Into<Decimal>>) -> Option<Value<'static>> {
    number.map(Value::number)
}

fn text(text: Option<&str>) -> Option<Value<'_>> {
    text.map(Value::text)
}

fn word<'a>(word: Option<impl Word>) -> Option<Value<'a>> {
    word.map(|word| Value::text(word.word().to_owned()))
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Value<'a> {
    Value::list(texts.map(Value::text))
}

fn words<'a>(words: impl Iterator<Item = impl Word>) -> Value<'a> {
    Value::list(words.map(|word| Value::text(word.word().to_owned())))
}

fn items(items: &[LineItem]) -> Value<'_> {
    Value::list(items.iter().map(|item| {
        Value::object([
            ("title", Some(Value::text(item.title.as_str()))),
            ("quantity", Some(Value::number(item.quantity))),
            ("price", Some(Value::number(item.price))),
            ("sku", text(item.sku.as_deref())),
            ("product", text(item.product.as_deref())),
            ("vendor", text(item.vendor.as_deref())),
            ("categories", Some(texts(item.categories.iter().map(String::as_str)))),
        ])
    }))
}

impl Family for Formula {
    const OPERATORS: &'static [&'static str] = &[];
}

impl<'a> Operator<Circumstances<'a>> for Formula {
    fn holds(&self, actual: Circumstances<'a>) -> bool {
        self.0.holds(Known(actual))
    }

    fn spoken(&self, actual: Circumstances<'a>) -> String {
        self.0.spoken(Known(actual))
    }

    fn words(&self, subject: &str) -> String {
        Operator::<Known<'a>>::words(&self.0, subject)
    }

    fn flaws(&self) -> Vec<Flaw> {
        let unknown = self.0.reads().filter_map(|read| {
            let (variable, field) = read.split_once('.')?;
            Some(Flaw { at: "".into(), why: unknown(variable, field)?.into() })
        });
        Operator::<Known<'a>>::flaws(&self.0).into_iter().chain(unknown).collect()
    }
}

/// What is wrong with a field that no variable has.
fn unknown(variable: &str, field: &str) -> Option<String> {
    let Some((_, fields)) = TABLE.iter().find(|(name, _)| *name == variable) else {
        let names: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
        return Some(format!("a condition has no `{variable}`; it has `{}`", names.join("`, `")));
    };
    let names: Vec<&str> = fields.iter().map(|(name, ..)| *name).collect();
    (!names.contains(&field))
        .then(|| format!("`{variable}` has no `{field}`; it has `{}`", names.join("`, `")))
}
