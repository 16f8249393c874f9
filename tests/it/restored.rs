//! A machine is lost, and another goes on from a backup: what went out since the backup is not said again.

use harkara_domain::{Reason, fact::Choice, run::StageStatus};
use harkara_engine::{
    bury::Content,
    gap::{self, Gap},
    port::QueueName,
    replay::Filter,
};
use jiff::Timestamp;
use std::path::PathBuf;

use crate::{
    bodies::Order,
    provider::Answer,
    world::{JUST_ASK, TestWorld, minutes, with_flows},
};

/// A world, a backup of it, and what has gone on since: an order that was asked before the backup, one that waited
/// in a queue when it was made, and one that came after it. All were asked and reminded by 11:00.
struct Lost {
    world: TestWorld,
    asked: Order,
    queued: Order,
    later: Order,
    backup: PathBuf,
    made_at: Timestamp,
    _dir: tempfile::TempDir,
}

/// `None` where the table does not lie in the file.
async fn lost() -> Option<Lost> {
    let world = TestWorld::at("2026-11-22T10:00").await;
    if !world.is_in_one_file() {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let backup = dir.path().join("a.backup");
    let asked = Order::cod(1, world.now());
    world.place(&asked).await;
    world.advance(minutes(5)).await;
    let queued = Order::cod(2, world.now());
    let webhook = world.new_order(&queued);
    assert_eq!(world.deliver(&webhook).await, 200);
    let made_at = world.now();
    world.backup(&backup);
    world.advance(minutes(5)).await;
    let later = Order::cod(3, world.now());
    world.place(&later).await;
    world.advance(minutes(50)).await;
    for order in [&asked, &queued, &later] {
        assert_eq!(told(&world, order), ["cod_confirmation", "cod_reminder"], "{}", order.key());
    }
    Some(Lost { world, asked, queued, later, backup, made_at, _dir: dir })
}

fn told(world: &TestWorld, order: &Order) -> Vec<String> {
    world.sent(order).into_iter().map(|(what, _)| what).collect()
}

#[tokio::test]
async fn what_was_due_since_the_backup_is_held_and_what_comes_after_goes_on() {
    let Some(lost) = lost().await else { return };
    let Lost { world, asked, queued, later, backup, made_at, .. } = lost;
    let until = world.now();
    let (world, due) = world.restored(&backup, Some(Gap { from: made_at, until })).await;
    // The reminder of the one that was asked; the other was in a queue, and had no stages yet.
    assert_eq!(due, 1);
    world.advance(minutes(10)).await;
    // The shop tells of the order that came after the backup once more: it has changed.
    world.post("orders/updated", &later.body(world.now())).await;
    world.advance(minutes(10)).await;
    for order in [&asked, &queued, &later] {
        assert_eq!(told(&world, order).len(), 2, "{} was told twice", order.key());
    }
    let mut held = Vec::new();
    for letter in world.dead_letters().await {
        assert_eq!(letter.reason, Reason::Restored { backup: made_at });
        let Content::Stage { job, stage, .. } = letter.content else { panic!("{letter:?}") };
        held.push((job.subject.to_string(), stage));
    }
    held.sort();
    let expected = [
        ("shopify-1", "Remind"),
        ("shopify-2", "Ask"),
        ("shopify-2", "Remind"),
        ("shopify-3", "Ask"),
        ("shopify-3", "Remind"),
    ];
    assert_eq!(held, expected.map(|(order, stage)| (order.to_owned(), stage.to_owned())));

    // What comes due after the loss is nobody else's, and comes at its time.
    world.tap(&later, Choice::Confirm).await;
    world.advance(minutes(60)).await;
    for (order, status) in
        [(&asked, StageStatus::Sent), (&queued, StageStatus::Sent), (&later, StageStatus::Skipped)]
    {
        assert_eq!(world.outcome(order, "cod-confirmation", "Escalate").await.0, status, "{}", order.key());
    }
    let fresh = Order::cod(4, world.now());
    world.place(&fresh).await;
    world.advance(minutes(40)).await;
    assert_eq!(told(&world, &fresh), ["cod_confirmation", "cod_reminder"]);

    // A person has looked: the reminder did not go out after all.
    let letters = world.dead_letters().await;
    let id = letters.into_iter().find(|letter| letter.id.contains("shopify-1#")).map(|letter| letter.id);
    let filter = Filter { id, error: Some("restored from a backup".to_owned()), ..Filter::default() };
    world.world.replayer.start(&TestWorld::store(), filter, "ops@chadar.example").await.unwrap();
    world.advance(minutes(2)).await;
    assert_eq!(told(&world, &asked).len(), 3);
}

/// The server that the backup is of stopped when it was made: what has come due since is nobody else's.
#[tokio::test]
async fn what_came_due_after_the_loss_is_done() {
    let Some(lost) = lost().await else { return };
    let Lost { world, asked, queued, backup, made_at, .. } = lost;
    let (world, due) = world.restored(&backup, Some(Gap { from: made_at, until: made_at })).await;
    assert_eq!(due, 0);
    world.advance(minutes(10)).await;
    // The reminder was due after the loss. What lay in a queue at the moment of the backup is held all the same.
    assert_eq!(told(&world, &asked).len(), 3);
    assert_eq!(world.outcome(&queued, "cod-confirmation", "Ask").await.0, StageStatus::Failed);
}

/// Without the gap all is said twice: what the two tests above would see if nobody noted it.
#[tokio::test]
async fn without_the_gap_what_was_due_is_done_again() {
    let Some(lost) = lost().await else { return };
    let Lost { world, asked, queued, backup, .. } = lost;
    let (world, due) = world.restored(&backup, None).await;
    assert_eq!(due, 1);
    world.advance(minutes(31)).await;
    assert_eq!((told(&world, &asked).len(), told(&world, &queued).len()), (3, 4));
    assert!(world.dead_letters().await.is_empty());
}

/// A claim that was held when the backup was made is nobody's any more, and its message may have gone out.
#[tokio::test]
async fn a_stage_that_was_being_sent_when_the_backup_was_made_is_held() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    if !world.is_in_one_file() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let backup = dir.path().join("a.backup");
    let order = Order::cod(1, world.now());
    let webhook = world.new_order(&order);
    world.deliver(&webhook).await;
    world.drain(QueueName::Events).await;
    let gate = world.whatsapp.hold(Answer::Accept);
    let under_way = world.beside(QueueName::Stages, &world.take(QueueName::Stages).await);
    gate.reached().await;
    world.backup(&backup);
    under_way.abort();
    let gap = Gap { from: world.now(), until: world.now() };
    world.stall(minutes(10));
    let (world, _) = world.restored(&backup, Some(gap)).await;
    world.advance(minutes(10)).await;
    let state = world.stage(&order, "cod-confirmation", "Ask").await;
    assert_eq!((state.status, state.attempts.len()), (StageStatus::Failed, 1), "{state:?}");
    assert_eq!(world.calls().len(), 1);
    // What the provider tells later settles it.
    world.receipt(&world.calls()[0], "delivered", None).await;
    assert_eq!(world.stage(&order, "cod-confirmation", "Ask").await.status, StageStatus::Sent);
    assert_eq!(gap::due(&*world.table, world.now()).await.unwrap(), 0);
}

