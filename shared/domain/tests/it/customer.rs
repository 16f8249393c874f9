//! What all the orders of a customer add up to, however their facts are interleaved.

use std::collections::BTreeMap;

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, OrderId, OrderView, Point,
    customer::Contribution,
    fact::{Actor, Choice, Contact, OrderAction, OrderSnapshot, Said},
    flow::{Channel, condition::Satisfaction},
    order,
};
use proptest::prelude::*;

use crate::make::{at, fact, money, order_fact, snapshot, store};

/// Two orders of customer `a`, two of `b`; one of them may change hands.
fn state(number: i64, updated: i64, amount: i64, cancelled: bool, customer: &str) -> OrderSnapshot {
    OrderSnapshot {
        id: OrderId::new(number.to_string()),
        created_at: at(number),
        total: money(amount),
        customer: Contact {
            id: Some(CustomerId::new(customer)),
            first_name: Some(format!("{customer}{updated}")),
            ..Contact::default()
        },
        cancelled_at: cancelled.then(|| at(updated)),
        ..snapshot(updated)
    }
}

fn owner(number: i64) -> &'static str {
    if number < 2 { "a" } else { "b" }
}

fn any_fact() -> impl Strategy<Value = (OrderId, Fact)> {
    let number = 0i64..4;
    prop_oneof![
        3 => (number.clone(), 0i64..1000, prop::bool::weighted(0.2)).prop_map(|(number, updated, cancelled)| {
            // One version, one content.
            let amount = 100 * (updated % 7);
            (OrderId::new(number.to_string()), order_fact(state(number, updated * 4 + number, amount, cancelled, owner(number))))
        }),
        1 => number.prop_map(|number| {
            let order = OrderId::new(number.to_string());
            let action = OrderAction::Reach(Point::Returned);
            (order.clone(), fact(number, FactBody::Action { order, action, by: Actor::Customer }))
        }),
    ]
}

/// The customers after these facts, as the engine keeps them: with each change of an order, what it
/// added before is exchanged for what it adds now, for everybody who is named.
fn customers(
    facts: &[(OrderId, Fact)],
) -> (BTreeMap<OrderId, OrderView>, BTreeMap<CustomerId, CustomerView>) {
    let mut orders: BTreeMap<OrderId, OrderView> = BTreeMap::new();
    let mut customers: BTreeMap<CustomerId, CustomerView> = BTreeMap::new();
    for (id, fact) in facts {
        let before = orders.get(id).and_then(OrderView::contribution);
        let view = order::fold(orders.get(id), fact, id).view;
        let now = view.contribution();
        orders.insert(id.clone(), view);
        let named: std::collections::BTreeSet<_> =
            [&before, &now].into_iter().flatten().map(|contribution| contribution.customer.clone()).collect();
        for customer in named {
            let held =
                customers.entry(customer.clone()).or_insert_with(|| CustomerView::empty(&store(), &customer));
            held.exchange(before.as_ref(), now.as_ref());
        }
    }
    (orders, customers)
}

