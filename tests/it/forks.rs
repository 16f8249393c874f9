//! Forks, exits and re-entry: which way a run goes, and how often there is one.

use harkara_domain::{
    Reason,
    fact::Choice,
    run::{RunStatus, StageStatus},
};

use crate::{
    bodies::Order,
    world::{TestWorld, minutes, with_flows},
};

const WAITS: &str = "
name: Waits
trigger: order_created
stages:
  - name: Ask
    message: { channels: [whatsapp], template: cod_confirmation, buttons: [confirm, cancel] }
  - name: Answer
    wait_for:
      - until: { reply: confirm }
        stages:
          - { name: Thank, workflow: [{ add_note: Thanked }] }
          - { name: Later, after: 1h, workflow: [{ add_note: An hour after the answer }] }
      - until: { status: dispatched }
        stages: [{ name: Gone, workflow: [{ add_note: It left unasked }] }]
    timeout: 2h
    otherwise:
      - { name: Call, workflow: [{ set_flag: call_them }] }
  - name: Close
    workflow: [{ log_event: Closed }]
";

async fn statuses(world: &TestWorld, order: &Order, flow: &str) -> Vec<(String, StageStatus)> {
    let story = world.story(order).await;
    let run = story.runs.into_iter().find(|run| run.run.flow.as_str() == flow).unwrap();
    let statuses = run.run.stages.iter().map(|stage| stage.status);
    run.stages.iter().cloned().zip(statuses).collect()
}

fn named(pairs: &[(&str, StageStatus)]) -> Vec<(String, StageStatus)> {
    pairs.iter().map(|(name, status)| ((*name).to_owned(), *status)).collect()
}

