//! Facts come in any order and any number of times: the view ends the same, and each trigger fires
//! once in all.

use std::collections::BTreeMap;

use harkara_domain::{
    Fact, FactBody, OrderStatus, Point,
    fact::{OrderAction, OrderFact, OrderSnapshot, PaymentMethod, Reply, Said},
    shipment::{ShipmentStatus, ShipmentUpdate, Tracking},
};
use proptest::{prelude::*, sample::Index};

use crate::make::{
    acted, at, created, fact, fold_all, money, order, order_fact, refund, refunded, snapshot, view,
};

fn any_snapshot() -> impl Strategy<Value = OrderSnapshot> {
    let cancelled = prop::option::weighted(0.15, 0i64..50);
    // Few versions, so that several facts share one: then the content decides.
    (0i64..5, cancelled, any::<bool>(), 1i64..4, "[ab]", prop::option::of(Just("x")), any::<bool>()).prop_map(
        |(updated, cancelled, paid, total, name, tag, cod)| OrderSnapshot {
            name,
            paid,
            total: money(total * 500),
            cancelled_at: cancelled.map(at),
            tags: tag.map(str::to_owned).into_iter().collect(),
            payment: if cod { PaymentMethod::Cod } else { PaymentMethod::Prepaid },
            ..snapshot(updated)
        },
    )
}

fn any_shipment() -> impl Strategy<Value = ShipmentUpdate> {
    use ShipmentStatus::{Booked, Cancelled, Delivered, Dispatched, OutForDelivery, Pending};
    let status = prop::option::of(prop::sample::select(vec![
        Pending,
        Booked,
        Dispatched,
        OutForDelivery,
        Delivered,
        Cancelled,
    ]));
    let tracking = prop::option::of("[12]")
        .prop_map(|number| number.map(|number| Tracking { number: Some(number), ..Tracking::default() }));
    ("[pqr]", status, tracking, any::<bool>(), 0i64..20).prop_map(
        |(parcel, status, tracking, attempted, minutes)| ShipmentUpdate {
            shipment: parcel.into(),
            status,
            tracking,
            attempted,
            at: at(minutes),
        },
    )
}

/// A source may tell of a refund a second time, with more pieces or another time.
fn any_refund() -> impl Strategy<Value = (&'static str, i64, u32)> {
    (prop::sample::select(vec!["a", "b", "c"]), 0i64..20, 0u32..4)
}

fn any_action() -> impl Strategy<Value = OrderAction> {
    let trigger = prop::sample::select(vec![Point::Confirmed, Point::Cancelled, Point::Dispatched]);
    prop_oneof![
        trigger.prop_map(OrderAction::Reach),
        ("[fg]", any::<bool>()).prop_map(|(flag, on)| OrderAction::SetFlag { flag, on }),
        "[uv]".prop_map(OrderAction::Assign),
        "[a-z]".prop_map(OrderAction::AddNote),
        Just(OrderAction::CancelAutomations { keep: None }),
    ]
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let shipments = prop::collection::vec(any_shipment(), 0..3);
    let refunds = prop::collection::vec(any_refund(), 0..3);
    prop_oneof![
        4 => (any_snapshot(), shipments, refunds).prop_map(|(snapshot, shipments, refunds)| {
            let refunds = refunds.into_iter().map(|(id, minutes, pieces)| refund(id, minutes, pieces)).collect();
            fact(0, FactBody::Order(Box::new(OrderFact { snapshot, shipments, refunds })))
        }),
        4 => any_shipment().prop_map(|update| fact(0, FactBody::Shipment { order: order(), update })),
        2 => any_refund().prop_map(|(id, minutes, pieces)| refunded(id, minutes, pieces)),
        3 => (0i64..20, any_action()).prop_map(|(minutes, action)| acted(minutes, action)),
        1 => (0i64..20, "[xy]").prop_map(|(minutes, words)| {
            let said = Said::Wrote(words);
            fact(minutes, FactBody::Reply(Reply { message: "m".into(), from: None, customer: None, order: Some(order()), said }))
        }),
    ]
}

