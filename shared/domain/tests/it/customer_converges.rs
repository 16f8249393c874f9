//! What is told of a customer, and what flows and people do to them, in every order.

use harkara_domain::{
    CustomerView, Fact, FactBody,
    customer::fold,
    fact::{Actor, CustomerAction, CustomerFact, Profile, Tier},
    flow::Channel,
    id::CustomerId,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

use crate::make::{at, fact, store};

fn id() -> CustomerId {
    CustomerId::new("c1")
}

fn told(minutes: i64, said: CustomerFact) -> Fact {
    fact(minutes, FactBody::Customer { customer: id(), said })
}

fn did(minutes: i64, action: CustomerAction) -> Fact {
    told(minutes, CustomerFact::Acted { action, by: Actor::Person("a@example.com".into()) })
}

fn tier(name: &str, level: u32, points: Option<i64>) -> CustomerFact {
    CustomerFact::Tier(Tier { name: name.into(), level, points, ..Tier::default() })
}

/// Few times, names and channels, so that facts contradict one another, at one time too.
fn any_said() -> impl Strategy<Value = CustomerFact> {
    let by = || Actor::Person("a@example.com".into());
    let action = prop_oneof![
        ("[ab]", any::<bool>()).prop_map(|(tag, on)| CustomerAction::SetTag { tag, on }),
        "[SG]".prop_map(CustomerAction::SetTier),
        (-5i64..5).prop_map(CustomerAction::AddPoints),
        (any::<bool>(), prop::option::of(channel()))
            .prop_map(|(on, channel)| CustomerAction::Suppress { on, channel }),
    ];
    let profile =
        (prop::collection::btree_map(channel(), any::<bool>(), 0..3), prop::collection::vec("[ab]", 0..2))
            .prop_map(|(consent, tags)| {
                CustomerFact::Profile(Box::new(Profile { consent, tags, ..Profile::default() }))
            });
    prop_oneof![
        3 => action.prop_map(move |action| CustomerFact::Acted { action, by: by() }),
        2 => ("[SGP]", 0u32..3, prop::option::of(0i64..3)).prop_map(|(name, level, points)| tier(&name, level, points)),
        2 => profile,
        1 => (prop::option::of(1i8..4), prop::option::of("[xy]")).prop_map(|(day, title)| CustomerFact::Subscription {
            id: "s".into(),
            renews_on: day.map(|day| jiff::civil::date(2026, 12, day)),
            title,
        }),
    ]
}

fn channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(Channel::ALL.to_vec())
}

fn view(facts: &[Fact]) -> CustomerView {
    let empty = CustomerView::empty(&store(), &id());
    facts.iter().fold(empty, |view, fact| fold(Some(&view), fact, &id()).view)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_arrival_ends_at_the_same_customer(
        (facts, shuffled) in prop::collection::vec((0i64..4, any_said()), 0..9)
            .prop_map(|facts| facts.into_iter().map(|(minutes, said)| told(minutes, said)).collect::<Vec<_>>())
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
    ) {
        prop_assert_eq!(view(&facts), view(&shuffled));
    }
}

#[test]
fn of_what_the_shop_told_and_where_they_were_moved_the_later_counts() {
    let facts = [
        told(1, tier("Silver", 1, Some(10))),
        did(2, CustomerAction::SetTier("Gold".into())),
        did(3, CustomerAction::AddPoints(5)),
        told(
            4,
            CustomerFact::Profile(Box::new(Profile {
                consent: BTreeMap::from([(Channel::Email, true)]),
                ..Profile::default()
            })),
        ),
    ];
    let seen = view(&facts);
    assert_eq!((seen.tier_name(), seen.points()), (Some("Gold"), 15), "{seen:?}");
    assert_eq!(seen.consent, BTreeMap::from([(Channel::Email, (at(4), true))]));
    let later = view(&[&facts[..], &[told(5, tier("Platinum", 3, Some(12)))]].concat());
    assert_eq!((later.tier_name(), later.points()), (Some("Platinum"), 17));
}

#[test]
fn news_of_a_tier_that_somebody_has_changed_since_is_none() {
    let moved = view(&[did(5, CustomerAction::SetTier("Silver".into()))]);
    let folded = fold(Some(&moved), &told(1, tier("Gold", 2, None)), &id());
    assert_eq!((folded.view.tier_name(), folded.transitions.len()), (Some("Silver"), 0));
    let folded = fold(Some(&moved), &told(6, tier("Gold", 2, None)), &id());
    assert_eq!((folded.view.tier_name(), folded.transitions.len()), (Some("Gold"), 1));
}
