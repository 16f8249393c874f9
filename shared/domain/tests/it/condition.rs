//! What conditions hold, and how they read.

use harkara_domain::{
    CustomerView, OrderView, Reason,
    fact::{OrderSnapshot, PaymentMethod},
    flow::{
        Condition,
        condition::{Circumstances, Number},
    },
    id::CustomerId,
    shipment::ShipmentStatus,
};

use crate::make::{at, cancelled, confirmed, created, order_fact, shipped, snapshot, store, view};

fn read(yaml: &str) -> Condition {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

fn on(order: &OrderView) -> Circumstances<'_> {
    crate::make::on(order, None, at(0))
}

/// The order of these tests: cash on delivery, Rs 1,500, Karachi, nothing else known.
fn holds(yaml: &str) -> bool {
    let order = view(&[created()]);
    let condition = read(yaml);
    assert_eq!(condition.check(on(&order)).is_ok(), condition.holds(on(&order)), "{yaml}");
    condition.holds(on(&order))
}

#[test]
fn every_operator_does_what_it_says() {
    for (yaml, expected) in [
        ("payment_method: { is: cod }", true),
        ("payment_method: { is: prepaid }", false),
        ("payment_method: { is_not: prepaid }", true),
        ("payment_method: { is_not: cod }", false),
        ("payment_method: { in: [prepaid, cod] }", true),
        ("payment_method: { in: [prepaid] }", false),
        ("payment_method: { not_in: [prepaid] }", true),
        ("payment_method: { not_in: [prepaid, cod] }", false),
        ("city: { is: ' KARACHI ' }", true),
        ("city: { is: Lahore }", false),
        ("city: { is_not: Lahore }", true),
        ("city: { is_not: karachi }", false),
        ("city: { in: [lahore, karachi] }", true),
        ("city: { in: [Lahore] }", false),
        ("city: { not_in: [Lahore] }", true),
        ("city: { not_in: [Lahore, KARACHI] }", false),
        ("order_total: { at_least: 1500 }", true),
        ("order_total: { at_least: 1500.01 }", false),
        ("order_total: { at_most: '1500.00' }", true),
        ("order_total: { at_most: 1499.99 }", false),
        ("order_total: { between: [1500, 1500] }", true),
        ("order_total: { between: [0, 1499] }", false),
        ("first_time_customer: true", true),
        ("first_time_customer: false", false),
        ("confirmation: { is: pending }", true),
        ("confirmation: { in: [confirmed, not_needed] }", false),
        ("order_status: { is: pending }", true),
        ("order_status: { not_in: [dispatched, out_for_delivery] }", true),
        ("all: [{ payment_method: { is: cod } }, { city: { is: Karachi } }]", true),
        ("all: [{ payment_method: { is: cod } }, { city: { is: Lahore } }]", false),
        ("any: [{ payment_method: { is: prepaid } }, { city: { is: Karachi } }]", true),
        ("any: [{ payment_method: { is: prepaid } }, { city: { is: Lahore } }]", false),
        ("none: [{ payment_method: { is: prepaid } }, { city: { is: Lahore } }]", true),
        ("none: [{ payment_method: { is: prepaid } }, { city: { is: Karachi } }]", false),
    ] {
        assert_eq!(holds(yaml), expected, "{yaml}");
    }
}

#[test]
fn words_and_what_was_found_instead_make_a_sentence() {
    for (yaml, words, actual) in [
        ("payment_method: { is: prepaid }", "payment is prepaid", "cod"),
        ("payment_method: { is_not: cod }", "payment is not cod", "cod"),
        ("city: { in: [Lahore, Multan] }", "the city is one of Lahore, Multan", "Karachi"),
        ("city: { not_in: [Karachi] }", "the city is none of Karachi", "Karachi"),
        ("order_total: { at_least: 2000.50 }", "the total is at least 2000.5", "1500"),
        ("order_total: { at_most: 1000 }", "the total is at most 1000", "1500"),
        ("order_total: { between: [1, 2] }", "the total is between 1 and 2", "1500"),
        ("first_time_customer: false", "it is not the customer's first order", "so"),
        ("confirmation: { in: [not_needed] }", "confirmation is one of not needed", "pending"),
        ("order_status: { is: out_for_delivery }", "the order is out for delivery", "pending"),
        // Of `all`, the one that failed is the reason.
        (
            "all: [{ city: { is: Karachi } }, { order_total: { at_least: 9000 } }]",
            "the total is at least 9000",
            "1500",
        ),
        (
            "any: [{ city: { is: Lahore } }, { all: [{ city: { is: Multan } }, { payment_method: { is: cod } }] }]",
            "either the city is Lahore or (the city is Multan and payment is cod)",
            "Karachi",
        ),
        (
            "none: [{ city: { is: Lahore } }, { city: { is: Karachi } }]",
            "neither the city is Lahore nor the city is Karachi",
            "Karachi",
        ),
        ("none: [{ city: { is: Karachi } }]", "not (the city is Karachi)", "Karachi"),
        ("any: [{ city: { is: Lahore } }]", "the city is Lahore", "Karachi"),
        ("none: [{ all: [{ city: { is: Karachi } }] }]", "not (the city is Karachi)", "so"),
    ] {
        let order = view(&[created()]);
        let failed = Reason::ConditionFailed { condition: words.into(), actual: actual.into() };
        assert_eq!(read(yaml).check(on(&order)), Err(failed), "{yaml}");
    }
    let both = "all: [{ first_time_customer: true }, { payment_method: { is: cod } }]";
    assert_eq!(read(both).to_string(), "it is the customer's first order and payment is cod");
}

