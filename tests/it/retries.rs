//! Retries, and what providers' errors mean.

use harkara_domain::{
    fact::Choice,
    run::{Outcome, RunStatus, StageRun, StageStatus},
};
use harkara_engine::{
    bury::Content,
    port::{MailError, Outgoing, Queue, QueueName},
};
use jiff::SignedDuration;

use crate::{
    bodies::{self, Order},
    provider::Answer,
    world::{JUST_ASK, TestWorld, flow_id, karachi, minutes, with_flows},
};

const STAGE: (&str, &str) = ("just-ask", "Ask");

/// Asks by WhatsApp, else by e-mail.
fn two_channels() -> String {
    JUST_ASK.replace("channels: [whatsapp]", "channels: [whatsapp, email]")
}

async fn ask(world: &TestWorld, order: &Order) -> StageRun {
    world.stage(order, STAGE.0, STAGE.1).await
}

/// Seconds between the order and each call.
fn seconds(world: &TestWorld, order: &Order) -> Vec<i64> {
    world.calls_of(order).iter().map(|call| call.at.duration_since(order.placed).as_secs()).collect()
}

#[tokio::test]
async fn five_tries_at_0_2_10_30_120_minutes_then_a_dead_letter_and_one_mail() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(500, 131_000));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    // Each wait counts from the try before it.
    world.advance(minutes(161)).await;
    assert_eq!(ask(&world, &order).await.status, StageStatus::Queued);
    world.advance(minutes(60 * 24)).await;
    assert_eq!(seconds(&world, &order), [0, 120, 720, 2520, 9720]);
    let state = ask(&world, &order).await;
    assert_eq!((state.status, state.tries, state.attempts.len()), (StageStatus::Failed, 5, 5));
    let numbers: Vec<u32> = state.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(state.reason.unwrap().to_string(), "failed 5 times; the last time: told to refuse (131000)");
    assert_eq!(world.run_of(&order, STAGE.0).await.unwrap().status, RunStatus::Failed);
    let [letter] = &world.dead_letters().await[..] else { panic!("{:?}", world.dead_letters().await) };
    assert_eq!((letter.attempts, letter.at), (5, order.placed + minutes(162)));
    assert!(letter.reason.to_string().contains("131000"));
    let Content::Stage { flow, stage, .. } = &letter.content else { panic!("{letter:?}") };
    assert_eq!((flow.as_str(), stage.as_str()), ("Just ask", "Ask"));
    let [alert] = &world.alerts()[..] else { panic!("{:?}", world.alerts()) };
    assert_eq!(alert.at, letter.at + minutes(1));
    assert_eq!(alert.mail.to, ["ops@chadar.example"]);
    assert!(
        alert.mail.text.contains("“Ask” of Just ask for order shopify-1 failed for good"),
        "{}",
        alert.mail.text
    );
    assert!(alert.mail.text.contains("https://shop.example/dead-letters"));
    world.finish().await;
}

#[tokio::test]
async fn fifty_failures_at_once_make_one_mail() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(500, 131_000));
    for id in 1..=50 {
        let order = Order::cod(id, world.now());
        world.deliver(&world.new_order(&order)).await;
    }
    world.advance(minutes(60 * 5)).await;
    assert_eq!(world.calls().len(), 250);
    assert_eq!(world.dead_letters().await.len(), 50);
    let [alert] = &world.alerts()[..] else { panic!("{} mails", world.alerts().len()) };
    assert!(alert.mail.subject.contains("50 messages failed"), "{}", alert.mail.subject);
    assert!(alert.mail.text.contains("50 × Just ask: failed 5 times"), "{}", alert.mail.text);
    assert_eq!(world.mails().len(), 1);
    world.finish().await;
}

/// Failures are filed late when the dead-letter function is slow or was down: the team still hears.
#[tokio::test]
async fn a_failure_that_is_filed_late_is_told_all_the_same() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(400, 131_009));
    let first = Order::cod(1, world.now());
    let second = Order::cod(2, world.now());
    for order in [&first, &second] {
        world.deliver(&world.new_order(order)).await;
        world.drain(QueueName::Events).await;
        world.drain(QueueName::Stages).await;
        world.stall(SignedDuration::from_secs(40));
    }
    world.advance(minutes(20)).await;
    assert_eq!(world.dead_letters().await.len(), 2);
    let [alert] = &world.alerts()[..] else { panic!("{:?}", world.alerts()) };
    assert!(alert.mail.subject.contains("2 messages failed"), "{}", alert.mail.subject);
    world.finish().await;
}

