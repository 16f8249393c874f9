//! Conditions in the world: on places that the store names, and on what its other flows have done.

use harkara_domain::{
    Reason,
    fact::Choice,
    flow::Class,
    rules::{Cap, Over},
    run::StageStatus,
};
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
    let cap = |most, per: &str| Cap { most, per: per.parse().unwrap(), then: Over::Defer };
    settings.rules.caps =
        BTreeMap::from([(Class::Marketing, cap(51, "7d")), (Class::Transactional, cap(0, "0m"))]);
    settings.timezone = "Asia/Karatschi".to_owned();
    let refused = world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "timezone: Asia/Karatschi is not an IANA time zone\n\
         areas.empty: names no place; give it at least one\n\
         city_aliases.Hub[0]: needs at least one letter or digit\n\
         caps.transactional.most: is 0; a cap is 1 to 50 messages\n\
         caps.transactional.per: is 0s; a cap needs a time, such as 1d or 7d\n\
         caps.marketing.most: is 51; a cap is 1 to 50 messages"
    );
    let long = |list: usize| (format!("list-{list}"), (0..500).map(|n| format!("{list}{n:097}")).collect());
    settings.rules = harkara_domain::Rules { areas: (0..5).map(long).collect(), ..Default::default() };
    settings.timezone = "Asia/Karachi".to_owned();
    let refused = world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap_err().to_string();
    assert!(refused.starts_with("areas: have, with `city_aliases` and `words`, 24"), "{refused}");
    settings.rules.areas.pop_last();
    settings.rules.caps = BTreeMap::from([(Class::Marketing, cap(50, "1m"))]);
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    world.finish().await;
}

/// A flow about birthdays knows of no order, so a template that speaks of one would fail each time.
#[tokio::test]
async fn a_flow_whose_trigger_knows_nothing_of_a_templates_words_is_refused() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let about = |trigger: &str| {
        format!(
            "name: Ask\ntrigger: {trigger}\nstages:\n  - name: Ask\n    message: {{ channels: [whatsapp], template: cod_confirmation, buttons: [confirm] }}\n"
        )
    };
    let setup = &world.world.setup;
    let refused = setup.flow(&TestWorld::store(), &about("birthday"), "test").await.unwrap_err().to_string();
    assert!(
        refused.contains("stages[0].message.template: the template cod_confirmation says order.")
            && refused.contains("which this trigger knows nothing of"),
        "{refused}"
    );
    let said: Vec<&str> = refused.lines().collect();
    let unique: std::collections::BTreeSet<&str> = said.iter().copied().collect();
    assert_eq!(said.len(), unique.len(), "each is said once: {refused}");
    setup.flow(&TestWorld::store(), &about("order_created"), "test").await.unwrap();
    world.finish().await;
}
