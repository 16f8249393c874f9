//! The flows that are ready to activate: that they can be, that they say what they should in all their
//! languages, and when their messages go out.

use harkara_channels::template::{self, Category, Template, Variables};
use harkara_domain::{
    Flow, Run,
    fact::Choice,
    flow::{Action, Channel, parse},
    occurrence::Kind,
    run::{RunStatus, StageStatus},
};
use harkara_engine::{
    ownership::FlowState,
    setup::Setup,
    tasks::{Task, Tasks},
};
use harkara_onebox::store_file::{FLOWS, PACK_FLOWS, PACK_TEMPLATES, TEMPLATES};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    bodies::Order,
    world::{TestWorld, karachi, minutes},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../flows");
const LANGUAGES: [&str; 3] = ["roman-ur", "ur", "en"];
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// The YAML files of a folder, by their names without the ending.
fn files(folder: &str) -> BTreeMap<String, String> {
    let yaml = |path: &Path| path.extension().is_some_and(|end| end == "yaml");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries
        .filter(|path| yaml(path))
        .map(|path| (stem(&path), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

fn flow_texts() -> BTreeMap<String, String> {
    files(FOLDER)
}

fn template_texts() -> BTreeMap<String, String> {
    files(&format!("{FOLDER}/templates"))
}

fn flows() -> Vec<Flow> {
    let read = |(file, text): (String, String)| {
        parse::flow(&text).unwrap_or_else(|problems| panic!("{file}: {problems:?}"))
    };
    flow_texts().into_iter().map(read).collect()
}

fn templates() -> BTreeMap<String, Template> {
    let read = |(file, text): (String, String)| {
        let template = template::parse(&text).unwrap_or_else(|problems| panic!("{file}: {problems:?}"));
        assert_eq!(template.name(), file);
        (file, template)
    };
    template_texts().into_iter().map(read).collect()
}

// What they say.

#[test]
fn every_file_is_shipped_and_says_what_it_is_for() {
    let shipped = |lists: [&[&'static str]; 2]| lists.concat().into_iter().collect::<BTreeSet<&str>>();
    let (flow_texts, template_texts) = (flow_texts(), template_texts());
    let there = |texts: &BTreeMap<String, String>| texts.values().cloned().collect::<BTreeSet<String>>();
    assert!(there(&flow_texts).iter().map(String::as_str).eq(shipped([&FLOWS, &PACK_FLOWS])));
    assert!(there(&template_texts).iter().map(String::as_str).eq(shipped([&TEMPLATES, &PACK_TEMPLATES])));
    for (file, text) in flow_texts.iter().chain(&template_texts) {
        assert!(text.starts_with("# "), "{file} does not say what it is for");
    }
    let names: BTreeSet<String> = flows().iter().map(|flow| flow.id().to_string()).collect();
    assert_eq!(names.len(), flow_texts.len());
    let guide = std::fs::read_to_string(format!("{FOLDER}/README.md")).unwrap();
    for (file, flow) in flow_texts.keys().zip(flows()) {
        assert!(guide.contains(&format!("[{}]({file}.yaml)", flow.name)), "the guide leaves out {file}");
    }
}

#[test]
fn every_message_has_its_template_with_words_for_its_buttons() {
    let templates = templates();
    let mut used = BTreeSet::new();
    for flow in flows() {
        for (stage, message) in flow.messages() {
            let place = format!("“{}” of “{}”", stage.name, flow.name);
            for (channel, name) in message.all_templates() {
                let template = templates.get(name).unwrap_or_else(|| panic!("{place} has no {name}"));
                used.insert(name.to_owned());
                assert_eq!(template::missing_for(template, &flow.trigger), [], "{place}");
                for language in LANGUAGES {
                    let said = template.render(&Variables::sample(), &[language]).unwrap();
                    assert_eq!(said.language, language, "{name}");
                    for button in &message.buttons {
                        assert!(said.labels.contains_key(button), "{name} in {language}: {button:?}");
                    }
                    assert!(channel != Channel::Email || said.subject.is_some(), "{name}: no subject");
                }
            }
        }
    }
    let unused: Vec<&String> = templates.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "no flow uses {unused:?}");
}

/// Of letters, which script most are of.
fn is_urdu(text: &str) -> bool {
    let urdu = text.chars().filter(|c| ('\u{600}'..='\u{6ff}').contains(c)).count();
    urdu > text.chars().filter(char::is_ascii_alphabetic).count()
}

#[test]
fn every_language_fits_into_the_channels() {
    for (name, template) in templates() {
        assert_eq!(template.languages().collect::<Vec<_>>(), LANGUAGES, "{name}");
        let tags: BTreeSet<&str> = LANGUAGES.iter().filter_map(|tag| template.meta_language(tag)).collect();
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), ["en", "en_GB", "ur"], "{name}");
        for language in LANGUAGES {
            let place = format!("{name} in {language}");
            let said = template.render(&Variables::sample(), &[language]).unwrap();
            let subject = said.subject.unwrap_or_else(|| panic!("{place}: no subject"));
            assert!(said.text.chars().count() <= 1024, "{place}: too long for WhatsApp");
            assert!(template.meta_body(language).unwrap().chars().count() <= 1024, "{place}");
            assert!(subject.chars().count() <= 100, "{place}: {subject}");
            for label in said.labels.values() {
                assert!((1..=20).contains(&label.chars().count()), "{place}: {label}");
            }
            for text in [&said.text, &subject].into_iter().chain(said.labels.values()) {
                assert!(!text.contains("{{") && !text.contains("  "), "{place}: {text}");
            }
            let own_words = template.meta_body(language).unwrap();
            assert_eq!(is_urdu(&own_words), language == "ur", "{place}: {own_words}");
            assert_eq!(
                is_urdu(&subject.replace("Gulab Fabrics", "")),
                language == "ur",
                "{place}: {subject}"
            );
        }
    }
}

#[test]
fn an_invitation_to_buy_is_marketing() {
    let (templates, texts) = (templates(), template_texts());
    // What belongs to an order that is placed, or to a subscription.
    let of_its_own = |kind: Kind| kind.is_of_orders() || kind == Kind::SubscriptionRenewal;
    for flow in flows() {
        let welcome = flow.id().as_str() == "welcome-series";
        for (stage, message) in flow.messages() {
            let gives = stage.workflow.iter().any(|action| matches!(action, Action::CreateCoupon(_)));
            for (_, name) in message.all_templates() {
                if welcome || gives || !of_its_own(flow.trigger.kind()) {
                    assert_eq!(templates[name].category(), Category::Marketing, "{name} of {}", flow.name);
                }
            }
        }
    }
    // An offer, in any of the languages.
    let offers = ["coupon.", "%", "فیصد", "رعایت", "riayat", " discount", "% off", "تحفہ", "tohfa", " gift"];
    for (name, template) in &templates {
        let words = texts[name].lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        let offer = offers.iter().find(|offer| words.to_lowercase().contains(*offer));
        assert!(template.category() == Category::Marketing || offer.is_none(), "{name} offers: {offer:?}");
    }
}

/// A code in a text is one that a stage has made, and says what that stage gives.
#[test]
fn what_a_code_takes_off_is_said_as_it_is() {
    let templates = templates();
    let mut codes = 0;
    for flow in flows() {
        for (stage, message) in flow.messages() {
            let offers = stage.workflow.iter().filter_map(|action| match action {
                Action::CreateCoupon(offer) => Some(offer),
                _ => None,
            });
            for offer in offers {
                codes += 1;
                let percent = offer.percent.unwrap().0;
                for language in LANGUAGES {
                    let said =
                        templates[&message.template].render(&Variables::sample(), &[language]).unwrap();
                    let sign = if language == "ur" { " فیصد" } else { "%" };
                    assert!(said.text.contains(&format!("{percent}{sign}")), "{}: {}", flow.name, said.text);
                    assert!(said.text.contains("WELCOME-7K2M9QX4D0TC"), "{}", said.text);
                }
            }
        }
    }
    assert_eq!(codes, 5);
}

// What they do.

/// A store with these flows on, by their files' names.
async fn with_pack(time: &str, flows: &[&str]) -> TestWorld {
    let texts = flow_texts();
    let flows = flows.iter().map(|file| texts[*file].clone()).collect();
    TestWorld::with(time, |file| {
        *file = file.clone().with_pack();
        file.drafts.clear();
        file.flows = flows;
    })
    .await
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::get("Asia/Karachi").unwrap()).strftime("%d %H:%M").to_string()
}

/// What WhatsApp was asked for: which template, on which day and at what time.
fn sent(world: &TestWorld) -> Vec<(String, String)> {
    world.calls().iter().map(|call| (call.what().to_owned(), clock(call.at))).collect()
}

fn of(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    entries.iter().map(|(what, at)| ((*what).to_owned(), (*at).to_owned())).collect()
}

/// When a person was asked for, by e-mail.
fn alerts(world: &TestWorld) -> Vec<String> {
    let mails = world.mails().into_iter().filter(|posted| posted.mail.text.contains("asks for a person"));
    mails.map(|posted| clock(posted.at)).collect()
}

async fn tasks(world: &TestWorld) -> Vec<Task> {
    let tasks = Tasks { table: world.table.clone(), clock: world.clock.clone() };
    tasks.list(&TestWorld::store(), false, 10, None).await.unwrap().entries
}

/// Days go by with a sweep every hour, as they do where nothing else happens: it finds what has come.
async fn live(world: &TestWorld, days: i64) {
    let end = world.now() + minutes(days * DAY);
    while world.now() < end {
        world.advance(minutes(HOUR)).await;
        world.sweep().await;
    }
}

/// Something that no source of the demo store brings.
async fn say(world: &TestWorld, body: Value) {
    world.learns(serde_json::from_value(body).unwrap()).await;
}

/// Sana, who wants marketing by WhatsApp.
fn sana() -> Value {
    json!({ "id": "sana", "first_name": "Sana", "phone": "+923001112223" })
}

async fn told(world: &TestWorld, said: Value) {
    say(world, json!({ "customer": { "customer": "sana", "said": said } })).await;
}

async fn sana_agrees(world: &TestWorld) {
    told(world, json!({ "profile": { "contact": sana(), "consent": { "whatsapp": true } } })).await;
}

async fn run_of_sana(world: &TestWorld, flow: &str) -> Run {
    let run = world.runs().await.into_iter().find(|run| run.flow.as_str() == flow);
    run.unwrap_or_else(|| panic!("no run of {flow}"))
}

/// A customer's order with the courier.
async fn booked(world: &TestWorld, order: &Order) {
    world.place(order).await;
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
}

async fn scanned(world: &TestWorld, order: &Order, status: &str) {
    world.post("fulfillment_events/create", &order.scan(status, world.now())).await;
}

#[tokio::test]
async fn all_of_them_wait_as_drafts_and_can_be_activated_together() {
    let world = TestWorld::with("2026-11-22T10:00", |file| *file = file.clone().with_pack()).await;
    let setup: &Setup = &world.world.setup;
    let heads = setup.heads(&TestWorld::store()).await.unwrap();
    let drafts: Vec<_> = heads.iter().filter(|head| head.state == FlowState::Draft).collect();
    assert_eq!((heads.len(), drafts.len()), (17, 13));
    for head in drafts {
        let active = setup.activate(&TestWorld::store(), &head.id, None, "test").await;
        assert!(active.unwrap_or_else(|error| panic!("{}: {error}", head.id)).is_active());
    }
    world.finish().await;
}

#[tokio::test]
async fn the_rider_is_announced_at_once_and_with_the_amount_where_it_is_paid_at_the_door() {
    let world = with_pack("2026-11-22T09:00", &["out-for-delivery"]).await;
    let (cod, paid) = (Order::cod(1, world.now()), Order::prepaid(2, world.now()));
    for order in [&cod, &paid] {
        booked(&world, order).await;
    }
    world.advance(minutes(30)).await;
    scanned(&world, &cod, "out_for_delivery").await;
    world.advance(minutes(5)).await;
    scanned(&world, &paid, "out_for_delivery").await;
    world.advance(minutes(DAY)).await;
    assert_eq!(sent(&world), of(&[("out_for_delivery_cod", "22 09:30"), ("out_for_delivery", "22 09:35")]));
    assert!(world.calls()[0].body.to_string().contains("4,490"));
    world.finish().await;
}

#[tokio::test]
async fn a_rider_of_the_night_is_announced_in_the_morning_unless_he_was_there() {
    let world = with_pack("2026-11-22T23:00", &["out-for-delivery"]).await;
    let (there, coming) = (Order::cod(1, world.now()), Order::cod(2, world.now()));
    for order in [&there, &coming] {
        booked(&world, order).await;
        scanned(&world, order, "out_for_delivery").await;
    }
    world.advance(minutes(HOUR)).await;
    scanned(&world, &there, "delivered").await;
    world.advance(minutes(DAY)).await;
    assert_eq!(sent(&world), of(&[("out_for_delivery_cod", "23 08:00")]));
    let (status, reason) = world.outcome(&there, "out-for-delivery", "With the amount").await;
    assert_eq!(status, StageStatus::Skipped);
    assert!(reason.contains("the order is one of delivered"), "{reason}");
    world.finish().await;
}

/// An order that was delivered at 16:30.
async fn delivered(flows: &[&str]) -> (TestWorld, Order) {
    let world = with_pack("2026-11-22T09:00", flows).await;
    let order = Order::cod(1, world.now());
    booked(&world, &order).await;
    world.advance_to(karachi("2026-11-22T16:30")).await;
    scanned(&world, &order, "delivered").await;
    (world, order)
}

#[tokio::test]
async fn a_delivery_is_confirmed_within_minutes() {
    let (world, _) = delivered(&["delivery-confirmation"]).await;
    world.advance(minutes(DAY)).await;
    assert_eq!(sent(&world), of(&[("delivery_confirmation", "22 16:35")]));
    world.finish().await;
}

#[tokio::test]
async fn a_satisfied_customer_is_asked_for_a_review() {
    let (world, order) = delivered(&["satisfaction-survey"]).await;
    world.advance_to(karachi("2026-11-23T16:59")).await;
    assert!(world.calls().is_empty());
    world.advance(minutes(11)).await;
    assert_eq!(sent(&world), of(&[("survey", "23 17:00")]));
    let payloads = world.calls()[0].payloads();
    assert!(payloads[0].starts_with("hk1:satisfied:") && payloads[1].starts_with("hk1:dissatisfied:"));

    world.tap(&order, Choice::Satisfied).await;
    assert_eq!(sent(&world)[1..], of(&[("free text", "23 17:10")]));
    let review = world.calls()[1].body.to_string();
    assert!(review.contains("two words or a picture of order #1"), "{review}");
    world.advance(minutes(10 * DAY)).await;
    assert_eq!((world.calls().len(), alerts(&world).len()), (2, 0));
    assert_eq!(world.run_of(&order, "satisfaction-survey").await.unwrap().status, RunStatus::Finished);
    world.finish().await;
}

#[tokio::test]
async fn a_complaint_comes_before_a_person_at_once_and_again_where_nobody_takes_it() {
    let (world, order) = delivered(&["satisfaction-survey"]).await;
    world.advance_to(karachi("2026-11-23T17:30")).await;
    world.tap(&order, Choice::Dissatisfied).await;
    assert_eq!(sent(&world), of(&[("survey", "23 17:00"), ("free text", "23 17:30")]));
    assert!(world.calls()[1].body.to_string().contains("We are sorry, Ayesha"));
    assert_eq!(alerts(&world), ["23 17:30"]);
    let [task] = &tasks(&world).await[..] else { panic!("one task") };
    assert_eq!((task.team.as_str(), task.due), ("ops", Some(karachi("2026-11-23T17:45"))));
    assert_eq!(world.story(&order).await.order.flags_set().collect::<Vec<_>>(), ["complaint"]);

    world.advance(minutes(14)).await;
    assert_eq!(alerts(&world).len(), 1);
    world.advance(minutes(1)).await;
    assert_eq!(alerts(&world), ["23 17:30", "23 17:45"]);
    assert_eq!(world.story(&order).await.order.flags_set().collect::<Vec<_>>(), ["complaint", "critical"]);
    world.advance(minutes(10 * DAY)).await;
    assert_eq!((world.calls().len(), alerts(&world).len()), (2, 2));
    world.finish().await;
}

#[tokio::test]
async fn a_complaint_that_somebody_took_is_not_brought_up_again() {
    let (world, order) = delivered(&["satisfaction-survey"]).await;
    world.advance_to(karachi("2026-11-23T17:30")).await;
    world.tap(&order, Choice::Dissatisfied).await;
    world.advance(minutes(10)).await;
    let assigned = json!({ "order": order.key(), "action": { "assign": "sana@chadar.example" },
        "by": { "person": "sana@chadar.example" } });
    say(&world, json!({ "action": assigned })).await;
    world.advance(minutes(DAY)).await;
    assert_eq!(alerts(&world), ["23 17:30"]);
    let (status, _) = world.outcome(&order, "satisfaction-survey", "Nobody took it").await;
    assert_eq!(status, StageStatus::Skipped);
    world.finish().await;
}

#[tokio::test]
async fn an_unanswered_survey_ends_by_itself() {
    let (world, order) = delivered(&["satisfaction-survey"]).await;
    world.advance(minutes(7 * DAY)).await;
    assert_eq!(world.run_of(&order, "satisfaction-survey").await.unwrap().status, RunStatus::Running);
    world.advance(minutes(2 * DAY)).await;
    assert_eq!(world.run_of(&order, "satisfaction-survey").await.unwrap().status, RunStatus::Finished);
    assert_eq!((world.calls().len(), alerts(&world).len()), (1, 0));
    world.finish().await;
}

/// An order whose money is to come by bank transfer; `paid` once it has.
fn by_transfer(order: &Order, at: Timestamp, status: &str) -> Value {
    let mut body = order.body(at);
    body["financial_status"] = json!(status);
    body["payment_gateway_names"] = json!(["Bank transfer"]);
    body
}

#[tokio::test]
async fn an_unpaid_order_is_told_how_reminded_and_handed_to_a_person() {
    let world = with_pack("2026-11-22T10:00", &["prepaid-payment"]).await;
    let order = Order::cod(1, world.now());
    world.post("orders/create", &by_transfer(&order, world.now(), "pending")).await;
    world.advance(minutes(DAY) - minutes(1)).await;
    assert_eq!(sent(&world), of(&[("payment_instructions", "22 10:10"), ("payment_reminder", "22 16:00")]));
    assert!(alerts(&world).is_empty());
    world.advance(minutes(1)).await;
    assert_eq!(alerts(&world), ["23 10:00"]);
    assert_eq!(tasks(&world).await.len(), 1);
    assert_eq!(world.story(&order).await.order.flags_set().collect::<Vec<_>>(), ["unpaid"]);
    world.advance(minutes(3 * DAY)).await;
    assert_eq!((world.calls().len(), alerts(&world).len()), (2, 1));
    world.finish().await;
}

#[tokio::test]
async fn whoever_pays_or_has_the_money_promised_is_asked_no_more() {
    for status in ["paid", "authorized"] {
        let world = with_pack("2026-11-22T10:00", &["prepaid-payment"]).await;
        let order = Order::cod(1, world.now());
        world.post("orders/create", &by_transfer(&order, world.now(), "pending")).await;
        world.advance(minutes(HOUR)).await;
        world.post("orders/updated", &by_transfer(&order, world.now(), status)).await;
        let run = world.run_of(&order, "prepaid-payment").await.unwrap();
        assert_eq!(run.status, RunStatus::Cancelled, "{status}: {run:#?}");
        world.advance(minutes(3 * DAY)).await;
        assert_eq!(sent(&world), of(&[("payment_instructions", "22 10:10")]), "{status}");
        assert!(alerts(&world).is_empty() && tasks(&world).await.is_empty());
        world.finish().await;
    }
}

async fn cart(world: &TestWorld, id: &str, more: Value) {
    let mut cart = json!({
        "id": id, "touched_at": world.now(), "customer": sana(),
        "items": [{ "title": "Lawn suit", "quantity": 2, "price": "1500" }],
        "total": { "amount": "3000", "currency": "PKR" }, "url": "https://shop.example/cart/1",
    });
    cart.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    say(world, json!({ "cart": cart })).await;
}

#[tokio::test]
async fn a_cart_is_brought_back_to_mind_three_times_and_never_again() {
    let world = with_pack("2026-11-22T11:30", &["cart-recovery"]).await;
    sana_agrees(&world).await;
    cart(&world, "one", json!({})).await;
    world.advance(minutes(4 * DAY)).await;
    let expected =
        [("cart_reminder_1", "22 12:00"), ("cart_reminder_2", "23 11:30"), ("cart_coupon", "25 11:30")];
    assert_eq!(sent(&world), of(&expected));
    let calls = world.calls();
    assert!(calls[0].body.to_string().contains("2 x Lawn suit"), "{:#}", calls[0].body);
    assert!(calls[2].body.to_string().contains("CART-") && calls[2].body.to_string().contains("28 Nov 2026"));
    // Touched and left again: nothing more about this one.
    cart(&world, "one", json!({})).await;
    world.advance(minutes(5 * DAY)).await;
    assert_eq!(world.calls().len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn a_cart_that_is_checked_out_or_emptied_is_let_go() {
    for end in [json!({ "order": "shopify-1" }), json!({ "gone": true })] {
        let world = with_pack("2026-11-22T11:30", &["cart-recovery"]).await;
        sana_agrees(&world).await;
        cart(&world, "one", json!({})).await;
        world.advance(minutes(2 * HOUR)).await;
        cart(&world, "one", end.clone()).await;
        assert_eq!(run_of_sana(&world, "cart-recovery").await.status, RunStatus::Cancelled, "{end}");
        world.advance(minutes(5 * DAY)).await;
        assert_eq!(sent(&world), of(&[("cart_reminder_1", "22 12:00")]), "{end}");
        world.finish().await;
    }
}

#[tokio::test]
async fn nobody_who_has_not_agreed_gets_marketing_or_a_code_for_it() {
    let world = with_pack("2026-11-22T11:30", &["cart-recovery"]).await;
    cart(&world, "one", json!({})).await;
    world.advance(minutes(5 * DAY)).await;
    assert!(world.calls().is_empty() && world.mails().is_empty());
    let run = run_of_sana(&world, "cart-recovery").await;
    assert!(run.stages.iter().all(|stage| stage.status == StageStatus::Skipped), "{run:#?}");
    assert_eq!(run.coupon, None);
    world.finish().await;
}

/// A first order of somebody who agrees to marketing by WhatsApp.
async fn first_order(world: &TestWorld) -> Order {
    let order = Order::prepaid(1, world.now());
    world.place(&order).await;
    let customer = world.story(&order).await.customer.unwrap().id;
    let consent = json!({ "profile": { "consent": { "whatsapp": true } } });
    say(world, json!({ "customer": { "customer": customer, "said": consent } })).await;
    order
}

#[tokio::test]
async fn a_new_customer_is_welcomed_over_two_weeks_and_once() {
    let world = with_pack("2026-11-01T10:00", &["welcome-series", "welcome-on-sign-up"]).await;
    let order = first_order(&world).await;
    world.advance(minutes(15 * DAY)).await;
    let series = [
        ("welcome_day_0", "01 10:10"),
        ("welcome_day_3", "04 18:00"),
        ("welcome_day_7", "08 18:00"),
        ("welcome_day_14", "15 18:00"),
    ];
    assert_eq!(sent(&world), of(&series));
    assert!(world.calls()[3].body.to_string().contains("WELCOME-"));
    let customer = world.story(&order).await.customer.unwrap().id;
    let signed_up = json!({ "custom": { "name": "signed_up" } });
    say(&world, json!({ "customer": { "customer": customer, "said": signed_up } })).await;
    world.advance(minutes(15 * DAY)).await;
    assert_eq!(world.calls().len(), 4);
    world.finish().await;
}

#[tokio::test]
async fn who_signs_up_without_an_order_is_welcomed_too() {
    let world = with_pack("2026-11-01T10:00", &["welcome-series", "welcome-on-sign-up"]).await;
    sana_agrees(&world).await;
    told(&world, json!({ "custom": { "name": "signed_up" } })).await;
    world.advance(minutes(15 * DAY)).await;
    let times: Vec<String> = sent(&world).into_iter().map(|(_, at)| at).collect();
    assert_eq!(times, ["01 10:10", "04 18:00", "08 18:00", "15 18:00"]);
    world.finish().await;
}

#[tokio::test]
async fn who_stays_away_is_written_to_after_30_60_and_90_days() {
    let world = with_pack("2026-09-01T10:00", &["win-back"]).await;
    first_order(&world).await;
    live(&world, 120).await;
    let sent = sent(&world);
    let what: Vec<&str> = sent.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(what, ["winback_30", "winback_60", "winback_90"]);
    for (call, day) in world.calls().iter().zip(["2026-10-01", "2026-10-31", "2026-11-30"]) {
        let due = karachi(&format!("{day}T11:00"));
        assert!(call.at >= due && call.at < due + minutes(20), "{day}: {}", call.at);
    }
    assert!(world.calls()[2].body.to_string().contains("BACK-"));
    world.finish().await;
}

#[tokio::test]
async fn who_comes_back_is_won() {
    let world = with_pack("2026-09-01T10:00", &["win-back"]).await;
    let first = first_order(&world).await;
    live(&world, 40).await;
    let second =
        Order { phone: first.phone.clone(), email: first.email.clone(), ..Order::prepaid(2, world.now()) };
    world.place(&second).await;
    live(&world, 25).await;
    assert_eq!(sent(&world).len(), 1);
    assert_eq!(run_of_sana(&world, "win-back").await.status, RunStatus::Cancelled);
    world.finish().await;
}

#[tokio::test]
async fn a_higher_tier_is_celebrated_and_a_near_one_mentioned_once() {
    let world = with_pack("2026-11-22T12:00", &["vip-upgrade", "vip-nudge"]).await;
    sana_agrees(&world).await;
    for tier in [
        json!({ "name": "Silver", "level": 1 }),
        json!({ "name": "Silver", "level": 1, "close_to": "Gold" }),
        json!({ "name": "Gold", "level": 2 }),
        json!({ "name": "Gold", "level": 2, "close_to": "Platinum" }),
    ] {
        told(&world, json!({ "tier": tier })).await;
        world.advance(minutes(DAY)).await;
    }
    let expected = [("vip_upgraded", "22 12:00"), ("vip_close", "23 18:00"), ("vip_upgraded", "24 12:00")];
    assert_eq!(sent(&world), of(&expected));
    assert!(world.calls()[1].body.to_string().contains("Gold"));
    assert!(world.calls()[2].body.to_string().contains("VIP-"));
    world.finish().await;
}

#[tokio::test]
async fn a_birthday_brings_a_code_and_a_subscription_a_reminder() {
    let world = with_pack("2026-11-22T12:00", &["birthday", "renewal-reminder"]).await;
    sana_agrees(&world).await;
    told(&world, json!({ "profile": { "birthday": "11-25" } })).await;
    told(&world, json!({ "subscription": { "id": "s1", "renews_on": "2026-11-30", "title": "Attar" } }))
        .await;
    live(&world, 12).await;
    let calls = world.calls();
    let what: Vec<&str> = calls.iter().map(|call| call.what()).collect();
    assert_eq!(what, ["birthday", "renewal_reminder"], "{:?}", sent(&world));
    let due = karachi("2026-11-25T10:00");
    assert!(calls[0].at >= due && calls[0].at < due + minutes(10), "{}", calls[0].at);
    assert!(calls[0].body.to_string().contains("BDAY-"));
    assert_eq!(calls[1].at, karachi("2026-11-27T11:00"));
    assert!(calls[1].body.to_string().contains("30 Nov 2026"), "{:#}", calls[1].body);
    world.finish().await;
}

#[tokio::test]
async fn a_stalled_parcel_is_apologised_for_and_asked_about() {
    // A Monday.
    let world = with_pack("2026-11-23T09:00", &["stalled-shipment"]).await;
    let (stalled, moving) = (Order::cod(1, world.now()), Order::cod(2, world.now()));
    for order in [&stalled, &moving] {
        booked(&world, order).await;
    }
    world.advance(minutes(2 * DAY)).await;
    scanned(&world, &moving, "out_for_delivery").await;
    world.advance(minutes(DAY + 12 * HOUR)).await;
    assert_eq!(sent(&world), of(&[("shipment_apology", "26 10:00")]));
    assert_eq!(tasks(&world).await.len(), 1);
    // 72 hours on, give or take a sweep.
    assert!(alerts(&world).iter().all(|at| at.starts_with("26 09:0")) && alerts(&world).len() == 1);
    assert!(world.run_of(&moving, "stalled-shipment").await.is_none());
    world.finish().await;
}