/// A failure that is reported again, by a receipt or a second job, is told once.
#[tokio::test]
async fn a_failure_is_told_once() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let call = world.calls()[0].clone();
    world.receipt(&call, "failed", Some(131_009)).await;
    world.advance(minutes(60)).await;
    world.receipt(&call, "sent", None).await;
    let job = harkara_engine::hand_on::job_of(&world.run_of(&order, STAGE.0).await.unwrap(), 0);
    let body = harkara_engine::job::Job::Stage(job).body();
    world.probe.send(QueueName::Stages, vec![Outgoing::now(body)]).await.unwrap();
    world.advance(minutes(60)).await;
    assert_eq!((world.dead_letters().await.len(), world.alerts().len()), (1, 1));
    world.finish().await;
}

/// Whoever noted that a message failed on its way died before they told of it.
#[tokio::test]
async fn a_failure_that_a_receipt_told_of_is_filed_though_its_note_came_first() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.probe.fail_sends(Some(QueueName::Failures));
    world.receipt(&world.calls()[0].clone(), "failed", Some(131_009)).await;
    world.run().await;
    assert_eq!(ask(&world, &order).await.status, StageStatus::Failed);
    world.probe.fail_sends(None);
    assert!(world.dead_letters().await.is_empty());
    world.advance(minutes(60)).await;
    assert_eq!((world.dead_letters().await.len(), world.alerts().len()), (1, 1));
    world.finish().await;
}

/// The dead-letter function comes to a failure hours late, files it and dies; its message is gone with the copy
/// of it that another has settled.
#[tokio::test]
async fn a_failure_that_is_filed_hours_late_and_not_told_of_is_told_by_a_copy() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(400, 131_009));
    let order = Order::cod(1, world.now());
    world.deliver(&world.new_order(&order)).await;
    world.drain(QueueName::Events).await;
    world.drain(QueueName::Stages).await;
    world.stall(SignedDuration::from_hours(2));
    let batch = world.take(QueueName::Failures).await;
    world.probe.fail_sends(Some(QueueName::Failures));
    crate::world::handled(&world.world, QueueName::Failures, &batch).await;
    world.probe.fail_sends(None);
    assert_eq!(world.dead_letters().await.len(), 1);
    world.handle(QueueName::Failures, &batch).await;
    world.advance(minutes(60)).await;
    assert_eq!((world.dead_letters().await.len(), world.alerts().len()), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn an_alert_that_could_not_be_mailed_is_mailed_later() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.always(Answer::Error(400, 131_009));
    world.post_office.fail_next(MailError::Failed("told to".to_owned()));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(30)).await;
    assert_eq!(world.alerts().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn slow_down_is_not_an_attempt() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let slow = [Answer::Error(429, 130_429), Answer::Status(429), Answer::Error(400, 131_056)];
    let ten = slow.iter().cycle().take(9).cloned();
    world.whatsapp.next(ten.chain([Answer::Accept]));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let state = ask(&world, &order).await;
    assert_eq!((state.status, state.tries), (StageStatus::Queued, 0));
    assert_eq!(state.reason.unwrap().to_string(), "the provider asks to slow down: told to refuse (130429)");
    world.advance(minutes(30)).await;
    assert_eq!(seconds(&world, &order), [0, 60, 120, 126, 186, 246, 252, 312, 372, 378]);
    let state = ask(&world, &order).await;
    assert_eq!((state.status, state.tries, state.attempts.len()), (StageStatus::Sent, 1, 1));
    assert!(world.dead_letters().await.is_empty());
    world.finish().await;
}

/// What failed before is not forgotten over a "slow down" in between, nor overnight.
#[tokio::test]
async fn five_tries_are_five_though_the_provider_asks_to_slow_down_in_between() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let bad = || Answer::Error(500, 131_000);
    world.whatsapp.next([bad(), bad(), Answer::Status(429), bad(), bad(), bad()]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(60 * 10)).await;
    assert_eq!(world.calls().len(), 6);
    assert_eq!(
        ask(&world, &order).await.reason.unwrap().to_string(),
        "failed 5 times; the last time: told to refuse (131000)"
    );
    world.finish().await;
}

