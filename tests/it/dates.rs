//! What time brings about: each trigger at its time, once, and not if something came between.

use harkara_domain::{
    CustomerId, Fact, FactBody, FactId, OrderView, Run, Subject,
    fact::{CartFact, Contact, CustomerFact, Profile},
    shipment::Issue,
};
use harkara_engine::{
    job::{FactsJob, Job},
    keys,
    port::{Index, Outgoing, Query, Queue, QueueName},
    sweep::Sweeper,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    bodies::Order,
    world::{TestWorld, flow_id, karachi, minutes, with_flows},
};

const DAY: i64 = 24 * 60;

/// A flow whose run begins with its trigger, and acts long after the test.
fn flow(name: &str, trigger: &str) -> String {
    format!(
        "
name: {name}
trigger: {trigger}
re_entry: always
stages: [{{ name: Late, after: 399d, message: {{ channels: [whatsapp], template: followup_day_45 }} }}]
"
    )
}

async fn with_flow(time: &str, trigger: &str) -> TestWorld {
    with_flows(time, &[&flow("It", trigger)]).await
}

/// When a flow's runs began, on a clock of this zone: the subject and `2026-11-22T10:30`.
async fn began_in(world: &TestWorld, flow: &str, zone: &str) -> Vec<(String, String)> {
    let zone = TimeZone::get(zone).unwrap();
    let mut runs: Vec<Run> = world.runs().await;
    runs.retain(|run| run.flow == flow_id(flow));
    runs.sort_by_key(|run| (run.started_at, run.subject.to_string()));
    let time = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string();
    runs.iter().map(|run| (run.subject.to_string(), time(run.started_at))).collect()
}

async fn began(world: &TestWorld) -> Vec<(String, String)> {
    began_in(world, "it", "Asia/Karachi").await
}

fn of(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    entries.iter().map(|(subject, time)| ((*subject).to_owned(), (*time).to_owned())).collect()
}

/// As expected, each within so many minutes from its time on: what the sweep finds waits for a sweep.
fn assert_soon(began: &[(String, String)], expected: &[(&str, &str)], slack: i64) {
    let time = |text: &str| text.parse::<jiff::civil::DateTime>().unwrap();
    let late = |began: &str, meant: &str| time(began).duration_since(time(meant)).as_mins();
    let as_meant = |(began, expected): (&(String, String), &(&str, &str))| {
        began.0 == expected.0 && (0..=slack).contains(&late(&began.1, expected.1))
    };
    let same = began.len() == expected.len() && began.iter().zip(expected).all(as_meant);
    assert!(same, "{began:?} is not {expected:?}");
}

/// Time goes by with a sweep every so often, as it does where nothing else happens.
async fn live(world: &TestWorld, span: SignedDuration, every: SignedDuration) {
    let end = world.now() + span;
    while world.now() < end {
        world.advance_to((world.now() + every).min(end)).await;
        world.sweep().await;
    }
}

async fn live_until(world: &TestWorld, time: &str) {
    live(world, karachi(time).duration_since(world.now()), minutes(60)).await;
}

async fn say(world: &TestWorld, at: Timestamp, body: FactBody) {
    let fact = Fact {
        id: FactId::new(format!("said-{at}-{}", harkara_domain::id::digest(&format!("{body:?}")))),
        store: TestWorld::store(),
        source: "track".into(),
        occurred_at: at,
        received_at: world.now(),
        body,
    };
    let body = Job::Facts(FactsJob { facts: vec![fact] }).body();
    world.probe.send(QueueName::Events, vec![Outgoing::now(body)]).await.unwrap();
    world.run().await;
}

/// A cart as it is now.
async fn cart(world: &TestWorld, id: &str, order: Option<&str>) {
    let cart = CartFact {
        id: id.into(),
        touched_at: world.now(),
        customer: Contact { id: Some(CustomerId::new("c1")), ..Contact::default() },
        items: Vec::new(),
        total: None,
        url: None,
        order: order.map(Into::into),
        gone: false,
    };
    say(world, world.now(), FactBody::Cart(Box::new(cart))).await;
}

