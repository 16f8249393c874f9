//! The proof of the dry run: for random flows, orders and answers, what it says is what the engine then
//! does.

use harkara_domain::{
    FlowId, Reason, Run, Subject,
    calendar::{Calendar, QuietHours},
    fact::Choice,
    flow::Class,
    rehearse::{Happening, Meanwhile, MeanwhileAt, Outcome, Rehearsal},
    rules::{Cap, Over},
    run::{RunStatus, StageStatus},
    status::OrderStatus,
};
use harkara_engine::{
    job::{FactsJob, Job},
    port::{Outgoing, QueueName},
    rehearsal::{Rehearser, Shown, Told, Wish},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{
    bodies::{self, Order},
    provider::Connections,
    world::{TestWorld, minutes},
};

/// Chance with a seed (splitmix64), so that a failure can be looked at again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One time in so many.
    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }
}

// Flows.

fn condition(chance: &mut Chance) -> Value {
    let single = [
        json!({ "confirmation": { "is": "confirmed" } }),
        json!({ "confirmation": { "is": "pending" } }),
        json!({ "payment_method": { "is": "cod" } }),
        json!({ "order_status": { "in": ["dispatched", "out_for_delivery", "delivered"] } }),
        json!({ "order_status": { "is": "pending" } }),
        json!({ "order_total": { "at_least": 5000 } }),
        json!({ "flags": { "contains": "one" } }),
        json!({ "flags": { "contains": "two" } }),
        json!({ "customer_tags": { "contains": "three" } }),
        json!({ "points": { "at_least": 10 } }),
        json!({ "paid": true }),
        json!({ "delivery_attempts": { "at_least": 1 } }),
    ];
    match chance.below(6) {
        0 => json!({ "any": [chance.of(&single), chance.of(&single)] }),
        1 => json!({ "none": [chance.of(&single)] }),
        _ => chance.of(&single),
    }
}

fn action(chance: &mut Chance) -> Value {
    let all = [
        json!({ "add_note": "noted" }),
        json!({ "set_flag": "one" }),
        json!({ "set_flag": "two" }),
        json!({ "clear_flag": "one" }),
        json!("confirm"),
        json!({ "set_status": "preparing" }),
        json!({ "set_status": "ready" }),
        json!({ "add_tag": "three" }),
        json!({ "remove_tag": "three" }),
        json!({ "add_points": 6 }),
        json!({ "log_event": "logged" }),
        json!("cancel_pending"),
        json!({ "assign_user": "sana@shop.example" }),
        json!({ "create_task": { "title": "Call them" } }),
        json!({ "escalate_team": "ops" }),
        json!({ "start_flow": "nobody" }),
    ];
    if chance.one_in(25) { json!("cancel") } else { chance.of(&all) }
}

/// When a stage comes; `least` is the shortest wait that is not before the stage before it.
fn timing(chance: &mut Chance, stage: &mut Value, least: &mut Option<u64>) {
    const WAITS: [&str; 7] = ["0m", "1m", "17m", "1h", "5h", "1d", "2d"];
    let wait = |place: u64| json!(WAITS[usize::try_from(place).unwrap()]);
    if *least == Some(7) || (least.is_some() && chance.one_in(4)) {
        stage["after_previous"] = wait(chance.below(7));
        // From here on the waits add up to more than any of them.
        *least = Some(7);
    } else {
        let from = least.unwrap_or(0);
        let place = from + chance.below((7 - from).min(4));
        *least = Some(place);
        if place > 0 || chance.one_in(2) {
            stage["after"] = wait(place);
        }
    }
    match chance.below(8) {
        0 => stage["at"] = json!(chance.of(&["09:30", "18:00"])),
        1 => {
            stage["not_before"] = json!("09:00");
            stage["not_after"] = json!("20:00");
        }
        2 => stage["on"] = json!(["monday", "wednesday", "friday"]),
        3 => stage["spread"] = json!("20m"),
        _ => {}
    }
}

fn message(chance: &mut Chance) -> Value {
    let channels = chance.of(&[
        json!(["whatsapp"]),
        json!(["whatsapp", "email"]),
        json!(["email"]),
        json!(["email", "whatsapp"]),
    ]);
    let mut message = json!({ "channels": channels });
    message["template"] =
        json!(chance.of(&["cod_confirmation", "cod_reminder", "dispatch_notice", "followup_day_45"]));
    if message["template"].as_str().unwrap().starts_with("cod")
        && channels[0] == "whatsapp"
        && chance.one_in(2)
    {
        message["buttons"] = json!(["confirm", "cancel"]);
    }
    message
}