#[tokio::test]
async fn a_wait_goes_on_in_the_arm_of_what_came() {
    use StageStatus::{Queued, Sent, Skipped};
    let world = with_flows("2026-11-22T14:00", &[WAITS]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(20)).await;
    let waiting = [("Ask", Sent), ("Answer", Queued), ("Thank", Queued), ("Later", Queued)];
    let rest = [("Gone", Queued), ("Call", Queued), ("Close", Queued)];
    assert_eq!(statuses(&world, &order, "waits").await, named(&[&waiting[..], &rest[..]].concat()));

    world.tap(&order, Choice::Confirm).await;
    let taken = [("Ask", Sent), ("Answer", Sent), ("Thank", Sent), ("Later", Queued)];
    let rest = [("Gone", Skipped), ("Call", Skipped), ("Close", Queued)];
    assert_eq!(statuses(&world, &order, "waits").await, named(&[&taken[..], &rest[..]].concat()));
    let gone = world.stage(&order, "waits", "Gone").await;
    assert_eq!(gone.reason, Some(Reason::OtherArm { taken: "the answer confirm".to_owned() }));

    // An hour after the arm was entered, not after the trigger.
    world.advance(minutes(59)).await;
    assert_eq!(world.stage(&order, "waits", "Later").await.status, Queued);
    world.advance(minutes(1)).await;
    assert_eq!(world.stage(&order, "waits", "Later").await.status, Sent);
    assert_eq!(world.run_of(&order, "waits").await.unwrap().status, RunStatus::Finished);
    world.advance(minutes(300)).await;
    assert_eq!(world.story(&order).await.order.flags_set().count(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_wait_ends_when_its_time_is_up_or_at_another_of_its_ends() {
    use StageStatus::{Sent, Skipped};
    let world = with_flows("2026-11-22T14:00", &[WAITS]).await;
    let (silent, gone) = (Order::cod(1, world.now()), Order::cod(2, world.now()));
    world.place(&silent).await;
    world.place(&gone).await;
    world.advance(minutes(30)).await;
    world.post("fulfillments/create", &gone.parcel(None, world.now())).await;
    world.post("fulfillment_events/create", &gone.scan("in_transit", world.now())).await;
    assert_eq!(world.stage(&gone, "waits", "Gone").await.status, Sent);
    world.advance(minutes(89)).await;
    assert_eq!(world.stage(&silent, "waits", "Answer").await.status, StageStatus::Queued);
    world.advance(minutes(1)).await;
    assert_eq!(world.stage(&silent, "waits", "Call").await.status, Sent);
    assert_eq!(world.stage(&silent, "waits", "Thank").await.status, Skipped);
    assert_eq!(world.story(&silent).await.order.flags_set().collect::<Vec<_>>(), ["call_them"]);
    // Too late to go another way.
    world.tap(&silent, Choice::Confirm).await;
    world.advance(minutes(120)).await;
    assert_eq!(world.stage(&silent, "waits", "Thank").await.status, Skipped);
    world.finish().await;
}

#[tokio::test]
async fn what_had_come_before_the_wait_began_is_not_waited_for() {
    let late = WAITS.replace("  - name: Answer\n", "  - name: Answer\n    after: 1h\n");
    let world = with_flows("2026-11-22T14:00", &[&late]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(49)).await;
    assert_eq!(world.stage(&order, "waits", "Thank").await.status, StageStatus::Queued);
    world.advance(minutes(1)).await;
    assert_eq!(world.stage(&order, "waits", "Thank").await.status, StageStatus::Sent);
    world.advance(minutes(90)).await;
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_ends_ends_a_wait_and_all_that_was_to_come() {
    let world = with_flows("2026-11-22T14:00", &[WAITS]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    world.post("orders/cancelled", &order.cancelled(world.now())).await;
    let run = world.run_of(&order, "waits").await.unwrap();
    assert_eq!(run.status, RunStatus::Cancelled);
    assert!(run.stages[1..].iter().all(|stage| stage.status == StageStatus::Cancelled));
    world.advance(minutes(300)).await;
    world.finish().await;
}

const EXITS: &str = "
name: Exits
trigger: order_created
exit_if: { confirmation: { is: confirmed } }
stages:
  - { name: First, workflow: [{ add_note: First }] }
  - { name: Second, after: 30m, workflow: [{ add_note: Second }] }
  - { name: Third, after: 2h, workflow: [{ add_note: Third }] }
";

#[tokio::test]
async fn a_run_leaves_its_flow_as_soon_as_its_exit_holds() {
    let world = with_flows("2026-11-22T14:00", &[crate::world::JUST_ASK, EXITS]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    world.tap(&order, Choice::Confirm).await;
    let run = world.run_of(&order, "exits").await.unwrap();
    assert_eq!(run.status, RunStatus::Cancelled, "{run:#?}");
    let left = Reason::LeftFlow { condition: "confirmation is confirmed".to_owned() };
    assert_eq!(run.cancelled, Some(left.clone()));
    for stage in &run.stages[1..] {
        assert_eq!((stage.status, stage.reason.as_ref()), (StageStatus::Cancelled, Some(&left)));
    }
    world.advance(minutes(300)).await;
    world.finish().await;
}

#[tokio::test]
async fn branches_and_chance_choose_an_arm_and_only_if_leaves_out() {
    let flow = "
name: Chooses
trigger: order_created
stages:
  - name: By worth
    branches:
      - when: { order_total: { at_least: 100000 } }
        stages: [{ name: Dear, workflow: [{ set_flag: dear }] }]
      - when: { payment_method: { is: cod } }
        stages:
          - name: By chance
            split:
              - { name: a, weight: 1, stages: [{ name: A, workflow: [{ set_flag: a }] }] }
              - { name: b, weight: 1, stages: [{ name: B, workflow: [{ set_flag: b }] }] }
              - { name: never, weight: 0, stages: [{ name: N, workflow: [{ set_flag: n }] }] }
    otherwise: [{ name: Rest, workflow: [{ set_flag: rest }] }]
  - { name: Only prepaid, only_if: { payment_method: { is: prepaid } }, workflow: [{ set_flag: prepaid }] }
";
    let world = with_flows("2026-11-22T14:00", &[flow]).await;
    let mut flags = std::collections::BTreeMap::<String, usize>::new();
    for id in 1..=40 {
        let order = Order::cod(id, world.now());
        world.place(&order).await;
        world.run().await;
        for flag in world.story(&order).await.order.flags_set() {
            *flags.entry(flag.to_owned()).or_default() += 1;
        }
        let skipped = world.outcome(&order, "chooses", "Only prepaid").await;
        assert_eq!(skipped, (StageStatus::Skipped, "only when payment is prepaid; it was cod".to_owned()));
    }
    assert_eq!(flags.keys().collect::<Vec<_>>(), ["a", "b"], "{flags:?}");
    assert!(flags.values().all(|count| *count >= 10), "{flags:?}");
    let prepaid = Order::prepaid(41, world.now());
    world.place(&prepaid).await;
    assert_eq!(world.story(&prepaid).await.order.flags_set().collect::<Vec<_>>(), ["prepaid", "rest"]);
    world.finish().await;
}

#[tokio::test]
async fn a_flow_takes_a_customer_as_often_as_its_re_entry_says() {
    let flow = |name: &str, re_entry: &str| {
        format!(
            "name: {name}\ntrigger: order_created\nre_entry: {re_entry}\nstages: [{{ name: Note, workflow: [{{ add_note: x }}] }}]"
        )
    };
    let flows = [flow("Ever", "always"), flow("One", "once_per_customer"), flow("Daily", "{ once_per: 1d }")];
    let world = with_flows("2026-11-22T14:00", &flows.each_ref().map(String::as_str)).await;
    // The same customer three times: at once, after an hour, after more than a day.
    let mut taken = Vec::new();
    for (id, wait) in [(1, 0), (2, 60), (3, 60 * 24)] {
        world.advance(minutes(wait)).await;
        let order = Order { phone: Order::cod(1, world.now()).phone, ..Order::cod(id, world.now()) };
        world.place(&order).await;
        let mut of = Vec::new();
        for name in ["ever", "one", "daily"] {
            of.push(world.run_of(&order, name).await.is_some());
        }
        taken.push(of);
    }
    assert_eq!(taken, [[true, true, true], [true, false, false], [true, false, true]]);
    let order = Order::cod(2, world.now());
    let history = world.story(&order).await.history;
    let passed = history.iter().flat_map(|entry| &entry.passed_over);
    assert!(passed.into_iter().all(|(_, reason)| matches!(reason, Reason::RanAlready { .. })));
    world.finish().await;
}

#[tokio::test]
async fn a_recurring_trigger_runs_once_for_an_order_unless_it_may_always() {
    let flow = |name: &str, re_entry: &str| {
        format!(
            "name: {name}\ntrigger: {{ button_tapped: confirm }}\n{re_entry}stages: [{{ name: Note, workflow: [{{ add_note: x }}] }}]"
        )
    };
    let flows = [flow("Once", ""), flow("Each", "re_entry: always\n"), crate::world::JUST_ASK.to_owned()];
    let world = with_flows("2026-11-22T14:00", &flows.each_ref().map(String::as_str)).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    for _ in 0..3 {
        world.advance(minutes(1)).await;
        world.tap(&order, Choice::Confirm).await;
    }
    let runs = world.story(&order).await.runs;
    let count = |name: &str| runs.iter().filter(|run| run.run.flow.as_str() == name).count();
    assert_eq!((count("once"), count("each")), (1, 3));
    world.finish().await;
}
