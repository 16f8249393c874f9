//! 100 flows of 5 conditions on one order: Harkara's, a match that is written by hand for these very flows, and
//! two rule engines, in turns within one run. Each engine gets its rules compiled and the order prepared in its
//! own form, so that only the judging is timed.
//!
//! `make bench-peers`

#[path = "../../../shared/domain/benches/scene/mod.rs"]
mod scene;

use std::hint::black_box;

use harkara_domain::{
    Flow, OrderId, Rules,
    flow::{Condition, condition::Circumstances},
    order,
    place::{Destination, Ground},
};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use zen_expression::{Variable, compile_expression, scope::Scope, vm::VM};

use scene::{FLOWS, by_hand, flow, order_fact, round};

/// How often everybody has a turn; the best of them counts.
const ROUNDS: usize = 15;

/// The order as rule engines like it: flat, with what is asked for ready to compare.
fn order_as_json() -> Value {
    json!({
        "payment_method": "cod", "total": 1500.0, "city": "karachi", "first_time": true, "status": "pending",
    })
}

/// The conditions of a flow as an expression that both CEL and ZEN read.
fn expression(least: usize, and: &str, not_in: &str) -> String {
    format!(
        "payment_method == 'cod' {and} total >= {least}.0 {and} total <= 5000.0 \
         {and} city in ['islamabad', 'lahore', 'karachi'] {and} first_time == true {and} {not_in}"
    )
}

/// The same 100 flows as ZEN's decision table, a row each.
fn table() -> Value {
    let field = |name: &str| json!({ "id": name, "name": name, "field": name });
    let columns = ["payment_method", "total", "city", "first_time", "status"];
    let rule = |least: usize| {
        json!({
            "_id": least.to_string(),
            "payment_method": "'cod'",
            "total": format!("[{least}..5000]"),
            "city": "'islamabad', 'lahore', 'karachi'",
            "first_time": "true",
            "status": "not in ['cancelled', 'returned']",
            "flow": least.to_string(),
        })
    };
    json!({
        "nodes": [
            { "id": "in", "name": "in", "type": "inputNode" },
            { "id": "table", "name": "table", "type": "decisionTableNode", "content": {
                "hitPolicy": "collect",
                "inputs": columns.map(field),
                "outputs": [field("flow")],
                "rules": (0..FLOWS).map(rule).collect::<Vec<_>>(),
            } },
            { "id": "out", "name": "out", "type": "outputNode" },
        ],
        "edges": [
            { "id": "1", "sourceId": "in", "targetId": "table" },
            { "id": "2", "sourceId": "table", "targetId": "out" },
        ],
    })
}

/// Something that judges all the flows, and says how many hold.
type Judge<'a> = Box<dyn FnMut() -> usize + 'a>;

fn cel() -> Judge<'static> {
    let source = |least| expression(least, "&&", "!(status in ['cancelled', 'returned'])");
    let programs: Vec<_> = (0..FLOWS).map(|least| cel::Program::compile(&source(least)).unwrap()).collect();
    let mut context = cel::Context::default();
    for (name, value) in order_as_json().as_object().unwrap() {
        context.add_variable(name.as_str(), value).unwrap();
    }
    Box::new(move || {
        let held = |program: &&cel::Program| program.execute(&context) == Ok(cel::Value::Bool(true));
        programs.iter().filter(held).count()
    })
}

fn zen_expressions() -> Judge<'static> {
    let source = |least| expression(least, "and", "status not in ['cancelled', 'returned']");
    let compiled: Vec<_> = (0..FLOWS).map(|least| compile_expression(&source(least)).unwrap()).collect();
    let scope = Scope::new(order_as_json().into());
    let mut vm = VM::new();
    Box::new(move || {
        let mut held = 0;
        for expression in &compiled {
            held +=
                usize::from(expression.evaluate_with_scope(&scope, &mut vm).unwrap() == Variable::Bool(true));
        }
        held
    })
}

fn zen_table() -> Judge<'static> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let content: zen_engine::model::DecisionContent = serde_json::from_value(table()).unwrap();
    let mut decision = zen_engine::DecisionEngine::default().create_decision(content.into()).unwrap();
    decision.compile();
    let order: Variable = order_as_json().into();
    Box::new(move || {
        let answer = runtime.block_on(decision.evaluate(order.clone())).unwrap();
        answer.result.as_array().map_or(0, |rows| rows.borrow().len())
    })
}

fn main() {
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let (zone, rules, id) = (TimeZone::UTC, Rules::default(), OrderId::new("shopify-1"));
    let view = order::fold(None, &order_fact(&id, now), &id).view;
    let ground = Ground::of(&rules);
    let destination = Destination::of(Some(&view), &ground);
    let on = Circumstances {
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
    let flows: Vec<Flow> = (0..FLOWS).map(|number| flow(number, "order_created")).collect();
    let conditions: Vec<&Condition> = flows.iter().filter_map(|flow| flow.conditions.as_ref()).collect();
    let bounds: Vec<Decimal> = (0..FLOWS).map(Decimal::from).collect();
    let mut judges: Vec<(&str, Judge<'_>)> = vec![
        (
            "by hand",
            Box::new(|| bounds.iter().filter(|least| by_hand(black_box(on), **least, 5000.into())).count()),
        ),
        (
            "harkara",
            Box::new(|| conditions.iter().filter(|condition| condition.holds(black_box(on))).count()),
        ),
        ("cel 0.15.0", cel()),
        ("zen-expression 2.1.6, compiled", zen_expressions()),
        ("zen-engine 2.1.6, a decision table", zen_table()),
    ];
    let mut best = vec![u128::MAX; judges.len()];
    for _ in 0..ROUNDS {
        for ((name, judge), best) in judges.iter_mut().zip(&mut best) {
            *best = (*best).min(round(&mut || assert_eq!(black_box(judge()), FLOWS, "{name}")));
        }
    }
    let floor = best.first().copied().unwrap_or(1).max(1);
    println!("100 flows of 5 conditions on one order, the best of {ROUNDS} rounds\n");
    println!("{:<36} {:>10} {:>16} {:>10}", "", "ns", "conditions/s", "floor");
    for ((name, _), took) in judges.iter().zip(best) {
        let rate = 1_000_000_000 * (5 * FLOWS as u128) / took.max(1);
        let times = format!("{}.{:02} x", took / floor, 100 * took / floor % 100);
        println!("{name:<36} {took:>10} {rate:>16} {times:>10}");
    }
}