struct Made {
    name: u64,
    left: u64,
}

fn stages(chance: &mut Chance, made: &mut Made, depth: u64) -> Vec<Value> {
    let count = 1 + chance.below(if depth == 0 { 4 } else { 2 });
    let mut least = None;
    (0..count).map(|_| stage(chance, made, depth, &mut least)).collect()
}

fn stage(chance: &mut Chance, made: &mut Made, depth: u64, least: &mut Option<u64>) -> Value {
    made.name += 1;
    made.left = made.left.saturating_sub(1);
    let mut stage = json!({ "name": format!("S{}", made.name) });
    timing(chance, &mut stage, least);
    if chance.one_in(4) {
        let which = chance.of(&["skip_if", "only_if"]);
        stage[which] = condition(chance);
    }
    let fork = depth < 2 && made.left > 3 && chance.one_in(2);
    if fork {
        forked(chance, made, depth, &mut stage);
        return stage;
    }
    let what = chance.below(3);
    if what != 0 {
        stage["workflow"] = (0..=chance.below(2)).map(|_| action(chance)).collect();
    }
    if what != 1 {
        stage["message"] = message(chance);
    }
    stage
}

fn forked(chance: &mut Chance, made: &mut Made, depth: u64, stage: &mut Value) {
    match chance.below(4) {
        0 => {
            let arm =
                |name: &str, weight: u64, stages| json!({ "name": name, "weight": weight, "stages": stages });
            let (a, b) = (stages(chance, made, depth + 1), stages(chance, made, depth + 1));
            stage["split"] = json!([arm("a", 1 + chance.below(3), a), arm("b", 1 + chance.below(3), b)]);
        }
        1 => {
            let arms: Vec<Value> = (0..=chance.below(2))
                .map(|_| json!({ "when": condition(chance), "stages": stages(chance, made, depth + 1) }))
                .collect();
            stage["branches"] = json!(arms);
            stage["otherwise"] = json!(stages(chance, made, depth + 1));
        }
        _ => {
            let until = [
                json!({ "reply": "confirm" }),
                json!({ "reply": "any" }),
                json!({ "reply": "cancel" }),
                json!({ "status": "dispatched" }),
                json!({ "status": "delivered" }),
                json!({ "payment": "received" }),
                json!({ "condition": { "flags": { "contains": "two" } } }),
            ];
            let arms: Vec<Value> = (0..=chance.below(2))
                .map(|_| json!({ "until": chance.of(&until), "stages": stages(chance, made, depth + 1) }))
                .collect();
            stage["wait_for"] = json!(arms);
            stage["timeout"] = json!(chance.of(&["30m", "3h", "1d"]));
            if chance.one_in(2) {
                stage["otherwise"] = json!(stages(chance, made, depth + 1));
            }
        }
    }
}

fn flow(chance: &mut Chance) -> Value {
    let mut flow = json!({ "name": "Rehearsed" });
    flow["trigger"] = chance.of(&[
        json!("order_created"),
        json!("order_created"),
        json!("first_purchase"),
        json!({ "high_value_order": 4000 }),
    ]);
    flow["stages"] = json!(stages(chance, &mut Made { name: 0, left: 14 }, 0));
    if chance.one_in(4) {
        flow["exit_if"] = condition(chance);
    }
    if chance.one_in(6) {
        flow["conditions"] = json!({ "all": [condition(chance)] });
    }
    flow
}

// What happens to their orders.

fn happening(chance: &mut Chance) -> Happening {
    chance.of(&[
        Happening::Tapped(Choice::Confirm),
        Happening::Tapped(Choice::Confirm),
        Happening::Tapped(Choice::Cancel),
        Happening::Wrote("kab aaye ga?".to_owned()),
        Happening::Wrote("STOP".to_owned()),
        Happening::Status(OrderStatus::Dispatched),
        Happening::Status(OrderStatus::OutForDelivery),
        Happening::Status(OrderStatus::Delivered),
        Happening::Status(OrderStatus::Cancelled),
        Happening::Status(OrderStatus::Ready),
        Happening::Attempted,
        Happening::Paid,
        Happening::Flag("one".to_owned(), true),
        Happening::Flag("two".to_owned(), true),
        Happening::Flag("one".to_owned(), false),
    ])
}

