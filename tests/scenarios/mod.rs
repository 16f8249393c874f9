//! The life of orders, told once for every place where Harkara runs: in one process over the embedded
//! store, and as functions in a local cloud, over HTTP.
//!
//! A place is a [`Scene`]. Its store is the demo store, with a WhatsApp number; its clock is moved by hand.

mod scene;

pub(crate) use scene::{Answer, Mail, Scene, Sent, Webhook};

use harkara_domain::fact::Choice;
use jiff::SignedDuration;
use serde_json::Value;

use crate::bodies::Order;

/// Makes a test of every scenario. `$scene` is an expression of an `Option` of a [`Scene`], in which `None`
/// passes the test over; its method `finish` checks what must hold at the end of each.
macro_rules! suite {
    ($scene:expr) => {
        $crate::scenarios::suite! { @ [$scene]
            an_unanswered_order_is_asked_reminded_and_brought_before_a_person
            a_tapped_confirm_makes_reminder_and_alert_needless
            a_cancelled_order_hears_no_more
            a_tapped_cancel_ends_everything
            a_webhook_counts_once_however_often_it_comes
            a_bad_signature_is_refused_and_changes_nothing
            the_dispatch_notice_waits_for_six_in_the_evening
            a_delivered_order_is_followed_up_at_eleven_on_the_day_after
            five_refusals_make_a_dead_letter_and_one_mail_and_a_replay_sends_it
            a_message_that_can_never_be_taken_is_not_tried_again
        }
    };
    (@ [$scene:expr] $($scenario:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                if let Some(scene) = $scene {
                    $crate::scenarios::$scenario(&scene).await;
                    scene.finish().await;
                }
            }
        )*
    };
}
pub(crate) use suite;

const COD: &str = "COD confirmation";
const REVIEW: &str = "Exception review";
const NOTICE: &str = "Dispatch notice";
const FOLLOW_UP: &str = "Post-delivery follow-up";

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// What was asked of WhatsApp for an order: which templates, when, as minutes since it was placed.
fn told(scene: &impl Scene, order: &Order) -> Vec<(String, i64)> {
    let minute = |sent: &Sent| sent.at.duration_since(order.placed).as_mins();
    scene.sent(order).iter().map(|sent| (sent.what(), minute(sent))).collect()
}

fn flags(story: &Value) -> Vec<&str> {
    let flags = story["order"]["flags"].as_object().into_iter().flatten();
    flags.filter(|(_, set)| set[1] == true).map(|(flag, _)| flag.as_str()).collect()
}

/// Status and kind of reason of a stage, by the names that the team gave.
fn stage(story: &Value, flow: &str, stage: &str) -> (String, String) {
    let state = stage_state(story, flow, stage);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&state["status"]), text(&state["reason"]["why"]))
}

fn stage_state<'a>(story: &'a Value, flow: &str, stage: &str) -> &'a Value {
    let run = run(story, flow);
    let names = run["stages"].as_array().unwrap();
    let place = names.iter().position(|name| name == stage).expect("no such stage");
    &run["run"]["stages"][place]
}

fn run<'a>(story: &'a Value, flow: &str) -> &'a Value {
    let runs = story["runs"].as_array().unwrap();
    runs.iter().find(|run| run["flow"] == flow).unwrap_or_else(|| panic!("no run of {flow}: {story:#}"))
}

fn pair(status: &str, why: &str) -> (String, String) {
    (status.to_owned(), why.to_owned())
}

/// The mails about an order that ask a person to look at it.
async fn calls_for_help(scene: &impl Scene, order: &Order) -> Vec<Mail> {
    let subject = format!("order #{} needs ops", order.id);
    scene.mails().await.into_iter().filter(|mail| mail.subject.contains(&subject)).collect()
}

/// The mails that tell of dead letters.
async fn alerts(scene: &impl Scene) -> Vec<Mail> {
    let told = |mail: &Mail| mail.text.contains("run again from the console");
    scene.mails().await.into_iter().filter(told).collect()
}

