//! What is on the disk goes on, whatever became of the process.

use harkara_domain::{fact::Choice, run::StageStatus};
use harkara_engine::port::QueueName;

use crate::{
    bodies::Order,
    provider::Answer,
    world::{TestWorld, minutes},
};

#[tokio::test]
async fn what_was_acknowledged_survives_a_loss_of_power() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let orders: Vec<Order> = (1..=3).map(|id| Order::cod(id, world.now())).collect();
    let [asked, confirmed, raw] = &orders[..] else { unreachable!() };
    world.place(asked).await;
    world.place(confirmed).await;
    world.advance(minutes(3)).await;
    world.tap(confirmed, Choice::Confirm).await;
    // Acknowledged to the shop, not yet worked on.
    assert_eq!(world.deliver(&world.new_order(raw)).await, 200);

    let world = world.after_power_loss();
    // Nobody was there for an hour; what came due meanwhile goes out when somebody is.
    world.stall(minutes(60));
    world.advance(minutes(1)).await;
    let what = |order: &Order| world.sent(order).into_iter().map(|(what, _)| what).collect::<Vec<_>>();
    assert_eq!(what(asked), ["cod_confirmation", "cod_reminder"]);
    assert_eq!(what(confirmed), ["cod_confirmation"]);
    assert_eq!(what(raw)[0], "cod_confirmation");
    world.advance(minutes(120)).await;
    assert_eq!(what(asked).len(), 2);
    assert_eq!(world.outcome(confirmed, "cod-confirmation", "Remind").await.0, StageStatus::Skipped);
    assert_eq!(world.outcome(asked, "cod-confirmation", "Escalate").await.0, StageStatus::Sent);
    assert_eq!(world.outcome(raw, "cod-confirmation", "Escalate").await.0, StageStatus::Sent);
    world.finish().await;
}

/// The power goes while a message is at the provider: it is found, recorded as ambiguous, and settled.
#[tokio::test]
async fn a_send_that_was_under_way_when_the_power_went_is_settled_by_its_receipt() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    world.deliver(&world.new_order(&order)).await;
    world.drain(QueueName::Events).await;
    let gate = world.whatsapp.hold(Answer::Accept);
    let under_way = world.beside(QueueName::Stages, &world.take(QueueName::Stages).await);
    gate.reached().await;
    let world = world.after_power_loss();
    under_way.abort();
    // The claim runs out after 45 seconds; from then on a receipt has two minutes.
    world.advance(minutes(2)).await;
    let state = world.stage(&order, "cod-confirmation", "Ask").await;
    assert_eq!((state.status, state.attempts.len()), (StageStatus::Queued, 1), "{state:?}");
    world.receipt(&world.calls()[0], "delivered", None).await;
    assert_eq!(world.stage(&order, "cod-confirmation", "Ask").await.status, StageStatus::Sent);
    world.advance(minutes(180)).await;
    let what: Vec<_> = world.sent(&order).into_iter().map(|(what, _)| what).collect();
    assert_eq!(what, ["cod_confirmation", "cod_reminder"]);
    world.finish().await;
}