/// An order with what happens to it.
struct Case {
    order: Order,
    meanwhile: Vec<(Timestamp, Happening)>,
    told: Told,
}

impl Case {
    fn draw(chance: &mut Chance, id: u64, placed: Timestamp) -> (Order, Vec<(Timestamp, Happening)>) {
        let mut order = if chance.one_in(5) { Order::prepaid(id, placed) } else { Order::cod(id, placed) };
        order.total = chance.of(&["4490.00", "9900.00", "1200.00"]);
        if chance.one_in(6) {
            order.email = None;
        }
        let within = chance.of(&[3_600, 86_400, 4 * 86_400]);
        let mut meanwhile: Vec<(Timestamp, Happening)> = (0..chance.below(4))
            .map(|_| {
                let at =
                    placed + SignedDuration::from_secs(60 + i64::try_from(chance.below(within)).unwrap());
                (at, happening(chance))
            })
            .collect();
        meanwhile.sort_by_key(|(at, _)| *at);
        (order, meanwhile)
    }
}

fn rehearser(world: &TestWorld) -> Rehearser {
    let ports = &world.world.ports;
    Rehearser {
        table: ports.table.clone(),
        catalog: world.world.catalog.clone(),
        secrets: ports.secrets.clone(),
        clock: ports.clock.clone(),
    }
}

/// Brings about what was assumed, by the road that it would really come.
async fn happens(world: &TestWorld, order: &Order, what: &Happening) {
    let (now, id) = (world.now(), world.now().as_second());
    let phone = order.phone.as_deref().unwrap().trim_start_matches('+');
    match what {
        Happening::Tapped(choice) => {
            let key = world.reference_key();
            let payload = key.payload(&TestWorld::store(), *choice, &Subject::from(order.key()));
            let content = json!({ "payload": payload, "text": choice.as_str() });
            let wamid = format!("wamid.{}.{id}", order.id);
            world.post_whatsapp(&bodies::message(&wamid, phone, now, "button", &content)).await;
        }
        Happening::Wrote(text) => {
            let wamid = format!("wamid.{}.{id}", order.id);
            world.post_whatsapp(&bodies::message(&wamid, phone, now, "text", &json!({ "body": text }))).await;
        }
        Happening::Status(OrderStatus::Cancelled) => {
            world.post("orders/cancelled", &order.cancelled(now)).await;
        }
        Happening::Status(OrderStatus::Dispatched) => scan(world, order, "in_transit").await,
        Happening::Status(OrderStatus::OutForDelivery) => scan(world, order, "out_for_delivery").await,
        Happening::Status(OrderStatus::Delivered) => scan(world, order, "delivered").await,
        Happening::Attempted => scan(world, order, "attempted_delivery").await,
        Happening::Paid => {
            let mut paid = order.body(now);
            paid["financial_status"] = json!("paid");
            world.post("orders/paid", &paid).await;
        }
        // No webhook says these: somebody of the team does.
        told => {
            let order = harkara_domain::OrderId::new(order.key());
            let held = world.world.reader.order(&TestWorld::store(), &order).await.unwrap().unwrap().order;
            let known = harkara_domain::rehearse::Known {
                store: &TestWorld::store(),
                subject: &order.into(),
                order: Some(&held),
                customer: None,
                cart: None,
            };
            let facts = known.told(told, now);
            let body = Job::Facts(FactsJob { facts }).body();
            world.world.ports.queue.send(QueueName::Events, vec![Outgoing::now(body)]).await.unwrap();
            world.run().await;
        }
    }
}

async fn scan(world: &TestWorld, order: &Order, status: &str) {
    let mut scan = order.scan(status, world.now());
    scan["id"] = json!(order.id * 1_000_000_000_000 + u64::try_from(world.now().as_second()).unwrap());
    world.post("fulfillment_events/create", &scan).await;
}

// The comparison.

/// What is said of a stage: its status, when it was over, why, and the arm.
type Said = (StageStatus, Option<Timestamp>, Option<Reason>, Option<u16>);

