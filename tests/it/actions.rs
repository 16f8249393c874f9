//! Workflow actions: each does what it says, once, however often its stage is tried.

use harkara_domain::{
    CustomerView, FactId, OrderId, Run, Subject,
    fact::Deed,
    history::{Entry, What},
    run::StageStatus,
};
use harkara_engine::{
    job::{Job, StageJob},
    keys,
    port::{MailError, Outgoing, Query, Queue, QueueName, Reach, Write},
    read::Listed,
    record::{decode, load},
    tasks::{Task, Tasks},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    bodies::Order,
    provider::Answer,
    world::{TestWorld, karachi, minutes},
};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A flow of one stage without a message, which does this to every order.
fn does(actions: &str) -> String {
    format!("name: Does\ntrigger: order_created\nstages:\n  - name: Do\n    workflow: {actions}\n")
}

async fn world_of(flows: &[String], templates: &[&str]) -> TestWorld {
    TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = flows.to_vec();
        file.templates.extend(templates.iter().map(|text| (*text).to_owned()));
        file.connections.insert("webhooks".to_owned(), json!({ "secrets": [SECRET] }));
        let shop = file.connections["shopify"].as_object_mut().unwrap();
        shop.insert("shop".to_owned(), json!("chadar.myshopify.com"));
        shop.insert("access_token".to_owned(), json!("shpat_x"));
    })
    .await
}