#[tokio::test]
async fn five_tries_are_five_though_the_night_comes_in_between() {
    let day =
        JUST_ASK.replace("    message:", "    not_before: \"09:00\"\n    not_after: \"21:00\"\n    message:");
    let world = with_flows("2026-11-22T20:45", &[&day]).await;
    world.whatsapp.always(Answer::Error(500, 131_000));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(60 * 30)).await;
    // 20:45, 20:47, 20:57; the fourth would be at 21:27.
    let at: Vec<_> = world.calls_of(&order).iter().map(|call| call.at).skip(3).collect();
    assert_eq!(at, [karachi("2026-11-23T09:00"), karachi("2026-11-23T11:00")]);
    assert_eq!(ask(&world, &order).await.status, StageStatus::Failed);
    world.finish().await;
}

#[tokio::test]
async fn a_closed_window_turns_free_text_into_the_template_at_once() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = Order::cod(1, world.now());
    let number = order.phone.clone().unwrap();
    let text = serde_json::json!({ "body": "Salam" });
    world
        .post_whatsapp(&bodies::message(
            "wamid.w",
            number.trim_start_matches('+'),
            world.now(),
            "text",
            &text,
        ))
        .await;
    world.whatsapp.next([Answer::Error(400, 131_047)]);
    world.place(&order).await;
    let what: Vec<String> = world.calls_of(&order).iter().map(|call| call.what().to_owned()).collect();
    assert_eq!(what, ["free text", "cod_confirmation"]);
    assert_eq!(seconds(&world, &order), [0, 0]);
    let state = ask(&world, &order).await;
    assert_eq!((state.status, state.as_template, state.attempts.len()), (StageStatus::Sent, true, 2));
    world.finish().await;
}