fn said(run: &Run) -> Vec<Said> {
    let stages = run.stages.iter();
    // How long something waited and why is not kept once it was done.
    let reason = |state: &harkara_domain::run::StageRun| state.reason.clone().filter(|_| !state.is_open());
    stages.map(|state| (state.status, state.ended_at, reason(state), state.arm)).collect()
}

/// The messages that a dry run lets go: by which channel and when.
fn messages(rehearsal: &Rehearsal<Shown>) -> Vec<(Timestamp, String)> {
    let going = rehearsal.stages().filter(|(_, stage)| stage.outcome == Outcome::Sent);
    let shown = going.filter_map(|(at, stage)| Some((at, stage.shown.as_ref()?)));
    let mut sent: Vec<(Timestamp, String)> = shown
        .flat_map(|(at, shown)| {
            let goes = shown.messages.iter().filter(|message| message.goes);
            goes.map(move |message| (at, message.channel.as_str().to_owned()))
        })
        .collect();
    sent.sort();
    sent
}

async fn compare(world: &TestWorld, case: &Case, flow: &Value) {
    assert_eq!(crate::schema::flow_faults(flow), [""; 0], "{flow:#}");
    let Case { order, meanwhile, told } = case;
    let story = world.story(order).await;
    let real = story.runs.into_iter().map(|story| story.run).find(|run| run.flow.as_str() == "rehearsed");
    let context = || format!("{flow:#}\n{order:?}\n{meanwhile:?}\n{}", told.timetable);
    let (Some(real), Some(run)) = (&real, &told.rehearsal.run) else {
        assert_eq!(real.is_some(), told.rehearsal.run.is_some(), "{}", context());
        let over = story
            .history
            .iter()
            .flat_map(|entry| &entry.passed_over)
            .find(|(id, _)| id.as_str() == "rehearsed");
        let reason = over.map(|(_, reason)| reason.clone());
        if let Some(Reason::NotThis { .. }) = &told.rehearsal.passed_over {
            return;
        }
        assert_eq!(reason, told.rehearsal.passed_over, "{}", context());
        return;
    };
    assert_eq!(said(real), said(run), "{}", context());
    assert_eq!((real.status, &real.cancelled), (run.status, &run.cancelled), "{}", context());
    assert_eq!((&real.id, real.started_at), (&run.id, run.started_at));
    let mut sent: Vec<(Timestamp, String)> =
        world.calls_of(order).iter().map(|call| (call.at, "whatsapp".to_owned())).collect();
    let about = format!("{}/", order.key());
    let mails = world.mails().into_iter().filter(|posted| {
        posted.mail.reference.as_deref().is_some_and(|reference| reference.starts_with(&about))
    });
    sent.extend(mails.map(|posted| (posted.at, "email".to_owned())));
    sent.sort();
    assert_eq!(sent, messages(&told.rehearsal), "{}", context());
}

/// The orders that go through one flow: all are placed before anything happens to one of them.
const ORDERS: u64 = 6;

