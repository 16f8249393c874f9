//! Named stories of an order.

use harkara_domain::{
    FactBody, OrderStatus, OrderView, Point,
    fact::{OrderAction, OrderFact, OrderSnapshot, Reply, Said},
    occurrence::Folded,
    order::Confirmation,
    shipment::{ShipmentStatus, ShipmentUpdate, Tracking},
};

use crate::make::{
    acted, at, cancelled, confirmed, created, fact, fold_all, order, order_fact, refund, refunded, shipped,
    snapshot, update, view,
};

/// What fired, with what had overtaken it.
fn fired(step: &Folded<OrderView>) -> Vec<(Point, Option<OrderStatus>)> {
    let points = step.transitions.iter();
    points.filter_map(|transition| Some((transition.occurrence.point()?, transition.overtaken_by))).collect()
}

#[test]
fn an_order_goes_its_whole_road() {
    use ShipmentStatus::{Booked, Delivered, Dispatched, OutForDelivery};
    let (last, steps) = fold_all(&[
        created(),
        confirmed(5),
        shipped(60, Booked),
        shipped(120, Dispatched),
        shipped(900, OutForDelivery),
        shipped(1000, Delivered),
    ]);
    let all: Vec<_> = steps.iter().flat_map(fired).collect();
    let road = [
        Point::Created,
        Point::Confirmed,
        Point::Booked,
        Point::Dispatched,
        Point::OutForDelivery,
        Point::Delivered,
    ];
    let expected: Vec<_> = road.into_iter().map(|point| (point, None)).collect();
    assert_eq!(all, expected);
    assert_eq!(last.status(), OrderStatus::Delivered);
    assert_eq!(steps[3].transitions[0].at, at(120));
}

#[test]
fn a_duplicate_changes_and_fires_nothing() {
    for fact in
        [created(), confirmed(5), shipped(9, ShipmentStatus::Dispatched), refunded("r", 9, 1), cancelled(3)]
    {
        let (_, steps) = fold_all(&[created(), fact.clone(), fact]);
        assert!(!steps[2].changed);
        assert_eq!(fired(&steps[2]), []);
    }
}

#[test]
fn a_parcel_heard_of_before_its_order_waits_for_it() {
    let (last, steps) = fold_all(&[shipped(900, ShipmentStatus::Delivered), created()]);
    assert!(steps[0].changed);
    assert_eq!(fired(&steps[0]), []);
    assert_eq!(fired(&steps[1]), [(Point::Created, Some(OrderStatus::Delivered)), (Point::Delivered, None)]);
    assert_eq!(last.confirmation(), Confirmation::NotNeeded);
}

#[test]
fn an_order_that_arrives_cancelled_starts_only_what_cancellation_starts() {
    let (last, steps) = fold_all(&[cancelled(30), created()]);
    assert_eq!(fired(&steps[0]), [(Point::Created, Some(OrderStatus::Cancelled)), (Point::Cancelled, None)]);
    // The creation webhook comes late: it says nothing new.
    assert_eq!(fired(&steps[1]), []);
    assert!(!steps[1].changed);
    assert_eq!(last.confirmation(), Confirmation::Cancelled);
}

#[test]
fn an_order_that_arrives_dispatched_is_not_asked_to_be_confirmed() {
    let shipments = vec![update("parcel", 60, ShipmentStatus::Dispatched)];
    let whole = OrderFact { snapshot: snapshot(60), shipments, refunds: vec![] };
    let (last, steps) = fold_all(&[fact(60, FactBody::Order(Box::new(whole)))]);
    assert_eq!(
        fired(&steps[0]),
        [(Point::Created, Some(OrderStatus::Dispatched)), (Point::Dispatched, None)]
    );
    assert_eq!(last.confirmation(), Confirmation::NotNeeded);
}

#[test]
fn a_late_old_state_changes_nothing_but_keeps_its_evidence() {
    let newer = order_fact(OrderSnapshot { name: "newer".into(), ..snapshot(50) });
    let older = order_fact(OrderSnapshot { name: "older".into(), ..snapshot(10) });
    let (last, steps) = fold_all(&[newer.clone(), older]);
    assert_eq!(last.snapshot.unwrap().name, "newer");
    assert!(!steps[1].changed);

    let (last, steps) = fold_all(&[newer, cancelled(10)]);
    assert_eq!(last.snapshot.as_ref().unwrap().name, "newer");
    assert_eq!(fired(&steps[1]), [(Point::Cancelled, None)]);
    assert_eq!(last.status(), OrderStatus::Cancelled);
}