async fn told(world: &TestWorld, customer: &str, said: CustomerFact) {
    say(world, world.now(), FactBody::Customer { customer: customer.into(), said }).await;
}

async fn born(world: &TestWorld, customer: &str, birthday: &str) {
    let profile = Profile { birthday: Some(birthday.to_owned()), ..Profile::default() };
    told(world, customer, CustomerFact::Profile(Box::new(profile))).await;
}

async fn renews(world: &TestWorld, customer: &str, id: &str, on: Option<&str>) {
    let renews_on = on.map(|day| day.parse().unwrap());
    told(world, customer, CustomerFact::Subscription { id: id.to_owned(), renews_on, title: None }).await;
}

/// How many views wait in the sweep's index.
async fn awaiting(world: &TestWorld) -> usize {
    let mut count = 0;
    for shard in 0..keys::DUE_SHARDS {
        let page = world.table.query(Query::index(Index::Due, keys::due_partition(shard))).await.unwrap();
        count += page.items.iter().filter(|item| keys::subject_of(&item.key).is_some()).count();
    }
    count
}

async fn customer_of(world: &TestWorld, order: &Order) -> String {
    let story = world.story(order).await;
    Subject::Customer(story.customer.unwrap().id).to_string()
}

async fn view(world: &TestWorld, order: &Order) -> OrderView {
    world.story(order).await.order
}

async fn save(world: &TestWorld, text: &str) {
    let setup = &world.world.setup;
    let head = setup.flow(&TestWorld::store(), text, "test").await.unwrap();
    setup.activate(&TestWorld::store(), &head.id, None, "test").await.unwrap();
}

// Carts and searches.

#[tokio::test]
async fn a_cart_is_abandoned_when_it_was_left_for_so_long_and_no_sooner() {
    let world = with_flow("2026-11-22T10:00", "{ cart_abandoned: 30m }").await;
    cart(&world, "touched", None).await;
    cart(&world, "bought", None).await;
    cart(&world, "left", None).await;
    assert_eq!(awaiting(&world).await, 3);
    world.advance(minutes(20)).await;
    cart(&world, "touched", None).await;
    cart(&world, "bought", Some("shopify-1")).await;
    assert_eq!(awaiting(&world).await, 2, "what was bought waits for nothing");
    world.advance(minutes(DAY)).await;
    let expected = of(&[("cart:left", "2026-11-22T10:30"), ("cart:touched", "2026-11-22T10:50")]);
    assert_eq!(began(&world).await, expected);
    assert_eq!(awaiting(&world).await, 0, "what was looked at has left the index");
    // Another visit, another cart to be abandoned.
    cart(&world, "left", None).await;
    world.advance(minutes(60)).await;
    assert_eq!(began(&world).await.last().unwrap().1, "2026-11-23T10:50");
    world.finish().await;
}

#[tokio::test]
async fn two_flows_may_wait_for_the_same_cart_and_a_third_is_asleep() {
    let flows = [
        flow("It", "{ cart_abandoned: 30m }"),
        flow("Twin", "{ cart_abandoned: 30m }"),
        flow("Slow", "{ cart_abandoned: 3d }"),
        flow("Asleep", "{ cart_abandoned: 45m }"),
    ];
    let world = with_flows("2026-11-22T10:00", &flows.each_ref().map(String::as_str)).await;
    let store = TestWorld::store();
    for name in ["twin", "asleep"] {
        world.world.setup.pause(&store, &flow_id(name), "test").await.unwrap();
    }
    cart(&world, "left", None).await;
    for name in ["twin", "asleep"] {
        world.world.setup.resume(&store, &flow_id(name), "test").await.unwrap();
    }
    world.advance(minutes(4 * DAY)).await;
    assert_eq!(began(&world).await, of(&[("cart:left", "2026-11-22T10:30")]));
    assert_eq!(began_in(&world, "twin", "Asia/Karachi").await.len(), 1);
    assert_eq!(began_in(&world, "asleep", "UTC").await, [], "nobody waited for it then");
    assert_eq!(began_in(&world, "slow", "UTC").await, of(&[("cart:left", "2026-11-25T05:00")]));
    world.finish().await;
}