/// Plays a few orders through one flow in one world; returns how many were compared, and what came up.
#[allow(clippy::too_many_lines)] // one story
async fn play(seed: u64, seen: &mut std::collections::BTreeMap<&'static str, usize>) -> usize {
    let mut chance = Chance(seed);
    let flow = flow(&mut chance);
    let problems = harkara_domain::flow::parse::flow(&flow.to_string()).err();
    assert!(problems.is_none(), "{problems:?}");
    let (quiet, capped) = (chance.one_in(3), chance.one_in(2));
    let (most, then) = (1 + u32::try_from(chance.below(2)).unwrap(), chance.of(&[Over::Defer, Over::Skip]));
    let world = TestWorld::with("2026-11-20T14:03", |file| {
        file.flows = vec![flow.to_string()];
        if quiet {
            let hours = QuietHours { from: "21:00".parse().unwrap(), to: "08:30".parse().unwrap() };
            file.settings.rules.calendar = Calendar { quiet_hours: Some(hours), ..Calendar::default() };
        }
        if capped {
            let cap = Cap { most, per: "4d".parse().unwrap(), then };
            file.settings.rules.caps.insert(Class::Transactional, cap);
        }
    })
    .await;
    let mut cases = Vec::new();
    for id in 1..=ORDERS {
        world.advance(SignedDuration::from_secs(1 + i64::try_from(chance.below(9)).unwrap())).await;
        let (order, meanwhile) = Case::draw(&mut chance, seed * 10 + id, world.now());
        let wish = Wish {
            flow: Some(FlowId::new("rehearsed")),
            order: Some(order.body(order.placed)),
            at: Some(order.placed),
            meanwhile: meanwhile
                .iter()
                .map(|(at, what)| Meanwhile { at: MeanwhileAt::At(*at), what: what.clone() })
                .collect(),
            ..Wish::default()
        };
        let told = rehearser(&world).rehearse(&TestWorld::store(), &wish).await.unwrap();
        assert!(!told.rehearsal.cut);
        world.place(&order).await;
        cases.push(Case { order, meanwhile, told });
    }
    let mut all: Vec<(Timestamp, &Order, &Happening)> = cases
        .iter()
        .flat_map(|case| case.meanwhile.iter().map(|(at, what)| (*at, &case.order, what)))
        .collect();
    all.sort_by_key(|(at, order, _)| (*at, order.id));
    for (at, order, what) in all {
        world.advance_to(at).await;
        happens(&world, order, what).await;
    }
    let last = cases.iter().flat_map(|case| case.told.rehearsal.moments.last()).map(|moment| moment.at).max();
    world.advance_to(last.unwrap_or(world.now()).max(world.now()) + minutes(60)).await;
    for case in &cases {
        compare(&world, case, &flow).await;
        for (_, stage) in case.told.rehearsal.stages() {
            *seen.entry(outcome(&stage.outcome)).or_default() += 1;
            match &stage.outcome {
                Outcome::Skipped { reason: Reason::Capped { .. } }
                | Outcome::Waits { reason: Some(Reason::Capped { .. }), .. } => {
                    *seen.entry("capped").or_default() += 1;
                }
                _ => {}
            }
        }
        if case.told.rehearsal.run.as_ref().is_some_and(|run| run.status == RunStatus::Cancelled) {
            *seen.entry("a run cancelled").or_default() += 1;
        }
        if case.told.rehearsal.passed_over.is_some() {
            *seen.entry("passed over").or_default() += 1;
        }
    }
    cases.len()
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => "sent",
        Outcome::Failed { .. } => "failed",
        Outcome::Skipped { .. } => "skipped",
        Outcome::Cancelled { .. } => "cancelled",
        Outcome::Left { .. } => "left",
        Outcome::Waits { .. } => "waits",
        Outcome::Listens { .. } => "listens",
        Outcome::Takes { .. } => "takes",
    }
}

#[tokio::test]
async fn what_the_dry_run_says_is_what_the_engine_then_does() {
    let first = std::env::var("HARKARA_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seen = std::collections::BTreeMap::new();
    let (mut compared, mut seed) = (0, first.unwrap_or(1));
    while compared < 240 {
        compared += play(seed, &mut seen).await;
        seed += 1;
    }
    // Not by saying little: each kind of thing has come up often.
    for what in
        ["sent", "skipped", "waits", "listens", "takes", "left", "capped", "a run cancelled", "passed over"]
    {
        assert!(seen.get(what).is_some_and(|count| *count >= 3), "{what} came up too seldom: {seen:?}");
    }
    eprintln!("{compared} orders, {} flows: {seen:?}", seed - first.unwrap_or(1));
}

async fn rehearsed(world: &TestWorld, text: &str, wish: Wish) -> Told {
    let wish = Wish { text: Some(text.to_owned()), ..wish };
    rehearser(world).rehearse(&TestWorld::store(), &wish).await.unwrap()
}

#[tokio::test]
async fn every_trigger_has_a_sample_that_it_takes() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let triggers = "order_created order_confirmed order_booked order_preparing order_ready order_dispatched \
        order_out_for_delivery order_delivered order_picked_up order_returned order_cancelled order_refunded \
        cancellation_requested payment_pending payment_received shipment_created first_purchase \
        repeat_purchase purchase_anniversary birthday tier_upgraded close_to_upgrade at_risk_of_downgrade \
        satisfaction_positive satisfaction_negative message_delivered message_read message_failed \
        message_clicked started_by_flow {shipment_updated:delivered} {shipment_updated:return_to_sender} \
        {shipment_issue:fulfillment_stalled} {shipment_issue:shipment_stalled} \
        {shipment_issue:delivery_attempted} {shipment_issue:return_to_sender} {high_value_order:10000} \
        {milestone_order:[5,10]} {cart_abandoned:30m} {product_viewed:{times:3,within:7d}} \
        {category_browsed:{times:2,within:1d,only:Lawn}} {searched_without_purchase:1d} \
        {customer_inactive:30d} {subscription_renewal:3d} {button_tapped:cancel} \
        {message_received:{intent:where_is_it}} {message_received:{contains:[size],intent:complaint}} \
        {message_received:{intent:confirm}} {message_received:{intent:cancel}} \
        {message_received:{intent:stop}} {message_received:{intent:start}} {message_received:{}} {custom:wish}";
    let mut count = 0;
    for trigger in triggers.split_whitespace() {
        let trigger = trigger.replace(':', ": ").replace(',', ", ");
        let text = format!(
            "name: T\ntrigger: {trigger}\nstages: [{{ name: N, workflow: [{{ create_task: {{ title: x }} }}] }}]"
        );
        let told = rehearsed(&world, &text, Wish::default()).await;
        assert_eq!(told.rehearsal.passed_over, None, "{}", told.timetable);
        let run = told.rehearsal.run.as_ref().unwrap();
        assert!(run.stages.iter().all(|stage| !stage.is_open()), "{}", told.timetable);
        assert!(told.sample);
        count += 1;
    }
    assert_eq!(count, triggers.split_whitespace().count());
    // Nothing was written, and nothing sent.
    assert!(world.runs().await.is_empty() && world.calls().is_empty() && world.mails().is_empty());
    world.finish().await;
}