fn check(customer: &CustomerView, contributions: &[Contribution]) -> Result<(), TestCaseError> {
    let mine: Vec<_> = contributions.iter().filter(|c| c.customer == customer.id).collect();
    prop_assert_eq!(customer.orders as usize, mine.len());
    prop_assert_eq!(customer.returns as usize, mine.iter().filter(|c| c.returned).count());
    let spent: rust_decimal::Decimal = mine.iter().filter(|c| c.kept).map(|c| c.total.amount).sum();
    prop_assert_eq!(customer.spent.values().sum::<rust_decimal::Decimal>(), spent);
    prop_assert!(customer.spent.values().all(|amount| !amount.is_zero()));
    let last = mine.iter().map(|c| (c.created_at, c.order.clone())).max();
    prop_assert_eq!(&customer.last_order, &last);
    let mut placed: Vec<_> = mine.iter().map(|c| (c.created_at, c.order.clone())).collect();
    placed.sort_unstable();
    prop_assert_eq!(&customer.previous_order, &placed.iter().rev().nth(1).cloned());
    let contact = mine.iter().map(|c| (c.updated_at, c.contact.clone())).max();
    prop_assert_eq!(&customer.contact, &contact);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_customer_is_the_sum_of_their_orders(facts in prop::collection::vec(any_fact(), 1..20).prop_shuffle()) {
        let (orders, customers) = customers(&facts);
        let contributions: Vec<Contribution> = orders.values().filter_map(OrderView::contribution).collect();
        for customer in customers.values() {
            check(customer, &contributions)?;
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (one, other) in prop::collection::vec(any_fact(), 1..16)
            .prop_flat_map(|facts| (Just(facts.clone()).prop_shuffle(), Just([facts.clone(), facts].concat()).prop_shuffle()))
    ) {
        prop_assert_eq!(customers(&one), customers(&other));
    }
}

#[test]
fn an_order_that_changes_hands_counts_for_its_new_customer_only() {
    let before = state(0, 1, 500, false, "a");
    let after = state(0, 2, 500, false, "b");
    let id = OrderId::new("0");
    let (_, customers) = customers(&[(id.clone(), order_fact(before)), (id, order_fact(after))]);
    let (a, b) = (&customers[&CustomerId::new("a")], &customers[&CustomerId::new("b")]);
    assert_eq!((a.orders, a.spent.len(), b.orders, b.spent.len()), (0, 0, 1, 1));
}

#[test]
fn the_last_word_opens_the_window() {
    let mut customer = CustomerView::empty(&store(), &CustomerId::new("a"));
    let wrote = |text: &str| Said::Wrote(text.to_owned());
    let tapped = |choice| Said::Tapped { choice, label: "!".to_owned() };
    for (minutes, said) in [
        (9, wrote("later")),
        (5, wrote("earlier")),
        (3, tapped(Choice::Dissatisfied)),
        (4, tapped(Choice::Satisfied)),
        (2, tapped(Choice::Dissatisfied)),
        (8, tapped(Choice::Confirm)),
    ] {
        customer.hear(&said, at(minutes));
    }
    assert_eq!(customer.last_inbound_at, Some(at(9)));
    assert_eq!(customer.last_reply, Some((at(9), "later".to_owned())));
    assert_eq!(customer.satisfaction, Some((at(4), Satisfaction::Satisfied)));
    customer.hear(&tapped(Choice::Cancel), at(10));
    assert_eq!(customer.last_reply, Some((at(10), "cancel".to_owned())));
}

/// An order's state with what its checkout said of marketing.
fn consenting(number: i64, updated: i64, wants: Option<bool>) -> (OrderId, Fact) {
    let mut state = state(number, updated, 100, false, "a");
    state.details.accepts_marketing = wants.map(|wants| (Channel::Email, wants)).into_iter().collect();
    (OrderId::new(number.to_string()), order_fact(state))
}

#[test]
fn consent_is_of_the_latest_order_and_of_its_latest_state_whatever_comes_first() {
    let facts = [
        consenting(0, 5, Some(true)),
        consenting(0, 9, Some(false)),
        consenting(1, 6, Some(false)),
        consenting(1, 7, Some(true)),
        consenting(2, 900, None),
    ];
    let wants =
        |facts: &[(OrderId, Fact)]| customers(facts).1[&CustomerId::new("a")].consent[&Channel::Email].1;
    let mut backwards = facts.clone();
    backwards.reverse();
    assert!(wants(&facts) && wants(&backwards));
    assert!(!wants(&facts[..2]) && !wants(&backwards[3..]));
    assert_eq!(
        customers(&facts).1[&CustomerId::new("a")].consent,
        customers(&backwards).1[&CustomerId::new("a")].consent
    );
}

#[test]
fn a_late_state_of_an_order_does_not_undo_what_was_said_since() {
    let (id, first) = consenting(0, 1, Some(true));
    let (_, delivered) = consenting(0, 5000, Some(true));
    let before = order::fold(None, &first, &id).view;
    let after = order::fold(Some(&before), &delivered, &id).view;
    let mut customer = CustomerView::empty(&store(), &CustomerId::new("a"));
    customer.exchange(None, before.contribution().as_ref());
    assert!(customer.consent[&Channel::Email].1);
    customer.consent.insert(Channel::Email, (at(100), false));
    customer.exchange(before.contribution().as_ref(), after.contribution().as_ref());
    assert!(!customer.consent[&Channel::Email].1, "the parcel's news is no consent");
}