#[tokio::test]
async fn a_customer_without_whatsapp_gets_an_email_at_once() {
    let world = with_flows("2026-11-22T10:00", &[&two_channels()]).await;
    world.whatsapp.next([Answer::Error(400, 131_026)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert_eq!(world.calls().len(), 1);
    let [posted] = &world.mails()[..] else { panic!("{:?}", world.mails()) };
    assert_eq!((posted.mail.to.as_slice(), posted.at), (&["c1@example.com".to_owned()][..], order.placed));
    let state = ask(&world, &order).await;
    assert_eq!((state.status, state.channel, state.attempts.len()), (StageStatus::Sent, 1, 2));
    world.finish().await;
}

#[tokio::test]
async fn a_dead_token_pauses_the_channel_tells_ops_and_mends_itself() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.next([Answer::Error(401, 190)]);
    let first = Order::cod(1, world.now());
    world.place(&first).await;
    let [told] = &world.mails()[..] else { panic!("{:?}", world.mails()) };
    assert!(told.mail.subject.contains("WhatsApp refuses every message"), "{}", told.mail.subject);
    world.advance(minutes(20)).await;
    let second = Order::cod(2, world.now());
    world.place(&second).await;
    world.advance(minutes(39)).await;
    assert_eq!(world.calls().len(), 1, "nothing is tried while it is paused");
    for order in [&first, &second] {
        let state = ask(&world, order).await;
        assert_eq!((state.status, state.attempts.len()), (StageStatus::Queued, 0));
        assert_eq!(state.reason.unwrap().to_string(), "WhatsApp is paused: told to refuse (190)");
    }
    world.advance(minutes(2)).await;
    assert_eq!((seconds(&world, &first), seconds(&world, &second)), (vec![0, 3600], vec![2400]));
    assert_eq!((world.mails().len(), world.dead_letters().await.len()), (1, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_paused_template_switches_its_flow_off() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.next([Answer::Error(400, 132_015)]);
    let first = Order::cod(1, world.now());
    world.place(&first).await;
    assert_eq!(ask(&world, &first).await.status, StageStatus::Failed);
    let shelf = world.world.reader.shelf(&TestWorld::store()).await.unwrap().unwrap();
    let head = &shelf.flows.iter().find(|flow| flow.head.id == flow_id("just-ask")).unwrap().head;
    assert!(!head.is_active());
    assert!(head.because.as_ref().unwrap().contains("132015"), "{:?}", head.because);
    assert!(world.mails()[0].mail.subject.contains("The flow just-ask was switched off"));
    let second = Order::cod(2, world.now());
    world.place(&second).await;
    let story = world.story(&second).await;
    assert_eq!(story.history[0].passed_over[0].1.to_string(), "the flow is paused");
    world.advance(minutes(60)).await;
    assert_eq!(world.calls().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_opted_out_customer_ends_the_stage() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK, LATER]).await;
    world.whatsapp.next([Answer::Error(400, 131_050)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let state = ask(&world, &order).await;
    assert_eq!(
        (state.status, state.reason.unwrap().to_string().as_str()),
        (StageStatus::Skipped, "the customer wants no more of these messages")
    );
    assert!(world.story(&order).await.customer.unwrap().opted_out);

    // Marketing is left out from then on; what the order needs is not.
    world.advance(minutes(121)).await;
    let (status, reason) = world.outcome(&order, "later", "Ad").await;
    assert_eq!(
        (status, reason.as_str()),
        (StageStatus::Skipped, "the customer wants no more of these messages")
    );
    assert_eq!(world.outcome(&order, "later", "Notice").await.0, StageStatus::Sent);
    world.finish().await;
}

const LATER: &str = "name: Later
trigger: order_created
stages:
  - { name: Ad, after: 1h, message: { channels: [whatsapp], template: followup_day_45 } }
  - { name: Notice, after: 2h, message: { channels: [whatsapp], template: dispatch_notice } }
";

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.next([Answer::Refused]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(10)).await;
    assert_eq!(seconds(&world, &order), [0, 120]);
    let state = ask(&world, &order).await;
    assert_eq!(state.attempts[0].outcome, Outcome::NotSent("connection refused".to_owned()));
    world.finish().await;
}

/// The provider took it, and reports later that it failed: what its error says to do.
#[tokio::test]
async fn a_message_that_failed_after_it_was_sent_is_brought_back_or_fails() {
    for (code, status, calls, mails) in [
        (131_000, StageStatus::Sent, 2, 0),   // a passing trouble: sent again
        (131_026, StageStatus::Sent, 1, 1),   // not on WhatsApp: by e-mail
        (131_009, StageStatus::Failed, 1, 1), // never: a dead letter, and the mail that tells of it
        (131_050, StageStatus::Skipped, 1, 0),
    ] {
        let world = with_flows("2026-11-22T10:00", &[&two_channels()]).await;
        world.doubles.store(true, std::sync::atomic::Ordering::Relaxed);
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        world.advance(minutes(1)).await;
        world.receipt(&world.calls()[0], "failed", Some(code)).await;
        world.advance(minutes(15)).await;
        let state = ask(&world, &order).await;
        assert_eq!(
            (state.status, world.calls().len(), world.mails().len()),
            (status, calls, mails),
            "{code}: {state:?}"
        );
        assert_eq!(world.dead_letters().await.len(), usize::from(status == StageStatus::Failed), "{code}");
        world.finish().await;
    }
}

#[tokio::test]
async fn receipts_in_any_order_do_not_bring_back_what_has_arrived() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let call = world.calls()[0].clone();
    for (status, code) in [("read", None), ("failed", Some(131_000)), ("sent", None), ("read", None)] {
        world.receipt(&call, status, code).await;
    }
    world.advance(minutes(60)).await;
    let state = ask(&world, &order).await;
    assert_eq!((state.status, state.receipts.len(), world.calls().len()), (StageStatus::Sent, 2, 1));
    world.finish().await;
}

/// The order is settled while its message waits for a retry: it is not asked about any more.
#[tokio::test]
async fn a_retry_looks_at_the_order_again() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.doubles.store(true, std::sync::atomic::Ordering::Relaxed);
    world.whatsapp.next([Answer::TakenAnswerLost]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    // The customer has it, and answers before its receipt comes.
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(30)).await;
    assert_eq!(world.calls().len(), 1);
    let (status, reason) = world.outcome(&order, STAGE.0, STAGE.1).await;
    assert_eq!((status, reason.as_str()), (StageStatus::Skipped, "already confirmed"));
    world.finish().await;
}