const ASKS: &str = "
name: Asks
trigger: order_created
conditions: { all: [{ payment_method: { is: cod } }, { order_total: { at_least: 4000 } }] }
stages:
  - name: Ask
    message: { channels: [whatsapp, email], template: cod_confirmation, buttons: [confirm, cancel] }
  - name: Answer
    wait_for: [{ until: { reply: confirm }, stages: [{ name: Flag, workflow: [{ set_flag: keen }] }] }]
    timeout: 2h
    otherwise: [{ name: Call, workflow: [{ escalate_team: sales }] }]
  - { name: Later, after: 3h, skip_if: { flags: { contains: keen } }, workflow: [{ add_note: x }] }
";

#[tokio::test]
async fn a_timetable_shows_verdicts_messages_and_problems() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let meanwhile = vec!["10m confirm".parse().unwrap()];
    let told = rehearsed(&world, ASKS, Wish { meanwhile, ..Wish::default() }).await;
    for words in [
        "Sun 22 Nov 2026 14:00:00  the order was placed",
        "payment is cod — yes (cod)",
        "the total is at least 4000 — yes (4490)",
        "14:00:00  1. Ask: sent",
        "- WhatsApp: cod_confirmation, roman-ur",
        "Ayesha",
        "2. Answer: begins to wait, until Sun 22 Nov 2026 16:00:00 at the latest",
        "14:10:00  Assumed: the customer taps confirm",
        "14:10:00  2. Answer: goes on with: the answer confirm",
        "Sets the flag “keen”",
        "17:00:00  5. Later: left out: skipped because",
        "The run is finished.",
    ] {
        assert!(told.timetable.contains(words), "{words}\n{}", told.timetable);
    }
    // Nobody answers.
    let told = rehearsed(&world, ASKS, Wish::default()).await;
    for words in ["16:00:00  2. Answer: goes on with: the time was up", "- Alerts the team “sales” by e-mail"]
    {
        assert!(told.timetable.contains(words), "{words}\n{}", told.timetable);
    }
    // A missing template is shown where it is missed.
    let text = ASKS.replace("cod_confirmation", "none_such");
    let told = rehearsed(&world, &text, Wish::default()).await;
    let words = "1. Ask: fails: the template could not be filled in: there is no template none_such";
    assert!(told.timetable.contains(words), "{}", told.timetable);
    // One that the flow does not take, and what if it did.
    let small = ASKS.replace("at_least: 4000", "at_least: 9000");
    let told = rehearsed(&world, &small, Wish::default()).await;
    let failed = Reason::ConditionFailed {
        condition: "the total is at least 9000".to_owned(),
        actual: "4490".to_owned(),
    };
    assert_eq!(told.rehearsal.passed_over, Some(failed.clone()));
    assert!(told.rehearsal.moments.is_empty());
    let told = rehearsed(&world, &small, Wish { anyway: true, ..Wish::default() }).await;
    assert_eq!(told.rehearsal.passed_over, Some(failed));
    assert!(told.timetable.contains("1. Ask: sent"), "{}", told.timetable);
    world.finish().await;
}