pub(crate) async fn an_unanswered_order_is_asked_reminded_and_brought_before_a_person(scene: &impl Scene) {
    scene.next("14:00").await;
    let order = scene.order();
    scene.place(&order).await;
    let asked = scene.sent(&order);
    let [ask] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((ask.what().as_str(), ask.at), ("cod_confirmation", order.placed));
    assert_eq!(ask.body["to"], order.phone.as_deref().unwrap().trim_start_matches('+'));
    let reference = format!("{}/cod-confirmation~order_created/0/1", order.key());
    assert_eq!(ask.body["biz_opaque_callback_data"], reference);
    let payloads = ask.payloads();
    assert!(
        payloads[0].starts_with("hk1:confirm:") && payloads[1].starts_with("hk1:cancel:"),
        "{payloads:?}"
    );

    scene.pass(minutes(29)).await;
    assert_eq!(scene.sent(&order).len(), 1, "too early");
    scene.pass(minutes(1)).await;
    assert_eq!(told(scene, &order), [("cod_confirmation".to_owned(), 0), ("cod_reminder".to_owned(), 30)]);

    scene.pass(minutes(89)).await;
    assert_eq!((calls_for_help(scene, &order).await.len(), flags(&scene.story(&order).await).len()), (0, 0));
    scene.pass(minutes(1)).await;
    let story = scene.story(&order).await;
    assert_eq!(flags(&story), ["critical", "needs_review"]);
    let mails = calls_for_help(scene, &order).await;
    assert_eq!(mails.len(), 2, "one of each flow: {mails:?}");
    for mail in &mails {
        assert_eq!(mail.to, ["ops@chadar.example"]);
        assert!(mail.text.contains(&format!("/orders/{}", order.key())), "{}", mail.text);
    }
    for flow in [COD, REVIEW] {
        assert_eq!(run(&story, flow)["run"]["status"], "finished");
    }
    scene.pass(minutes(60 * 24)).await;
    assert_eq!((scene.sent(&order).len(), calls_for_help(scene, &order).await.len()), (2, 2));
}

pub(crate) async fn a_tapped_confirm_makes_reminder_and_alert_needless(scene: &impl Scene) {
    scene.next("14:00").await;
    let order = scene.order();
    scene.place(&order).await;
    scene.pass(minutes(10)).await;
    scene.tap(&order, Choice::Confirm).await;
    let story = scene.story(&order).await;
    assert!(story["order"]["reached"]["order_confirmed"].is_string(), "{story:#}");
    let said: Vec<&String> = story["history"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|entry| entry["what"].as_object().unwrap().keys())
        .collect();
    assert_eq!(said, ["order", "reply", "action"]);
    scene.pass(minutes(180)).await;
    let story = scene.story(&order).await;
    for name in ["Remind", "Escalate"] {
        assert_eq!(stage(&story, COD, name), pair("skipped", "skip_if"));
    }
    assert_eq!(run(&story, COD)["run"]["status"], "finished");
    assert_eq!((scene.sent(&order).len(), calls_for_help(scene, &order).await.len()), (1, 0));
}

pub(crate) async fn a_cancelled_order_hears_no_more(scene: &impl Scene) {
    scene.next("14:00").await;
    let order = scene.order();
    scene.place(&order).await;
    scene.pass(minutes(29)).await;
    scene.post("orders/cancelled", &order.cancelled(scene.now())).await;
    let story = scene.story(&order).await;
    for (flow, name) in [(COD, "Remind"), (COD, "Escalate"), (REVIEW, "Review")] {
        assert_eq!(stage(&story, flow, name).0, "cancelled", "{flow}: {name}");
    }
    scene.pass(minutes(60 * 5)).await;
    assert_eq!((scene.sent(&order).len(), calls_for_help(scene, &order).await.len()), (1, 0));
}

pub(crate) async fn a_tapped_cancel_ends_everything(scene: &impl Scene) {
    scene.next("14:00").await;
    let order = scene.order();
    scene.place(&order).await;
    scene.pass(minutes(40)).await;
    scene.tap(&order, Choice::Cancel).await;
    let story = scene.story(&order).await;
    for (flow, name) in [(COD, "Escalate"), (REVIEW, "Review")] {
        assert_eq!(stage(&story, flow, name).0, "cancelled", "{flow}: {name}");
        assert_eq!(run(&story, flow)["run"]["status"], "cancelled");
    }
    // Neither a late parcel nor time sets anything off.
    scene.post("fulfillments/create", &order.parcel(Some("in_transit"), scene.now())).await;
    scene.pass(minutes(60 * 24)).await;
    assert_eq!((scene.sent(&order).len(), calls_for_help(scene, &order).await.len()), (2, 0));
}

