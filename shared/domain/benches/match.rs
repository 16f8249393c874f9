//! How long the domain takes over one fact: nanoseconds per operation, the best of several rounds. The
//! conditions of 100 flows are judged beside a match that is written by hand for these very flows: what no
//! flow language can be faster than.
//!
//! `cargo bench -p harkara-domain --bench match`; `make bench-peers` puts other rule engines beside them.

// A bench may stop, and has to print.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod scene;

use std::hint::black_box;

use harkara_domain::{
    Flow, Occurrence, OrderId, Point, Rules, Run, StoreId,
    calendar::{Calendar, Hours},
    decide::{Scene, decide},
    flow::{
        Condition, Index,
        condition::{Circumstances, Formula},
        expression::Expression,
        parse,
    },
    order,
    place::{Destination, Ground},
    run::RunStart,
};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;

use scene::{FLOWS, by_hand, flow, order_fact, round};

fn print(what: &str, nanoseconds: u128) {
    println!("{what:<60} {nanoseconds:>8} ns");
}

fn time(what: &str, mut operation: impl FnMut()) {
    print(what, (0..9).map(|_| round(&mut operation)).min().unwrap_or_default());
}

/// 100 flows of 5 conditions on one order, beside the floor; and among more and more flows that wait for
/// something else.
fn judge(on: Circumstances<'_>) {
    let flows: Vec<Flow> = (0..FLOWS).map(|number| flow(number, "order_created")).collect();
    let conditions: Vec<&Condition> = flows.iter().filter_map(|flow| flow.conditions.as_ref()).collect();
    let most = Decimal::from(5000);
    let bounds: Vec<Decimal> = (0..FLOWS).map(Decimal::from).collect();
    let mut by_hand = || {
        let count = bounds.iter().filter(|least| by_hand(black_box(on), **least, most)).count();
        assert_eq!(black_box(count), FLOWS);
    };
    let mut by_flows = || {
        let count = conditions.iter().filter(|condition| condition.holds(black_box(on))).count();
        assert_eq!(black_box(count), FLOWS);
    };
    // In turns, so that whatever else the machine does weighs on both.
    let rounds = (0..30).map(|_| (round(&mut by_hand), round(&mut by_flows)));
    let (floor, own) =
        rounds.fold((u128::MAX, u128::MAX), |best, now| (best.0.min(now.0), best.1.min(now.1)));
    print("100 flows of 5 conditions, by hand", floor);
    print("100 flows of 5 conditions", own);
    time("100 flows of 5 conditions, with reasons", || {
        let count = conditions.iter().filter(|condition| black_box(condition).check(on).is_ok()).count();
        assert_eq!(black_box(count), FLOWS);
    });
    let rate = |nanoseconds: u128| 1_000_000_000 * (5 * FLOWS as u128) / nanoseconds.max(1);
    println!("  conditions a second: {} by hand, {} of flows", rate(floor), rate(own));
    println!("  {}.{:02} times the floor", own / floor.max(1), 100 * own / floor.max(1) % 100);
    time("where an order goes, once for all of them", || {
        drop(black_box(Destination::of(black_box(on.order), on.ground)));
    });
    for others in [10, 1_000, 10_000] {
        let quiet = (0..others).map(|number| flow(number, "order_delivered"));
        let all: Vec<Flow> = quiet.chain((0..FLOWS).map(|number| flow(number, "order_created"))).collect();
        let index = Index::of(&all);
        let created = Occurrence::Order(Point::Created);
        time(&format!("100 flows among {others} that wait for something else"), || {
            let waiting = index.waiting_for(black_box(&created).kind());
            let flows = waiting.iter().filter_map(|place| all.get(*place)?.conditions.as_ref());
            assert_eq!(black_box(flows.filter(|condition| condition.holds(on)).count()), FLOWS);
        });
    }
    let expression = "order.total / order.item_count > 50 && order.items.exists(item, item.quantity == 5)";
    let expression = Condition::Expression(Formula(Expression::new(expression)));
    time("an expression", || assert!(expression.holds(black_box(on))));
}

fn main() {
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let zone = TimeZone::get("Asia/Karachi").unwrap();
    let (store, id) = (StoreId::new("demo"), OrderId::new("shopify-1"));
    let fact = order_fact(&id, now);
    let view = order::fold(None, &fact, &id).view;
    let (rules, calendar) = (Rules::default(), Calendar::default());
    let ground = Ground::of(&rules);
    let destination = Destination::of(Some(&view), &ground);
    let circumstances = Circumstances {
        order: Some(&view),
        customer: None,
        cart: None,
        run: None,
        runs: &[],
        rules: &rules,
        ground: &ground,
        destination: &destination,
        zone: &zone,
        now,
    };
    let hours = Hours { zone: &zone, calendar: &calendar };

    judge(circumstances);
    time("fold of an order fact, the first", || drop(black_box(order::fold(None, black_box(&fact), &id))));
    time("fold of an order fact, a duplicate", || {
        drop(black_box(order::fold(Some(&view), black_box(&fact), &id)));
    });

    let flow = &flow(1, "order_created");
    let flow_id = flow.id();
    let start = RunStart {
        store: &store,
        subject: &id.into(),
        status: None,
        zone: None,
        flow: &flow_id,
        version: 1,
        occurrence: &Occurrence::Order(Point::Created),
        at: now,
        priority: false,
    };
    time("beginning a run", || drop(black_box(Run::begin(black_box(start), flow, hours))));
    let run = Run::begin(start, flow, hours);
    let scene = Scene { run: &run, flow, on: circumstances, hours, class: None };
    time("decide", || drop(black_box(decide(black_box(scene), 0, 0))));
    let text = include_str!("../../../flows/cod-confirmation.yaml");
    time("reading a flow from YAML", || drop(black_box(parse::flow(black_box(text)))));
}