const NOTES: &str = "
name: Notes
trigger: order_created
stages:
  - { name: Note, after: 10m, workflow: [{ add_note: called }] }
  - { name: Later, after: 2h, workflow: [{ add_note: called again }] }
";

/// A world with such a flow, and a place for a backup; `None` where the table does not lie in the file.
async fn shop(flow: &str) -> Option<(TestWorld, PathBuf, tempfile::TempDir)> {
    let world = with_flows("2026-11-22T10:00", &[flow]).await;
    let dir = tempfile::tempdir().unwrap();
    world.is_in_one_file().then(|| (world, dir.path().join("a.backup"), dir))
}

/// What a workflow did may be done as little twice as a message, and one mail tells of all that is held.
#[tokio::test]
async fn workflows_are_held_too_and_one_mail_tells_of_all() {
    let Some((world, backup, _dir)) = shop(NOTES).await else { return };
    let orders: Vec<Order> = (1..=5).map(|id| Order::cod(id, world.now())).collect();
    for order in &orders {
        world.place(order).await;
    }
    world.backup(&backup);
    let from = world.now();
    world.advance(minutes(20)).await;
    let (world, due) = world.restored(&backup, Some(Gap { from, until: from + minutes(20) })).await;
    assert_eq!(due, 5);
    world.advance(minutes(10)).await;
    for order in &orders {
        let (status, why) = world.outcome(order, "notes", "Note").await;
        assert_eq!(status, StageStatus::Failed, "{why}");
        assert!(why.contains("restored from a backup"), "{why}");
        assert!(!world.story(order).await.order.notes.iter().any(|(_, note)| note == "called"));
    }
    assert_eq!((world.dead_letters().await.len(), world.alerts().len()), (5, 1));
    // The next was due after the loss.
    world.advance(minutes(120)).await;
    for order in &orders {
        assert_eq!(world.outcome(order, "notes", "Later").await.0, StageStatus::Sent);
    }
}

/// Whoever asked for it may have got it; whoever wants the rest asks anew.
#[tokio::test]
async fn a_replay_that_was_under_way_ends() {
    let Some((world, backup, _dir)) = shop(JUST_ASK).await else { return };
    world.whatsapp.next([Answer::Error(400, 131_009)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(30)).await;
    assert_eq!((world.dead_letters().await.len(), world.calls().len()), (1, 1));
    let asked = async |world: &TestWorld| {
        let (store, all) = (TestWorld::store(), Filter::default());
        world.world.replayer.start(&store, all, "ops@chadar.example").await.unwrap();
    };
    asked(&world).await;
    world.backup(&backup);
    let gap = Gap { from: world.now(), until: world.now() + minutes(5) };
    world.stall(minutes(5));
    let (world, _) = world.restored(&backup, Some(gap)).await;
    world.advance(minutes(30)).await;
    assert_eq!(world.calls().len(), 1, "what was asked for before is done");
    asked(&world).await;
    world.advance(minutes(2)).await;
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.stage(&order, "just-ask", "Ask").await.status, StageStatus::Sent);
}

/// The receipt that would have settled it went to the server that is gone.
#[tokio::test]
async fn a_lost_answer_from_before_the_loss_is_held_until_a_receipt() {
    let Some((world, backup, _dir)) = shop(JUST_ASK).await else { return };
    world.whatsapp.next([Answer::Timeout]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert_eq!(world.calls().len(), 1);
    world.backup(&backup);
    let from = world.now();
    world.stall(minutes(1));
    let until = world.now();
    let (world, _) = world.restored(&backup, Some(Gap { from, until })).await;
    world.advance(minutes(60)).await;
    let state = world.stage(&order, "just-ask", "Ask").await;
    assert_eq!((state.status, world.calls().len()), (StageStatus::Failed, 1), "{state:?}");
    world.receipt(&world.calls()[0], "delivered", None).await;
    assert_eq!(world.stage(&order, "just-ask", "Ask").await.status, StageStatus::Sent);
}
