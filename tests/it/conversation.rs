//! What customers answer, what is reported of our messages, and in which words, by which way and in whose
//! time they are spoken to.

use harkara_domain::{
    CustomerId, FactBody, Money, OrderView, Phone, Point, Run, Subject,
    fact::{CartFact, Choice, Contact, CustomerFact, LineItem, Profile},
    flow::{Channel, Class, heard::Intent},
    rules::{Cap, Over},
    run::{RunStatus, StageStatus},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::{
    bodies::{self, Order},
    provider::{Answer, Call},
    world::{JUST_ASK, TestWorld, flow_id, karachi, minutes, with_flows},
};

const SURVEY: &str = r#"
name: survey
category: utility
texts: { en: 'Hello {{ customer.first_name | default: "there" }}, how was it with us?' }
labels:
  satisfied: { en: All well }
  dissatisfied: { en: Not good }
"#;

const CART_LEFT: &str = r#"
name: cart_left
category: marketing
texts: { en: 'You left {{ cart.items }} for {{ cart.total }}: {{ cart.url }} is where it waits.' }
"#;

fn marks(name: &str, trigger: &str) -> String {
    format!(
        "name: {name}\ntrigger: {trigger}\nstages: [{{ name: Mark, workflow: [{{ set_flag: {name} }}] }}]\n"
    )
}

async fn world_of(flows: &[&str]) -> TestWorld {
    TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = flows.iter().map(|flow| (*flow).to_owned()).collect();
        file.templates.extend([SURVEY.to_owned(), CART_LEFT.to_owned()]);
    })
    .await
}

async fn profile(world: &TestWorld, customer: &CustomerId, profile: Profile) {
    let said = CustomerFact::Profile(Box::new(profile));
    world.learns(FactBody::Customer { customer: customer.clone(), said }).await;
}

async fn write(world: &TestWorld, order: &Order, text: &str) {
    let from = order.phone.as_deref().unwrap().trim_start_matches('+');
    let id = format!("wamid.in.{}", harkara_domain::id::digest(&format!("{text}{}", world.now())));
    world.post_whatsapp(&bodies::message(&id, from, world.now(), "text", &json!({ "body": text }))).await;
}

/// A tap on a button of this message.
async fn tap(world: &TestWorld, call: &Call, choice: Choice) {
    let wanted = format!("hk1:{}:", choice.as_str());
    let payload =
        call.payloads().into_iter().find(|payload| payload.starts_with(&wanted)).expect("no such button");
    let id = format!("wamid.in.{}", harkara_domain::id::digest(&format!("{payload}{}", world.now())));
    let content = json!({ "payload": payload, "text": "tapped" });
    world.post_whatsapp(&bodies::message(&id, call.to(), world.now(), "button", &content)).await;
}

async fn customer_of(world: &TestWorld, order: &Order) -> CustomerId {
    world.story(order).await.customer.unwrap().id
}

async fn order_of(world: &TestWorld, order: &Order) -> OrderView {
    world.story(order).await.order
}

async fn runs_of(world: &TestWorld, flow: &str) -> Vec<Run> {
    let mut runs = world.runs().await;
    runs.retain(|run| run.flow == flow_id(flow));
    runs
}

fn flags(order: &OrderView) -> Vec<String> {
    order.flags_set().map(str::to_owned).collect()
}

fn parameters(call: &Call) -> Vec<String> {
    let parts = call.body["template"]["components"].as_array().cloned().unwrap_or_default();
    let body = parts.into_iter().find(|part| part["type"] == "body").unwrap_or_default();
    let list = body["parameters"].as_array().cloned().unwrap_or_default();
    list.iter().map(|parameter| parameter["text"].as_str().unwrap().to_owned()).collect()
}

// Buttons.

const ASK_HOW: &str = "
name: Ask how
trigger: order_created
stages:
  - name: Ask
    message: { channels: [whatsapp], template: survey, buttons: [satisfied, dissatisfied] }
";