/// Whoever may look may rehearse on a webhook's JSON; the connection that it is read by holds secrets.
#[tokio::test]
async fn a_connection_of_another_shape_is_not_repeated_to_whoever_rehearses() {
    let world = TestWorld::at("2026-11-22T14:00").await;
    let webhook = Order::cod(1, world.now()).body(world.now());
    for shape in [
        json!("shpss_hush"),
        json!({ "secrets": "shpss_hush" }),
        json!({ "secrets": [], "rate": "shpss_hush" }),
    ] {
        let connections = Connections(json!({ "shopify": shape }).as_object().unwrap().clone());
        let rehearser = Rehearser { secrets: Arc::new(connections), ..rehearser(&world) };
        let wish = Wish { text: Some(ASKS.to_owned()), order: Some(webhook.clone()), ..Wish::default() };
        let refused = rehearser.rehearse(&TestWorld::store(), &wish).await.unwrap_err();
        let words = format!("{refused} {refused:?}");
        assert!(
            words.contains("the connection shopify cannot be read: it has an unexpected shape"),
            "{words}"
        );
        assert!(!words.contains("hush"), "{words}");
    }
    world.finish().await;
}

#[tokio::test]
async fn why_is_told_for_each_flow_in_two_languages() {
    use harkara_engine::rehearsal::why::{Language, why};
    let delivered =
        "name: Thanks\ntrigger: order_delivered\nstages: [{ name: N, workflow: [{ log_event: x }] }]";
    let repeat = "name: Again\ntrigger: repeat_purchase\nstages: [{ name: N, workflow: [{ log_event: x }] }]";
    let dear = ASKS.replace("name: Asks", "name: Dear").replace("at_least: 4000", "at_least: 9000");
    let world = crate::world::with_flows("2026-11-22T14:00", &[ASKS, delivered, repeat, &dear]).await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let call = world.calls_of(&order).pop().unwrap();
    world.receipt(&call, "read", None).await;
    world.advance(minutes(10)).await;
    world.tap(&order, Choice::Confirm).await;
    world.advance(minutes(600)).await;
    let (store, id) = (TestWorld::store(), harkara_domain::OrderId::new(order.key()));
    let told = async |language, flow: Option<&str>| {
        let flow = flow.map(FlowId::from);
        why(&world.world.reader, &store, &id, flow.as_ref(), language).await.unwrap()
    };
    let english = told(Language::English, None).await.unwrap().text;
    for words in [
        "Asks (asks)\n  Sun 22 Nov 2026 14:00:00  the order was placed. It took the order; the run is finished.",
        "1. Ask: sent, Sun 22 Nov 2026 14:00:00",
        "WhatsApp: accepted",
        "  read",
        "2. Answer: done, Sun 22 Nov 2026 14:10:00 → the answer confirm",
        "4. Call: left out, Sun 22 Nov 2026 14:10:00: it went on with: the answer confirm",
        "It did not take the order: only when the total is at least 9000; it was 4490.",
        "Its trigger has not come: an order is delivered.",
        "the trigger asks for something else; it was the order was placed.",
    ] {
        assert!(english.contains(words), "{words}\n{english}");
    }
    let urdu = told(Language::RomanUrdu, None).await.unwrap().text;
    for words in [
        "Is ka trigger abhi nahin aaya: jab order deliver ho.",
        "Flow ne order nahin liya: sirf tab jab the total is at least 9000; yahan tha: 4490.",
        "1. Ask: bhej diya gaya",
        "parh liya gaya",
    ] {
        assert!(urdu.contains(words), "{words}\n{urdu}");
    }
    let one = told(Language::English, Some("dear")).await.unwrap();
    assert_eq!(one.flows.len(), 1);
    assert!(told(Language::English, Some("none")).await.is_none());
    world.finish().await;
}
