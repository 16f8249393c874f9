//! Conditions in the world: on places that the store names, and on what its other flows have done.

use harkara_domain::{Reason, fact::Choice, run::StageStatus};
use std::collections::BTreeMap;

use crate::{
    bodies::Order,
    world::{TestWorld, minutes, with_flows},
};

const ASKS: &str = "
name: Ask first
trigger: order_created
stages:
  - name: Ask
    message: { channels: [whatsapp], template: cod_confirmation, buttons: [confirm, cancel] }
  - name: Remind the readers
    after: 30m
    skip_if: { message_read: false }
    workflow: [{ add_note: They have read it }]
";

const AFTER: &str = "
name: After the question
trigger: order_confirmed
conditions: { flow_has_run: { contains: Ask first } }
stages: [{ name: Note, workflow: [{ add_note: Was asked }] }]
";

const NEVER: &str = "
name: Unasked
trigger: order_confirmed
conditions: { none: [{ flow_has_run: { contains_any: [ask-first] } }] }
stages: [{ name: Note, workflow: [{ add_note: Was not asked }] }]
";

/// The runs of an order are read for the flows that ask about them.
#[tokio::test]
async fn a_flow_can_ask_what_another_has_done() {
    let world = with_flows("2026-11-22T14:00", &[ASKS, AFTER, NEVER]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(2)).await;
    world.tap(&order, Choice::Confirm).await;
    assert!(world.run_of(&order, "after-the-question").await.is_some());
    assert!(world.run_of(&order, "unasked").await.is_none());
    world.finish().await;
}

/// A stage sees what became of its own run's messages.
#[tokio::test]
async fn a_stage_can_ask_whether_the_message_was_read() {
    for (read, status) in [(true, StageStatus::Sent), (false, StageStatus::Skipped)] {
        let world = with_flows("2026-11-22T14:00", &[ASKS]).await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        world.advance(minutes(2)).await;
        let call = world.calls_of(&order).pop().unwrap();
        world.receipt(&call, if read { "read" } else { "delivered" }, None).await;
        world.advance(minutes(40)).await;
        assert_eq!(world.stage(&order, "ask-first", "Remind the readers").await.status, status, "{read}");
        world.finish().await;
    }
}

const AREA: &str = "
name: Careful
trigger: order_created
conditions: { area: { is: high_return } }
stages: [{ name: Note, workflow: [{ add_note: Careful }] }]
";

/// Areas and aliases of the store's settings hold in its flows.
#[tokio::test]
async fn a_store_names_its_own_places() {
    for (place, runs) in [("City of Gardens", true), ("Turbat", false)] {
        let world = TestWorld::with("2026-11-22T14:00", |store| {
            let rules = &mut store.settings.rules;
            rules.areas = BTreeMap::from([("high_return".to_owned(), vec![place.to_owned()])]);
            rules.city_aliases = BTreeMap::from([("Lahore".to_owned(), vec!["City of Gardens".to_owned()])]);
            store.flows = vec![AREA.to_owned()];
        })
        .await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        assert_eq!(world.run_of(&order, "careful").await.is_some(), runs, "{place}");
        if !runs {
            let story = world.story(&order).await;
            let reasons: Vec<&Reason> =
                story.history.iter().flat_map(|entry| &entry.passed_over).map(|(_, reason)| reason).collect();
            let wanted = Reason::ConditionFailed {
                condition: "the area is high_return".to_owned(),
                actual: "none".to_owned(),
            };
            assert_eq!(reasons, [&wanted]);
        }
        world.finish().await;
    }
}

/// Settings are refused with all that is wrong in their rules.
#[tokio::test]
async fn places_that_mean_nothing_are_refused() {
    let mut settings = None;
    let world = TestWorld::with("2026-11-22T14:00", |file| settings = Some(file.settings.clone())).await;
    let mut settings = settings.unwrap();
    settings.rules.areas = BTreeMap::from([("empty".to_owned(), vec![])]);
    settings.rules.city_aliases = BTreeMap::from([("Hub".to_owned(), vec!["—".to_owned()])]);
    let refused = world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "areas.empty: names no place; give it at least one\n\
         city_aliases.Hub[0]: needs at least one letter or digit"
    );
    world.finish().await;
}
