//! How long the domain takes over one fact: nanoseconds per operation, the best of five rounds.
//!
//! `cargo bench -p harkara-domain --bench match`

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench may stop, and has to print

use std::{hint::black_box, time::Instant};

use harkara_domain::{
    Fact, FactBody, FactId, Flow, OrderId, Run, StoreId, Trigger,
    decide::{Scene, decide},
    fact::{Contact, LineItem, OrderFact, OrderSnapshot},
    flow::{condition::Circumstances, parse},
    order,
    run::RunStart,
};
use jiff::{Timestamp, tz::TimeZone};

const FLOWS: usize = 20;

/// A flow that the order satisfies, so that all five conditions are looked at.
fn flow(number: usize) -> Flow {
    parse::flow(&format!(
        r#"
name: Flow {number}
trigger: order_created
conditions:
  all:
    - payment_method: {{ is: cod }}
    - order_total: {{ between: [1000, 5000] }}
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

/// An order of five lines, as a shop sends it.
fn order_fact(order: &OrderId, now: Timestamp) -> Fact {
    let item = |n: u32| LineItem { title: format!("Item {n}"), quantity: n, price: 100.into(), sku: None };
    let snapshot: OrderSnapshot = OrderSnapshot {
        id: order.clone(),
        name: "#1042".into(),
        created_at: now,
        updated_at: now,
        customer: Contact { id: Some("c1".into()), first_name: Some("Ayesha".into()), ..Contact::default() },
        total: harkara_domain::Money { amount: 1500.into(), currency: "PKR".parse().unwrap() },
        payment: harkara_domain::fact::PaymentMethod::Cod,
        paid: false,
        address: Some(harkara_domain::fact::Address { city: "Karachi".into(), ..Default::default() }),
        items: (1..=5).map(item).collect(),
        item_count: 15,
        tags: vec!["web".into()],
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

fn time(what: &str, mut operation: impl FnMut()) {
    const TIMES: u32 = 20_000;
    let round = |_| {
        let start = Instant::now();
        (0..TIMES).for_each(|_| operation());
        start.elapsed() / TIMES
    };
    let best = (0..5).map(round).min().unwrap_or_default();
    println!("{what:<44} {:>8} ns", best.as_nanos());
}

fn main() {
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let zone = TimeZone::get("Asia/Karachi").unwrap();
    let (store, id) = (StoreId::new("demo"), OrderId::new("shopify-1"));
    let flows: Vec<Flow> = (0..FLOWS).map(flow).collect();
    let fact = order_fact(&id, now);
    let view = order::fold(None, &fact, &id).view;
    let circumstances = Circumstances { order: &view, customer: None, now };

    time("20 flows of 5 conditions, all of them hold", || {
        let selected = flows.iter().filter_map(|flow| flow.conditions.as_ref());
        let count = selected.filter(|condition| black_box(condition).check(circumstances).is_ok()).count();
        assert_eq!(black_box(count), FLOWS);
    });
    time("fold of an order fact, the first", || drop(black_box(order::fold(None, black_box(&fact), &id))));
    time("fold of an order fact, a duplicate", || {
        drop(black_box(order::fold(Some(&view), black_box(&fact), &id)));
    });

    let (flow, flow_id) = (flows.first().unwrap(), flows.first().unwrap().id());
    let start = RunStart {
        store: &store,
        order: &id,
        flow: &flow_id,
        version: 1,
        trigger: Trigger::OrderCreated,
        at: now,
        priority: false,
    };
    time("beginning a run", || drop(black_box(Run::begin(black_box(start), flow, &zone))));
    let run = Run::begin(start, flow, &zone);
    let scene = Scene { run: &run, flow, order: &view, customer: None, now, zone: &zone };
    time("decide", || drop(black_box(decide(black_box(scene), 0, 0))));
    let text = include_str!("../../../flows/cod-confirmation.yaml");
    time("reading a flow from YAML", || drop(black_box(parse::flow(black_box(text)))));
}