#[tokio::test]
async fn what_was_lost_on_its_way_is_found_by_the_sweep() {
    let flows = [flow("It", "{ cart_abandoned: 10m }"), flow("Day", "{ cart_abandoned: 1d }")];
    let world = with_flows("2026-11-22T10:00", &flows.each_ref().map(String::as_str)).await;
    world.probe.lose(true);
    cart(&world, "left", None).await;
    world.advance(minutes(2 * DAY)).await;
    assert_soon(&began(&world).await, &[("cart:left", "2026-11-22T10:10")], 6);
    let day = began_in(&world, "day", "Asia/Karachi").await;
    assert_soon(&day, &[("cart:left", "2026-11-23T10:00")], 6);
    assert!(world.counter("sweep_finds.overdue") > 0);
    assert_eq!(awaiting(&world).await, 0);
    world.finish().await;
}

/// A day over a change of the clock is still “this time tomorrow”.
#[tokio::test]
async fn a_search_without_a_purchase_counts_in_days_of_the_shops() {
    let world = TestWorld::with("2026-03-28T17:00", |file| {
        file.settings.timezone = "Europe/London".to_owned();
        file.flows = vec![flow("It", "{ searched_without_purchase: 1d }")];
    })
    .await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let buyer = customer_of(&world, &order).await;
    let id = buyer.strip_prefix("customer:").unwrap();
    world.advance(minutes(1)).await;
    told(&world, id, CustomerFact::Searched { query: "lawn".to_owned() }).await;
    told(&world, "browser", CustomerFact::Searched { query: "lawn".to_owned() }).await;
    assert_eq!(awaiting(&world).await, 2);
    world.advance(minutes(60)).await;
    let again = Order { id: 2, ..Order::cod(1, world.now()) };
    world.place(&again).await;
    assert_eq!(customer_of(&world, &again).await, buyer);
    assert_eq!(awaiting(&world).await, 1, "they have bought");
    world.advance(minutes(3 * DAY)).await;
    let began = began_in(&world, "it", "UTC").await;
    assert_eq!(began, of(&[("customer:browser", "2026-03-29T11:01")]), "23 hours later");
    world.finish().await;
}

// Stalls.

/// Thursday to Tuesday: three working days.
#[tokio::test]
async fn an_order_that_nobody_ships_is_stalled_and_the_weekend_does_not_count() {
    let world = with_flow("2026-11-26T10:00", "{ shipment_issue: fulfillment_stalled }").await;
    let (slow, quick) = (Order::cod(1, world.now()), Order::cod(2, world.now()));
    world.place(&slow).await;
    world.place(&quick).await;
    world.post("fulfillments/create", &quick.parcel(Some("in_transit"), world.now())).await;
    assert_eq!(awaiting(&world).await, 1, "what a courier has is not stalled");
    live(&world, minutes(5 * DAY) - minutes(2), minutes(120)).await;
    assert_eq!(began(&world).await, []);
    live(&world, minutes(10), minutes(2)).await;
    assert_soon(&began(&world).await, &[(&slow.key(), "2026-12-01T10:00")], 6);
    assert_eq!(view(&world, &slow).await.flags_set().collect::<Vec<_>>(), ["fulfillment_stalled"]);
    world.advance(minutes(60)).await;
    world.post("fulfillments/create", &slow.parcel(Some("in_transit"), world.now())).await;
    assert_eq!(view(&world, &slow).await.flags_set().count(), 0, "it moves");
    world.finish().await;
}