pub(crate) async fn a_webhook_counts_once_however_often_it_comes(scene: &impl Scene) {
    scene.next("14:00").await;
    let order = scene.order();
    let webhook = scene.shop_says("orders/create", order.body(order.placed).to_string().as_bytes());
    for _ in 0..3 {
        assert_eq!(scene.deliver(&webhook).await, 200);
    }
    scene.settle().await;
    let first = scene.story(&order).await;
    assert_eq!((scene.sent(&order).len(), first["history"].as_array().unwrap().len()), (1, 1));
    // The shop says it again later, and in another delivery.
    scene.pass(minutes(5)).await;
    assert_eq!(scene.deliver(&webhook).await, 200);
    scene.post("orders/create", &order.body(order.placed)).await;
    let tap = scene.tap_webhook(&order, Choice::Confirm);
    for _ in 0..2 {
        assert_eq!(scene.deliver(&tap).await, 200);
        scene.settle().await;
    }
    let story = scene.story(&order).await;
    assert_eq!(story["order"]["snapshot"], first["order"]["snapshot"]);
    assert_eq!(story["history"].as_array().unwrap().len(), 3, "{story:#}");
    assert_eq!(story["runs"].as_array().unwrap().len(), 2);
    scene.pass(minutes(180)).await;
    assert_eq!(scene.sent(&order).len(), 1);
}

pub(crate) async fn a_bad_signature_is_refused_and_changes_nothing(scene: &impl Scene) {
    scene.next("14:00").await;
    let (order, known) = (scene.order(), scene.order());
    let good = scene.shop_says("orders/create", order.body(order.placed).to_string().as_bytes());
    let mut changed = good.clone();
    changed.body.push(b' ');
    let unsigned = Webhook { headers: good.headers.iter().take(3).cloned().collect(), ..good.clone() };
    for bad in [changed, unsigned] {
        assert_eq!(scene.deliver(&bad).await, 401);
    }
    let elsewhere = Webhook { path: good.path.replace("/demo/", "/nobody/"), ..good.clone() };
    assert_eq!(scene.deliver(&elsewhere).await, 404);
    let broken = scene.shop_says("orders/create", b"{\"id\":");
    assert_eq!(scene.deliver(&broken).await, 400);
    // A tap that somebody else has signed.
    scene.place(&known).await;
    let mut forged = scene.tap_webhook(&known, Choice::Cancel);
    forged.headers = vec![("x-hub-signature-256", format!("sha256={}", "0".repeat(64)))];
    assert_eq!(scene.deliver(&forged).await, 401);
    scene.settle().await;
    assert!(scene.find(&order).await.is_none());
    assert_eq!(scene.sent(&order).len(), 0);
    let story = scene.story(&known).await;
    assert_eq!(story["history"].as_array().unwrap().len(), 1);
    scene.tap(&known, Choice::Confirm).await;
}

pub(crate) async fn the_dispatch_notice_waits_for_six_in_the_evening(scene: &impl Scene) {
    scene.next("07:00").await;
    let (early, late) = (scene.prepaid(), scene.prepaid());
    for order in [&early, &late] {
        scene.place(order).await;
    }
    scene.next("12:00").await;
    scene.post("fulfillments/create", &early.parcel(Some("in_transit"), scene.now())).await;
    scene.pass(minutes(6 * 60 - 1)).await;
    assert!(scene.sent(&early).is_empty(), "too early");
    scene.pass(minutes(1)).await;
    assert_eq!(told(scene, &early), [("dispatch_notice".to_owned(), 11 * 60)]);
    // After six it is for tomorrow.
    scene.next("20:00").await;
    scene.post("fulfillments/create", &late.parcel(Some("in_transit"), scene.now())).await;
    scene.next("17:59").await;
    assert!(scene.sent(&late).is_empty(), "not at night");
    scene.next("18:00").await;
    assert_eq!(told(scene, &late), [("dispatch_notice".to_owned(), 35 * 60)]);
    assert_eq!(scene.sent(&early).len(), 1);
    assert_eq!(stage(&scene.story(&late).await, NOTICE, "On its way").0, "sent");
}