/// Facts of one order, the shop's own among them, and two deliveries of them: each has every fact at
/// least once, in any order.
fn any_story() -> impl Strategy<Value = (Vec<Fact>, Vec<Fact>)> {
    let facts = (any_snapshot(), prop::collection::vec(any_fact(), 0..14)).prop_map(|(first, mut facts)| {
        facts.push(order_fact(first));
        facts
    });
    facts.prop_flat_map(|facts| (delivery(facts.clone()), delivery(facts)))
}

fn delivery(facts: Vec<Fact>) -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec(any::<Index>(), 0..10)
        .prop_map(move |again| {
            let repeated: Vec<Fact> = again.iter().map(|index| index.get(&facts).clone()).collect();
            facts.iter().cloned().chain(repeated).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

/// Each point that was come to, with how often; but for the waiting for a payment, which is no news
/// once that has come.
fn fired(facts: &[Fact]) -> BTreeMap<Point, usize> {
    let mut count = BTreeMap::new();
    for transition in fold_all(facts).1.iter().flat_map(|step| &step.transitions) {
        if let Some(point) = transition.occurrence.point().filter(|point| *point != Point::PaymentPending) {
            *count.entry(point).or_default() += 1;
        }
    }
    count
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_arrival_ends_at_the_same_view((one, other) in any_story()) {
        let (seen, steps) = fold_all(&one);
        prop_assert_eq!(&seen, &view(&other));
        prop_assert_eq!(fired(&one), fired(&other));
        // What fired is what the view has reached: nothing is lost, and nothing is invented.
        prop_assert_eq!(fired(&one).into_keys().collect::<Vec<_>>(), seen.reached.keys().copied().filter(|point| *point != Point::PaymentPending).collect::<Vec<_>>());
        prop_assert!(fired(&one).values().all(|&times| times == 1));
        for step in &steps {
            prop_assert!(step.changed || step.transitions.iter().all(|transition| transition.occurrence.recurs()));
        }
    }

    #[test]
    fn a_status_never_goes_back((one, _) in any_story()) {
        let statuses: Vec<OrderStatus> = fold_all(&one).1.iter().map(|step| step.view.status()).collect();
        prop_assert!(statuses.is_sorted(), "{statuses:?}");
    }

    #[test]
    fn a_trigger_is_stale_exactly_when_the_order_is_further_on((one, _) in any_story()) {
        for step in fold_all(&one).1 {
            for transition in &step.transitions {
                let own = transition.occurrence.point().and_then(|point| point.status());
                if let Some(own) = own {
                    let overtaken = step.view.status() > own;
                    prop_assert_eq!(transition.overtaken_by, overtaken.then_some(step.view.status()));
                }
            }
        }
    }

    #[test]
    fn a_view_survives_storage((one, _) in any_story()) {
        let seen = view(&one);
        let json = serde_json::to_string(&seen).unwrap();
        prop_assert_eq!(serde_json::from_str::<harkara_domain::OrderView>(&json).unwrap(), seen);
        for fact in &one {
            let json = serde_json::to_string(fact).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Fact>(&json).unwrap(), fact);
        }
    }
}

/// The shop adds a piece to an order of which as many as there were at first had come back.
#[test]
fn an_order_that_was_edited_ends_the_same_too() {
    let edited = order_fact(OrderSnapshot { item_count: 4, ..snapshot(20) });
    let back = refunded("a", 10, 3);
    assert_eq!(view(&[created(), back.clone(), edited.clone()]), view(&[created(), edited, back]));
}

/// A source reports the same refund twice, the second time with more pieces.
#[test]
fn a_refund_that_grew_ends_the_same_too() {
    let (first, grown) = (refunded("a", 10, 3), refunded("a", 20, 4));
    assert_eq!(view(&[created(), first.clone(), grown.clone()]), view(&[created(), grown, first]));
}