#[tokio::test]
async fn a_complaint_by_button_sets_the_flag_and_starts_its_flow() {
    let (good, bad) = (marks("good", "satisfaction_positive"), marks("bad", "satisfaction_negative"));
    for (choice, expected) in
        [(Choice::Satisfied, vec!["good"]), (Choice::Dissatisfied, vec!["bad", "complaint"])]
    {
        let world = world_of(&[ASK_HOW, &good, &bad]).await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        tap(&world, &world.calls()[0], choice).await;
        assert_eq!(flags(&order_of(&world, &order).await), expected, "{choice:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_cancel_on_the_road_is_a_request_and_starts_its_flow() {
    let world = world_of(&[JUST_ASK, &marks("asked", "cancellation_requested")]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
    world.advance(minutes(5)).await;
    world.tap(&order, Choice::Cancel).await;
    let view = order_of(&world, &order).await;
    assert_eq!(view.reached.get(&Point::CancellationRequested), Some(&world.now()));
    assert_eq!(flags(&view), ["asked", "cancel_requested"]);
    assert!(!view.reached.contains_key(&Point::Cancelled));
    // Once more changes nothing, and starts nothing.
    world.advance(minutes(5)).await;
    world.tap(&order, Choice::Cancel).await;
    assert_eq!(runs_of(&world, "asked").await.len(), 1);
    world.finish().await;
}

const ASK_CUSTOMER: &str = "
name: Ask customer
trigger: { custom: visited }
stages:
  - name: Ask
    message: { channels: [whatsapp], template: survey, buttons: [satisfied, dissatisfied] }
  - name: Answer
    wait_for:
      - { until: { reply: satisfied }, stages: [{ name: Thank, workflow: [{ add_tag: happy }] }] }
      - { until: { reply: dissatisfied }, stages: [{ name: Sorry, workflow: [{ add_tag: unhappy }] }] }
    timeout: 2h
";

/// They have an order, and still it is the message about themselves that they answer.
#[tokio::test]
async fn a_button_under_a_message_about_no_order_is_about_the_customer() {
    let world = world_of(&[ASK_CUSTOMER]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let customer = customer_of(&world, &order).await;
    world
        .learns(FactBody::Customer {
            customer: customer.clone(),
            said: CustomerFact::Custom { name: "visited".into() },
        })
        .await;
    let call = world.calls().pop().unwrap();
    assert_eq!(call.reference().subject, Subject::Customer(customer.clone()));
    assert!(call.payloads()[1].starts_with(&format!("hk1:dissatisfied:customer:{customer}:")));
    world.advance(minutes(5)).await;
    tap(&world, &call, Choice::Dissatisfied).await;
    let view = world.story(&order).await.customer.unwrap();
    assert_eq!(
        view.tags.iter().map(|(tag, (_, on))| (tag.as_str(), *on)).collect::<Vec<_>>(),
        [("unhappy", true)]
    );
    assert_eq!(view.last_inbound_at, Some(world.now()));
    assert!(order_of(&world, &order).await.replies.is_empty());
    let run = runs_of(&world, "ask-customer").await.pop().unwrap();
    assert_eq!(run.status, RunStatus::Finished, "{run:#?}");
    world.finish().await;
}

// Words.

#[tokio::test]
async fn words_start_the_flow_that_they_are_meant_for() {
    let flows = [
        marks("lost", "{ message_received: { intent: where_is_it } }"),
        marks("no", "{ message_received: { intent: cancel } }"),
        marks("price", "{ message_received: { contains: [price, kitne ka] } }"),
    ];
    let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
    for (text, expected) in [
        ("Mera order kidhar hai??", vec!["lost"]),
        ("gumshuda parcel", vec!["lost"]),
        ("don't cancel my order", vec![]),
        ("cancel krdo", vec!["no"]),
        ("What is the PRICE of it", vec!["price"]),
        ("priceless", vec![]),
    ] {
        let world = TestWorld::with("2026-11-22T10:00", |file| {
            file.flows = flows.iter().map(|flow| (*flow).to_owned()).collect();
            file.settings.rules.words.insert(Intent::WhereIsIt, vec!["gumshuda".to_owned()]);
        })
        .await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        write(&world, &order, text).await;
        assert_eq!(flags(&order_of(&world, &order).await), expected, "{text}");
        world.finish().await;
    }
}

/// What is known of their orders changes, and what they meant does not.
#[tokio::test]
async fn words_that_come_again_are_about_the_same() {
    let world = world_of(&[&marks("lost", "{ message_received: { intent: where_is_it } }")]).await;
    let order = |id, placed| Order { id, ..Order::cod(1, placed) };
    let first = order(1, world.now());
    world.place(&first).await;
    world.advance(minutes(10)).await;
    let from = first.phone.as_deref().unwrap().trim_start_matches('+');
    let asked = |id: &str| {
        bodies::message(id, from, world.now(), "text", &json!({ "body": "Mera order kidhar hai??" }))
    };
    let words = asked("wamid.in.asked");
    world.post_whatsapp(&words).await;
    let flagged = async |order: &Order| flags(&order_of(&world, order).await);
    assert_eq!(flagged(&first).await, ["lost"]);
    // An order of before that comes to light.
    let late = order(2, world.now() - minutes(5));
    world.place(&late).await;
    world.post_whatsapp(&words).await;
    // They order twice more.
    world.advance(minutes(10)).await;
    world.place(&order(3, world.now())).await;
    world.advance(minutes(10)).await;
    let last = order(4, world.now());
    world.place(&last).await;
    world.post_whatsapp(&words).await;
    assert_eq!((flagged(&late).await.len(), runs_of(&world, "lost").await.len()), (0, 1));
    // Whoever asks anew means the last.
    world.post_whatsapp(&asked("wamid.in.asked.anew")).await;
    assert_eq!(flagged(&last).await, ["lost"]);
    world.finish().await;
}

// Reports.

#[tokio::test]
async fn a_report_starts_the_flows_that_wait_for_it_once() {
    for (trigger, status, code) in [
        ("message_delivered", "delivered", None),
        ("message_read", "read", None),
        ("message_failed", "failed", Some(131_026)),
    ] {
        let world = world_of(&[JUST_ASK, &marks("heard", trigger)]).await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        let call = world.calls().pop().unwrap();
        world.receipt(&call, "sent", None).await;
        assert!(runs_of(&world, "heard").await.is_empty());
        for _ in 0..2 {
            world.advance(minutes(1)).await;
            world.receipt(&call, status, code).await;
        }
        let runs = runs_of(&world, "heard").await;
        assert_eq!(runs.len(), 1, "{trigger}");
        assert_eq!(runs[0].subject, Subject::from(order.key()));
        assert_eq!(flags(&order_of(&world, &order).await), ["heard"], "{trigger}");
        world.advance(minutes(30)).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_report_that_no_flow_waits_for_sends_nothing() {
    // The webhook's; then the report, and what its flow does.
    for (flow, sends) in [("message_delivered", 1), ("message_read", 3)] {
        let world = world_of(&[JUST_ASK, &marks("heard", flow)]).await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        let call = world.calls().pop().unwrap();
        world.probe.counted();
        world.receipt(&call, "read", None).await;
        assert_eq!(world.probe.counted().get("send to events"), Some(&sends), "{flow}");
        world.finish().await;
    }
}

/// Each reading of an answer would bring another one.
#[tokio::test]
async fn a_message_that_a_report_has_set_off_is_reported_no_further() {
    let answer = "
name: Answer
trigger: message_read
re_entry: always
stages: [{ name: Answer, message: { channels: [whatsapp], template: dispatch_notice } }]
";
    let world = world_of(&[JUST_ASK, answer]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    for _ in 0..4 {
        world.advance(minutes(1)).await;
        world.receipt(&world.calls().pop().unwrap(), "read", None).await;
    }
    assert_eq!(world.calls().len(), 2);
    world.finish().await;
}

// Channels and languages.

#[tokio::test]
async fn the_next_channel_says_it_in_its_own_template() {
    let flow = "
name: Tell
trigger: order_created
stages:
  - name: Tell
    message:
      channels: [whatsapp, email]
      template: dispatch_notice
      templates: { email: followup_day_1 }
";
    let world = world_of(&[flow]).await;
    let order = Order::cod(1, world.now());
    world.whatsapp.next([Answer::Error(400, 131_026)]);
    world.place(&order).await;
    assert_eq!(world.calls()[0].what(), "dispatch_notice");
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].mail.subject, "Chadar & Co.: is everything fine with #1?");
    world.finish().await;
}

#[tokio::test]
async fn the_customers_language_comes_before_the_stores() {
    let english = "name: english\ncategory: utility\ntexts: { en: 'Thank you, we have it here.' }\n";
    let both = "name: both\ncategory: utility\ntexts: { en: 'Thank you, we have it.', roman-ur: 'Shukriya, mil gaya.' }\n";
    let flow = |template: &str| {
        format!(
            "name: Tell\ntrigger: order_created\nstages: [{{ name: Tell, message: {{ channels: [whatsapp], template: {template} }} }}]\n"
        )
    };
    // The shop's own are `ur`, `roman-ur`, `en`; Meta knows Roman Urdu as `ur`.
    for (template, locale, expected) in [
        ("both", json!("en-PK"), "en"),
        ("both", json!("ur-PK"), "ur"),
        ("both", json!("fr"), "ur"),
        ("both", Value::Null, "ur"),
        ("english", json!("ur"), "en"),
    ] {
        let world = TestWorld::with("2026-11-22T10:00", |file| {
            file.flows = vec![flow(template)];
            file.settings.languages = ["ur", "roman-ur", "en"].map(str::to_owned).to_vec();
            file.templates.extend([english.to_owned(), both.to_owned()]);
        })
        .await;
        let order = Order::cod(1, world.now());
        let mut body = order.body(order.placed);
        body["customer_locale"] = locale.clone();
        world.post("orders/create", &body).await;
        assert_eq!(world.calls()[0].body["template"]["language"]["code"], expected, "{template} {locale}");
        world.finish().await;
    }
}

// Carts.

const CART_FLOW: &str = "
name: Cart
trigger: { cart_abandoned: 30m }
stages: [{ name: Remind, message: { channels: [whatsapp], template: cart_left } }]
";

fn cart(world: &TestWorld, customer: &CustomerId) -> FactBody {
    let item = |title: &str, quantity| LineItem { title: title.to_owned(), quantity, ..LineItem::default() };
    FactBody::Cart(Box::new(CartFact {
        id: "cart-1".into(),
        touched_at: world.now(),
        customer: Contact { id: Some(customer.clone()), ..Contact::default() },
        items: vec![item("Chadar", 2), item("Khussa", 1)],
        total: Some(Money { amount: 2500.into(), currency: "PKR".parse().unwrap() }),
        url: Some("https://shop.example/cart/1".to_owned()),
        order: None,
        gone: false,
    }))
}

fn agreed(phone: &str) -> Profile {
    Profile {
        contact: Contact {
            phone: Some(Phone::e164(phone).unwrap()),
            first_name: Some("Sana".to_owned()),
            ..Contact::default()
        },
        consent: BTreeMap::from([(Channel::Whatsapp, true)]),
        ..Profile::default()
    }
}

#[tokio::test]
async fn a_cart_is_spoken_of_to_whoever_it_belongs_to() {
    let world = world_of(&[CART_FLOW]).await;
    let customer = CustomerId::new("c1");
    profile(&world, &customer, agreed("+923001230001")).await;
    world.learns(cart(&world, &customer)).await;
    world.advance(minutes(40)).await;
    let [call] = &world.calls()[..] else { panic!("{:?}", world.calls()) };
    assert_eq!((call.what(), call.to()), ("cart_left", "923001230001"));
    assert_eq!(parameters(call), ["2 x Chadar, 1 x Khussa", "Rs 2,500", "https://shop.example/cart/1"]);
    world.finish().await;
}

/// Caps count over all that a store says to a customer, whatever it is about.
#[tokio::test]
async fn a_cap_counts_over_orders_carts_and_customers() {
    let visited = "
name: Visited
trigger: { custom: visited }
stages: [{ name: Ad, message: { channels: [whatsapp], template: followup_day_21 } }]
";
    let world = TestWorld::with("2026-11-22T10:00", |file| {
        file.flows = vec![CART_FLOW.to_owned(), visited.to_owned()];
        file.templates.push(CART_LEFT.to_owned());
        let cap = Cap { most: 1, per: "1d".parse().unwrap(), then: Over::Skip };
        file.settings.rules.caps.insert(Class::Marketing, cap);
    })
    .await;
    let customer = CustomerId::new("c1");
    profile(&world, &customer, agreed("+923001230001")).await;
    let visit = || FactBody::Customer {
        customer: customer.clone(),
        said: CustomerFact::Custom { name: "visited".into() },
    };
    world.learns(visit()).await;
    assert_eq!(world.calls().len(), 1);
    world.learns(cart(&world, &customer)).await;
    world.advance(minutes(40)).await;
    assert_eq!(world.calls().len(), 1);
    let run = runs_of(&world, "cart").await.pop().unwrap();
    assert_eq!(run.stages[0].status, StageStatus::Skipped);
    assert_eq!(
        run.stages[0].reason.as_ref().unwrap().to_string(),
        "the customer gets at most 1 marketing messages in 1d"
    );
    // A day later there is room, and now the cart's message takes it.
    world.advance(minutes(24 * 60)).await;
    world.learns(cart(&world, &customer)).await;
    world.advance(minutes(40)).await;
    assert_eq!(world.calls().len(), 2);
    world.learns(visit()).await;
    assert_eq!(world.calls().len(), 2);
    world.finish().await;
}

// Whose time it is.

const AT_SIX: &str = "
name: At six
trigger: order_created
stages: [{ name: Tell, at: '18:00', message: { channels: [whatsapp], template: dispatch_notice } }]
";

#[tokio::test]
async fn six_in_the_evening_is_the_recipients() {
    for (country, told, sent) in [
        ("PK", None, "2026-11-22T18:00"),
        ("AE", None, "2026-11-22T19:00"),
        // Of many zones nobody knows which: the shop's.
        ("US", None, "2026-11-22T18:00"),
        ("AE", Some("Europe/London"), "2026-11-22T23:00"),
        ("AE", Some("Asia/Karachi"), "2026-11-22T18:00"),
        ("AE", Some("Mars/Olympus"), "2026-11-22T19:00"),
    ] {
        let world = with_flows("2026-11-22T10:00", &[AT_SIX]).await;
        let order = Order::cod(1, world.now());
        let mut body = order.body(order.placed);
        body["shipping_address"]["country_code"] = json!(country);
        if let Some(zone) = told {
            let phone = Phone::e164(order.phone.as_deref().unwrap()).unwrap();
            let customer = CustomerId::of(&TestWorld::store(), Some(&phone), None, None).unwrap();
            profile(&world, &customer, Profile { timezone: Some(zone.to_owned()), ..Profile::default() })
                .await;
        }
        world.post("orders/create", &body).await;
        world.advance(minutes(24 * 60)).await;
        let times: Vec<_> = world.calls().iter().map(|call| call.at).collect();
        assert_eq!(times, [karachi(sent)], "{country} {told:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_message_that_waits_says_what_is_closed() {
    let quiet = json!({ "quiet_hours": { "from": "21:00", "to": "09:00" } });
    let eid = json!({
        "special_days": [{ "name": "Eid", "when": { "dates": { "from": "2026-11-22", "to": "2026-11-22" } },
            "quiet": { "instead": { "from": "19:00", "to": "23:00" } } }],
    });
    for (calendar, reason, opens) in [
        (quiet, "waiting for the end of the quiet hours", "2026-11-23T09:00"),
        (eid, "no messages now: Eid", "2026-11-22T23:00"),
    ] {
        let world = TestWorld::with("2026-11-22T10:00", |file| {
            file.flows = vec![AT_SIX.to_owned()];
            file.settings.rules.calendar = serde_json::from_value(calendar).unwrap();
        })
        .await;
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        world.whatsapp.next([Answer::Error(500, 131_000)]);
        world.advance_to(karachi("2026-11-22T18:01")).await;
        world.stall(minutes(3 * 60 + 10));
        world.advance(minutes(1)).await;
        let state = world.stage(&order, "at-six", "Tell").await;
        assert_eq!(state.reason.map(|reason| reason.to_string()).as_deref(), Some(reason));
        assert_eq!(state.due, Some(karachi(opens)));
        world.advance_to(karachi("2026-11-23T10:00")).await;
        assert_eq!(world.calls().last().unwrap().at, karachi(opens));
        world.finish().await;
    }
}
