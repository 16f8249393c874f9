//! Carts: the latest state, whose it is, and when it is closed, whatever comes first.

use harkara_domain::{
    CartId, CartView, CustomerId, Fact, FactBody, OrderId, cart,
    fact::{CartFact, Contact},
};
use proptest::prelude::*;

use crate::make::{at, fact};

fn told(minutes: i64, change: impl FnOnce(&mut CartFact)) -> Fact {
    let mut cart = CartFact {
        id: CartId::new("custom-1"),
        touched_at: at(minutes),
        customer: Contact::default(),
        items: Vec::new(),
        total: None,
        url: None,
        order: None,
        gone: false,
    };
    change(&mut cart);
    fact(minutes, FactBody::Cart(Box::new(cart)))
}

fn owned(cart: &mut CartFact) {
    cart.customer.id = Some(CustomerId::new("a"));
    cart.url = Some("https://shop.example/1".to_owned());
}

fn view(facts: &[Fact]) -> CartView {
    let id = CartId::new("custom-1");
    let folded = facts
        .iter()
        .fold(None, |view: Option<CartView>, fact| Some(cart::fold(view.as_ref(), fact, &id).view));
    folded.unwrap()
}

#[test]
fn a_cart_that_is_filled_again_is_open_again_and_still_its_owners() {
    let emptied = [told(0, owned), told(5, |cart| cart.gone = true)];
    assert_eq!(view(&emptied).closed_at, Some(at(5)));
    let filled = [&emptied[..], &[told(9, |_| {})]].concat();
    let view = view(&filled);
    assert_eq!((view.closed_at, view.customer()), (None, Some(&CustomerId::new("a"))));
    assert_eq!(view.url(), Some("https://shop.example/1"));
}

#[test]
fn an_order_closes_it_for_good() {
    let ordered = told(5, |cart| cart.order = Some(OrderId::new("custom-7")));
    let facts = [told(0, owned), ordered, told(9, |_| {}), told(10, |cart| cart.gone = true)];
    let view = view(&facts);
    assert_eq!((view.closed_at, view.order), (Some(at(5)), Some(OrderId::new("custom-7"))));
}

fn any_fact() -> impl Strategy<Value = Fact> {
    (0i64..6, 0u8..4).prop_map(|(minutes, what)| {
        // One time, one content.
        told(minutes * 4 + i64::from(what), |cart| match what {
            0 => owned(cart),
            1 => cart.gone = true,
            2 => cart.order = Some(OrderId::new("custom-7")),
            _ => {}
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (one, other) in prop::collection::vec(any_fact(), 1..10)
            .prop_flat_map(|facts| (Just(facts.clone()).prop_shuffle(), Just([facts.clone(), facts].concat()).prop_shuffle()))
    ) {
        prop_assert_eq!(view(&one), view(&other));
    }
}
