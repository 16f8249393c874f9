//! 100 flows of 5 conditions, an order that satisfies them all, and the same conditions by hand: what the
//! benches of this crate and the comparison with its peers share.

use std::time::Instant;

use harkara_domain::{
    Fact, FactBody, FactId, Flow, Money, OrderId, OrderStatus, StoreId,
    fact::{Address, Contact, LineItem, OrderDetails, OrderFact, OrderSnapshot, PaymentMethod},
    flow::{condition::Circumstances, parse},
};
use jiff::Timestamp;
use rust_decimal::Decimal;

/// How many flows.
pub(crate) const FLOWS: usize = 100;

/// A flow that the order satisfies, so that all five conditions are looked at.
pub(crate) fn flow(number: usize, trigger: &str) -> Flow {
    let least = number % FLOWS;
    parse::flow(&format!(
        r#"
name: Flow {number}
trigger: {trigger}
conditions:
  all:
    - payment_method: {{ is: cod }}
    - order_total: {{ between: [{least}, 5000] }}
    - city: {{ in: [Islamabad, Lahore, Karachi] }}
    - first_time_customer: true
    - order_status: {{ not_in: [cancelled, returned] }}
stages:
  - name: Ask
    not_before: "09:00"
    not_after: "21:00"
    skip_if: {{ confirmation: {{ is_not: pending }} }}
    message: {{ channels: [whatsapp], template: cod_confirmation, buttons: [confirm, cancel] }}
"#
    ))
    .unwrap()
}

/// The conditions of [`flow`], as somebody would write them in Rust; `least` is the flow's own bound.
pub(crate) fn by_hand(on: Circumstances<'_>, least: Decimal, most: Decimal) -> bool {
    let Some((order, snapshot)) = on.order.and_then(|order| Some((order, order.snapshot.as_ref()?))) else {
        return false;
    };
    snapshot.payment == PaymentMethod::Cod
        && (least..=most).contains(&snapshot.total.amount)
        && matches!(on.destination.city(), "islamabad" | "lahore" | "karachi")
        && on.customer.is_none_or(|customer| customer.orders <= 1)
        && !matches!(order.status(), OrderStatus::Cancelled | OrderStatus::Returned)
}

/// An order of five lines, as a shop sends it.
pub(crate) fn order_fact(order: &OrderId, now: Timestamp) -> Fact {
    let item = |n: u32| LineItem {
        title: format!("Item {n}"),
        quantity: n,
        price: 100.into(),
        sku: None,
        product: None,
        vendor: None,
        categories: Vec::new(),
    };
    let snapshot: OrderSnapshot = OrderSnapshot {
        id: order.clone(),
        name: "#1042".into(),
        created_at: now,
        updated_at: now,
        customer: Contact { id: Some("c1".into()), first_name: Some("Ayesha".into()), ..Contact::default() },
        total: Money { amount: 1500.into(), currency: "PKR".parse().unwrap() },
        payment: PaymentMethod::Cod,
        paid: false,
        address: Some(Address { city: "Karachi".into(), ..Default::default() }),
        items: (1..=5).map(item).collect(),
        item_count: 15,
        tags: vec!["web".into()],
        details: OrderDetails::default(),
        status_url: None,
        cancelled_at: None,
    };
    let body = OrderFact { snapshot, shipments: Vec::new(), refunds: Vec::new() };
    Fact {
        id: FactId::new("f"),
        store: StoreId::new("demo"),
        source: "shopify".into(),
        occurred_at: now,
        received_at: now,
        body: FactBody::Order(Box::new(body)),
    }
}

/// The time of one operation out of many, in nanoseconds.
pub(crate) fn round(operation: &mut impl FnMut()) -> u128 {
    const TIMES: u32 = 10_000;
    let start = Instant::now();
    (0..TIMES).for_each(|_| operation());
    (start.elapsed() / TIMES).as_nanos()
}