#[test]
fn an_order_is_returned_once_all_its_pieces_are_back() {
    let (last, steps) = fold_all(&[
        created(),
        refunded("a", 100, 1),
        refunded("b", 90, 1),
        refunded("c", 110, 0),
        refunded("d", 120, 1),
    ]);
    assert_eq!(steps[1..4].iter().flat_map(fired).collect::<Vec<_>>(), []);
    assert_eq!(fired(&steps[4]), [(Point::Returned, None)]);
    assert_eq!(steps[4].transitions[0].at, at(120));
    assert_eq!(last.status(), OrderStatus::Returned);

    // All of it in one, and the refund before the order.
    assert_eq!(view(&[created(), refunded("a", 100, 3)]).status(), OrderStatus::Returned);
    let (_, steps) = fold_all(&[refunded("a", 100, 3), created()]);
    assert_eq!(fired(&steps[1]), [(Point::Created, Some(OrderStatus::Returned)), (Point::Returned, None)]);
    // Money alone is no return.
    assert_eq!(view(&[created(), refunded("a", 100, 0)]).status(), OrderStatus::Pending);
}

#[test]
fn refunds_that_come_with_the_order_count_like_those_that_come_alone() {
    let whole = OrderFact { snapshot: snapshot(60), shipments: vec![], refunds: vec![refund("a", 50, 3)] };
    let together = fact(60, FactBody::Order(Box::new(whole)));
    assert_eq!(view(&[together]), view(&[refunded("a", 50, 3), order_fact(snapshot(60))]));
}

#[test]
fn a_delivery_after_a_cancellation_does_not_reopen_the_order() {
    let (last, steps) = fold_all(&[created(), cancelled(30), shipped(900, ShipmentStatus::Delivered)]);
    assert_eq!(fired(&steps[2]), [(Point::Delivered, Some(OrderStatus::Cancelled))]);
    assert_eq!(last.status(), OrderStatus::Cancelled);
}

#[test]
fn a_scan_out_of_turn_fires_as_overtaken() {
    let (_, steps) = fold_all(&[
        created(),
        shipped(900, ShipmentStatus::Delivered),
        shipped(800, ShipmentStatus::OutForDelivery),
    ]);
    assert_eq!(fired(&steps[2]), [(Point::OutForDelivery, Some(OrderStatus::Delivered))]);
}

#[test]
fn one_parcel_given_up_does_not_touch_the_other() {
    let other = fact(
        70,
        FactBody::Shipment { order: order(), update: update("other", 70, ShipmentStatus::Dispatched) },
    );
    let (last, steps) = fold_all(&[created(), shipped(60, ShipmentStatus::Cancelled), other]);
    assert_eq!(fired(&steps[1]), []);
    assert_eq!(last.status(), OrderStatus::Dispatched);
    assert_eq!(last.shipments.len(), 2);
}

#[test]
fn tracking_and_attempts_are_kept() {
    let tracking = |number: &str| Some(Tracking { number: Some(number.into()), ..Tracking::default() });
    let parcel = |minutes, number, attempted| {
        let update = ShipmentUpdate {
            shipment: "p".into(),
            status: None,
            tracking: tracking(number),
            attempted,
            at: at(minutes),
        };
        fact(minutes, FactBody::Shipment { order: order(), update })
    };
    let late_but_older = parcel(10, "old", false);
    let last = view(&[
        created(),
        parcel(20, "new", true),
        late_but_older,
        parcel(20, "new", true),
        parcel(30, "new", true),
    ]);
    assert_eq!(last.tracking().unwrap().number.as_deref(), Some("new"));
    assert_eq!(last.shipments[&"p".into()].attempts.len(), 2);
    assert_eq!(last.status(), OrderStatus::Pending);
}

#[test]
fn flags_assignment_and_replies_keep_the_latest() {
    let flag = |minutes, on| acted(minutes, OrderAction::SetFlag { flag: "vip".into(), on });
    assert_eq!(view(&[created(), flag(9, false), flag(5, true)]).flags_set().count(), 0);
    assert_eq!(view(&[created(), flag(5, false), flag(9, true)]).flags_set().collect::<Vec<_>>(), ["vip"]);
    let assign = |minutes, person: &str| acted(minutes, OrderAction::Assign(person.into()));
    let last = view(&[created(), assign(9, "b@shop.example"), assign(5, "a@shop.example")]);
    assert_eq!(last.assigned.unwrap().1, "b@shop.example");
    let said = Reply {
        message: "m".into(),
        from: None,
        customer: None,
        order: Some(order()),
        said: Said::Wrote("hi".into()),
    };
    let reply = |minutes| fact(minutes, FactBody::Reply(said.clone()));
    assert_eq!(view(&[created(), reply(9), reply(5)]).replied_at, Some(at(9)));
}