pub(crate) async fn a_delivered_order_is_followed_up_at_eleven_on_the_day_after(scene: &impl Scene) {
    scene.next("07:00").await;
    let order = scene.prepaid();
    scene.place(&order).await;
    scene.next("09:00").await;
    scene.post("fulfillments/create", &order.parcel(Some("in_transit"), scene.now())).await;
    scene.next("16:30").await;
    scene.post("fulfillment_events/create", &order.scan("delivered", scene.now())).await;
    scene.pass(minutes(60 * 24)).await;
    assert_eq!(told(scene, &order), [("followup_day_1".to_owned(), 28 * 60)]);
    let story = scene.story(&order).await;
    assert_eq!(stage(&story, NOTICE, "On its way"), pair("skipped", "skip_if"));
    // A return ends it.
    scene.post("refunds/create", &order.refund(scene.now())).await;
    let story = scene.story(&order).await;
    for name in ["Day 7", "Day 21", "Day 45"] {
        assert_eq!(stage(&story, FOLLOW_UP, name).0, "cancelled", "{name}");
    }
}

pub(crate) async fn five_refusals_make_a_dead_letter_and_one_mail_and_a_replay_sends_it(scene: &impl Scene) {
    scene.next("12:00").await;
    let order = scene.prepaid();
    scene.answer(&order, Answer::Error(500, 131_000));
    scene.place(&order).await;
    scene.post("fulfillments/create", &order.parcel(Some("in_transit"), scene.now())).await;
    scene.next("20:41").await;
    let noticed = 6 * 60;
    let tries = |waits: &[i64]| -> Vec<(String, i64)> {
        waits.iter().map(|wait| ("dispatch_notice".to_owned(), noticed + wait)).collect()
    };
    assert_eq!(told(scene, &order), tries(&[0, 2, 12, 42]));
    assert_eq!(stage(&scene.story(&order).await, NOTICE, "On its way").0, "queued");
    scene.next("20:42").await;
    assert_eq!(told(scene, &order), tries(&[0, 2, 12, 42, 162]));
    let story = scene.story(&order).await;
    assert_eq!(stage(&story, NOTICE, "On its way").0, "failed");
    assert_eq!(stage_state(&story, NOTICE, "On its way")["tries"], 5);
    let letter = scene.letter(&order).await.expect("no dead letter");
    assert_eq!(letter["attempts"], 5);
    assert!(letter["reason"].to_string().contains("131000"), "{letter:#}");

    scene.pass(minutes(2)).await;
    let told_of = format!("“On its way” of Dispatch notice for order {} failed for good", order.key());
    let mails = alerts(scene).await;
    let [alert] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(alert.to, ["ops@chadar.example"]);
    assert!(alert.text.contains(&told_of), "{}", alert.text);

    scene.answer(&order, Answer::Accept);
    scene.replay(letter["id"].as_str().unwrap()).await;
    assert_eq!(scene.sent(&order).len(), 6);
    let story = scene.story(&order).await;
    assert_eq!(stage(&story, NOTICE, "On its way").0, "sent");
    assert!(scene.letter(&order).await.expect("the letter is gone")["replayed"].is_array());
    scene.pass(minutes(60 * 24)).await;
    assert_eq!((scene.sent(&order).len(), alerts(scene).await.len()), (6, 1));
}

pub(crate) async fn a_message_that_can_never_be_taken_is_not_tried_again(scene: &impl Scene) {
    scene.next("14:00").await;
    let order = scene.order();
    scene.answer(&order, Answer::Error(400, 131_009));
    scene.place(&order).await;
    assert_eq!(stage(&scene.story(&order).await, COD, "Ask").0, "failed");
    scene.pass(minutes(10)).await;
    assert_eq!((scene.sent(&order).len(), alerts(scene).await.len()), (1, 1));
    let letter = scene.letter(&order).await.expect("no dead letter");
    assert!(letter["reason"].to_string().contains("131009"), "{letter:#}");
    // The order is cancelled: there is nothing left to be said.
    scene.post("orders/cancelled", &order.cancelled(scene.now())).await;
    scene.replay(letter["id"].as_str().unwrap()).await;
    scene.pass(minutes(60 * 24)).await;
    assert_eq!(scene.sent(&order).len(), 1);
}