async fn doing(actions: &str) -> (TestWorld, Order) {
    let world = world_of(&[does(actions)], &[]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    (world, order)
}

async fn customer(world: &TestWorld, order: &Order) -> CustomerView {
    world.story(order).await.customer.expect("nobody knows the customer")
}

async fn history(world: &TestWorld, subject: &Subject) -> Vec<Entry> {
    let query = Query::partition(keys::partition(&TestWorld::store(), subject)).prefix("h#");
    let items = world.table.query(query).await.unwrap().items;
    items.iter().map(|item| decode::<Entry>(item).unwrap().value).collect()
}

/// What the timeline says that flows did.
async fn deeds(world: &TestWorld, order: &Order) -> Vec<Deed> {
    let history = history(world, &OrderId::new(order.key()).into()).await;
    let deed = |entry: Entry| match entry.what {
        What::Done { deed, .. } => Some(deed),
        _ => None,
    };
    history.into_iter().filter_map(deed).collect()
}

async fn tasks(world: &TestWorld, done: bool) -> Listed<Task> {
    tasks_of(world).list(&TestWorld::store(), done, 50, None).await.unwrap()
}

fn tasks_of(world: &TestWorld) -> Tasks {
    Tasks { table: world.table.clone(), clock: world.clock.clone() }
}

async fn state(world: &TestWorld, order: &Order) -> (StageStatus, String) {
    world.outcome(order, "does", "Do").await
}

async fn run(world: &TestWorld, order: &Order, flow: &str) -> Run {
    world.run_of(order, flow).await.expect("no such run")
}

/// The mails but for those that tell of dead letters.
fn written(world: &TestWorld) -> Vec<String> {
    let alerts = world.alerts().len();
    let mails: Vec<String> = world.mails().into_iter().map(|posted| posted.mail.subject).collect();
    mails.into_iter().filter(|subject| alerts == 0 || !subject.contains("failed")).collect()
}

/// The stage's holder goes away when it is about to write what came of the stage.
async fn crashes_before_the_record(world: &TestWorld) {
    let batch = world.take(QueueName::Stages).await;
    let records = |writes: &[Write]| {
        writes.iter().any(|write| match write {
            Write::Put(item, _) => {
                item.key.sk.starts_with("r#") && !String::from_utf8_lossy(&item.body).contains("\"claim\"")
            }
            _ => false,
        })
    };
    let gate = world.probe.hold(records);
    crashes_at(world, batch, gate).await;
}

async fn crashes_at(world: &TestWorld, batch: Vec<harkara_engine::port::Delivery>, gate: crate::probe::Gate) {
    let holder = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    holder.abort();
    assert!(holder.await.unwrap_err().is_cancelled());
}

async fn placed(world: &TestWorld) -> Order {
    let order = Order::cod(1, world.now());
    world.deliver(&world.new_order(&order)).await;
    world.drain(QueueName::Events).await;
    order
}

#[tokio::test]
async fn what_is_done_to_customers() {
    let (world, order) = doing(
        "[{ add_tag: vip }, { add_tag: new }, { remove_tag: new }, { set_tier: gold }, { add_points: 100 }, \
         { add_points: -30 }]",
    )
    .await;
    let known = customer(&world, &order).await;
    let on = |tag: &str| known.tags[tag].1;
    assert_eq!((on("vip"), on("new"), known.points()), (true, false, 70));
    assert_eq!(known.tier_name(), Some("gold"));
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    let said = history(&world, &known.id.clone().into()).await;
    let acted = said.iter().filter(|entry| matches!(entry.what, What::Customer(_))).count();
    assert_eq!(acted, 6, "{said:?}");
    world.finish().await;
}

/// Points are the one thing that adds up: a repetition must not.
#[tokio::test]
async fn points_and_tasks_are_given_once_though_the_stage_is_done_twice() {
    let world = world_of(&[does("[{ add_points: 100 }, { create_task: { title: Call } }]")], &[]).await;
    let order = placed(&world).await;
    crashes_before_the_record(&world).await;
    world.advance(minutes(10)).await;
    assert_eq!(world.counter("workflows.done"), 2, "the crash was no crash");
    assert_eq!(customer(&world, &order).await.points(), 100);
    assert_eq!(tasks(&world, false).await.entries.len(), 1);
    let made = deeds(&world, &order).await;
    assert_eq!(made, [Deed::TaskMade { title: "Call".to_owned(), team: "ops".to_owned() }]);
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    world.finish().await;
}

#[tokio::test]
async fn a_task_is_listed_by_its_time_done_and_opened_again() {
    let (world, order) = doing(
        "[{ create_task: { title: Whenever, team: packing } }, { create_task: { title: Later, due: 1d } }, \
         { create_task: { title: Soon, due: 4h } }]",
    )
    .await;
    let listed = tasks(&world, false).await.entries;
    let titles: Vec<&str> = listed.iter().map(|task| task.title.as_str()).collect();
    assert_eq!(titles, ["Soon", "Later", "Whenever"]);
    assert_eq!(listed[0].due, Some(order.placed + minutes(240)));
    assert_eq!((listed[0].team.as_str(), listed[2].team.as_str()), ("ops", "packing"));
    assert_eq!((listed[0].subject.to_string(), listed[0].by.as_str()), (order.key(), "Does"));
    let (store, id) = (TestWorld::store(), &listed[0].id);
    let marked = tasks_of(&world).mark(&store, id, true, "sana@chadar.example").await.unwrap().unwrap();
    let again = tasks_of(&world).mark(&store, id, true, "ali@chadar.example").await.unwrap().unwrap();
    assert_eq!(marked, again, "whoever did it first did it");
    assert_eq!(marked.done, Some((world.now(), "sana@chadar.example".to_owned())));
    let open = tasks(&world, false).await.entries;
    let done = tasks(&world, true).await.entries;
    assert_eq!((open.len(), done.as_slice()), (2, &[marked][..]));
    tasks_of(&world).mark(&store, id, false, "ali@chadar.example").await.unwrap();
    assert_eq!(tasks(&world, false).await.entries, listed);
    assert_eq!(tasks_of(&world).mark(&store, "none", true, "x").await.unwrap(), None);
    world.finish().await;
}

#[tokio::test]
async fn an_email_goes_to_a_team_or_an_address_in_the_flows_words() {
    let (world, order) = doing(
        "[{ send_email: { to: ops, subject: 'Look at {{ order.name }}', text: 'It costs {{ order.total }}.' } }, \
         { send_email: { to: supplier@mill.example, subject: S, text: T } }]",
    )
    .await;
    let mails: Vec<_> = world.mails().into_iter().map(|posted| posted.mail).collect();
    assert_eq!(
        (mails[0].to.as_slice(), mails[0].subject.as_str()),
        (&["ops@chadar.example".to_owned()][..], "Look at #1")
    );
    assert!(mails[0].text.contains("4,490"), "{}", mails[0].text);
    assert_eq!((mails.len(), mails[1].to.as_slice()), (2, &["supplier@mill.example".to_owned()][..]));
    let sent = |to: &str| Deed::Mailed { to: to.to_owned(), unsure: false };
    assert_eq!(deeds(&world, &order).await, [sent("ops"), sent("supplier@mill.example")]);
    world.finish().await;
}

const TWO_MAILS: &str = "[{ send_email: { to: ops, subject: One, text: T } }, \
     { send_email: { to: ops, subject: Two, text: T } }]";

#[tokio::test]
async fn a_mail_that_went_is_not_sent_again_when_the_next_one_fails() {
    let world = world_of(&[does(TWO_MAILS)], &[]).await;
    let order = placed(&world).await;
    // The first goes; the second does not, twice.
    let batch = world.take(QueueName::Stages).await;
    let begins_second = |writes: &[Write]| {
        writes.iter().any(|write| matches!(write, Write::Put(item, _) if String::from_utf8_lossy(&item.body).contains("\"mailing\":1")))
    };
    let gate = world.probe.hold(begins_second);
    let holder = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    assert_eq!(written(&world), ["One"]);
    for _ in 0..2 {
        world.post_office.fail_next(MailError::Failed("the server is down".to_owned()));
    }
    gate.open();
    assert_eq!(holder.await.unwrap().0.len(), 1, "it is to come again");
    world.advance(minutes(30)).await;
    assert_eq!(written(&world), ["One", "Two"]);
    let held = world.stage(&order, "does", "Do").await;
    assert_eq!((held.status, held.tries, held.mailing, held.acted.len()), (StageStatus::Sent, 3, None, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_not_sent_again() {
    let world = world_of(&[does(TWO_MAILS)], &[]).await;
    world.post_office.fail_next(MailError::AnswerLost("cut off".to_owned()));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(60)).await;
    assert_eq!(written(&world), ["Two"]);
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    let unsure = |unsure| Deed::Mailed { to: "ops".to_owned(), unsure };
    assert_eq!(deeds(&world, &order).await, [unsure(true), unsure(false)]);
    world.finish().await;
}

/// Whoever finds a mail begun cannot know whether it went.
#[tokio::test]
async fn a_mail_that_a_crash_came_over_is_not_sent_again() {
    let world = world_of(&[does(TWO_MAILS)], &[]).await;
    let order = placed(&world).await;
    crashes_before_the_record(&world).await;
    assert_eq!(written(&world), ["One", "Two"]);
    world.advance(minutes(60)).await;
    assert_eq!(written(&world), ["One", "Two"]);
    let held = world.stage(&order, "does", "Do").await;
    assert_eq!((held.status, held.mailing), (StageStatus::Sent, None));
    world.finish().await;
}

#[tokio::test]
async fn a_refused_mail_fails_the_stage_and_can_be_replayed() {
    let world = world_of(&[does(TWO_MAILS)], &[]).await;
    world.post_office.fail_next(MailError::Refused("no such mailbox".to_owned()));
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let (status, reason) = state(&world, &order).await;
    assert_eq!(status, StageStatus::Failed);
    assert_eq!(reason, "The mail server refused it for good: no such mailbox (550)");
    assert_eq!(written(&world), ["Two"], "the other one goes all the same");
    world.advance(minutes(5)).await;
    assert_eq!(world.dead_letters().await.len(), 1);
    world.world.replayer.start(&TestWorld::store(), Default::default(), "ops").await.unwrap();
    world.run().await;
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    assert_eq!(written(&world), ["Two", "One"], "only what had not gone");
    world.finish().await;
}

#[tokio::test]
async fn a_team_without_an_address_is_said_so() {
    let world = TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = vec![does("[{ escalate_team: night }]")];
        file.settings.teams.clear();
    })
    .await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let [Deed::NotDone { action, reason }] = &deeds(&world, &order).await[..] else {
        panic!("nothing is said")
    };
    assert_eq!(action, "escalate_team");
    assert_eq!(reason.to_string(), "the store has not set up an e-mail address for the team night");
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    world.finish().await;
}

#[tokio::test]
async fn a_webhook_is_signed_and_tells_no_more_than_it_must() {
    let (world, order) = doing(
        "[{ call_webhook: { url: 'https://hooks.chadar.example/in?k=1', data: { list: vip } } }, \
         { create_coupon: { percent: 10, expires: 7d } }]",
    )
    .await;
    let calls = world.whatsapp.elsewhere();
    let call = calls.iter().find(|call| call.url.contains("hooks")).unwrap();
    assert_eq!((call.url.as_str(), call.reach), ("https://hooks.chadar.example/in?k=1", Reach::Public));
    assert!(call.headers["webhook-id"].starts_with("msg_"));
    assert!(call.headers["webhook-signature"].starts_with("v1,"));
    let body = call.json();
    assert_eq!((&body["type"], &body["timestamp"]), (&json!("flow.order_created"), &json!(order.placed)));
    let data = &body["data"];
    assert_eq!(data["order"]["id"], order.key());
    assert_eq!((&data["order"]["name"], &data["order"]["status"]), (&json!("#1"), &json!("pending")));
    assert_eq!((&data["customer"]["orders"], &data["data"]), (&json!(1), &json!({ "list": "vip" })));
    let coupon = run(&world, &order, "does").await.coupon.unwrap();
    assert_eq!(data["coupon"]["code"], coupon.code, "a coupon of the same stage is there");
    let snapshot = world.story(&order).await.order.snapshot.unwrap();
    let (text, who) = (String::from_utf8(call.body.clone()).unwrap(), snapshot.customer);
    let street = snapshot.address.unwrap();
    for personal in [
        order.phone.clone().unwrap(),
        order.phone.clone().unwrap().trim_start_matches('+').to_owned(),
        order.email.clone().unwrap(),
        who.first_name.unwrap(),
        who.last_name.unwrap(),
        street.street,
        street.city,
    ] {
        assert!(!text.contains(&personal), "{personal} in {text}");
    }
    assert!(deeds(&world, &order).await.contains(&Deed::Called { host: "hooks.chadar.example".to_owned() }));
    world.finish().await;
}

const CALLS: &str = "[{ call_webhook: { url: 'https://a.example/' } }, { call_webhook: { url: 'https://b.example/' } }, \
     { add_points: 5 }, { escalate_team: ops }]";

#[tokio::test]
async fn a_webhook_that_fails_is_called_again_alone_under_the_same_id() {
    let world = world_of(&[does(CALLS)], &[]).await;
    world.whatsapp.next_elsewhere([Answer::Accept, Answer::Status(500), Answer::Timeout, Answer::Accept]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert_eq!(written(&world).len(), 1, "the team is alerted all the same");
    world.advance(minutes(60)).await;
    let calls = world.whatsapp.elsewhere();
    let urls: Vec<&str> = calls.iter().map(|call| call.url.as_str()).collect();
    assert_eq!(urls[1..].iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "{urls:?}");
    assert_eq!(urls.len(), 4);
    let ids: Vec<&String> = calls.iter().map(|call| &call.headers["webhook-id"]).collect();
    assert!(ids[0] != ids[1] && ids[1] == ids[2] && ids[2] == ids[3], "{ids:?}");
    let waits: Vec<i64> = calls.iter().map(|call| call.at.duration_since(order.placed).as_mins()).collect();
    assert_eq!(waits, [0, 0, 2, 12]);
    assert_eq!((written(&world).len(), customer(&world, &order).await.points()), (1, 5));
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    world.finish().await;
}

#[tokio::test]
async fn a_webhook_that_is_refused_fails_the_stage_with_its_reason() {
    let world = world_of(&[does(CALLS)], &[]).await;
    world.whatsapp.next_elsewhere([Answer::Status(404), Answer::Status(302)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(300)).await;
    let (status, reason) = state(&world, &order).await;
    assert_eq!(status, StageStatus::Failed);
    assert_eq!(
        reason,
        "The webhook at a.example refused it for good: HTTP 404: the receiver did not take the webhook (404)"
    );
    assert_eq!((world.whatsapp.elsewhere().len(), world.dead_letters().await.len()), (2, 1));
    assert_eq!(customer(&world, &order).await.points(), 5);
    world.finish().await;
}

#[tokio::test]
async fn a_webhook_that_never_answers_spends_its_five_tries() {
    let world = world_of(&[does("[{ call_webhook: { url: 'https://a.example/' } }]")], &[]).await;
    world.whatsapp.next_elsewhere([const { Answer::Refused }; 5]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(300)).await;
    let (status, reason) = state(&world, &order).await;
    assert_eq!(
        (status, reason.as_str()),
        (StageStatus::Failed, "failed 5 times; the last time: connection refused")
    );
    assert_eq!(world.dead_letters().await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_webhook_without_a_secret_is_not_called() {
    let world = TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = vec![does("[{ call_webhook: { url: 'https://a.example/' } }]")];
        file.connections.remove("webhooks");
    })
    .await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(5)).await;
    let (status, reason) = state(&world, &order).await;
    assert_eq!(status, StageStatus::Failed);
    assert!(reason.starts_with("the store has not set up a secret to sign webhooks with"), "{reason}");
    assert!(world.whatsapp.elsewhere().is_empty());
    world.finish().await;
}

/// A slow receiver must not let the claim run out while a mail is on its way.
#[tokio::test]
async fn what_comes_after_a_slow_receiver_waits_for_the_next_try() {
    let world = world_of(&[does(CALLS)], &[]).await;
    let order = placed(&world).await;
    let gate = crate::probe::Gate::default();
    world.whatsapp.next_elsewhere([Answer::Held(gate.clone(), Box::new(Answer::Accept))]);
    let batch = world.take(QueueName::Stages).await;
    let holder = world.beside(QueueName::Stages, &batch);
    gate.reached().await;
    world.stall(SignedDuration::from_secs(30));
    gate.open();
    assert_eq!(holder.await.unwrap().0.len(), 1);
    assert_eq!(written(&world).len(), 0);
    world.advance(minutes(10)).await;
    assert_eq!((written(&world).len(), world.whatsapp.elsewhere().len()), (1, 2));
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    world.finish().await;
}

const GIFT: &str = "
name: gift
category: utility
texts: { en: 'Your code is {{ coupon.code }}, good until {{ coupon.expires }} at our shop.' }
";

fn gives(rest: &str) -> String {
    format!(
        "name: Does\ntrigger: order_created\nstages:\n  - name: Do\n    workflow: \
         [{{ create_coupon: {{ percent: 10, expires: 7d, prefix: WELCOME }} }}]\n{rest}"
    )
}

fn tells(after: &str) -> String {
    format!("  - name: Tell\n    after: {after}\n    message: {{ channels: [whatsapp], template: gift }}\n")
}

#[tokio::test]
async fn a_coupon_is_in_the_shop_and_in_later_messages() {
    let world = world_of(&[gives(&tells("1h"))], &[GIFT]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let coupon = run(&world, &order, "does").await.coupon.unwrap();
    assert!(coupon.code.starts_with("WELCOME-") && coupon.code.len() == 20, "{}", coupon.code);
    assert_eq!(coupon.ends_at, karachi("2026-11-29T23:59:59"));
    assert_eq!(world.whatsapp.codes(), [coupon.code.clone()].into());
    let call = &world.whatsapp.elsewhere()[0];
    assert_eq!(call.headers["x-shopify-access-token"], "shpat_x");
    let asked = &call.json()["variables"]["coupon"];
    assert_eq!((&asked["usageLimit"], &asked["endsAt"]), (&json!(1), &json!(coupon.ends_at)));
    assert_eq!(asked["customerGets"]["value"]["percentage"], json!(0.1));
    world.advance(minutes(61)).await;
    let message = world.calls()[0].body.to_string();
    assert!(message.contains(&coupon.code) && message.contains("29 Nov 2026"), "{message}");
    let made = Deed::CouponMade { code: coupon.code, ends_at: coupon.ends_at, in_shop: true };
    assert_eq!(deeds(&world, &order).await, [made]);
    world.finish().await;
}

#[tokio::test]
async fn a_coupon_whose_answer_was_lost_is_the_same_one_again() {
    let world = world_of(&[gives("")], &[]).await;
    world.whatsapp.next_elsewhere([Answer::TakenAnswerLost, Answer::Status(503)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert_eq!(run(&world, &order, "does").await.coupon, None);
    world.advance(minutes(60)).await;
    let coupon = run(&world, &order, "does").await.coupon.unwrap();
    let calls = world.whatsapp.elsewhere();
    assert_eq!((world.whatsapp.codes(), calls.len()), ([coupon.code].into(), 3));
    assert!(calls.iter().all(|call| call.body == calls[0].body), "{calls:?}");
    assert_eq!(state(&world, &order).await.0, StageStatus::Sent);
    world.finish().await;
}

#[tokio::test]
async fn a_coupon_that_a_crash_came_over_is_the_same_one_again() {
    let world = world_of(&[gives("")], &[]).await;
    let order = placed(&world).await;
    crashes_before_the_record(&world).await;
    world.stall(minutes(60 * 15));
    world.advance(minutes(10)).await;
    let coupon = run(&world, &order, "does").await.coupon.unwrap();
    let calls = world.whatsapp.elsewhere();
    assert_eq!((world.whatsapp.codes(), calls.len()), ([coupon.code].into(), 2));
    assert_eq!(calls[0].body, calls[1].body, "the day went by meanwhile");
    assert_eq!(deeds(&world, &order).await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn without_a_shop_the_code_is_made_here_and_said_so() {
    let world = TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = vec![gives(&tells("0m")).replace("7d", "2h")];
        file.templates.push(GIFT.to_owned());
    })
    .await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let coupon = run(&world, &order, "does").await.coupon.unwrap();
    assert!(world.whatsapp.elsewhere().is_empty());
    assert!(world.calls()[0].body.to_string().contains("22 Nov 2026, 12:00"), "hours are told to the minute");
    let made = Deed::CouponMade { code: coupon.code, ends_at: coupon.ends_at, in_shop: false };
    assert_eq!(deeds(&world, &order).await, [made]);
    world.finish().await;
}

#[tokio::test]
async fn a_coupon_that_the_shop_refuses_fails_the_stage_and_what_speaks_of_it() {
    let both = gives("").replace("}]", "}]\n    message: { channels: [whatsapp], template: gift }");
    let world = world_of(&[both], &[GIFT]).await;
    world.whatsapp.next_elsewhere([Answer::Status(401)]);
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(5)).await;
    let (status, reason) = state(&world, &order).await;
    assert_eq!(status, StageStatus::Failed);
    assert!(reason.starts_with("Shopify refused it for good: HTTP 401"), "{reason}");
    assert!(world.calls().is_empty(), "a message without its code");
    world.finish().await;
}

fn problems(error: &harkara_engine::setup::SetupError) -> String {
    error.to_string()
}

async fn saved(flow: &str) -> Result<(), String> {
    let world = world_of(&[], &[GIFT]).await;
    let store = TestWorld::store();
    let saved = world.world.setup.flow(&store, flow, "test").await.map(|_| ()).map_err(|e| problems(&e));
    let bundle = harkara_engine::ownership::Bundle {
        flows: vec![harkara_engine::ownership::Sheet { file: "f.yaml".to_owned(), text: flow.to_owned() }],
        templates: Vec::new(),
    };
    let wish = harkara_engine::ownership::Wish { prune: false, activate: false };
    let compared = world.world.setup.compare(&store, &bundle, wish).await;
    assert_eq!(saved.is_ok(), compared.is_ok(), "a folder is held to the same: {saved:?}, {compared:?}");
    saved
}

#[tokio::test]
async fn a_message_about_a_coupon_needs_one_before_it_whichever_way_the_run_goes() {
    let alone = format!("name: N\ntrigger: order_created\nstages:\n{}", tells("1h"));
    let refusal = saved(&alone).await.unwrap_err();
    assert!(
        refusal.contains("stages[0].message.template: the template gift speaks of a coupon"),
        "{refusal}"
    );
    let arm = |percent: &str| {
        format!(
            "[{{ name: C{percent}, workflow: [{{ create_coupon: {{ percent: {percent}, expires: 1d }} }}] }}]"
        )
    };
    let split = |first: &str, second: &str| {
        format!(
            "name: N\ntrigger: order_created\nstages:\n  - name: Fork\n    branches: [{{ when: {{ order_total: \
             {{ at_least: 5 }} }}, stages: {first} }}]\n    otherwise: {second}\n{}",
            tells("1h")
        )
    };
    assert_eq!(saved(&split(&arm("10"), &arm("20"))).await, Ok(()));
    let one = "[{ name: Log, workflow: [{ log_event: none }] }]";
    let refusal = saved(&split(&arm("10"), one)).await.unwrap_err();
    assert!(refusal.contains("no `create_coupon` is sure to come before it"), "{refusal}");
    let letter = does("[{ send_email: { to: ops, subject: S, text: 'It is {{ coupon.code }}' } }]");
    let refusal = saved(&letter).await.unwrap_err();
    assert!(
        refusal.contains("line 5: stages[0].workflow[0].send_email.text: speaks of a coupon"),
        "{refusal}"
    );
    let fallback = letter.replace("{{ coupon.code }}", "{{ coupon.code | default: \"none\" }}");
    assert_eq!(saved(&fallback).await, Ok(()));
}

#[tokio::test]
async fn the_words_of_a_mail_are_looked_at_when_the_flow_is_saved() {
    let bad = does("[{ send_email: { to: ops, subject: '{{ order.nmae }}', text: '{{ order.name' } }]");
    let refusal = saved(&bad).await.unwrap_err();
    assert!(refusal.contains("send_email.subject: unknown variable `order.nmae`"), "{refusal}");
    assert!(refusal.contains("send_email.text: `{{` without `}}`"), "{refusal}");
    let draft = world_of(&[], &[]).await;
    assert!(draft.world.setup.draft(&TestWorld::store(), &bad, "test").await.is_err());
}

fn starts(name: &str, trigger: &str, next: &str) -> String {
    format!(
        "name: {name}\ntrigger: {trigger}\nstages:\n  - name: Go\n    workflow: [{{ start_flow: {next} }}, {{ add_points: 1 }}]\n"
    )
}

#[tokio::test]
async fn a_flow_starts_the_one_that_it_names_and_no_other() {
    let other =
        "name: Other\ntrigger: started_by_flow\nstages:\n  - name: Log\n    workflow: [{ log_event: no }]\n";
    let next = "name: Next one\ntrigger: started_by_flow\nstages:\n  - name: Log\n    workflow: [{ log_event: yes }]\n";
    let flows = [starts("First", "order_created", "Next one"), next.to_owned(), other.to_owned()];
    let world = world_of(&flows, &[]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let mut flows: Vec<String> = world.runs().await.iter().map(|run| run.flow.to_string()).collect();
    flows.sort();
    assert_eq!(flows, ["first", "next-one"]);
    world.finish().await;
}

#[tokio::test]
async fn a_flow_with_a_trigger_of_its_own_can_be_started_too() {
    let next =
        "name: Next\ntrigger: order_delivered\nstages:\n  - name: Log\n    workflow: [{ log_event: yes }]\n";
    let world = world_of(&[starts("First", "order_created", "next"), next.to_owned()], &[]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert_eq!(run(&world, &order, "next").await.stages[0].status, StageStatus::Sent);
    world.finish().await;
}

#[tokio::test]
async fn flows_that_start_one_another_come_to_an_end_with_a_reason() {
    let flows = [
        starts("Ping", "order_created", "pong"),
        starts("Pong", "started_by_flow", "ping")
            .replace("trigger: started_by_flow", "trigger: started_by_flow\nre_entry: always"),
    ];
    let flows = [flows[0].replace("stages:", "re_entry: always\nstages:"), flows[1].clone()];
    let world = world_of(&flows, &[]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.advance(minutes(60)).await;
    let runs = world.runs().await;
    assert_eq!(runs.len(), 6, "the first, and five more");
    assert_eq!(runs.iter().map(|run| run.occurrence.deep()).max(), Some(5));
    assert_eq!(customer(&world, &order).await.points(), 6);
    let history = history(&world, &OrderId::new(order.key()).into()).await;
    let refused: Vec<String> =
        history.iter().flat_map(|entry| &entry.passed_over).map(|(_, reason)| reason.to_string()).collect();
    assert_eq!(refused, ["flows have started one another 6 times in a row"]);
    world.finish().await;
}

#[tokio::test]
async fn a_flow_that_is_not_there_is_said_so() {
    let (world, order) = doing("[{ start_flow: nowhere }, { add_points: 1 }]").await;
    let [Deed::NotDone { action, reason }] = &deeds(&world, &order).await[..] else {
        panic!("nothing is said")
    };
    assert_eq!((action.as_str(), reason.to_string().as_str()), ("start_flow", "there is no flow nowhere"));
    assert_eq!(
        (state(&world, &order).await.0, customer(&world, &order).await.points()),
        (StageStatus::Sent, 1)
    );
    world.finish().await;
}

#[tokio::test]
async fn a_customer_nobody_knows_is_left_out_with_a_reason() {
    let world = world_of(&[does("[{ add_tag: vip }, { set_flag: seen }]")], &[]).await;
    let order = Order { phone: None, email: None, ..Order::cod(1, world.now()) };
    let mut body = order.body(order.placed);
    for part in ["customer", "billing_address", "shipping_address"] {
        body[part] = Value::Null;
    }
    world.post("orders/create", &body).await;
    let [Deed::NotDone { action, reason }] = &deeds(&world, &order).await[..] else {
        panic!("nothing is said")
    };
    assert_eq!(
        (action.as_str(), reason.to_string().as_str()),
        ("add_tag", "nobody knows which customer this is")
    );
    assert!(world.story(&order).await.order.flags["seen"].1);
    world.finish().await;
}

/// A stage job whose actions are half done when the run is read by a later deployment.
#[tokio::test]
async fn a_repeated_job_of_a_stage_that_is_done_does_nothing() {
    let (world, order) = doing(CALLS).await;
    let held = run(&world, &order, "does").await;
    let job = StageJob {
        store: TestWorld::store(),
        subject: held.subject.clone(),
        run: held.id.clone(),
        stage: 0,
        series: 0,
        failed: 0,
        told: None,
        priority: false,
    };
    world.probe.send(QueueName::Stages, vec![Outgoing::now(Job::Stage(job).body())]).await.unwrap();
    world.run().await;
    assert_eq!((world.whatsapp.elsewhere().len(), written(&world).len()), (2, 1));
    assert_eq!(customer(&world, &order).await.points(), 5);
    let key = keys::run(&TestWorld::store(), &held.subject, &held.id);
    assert_eq!(load::<Run>(&*world.table, &key).await.unwrap().unwrap().value, held);
    let escalated = keys::history(&TestWorld::store(), &held.subject, order.placed, &FactId::new("x"));
    assert!(world.table.get(&escalated).await.unwrap().is_none());
    world.finish().await;
}