#[tokio::test]
async fn a_stalled_parcel_is_cleared_by_its_next_scan_and_can_stall_again() {
    let world = with_flow("2026-11-23T10:00", "{ shipment_issue: shipment_stalled }").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    assert_eq!(awaiting(&world).await, 0, "no flow waits for the fulfillment");
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
    // Two scans in time, and the clock starts anew.
    for status in ["in_transit", "out_for_delivery"] {
        live(&world, minutes(2 * DAY), minutes(360)).await;
        world.post("fulfillment_events/create", &order.scan(status, world.now())).await;
    }
    assert_eq!(began(&world).await, []);
    // Friday's scan was the last: Wednesday, ten o'clock.
    live_until(&world, "2026-12-02T09:58").await;
    assert_eq!(began(&world).await, []);
    live(&world, minutes(10), minutes(2)).await;
    assert_eq!(began(&world).await.len(), 1);
    let stalled = view(&world, &order).await;
    assert_eq!(stalled.flags_set().collect::<Vec<_>>(), ["shipment_stalled"]);
    assert_eq!(stalled.stalled.iter().map(|(issue, _)| *issue).collect::<Vec<_>>(), [Issue::ShipmentStalled]);
    // Nothing more comes of the same stall.
    live(&world, minutes(4 * DAY), minutes(360)).await;
    assert_eq!(began(&world).await.len(), 1);
    assert_eq!(awaiting(&world).await, 0);
    world.post("fulfillment_events/create", &order.scan("attempted_delivery", world.now())).await;
    assert_eq!(view(&world, &order).await.flags_set().count(), 0, "its next scan clears it");
    live(&world, minutes(6 * DAY), minutes(360)).await;
    assert_eq!(began(&world).await.len(), 2, "and it stalls again");
    world.post("fulfillment_events/create", &order.scan("delivered", world.now())).await;
    assert_eq!((view(&world, &order).await.flags_set().count(), awaiting(&world).await), (0, 0));
    live(&world, minutes(6 * DAY), minutes(360)).await;
    assert_eq!(began(&world).await.len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn an_order_keeps_the_clock_that_it_was_placed_under() {
    let world = with_flow("2026-11-23T10:00", "{ shipment_issue: fulfillment_stalled }").await;
    let old = Order::cod(1, world.now());
    world.place(&old).await;
    let mut settings =
        world.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap().settings.clone();
    settings.rules.stalled.fulfillment.hours = 24;
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    let new = Order::cod(2, world.now());
    world.place(&new).await;
    live(&world, minutes(2 * DAY), minutes(60)).await;
    assert_soon(&began(&world).await, &[(&new.key(), "2026-11-24T10:00")], 60);
    live(&world, minutes(2 * DAY), minutes(60)).await;
    assert_soon(&began(&world).await[1..], &[(&old.key(), "2026-11-26T10:00")], 60);
    // What is cancelled is not stalled.
    let gone = Order::cod(3, world.now());
    world.place(&gone).await;
    world.post("orders/cancelled", &gone.cancelled(world.now() + minutes(1))).await;
    live(&world, minutes(7 * DAY), minutes(120)).await;
    assert_eq!(began(&world).await.len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn its_parcels_keep_that_clock_too() {
    let world = with_flow("2026-11-23T10:00", "{ shipment_issue: shipment_stalled }").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let mut settings =
        world.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap().settings.clone();
    settings.rules.stalled.shipment.hours = 24;
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    world.post("fulfillments/create", &order.parcel(Some("in_transit"), world.now())).await;
    live_until(&world, "2026-11-27T10:00").await;
    assert_soon(&began(&world).await, &[(&order.key(), "2026-11-26T10:00")], 60);
    world.finish().await;
}

// Dates.

#[tokio::test]
async fn a_flow_of_today_catches_those_who_have_been_quiet_since_long_ago_each_once() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let ago = |days: i64| world.now() - minutes(days * DAY);
    let (long, quiet, fresh) = (Order::cod(1, ago(300)), Order::cod(2, ago(40)), Order::cod(3, ago(10)));
    for order in [&long, &quiet, &fresh] {
        world.place(order).await;
    }
    // They came back: quiet for ten days only.
    let (first, back) = (Order::cod(4, ago(200)), Order { id: 5, ..Order::cod(4, ago(10)) });
    world.place(&first).await;
    world.place(&back).await;
    live(&world, minutes(120), minutes(60)).await;
    assert_eq!(world.runs().await, []);
    save(&world, &flow("It", "{ customer_inactive: 30d }")).await;
    world.sweep().await;
    let [long_ago, some_time, lately, returned] =
        [&long, &quiet, &fresh, &back].map(|order| customer_of(&world, order));
    let (long_ago, some_time, lately, returned) =
        (long_ago.await, some_time.await, lately.await, returned.await);
    let mut caught: Vec<String> = began(&world).await.into_iter().map(|(who, _)| who).collect();
    let mut expected = vec![long_ago, some_time.clone()];
    caught.sort();
    expected.sort();
    assert_eq!(caught, expected);
    // The others have their thirty days on the twelfth, at ten o'clock.
    live(&world, minutes(30 * DAY), minutes(60)).await;
    let at = "2026-12-12T10:00";
    let mut expected = [(lately.as_str(), at), (returned.as_str(), at)];
    expected.sort_unstable();
    assert_soon(&began(&world).await[2..], &expected, 60);
    // Whoever orders again begins a new period.
    let again = Order { id: 6, ..Order::cod(2, world.now()) };
    world.place(&again).await;
    assert_eq!(customer_of(&world, &again).await, some_time);
    live(&world, minutes(31 * DAY), minutes(120)).await;
    let more = began(&world).await.split_off(4);
    assert_eq!(more.into_iter().map(|(who, _)| who).collect::<Vec<_>>(), [some_time]);
    world.finish().await;
}

#[tokio::test]
async fn a_flow_that_comes_later_with_the_same_trigger_catches_them_too() {
    let world = with_flow("2026-11-22T10:00", "{ customer_inactive: 30d }").await;
    world.place(&Order::cod(1, world.now() - minutes(40 * DAY))).await;
    world.sweep().await;
    assert_eq!(began(&world).await.len(), 1);
    live(&world, minutes(3 * DAY), minutes(180)).await;
    save(&world, &flow("Later", "{ customer_inactive: 30d }")).await;
    save(&world, &flow("Longer", "{ customer_inactive: 42d }")).await;
    live(&world, minutes(60), minutes(20)).await;
    assert_eq!(began_in(&world, "later", "UTC").await.len(), 1);
    assert_eq!(began_in(&world, "longer", "UTC").await.len(), 1);
    // A new version of a flow begins no new period, but for another trigger.
    save(&world, &flow("It", "{ customer_inactive: 30d }").replace("399d", "398d")).await;
    live(&world, minutes(60), minutes(20)).await;
    assert_eq!(began(&world).await.len(), 1);
    save(&world, &flow("It", "{ customer_inactive: 20d }")).await;
    live(&world, minutes(60), minutes(20)).await;
    assert_eq!(began(&world).await.len(), 2);
    world.finish().await;
}

/// The sweep has gone past its place in the list by then. What comes to light over a week after its time was
/// brought in from elsewhere.
#[tokio::test]
async fn an_order_that_comes_to_light_late_counts_once() {
    let flows = [flow("It", "{ customer_inactive: 30d }"), flow("Longer", "{ customer_inactive: 60d }")];
    let world = with_flows("2026-11-22T10:00", &flows.each_ref().map(String::as_str)).await;
    let ago = |days: i64| world.now() - minutes(days * DAY);
    let known = Order::cod(1, ago(30));
    world.place(&known).await;
    live(&world, minutes(60), minutes(20)).await;
    assert_eq!(began(&world).await.len(), 1);
    let (late, imported) = (Order::cod(2, ago(34)), Order::cod(3, ago(50)));
    world.place(&late).await;
    world.place(&late).await;
    world.place(&imported).await;
    live(&world, minutes(60), minutes(20)).await;
    let (known, late) = (customer_of(&world, &known).await, customer_of(&world, &late).await);
    let caught: Vec<String> = began(&world).await.into_iter().map(|(who, _)| who).collect();
    assert_eq!(caught, [known, late.clone()]);
    assert_eq!((awaiting(&world).await, world.runs().await.len()), (0, 2));
    // The longer wait is the sweep's, as ever.
    live(&world, minutes(27 * DAY), minutes(60)).await;
    let longer = began_in(&world, "longer", "UTC").await;
    assert_eq!(longer.len(), 2, "{longer:?}");
    assert!(longer.iter().any(|(who, _)| *who == late), "{longer:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_crowd_that_has_been_quiet_for_long_comes_part_by_part() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let crowd = Sweeper::DATES_A_FLOW + 40;
    for id in 1..=crowd {
        let placed = world.now() - minutes(60 * DAY) + SignedDuration::from_secs(id as i64);
        let body = Order::cod(id as u64, placed).body(placed).to_string();
        world.deliver(&world.shop_says("orders/create", body.as_bytes())).await;
    }
    world.run().await;
    save(&world, &flow("It", "{ customer_inactive: 30d }")).await;
    for expected in [Sweeper::DATES_A_FLOW, crowd, crowd] {
        world.sweep().await;
        assert_eq!(world.runs().await.len(), expected);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_birthday_comes_once_a_year_on_the_shops_day() {
    let world = with_flow("2027-02-26T10:00", "birthday").await;
    born(&world, "leap", "02-29").await;
    born(&world, "march", "03-01").await;
    // Told wrong at first.
    born(&world, "moved", "02-27").await;
    world.advance(minutes(1)).await;
    born(&world, "moved", "03-02").await;
    born(&world, "nonsense", "soon").await;
    live_until(&world, "2027-03-05T10:00").await;
    let expected = [
        ("customer:leap", "2027-02-28T00:00"),
        ("customer:march", "2027-03-01T00:00"),
        ("customer:moved", "2027-03-02T00:00"),
    ];
    assert_soon(&began(&world).await, &expected, 60);
    live(&world, karachi("2028-03-05T10:00").duration_since(world.now()), minutes(8 * 60)).await;
    let expected = expected.map(|(who, _)| who).into_iter().zip(["02-29", "03-01", "03-02"]);
    let expected: Vec<(&str, String)> =
        expected.map(|(who, day)| (who, format!("2028-{day}T00:00"))).collect();
    let expected: Vec<(&str, &str)> = expected.iter().map(|(who, at)| (*who, at.as_str())).collect();
    assert_soon(&began(&world).await[3..], &expected, 8 * 60);
    world.finish().await;
}

#[tokio::test]
async fn no_birthday_is_lost_in_a_night_without_sweeps_and_none_comes_from_before_the_flow() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    for (who, day) in [("before", "11-21"), ("today", "11-22"), ("night", "11-23"), ("week", "11-25")] {
        born(&world, who, day).await;
    }
    save(&world, &flow("It", "birthday")).await;
    live(&world, minutes(60), minutes(20)).await;
    // Nobody sweeps until the day after; then not for a week.
    world.stall(minutes(39 * 60));
    world.sweep().await;
    world.stall(minutes(7 * DAY));
    world.sweep().await;
    let expected = [("customer:today", "2026-11-22T10:00"), ("customer:night", "2026-11-24T02:00")];
    assert_soon(&began(&world).await, &expected, 20);
    world.finish().await;
}

#[tokio::test]
async fn a_flow_that_is_activated_again_wishes_nobody_for_the_days_between() {
    let world = with_flow("2026-11-22T10:00", "birthday").await;
    born(&world, "between", "11-23").await;
    born(&world, "after", "11-25").await;
    world.sweep().await;
    let (store, setup) = (TestWorld::store(), &world.world.setup);
    setup.pause(&store, &flow_id("it"), "test").await.unwrap();
    live_until(&world, "2026-11-24T10:00").await;
    setup.resume(&store, &flow_id("it"), "test").await.unwrap();
    live_until(&world, "2026-11-26T10:00").await;
    assert_soon(&began(&world).await, &[("customer:after", "2026-11-25T00:00")], 60);
    world.finish().await;
}

#[tokio::test]
async fn the_day_of_the_first_order_comes_again_every_year() {
    let world = with_flow("2026-11-22T10:00", "purchase_anniversary").await;
    let night = karachi("2024-11-25T00:10");
    let (first, second) =
        (Order::cod(1, night), Order { id: 2, ..Order::cod(1, karachi("2025-11-24T12:00")) });
    world.place(&first).await;
    world.place(&second).await;
    let who = customer_of(&world, &first).await;
    // Placed today, and not a year ago.
    let new = Order::cod(3, world.now());
    world.place(&new).await;
    let newcomer = customer_of(&world, &new).await;
    live(&world, minutes(10 * DAY), minutes(60)).await;
    assert_soon(&began(&world).await, &[(&who, "2026-11-25T00:00")], 60);
    live(&world, karachi("2027-11-30T10:00").duration_since(world.now()), minutes(12 * 60)).await;
    let expected = [(newcomer.as_str(), "2027-11-22T00:00"), (&who, "2027-11-25T00:00")];
    assert_soon(&began(&world).await[1..], &expected, 12 * 60);
    world.finish().await;
}

#[tokio::test]
async fn a_renewal_is_told_of_in_time_also_when_it_was_moved() {
    let world = with_flow("2026-11-22T10:00", "{ subscription_renewal: 3d }").await;
    renews(&world, "plain", "tea", Some("2026-12-10")).await;
    renews(&world, "moved", "tea", Some("2026-12-10")).await;
    renews(&world, "ended", "tea", Some("2026-12-10")).await;
    live_until(&world, "2026-12-05T10:00").await;
    renews(&world, "moved", "tea", Some("2026-12-20")).await;
    renews(&world, "ended", "tea", None).await;
    assert_eq!(began(&world).await, []);
    live_until(&world, "2026-12-08T10:00").await;
    assert_soon(&began(&world).await, &[("customer:plain", "2026-12-07T00:00")], 60);
    // Told when its time has come already; and once more, which is no news; and too late.
    renews(&world, "late", "tea", Some("2026-12-09")).await;
    world.advance(minutes(5)).await;
    renews(&world, "late", "tea", Some("2026-12-09")).await;
    renews(&world, "gone", "tea", Some("2026-12-08")).await;
    live_until(&world, "2026-12-30T10:00").await;
    let expected = [("customer:late", "2026-12-08T10:00"), ("customer:moved", "2026-12-17T00:00")];
    assert_soon(&began(&world).await[1..], &expected, 60);
    // The next period of the same subscription, and another of the same customer.
    renews(&world, "plain", "tea", Some("2027-01-10")).await;
    renews(&world, "plain", "coffee", Some("2027-01-10")).await;
    live_until(&world, "2027-01-12T10:00").await;
    let at = "2027-01-07T00:00";
    assert_soon(&began(&world).await[3..], &[("customer:plain", at), ("customer:plain", at)], 60);
    assert_eq!(awaiting(&world).await, 0);
    world.finish().await;
}

/// Without a flow that waits for dates, and between two looks of the sentinel, a sweep asks for two lists more
/// than for what is overdue.
#[tokio::test]
async fn a_sweep_costs_little_where_nobody_waits_for_dates() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.place(&Order::cod(1, world.now())).await;
    assert_eq!(awaiting(&world).await, 0);
    world.sweep().await;
    world.probe.counted();
    world.sweep().await;
    let asked: Vec<(String, u64)> = world.probe.counted().into_iter().collect();
    assert_eq!(asked, [("query".to_owned(), u64::from(keys::DUE_SHARDS) + 2)]);
    world.advance(minutes(180)).await;
    world.finish().await;
}