#[test]
fn of_what_the_order_does_not_say_nothing_holds() {
    let parcel = view(&[shipped(5, ShipmentStatus::Booked)]);
    let nowhere = view(&[order_fact(OrderSnapshot { address: None, ..snapshot(0) })]);
    for (order, yaml) in [
        (&parcel, "payment_method: { is: cod }"),
        (&parcel, "payment_method: { is_not: cod }"),
        (&parcel, "order_total: { at_most: 5 }"),
        (&nowhere, "city: { is: Karachi }"),
        (&nowhere, "city: { not_in: [Karachi] }"),
    ] {
        assert!(!read(yaml).holds(on(order)), "{yaml}");
        assert!(
            matches!(read(yaml).check(on(order)), Err(Reason::ConditionFailed { actual, .. }) if actual == "not known")
        );
    }
    // The status, and whether a confirmation is open, are known of a parcel alone.
    assert!(read("order_status: { is: booked }").holds(on(&parcel)));
    assert!(read("confirmation: { is: not_needed }").holds(on(&parcel)));
}

#[test]
fn confirmation_follows_the_order() {
    let is =
        |order: &OrderView, word: &str| read(&format!("confirmation: {{ is: {word} }}")).holds(on(order));
    assert!(is(&view(&[created(), confirmed(5)]), "confirmed"));
    assert!(is(&view(&[created(), confirmed(5), cancelled(9)]), "cancelled"));
    assert!(is(&view(&[created(), shipped(5, ShipmentStatus::Booked)]), "not_needed"));
    let paid = OrderSnapshot { paid: true, ..snapshot(0) };
    assert!(is(&view(&[order_fact(paid)]), "not_needed"));
    let prepaid = OrderSnapshot { payment: PaymentMethod::Prepaid, ..snapshot(0) };
    assert!(is(&view(&[order_fact(prepaid)]), "not_needed"));
}

#[test]
fn a_customer_is_new_until_their_second_order() {
    let order = view(&[created()]);
    let mut customer = CustomerView::empty(&store(), &CustomerId::new("c1"));
    for (orders, first) in [(0, true), (1, true), (2, false)] {
        customer.orders = orders;
        let on = crate::make::on(&order, Some(&customer), at(0));
        assert_eq!(read("first_time_customer: true").holds(on), first);
        assert_eq!(read("first_time_customer: false").holds(on), !first);
    }
}

#[test]
fn numbers_are_exact_however_they_are_written() {
    for (yaml, number) in [
        ("1500", "1500"),
        ("0.1", "0.1"),
        ("1499.99", "1499.99"),
        ("\"1499.990\"", "1499.99"),
        ("-3", "-3"),
        ("1_500", "1500"),
        ("1e3", "1000"),
        ("123456789012.34", "123456789012.34"),
    ] {
        let read: Number = serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
        assert_eq!(read.0, number.parse().unwrap(), "{yaml}");
    }
    for bad in ["many", "1e300", ".nan", ".inf", "[1]", "true", "\"\"", "99999999999999999999999999999999999"]
    {
        assert!(serde_saphyr::from_str::<Number>(bad).is_err(), "{bad}");
    }
    assert_eq!(serde_json::from_str::<Number>("0.1").unwrap().0, "0.1".parse().unwrap());
}

#[test]
fn flaws_name_their_place() {
    let flaws =
        |yaml: &str| read(yaml).flaws("conditions").into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(flaws("city: { in: [Karachi] }"), Vec::<String>::new());
    assert_eq!(flaws("city: { in: [] }"), ["conditions.city.in"]);
    assert_eq!(flaws("all: []"), ["conditions.all"]);
    assert_eq!(
        flaws("any: [{ none: [] }, { order_status: { not_in: [] } }, { order_total: { between: [2, 1] } }]"),
        [
            "conditions.any[0].none",
            "conditions.any[1].order_status.not_in",
            "conditions.any[2].order_total.between"
        ]
    );
}

#[test]
fn size_counts_conditions_and_groups() {
    assert_eq!(read("city: { is: x }").size(), (1, 1));
    assert_eq!(
        read("all: [{ city: { is: x } }, { any: [{ city: { is: x } }, { city: { is: y } }] }]").size(),
        (5, 3)
    );
}
