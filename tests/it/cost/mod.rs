//! What an order costs, in requests to the ports and in AWS's units: a change of it is to be seen.

mod capacity;
mod life;
mod meter;
mod page;
mod prices;

use harkara_domain::fact::Choice;
use harkara_engine::{catalog::Catalog, setup::Setup};
use jiff::SignedDuration;
use std::sync::Arc;

use crate::{
    bodies::Order,
    world::{TestWorld, flow_id, minutes},
};

pub(crate) use capacity::Capacity;
pub(crate) use meter::Meter;
use prices::{Batches, Dollars};

/// What was asked since the last look, but for the reading of what the store has set up, which is done
/// once in five seconds however many orders there are.
fn asked(world: &TestWorld) -> Vec<(String, u64)> {
    world.probe.counted().into_iter().filter(|(name, _)| !name.starts_with("set-up")).collect()
}

fn numbers(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[tokio::test]
async fn an_order_that_is_confirmed_after_the_reminder_costs_so_many_requests() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let placed = numbers(&[
        ("get", 3),            // matcher: view, customer; stage: customer
        ("query", 1),          // stage: the order's runs and view
        ("schedule", 2),       // Review of the exception review, Remind once the question was tried
        ("send to events", 1), // ingest: the order's facts
        ("send to stages", 1), // matcher: Ask, at once
        ("write of 1", 2),     // stage: claim, outcome
        ("write of 6", 1),     // matcher: view, customer, two runs, the timeline's entry, the journal's
    ]);
    assert_eq!(asked(&world), placed, "the order is placed and asked about");

    world.receipt(&world.calls()[0], "delivered", None).await;
    let delivered = numbers(&[
        ("get", 1),            // matcher: the run
        ("send to events", 1), // ingest: the receipt
        ("write of 1", 1),     // matcher: the run
    ]);
    assert_eq!(asked(&world), delivered, "the question has arrived");

    // No sweep in between: it costs its eight queries however many orders there are.
    world.stall(minutes(30) + SignedDuration::from_millis(1));
    world.run().await;
    let reminded = numbers(&[
        ("get", 1),        // stage: customer
        ("query", 1),      // stage: the order's runs and view
        ("schedule", 1),   // Escalate
        ("write of 1", 2), // stage: claim, outcome
    ]);
    assert_eq!(asked(&world), reminded, "the customer is reminded");

    world.tap(&order, Choice::Confirm).await;
    let confirmed = numbers(&[
        ("get", 2),            // matcher: view, customer
        ("send to events", 1), // ingest: the answer
        ("write of 5", 1), // matcher: view, customer, the entries of the answer and of what follows, the journal's
    ]);
    assert_eq!(asked(&world), confirmed, "the customer confirms");

    world.stall(minutes(91));
    world.run().await;
    let skipped = numbers(&[
        ("get", 2),        // stage: the customer, for Escalate and for Review
        ("query", 2),      // the order's runs and view, for each
        ("write of 1", 2), // each is skipped, with its reason
    ]);
    assert_eq!(asked(&world), skipped, "neither alert is needed");
    world.finish().await;
}

#[tokio::test]
async fn to_see_that_nothing_was_changed_costs_one_small_read() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    world.place(&Order::cod(1, world.now())).await;
    let set_up = || -> Vec<(String, u64)> {
        world.probe.counted().into_iter().filter(|(name, _)| name.starts_with("set-up")).collect()
    };
    set_up();
    world.stall(SignedDuration::from_secs(6));
    world.place(&Order::cod(2, world.now())).await;
    assert_eq!(set_up(), numbers(&[("set-up get", 1)]));
    // What another process changes is seen by that look.
    let other = Catalog::new(world.table.clone(), world.world.ports.clock.clone());
    let setup = Setup {
        table: world.table.clone(),
        clock: world.world.ports.clock.clone(),
        catalog: Arc::new(other),
    };
    setup.pause(&TestWorld::store(), &flow_id("cod-confirmation"), "test").await.unwrap();
    world.stall(SignedDuration::from_secs(6));
    let third = Order::cod(3, world.now());
    world.place(&third).await;
    assert!(world.sent(&third).is_empty(), "the flow is off");
    assert_eq!(set_up(), numbers(&[("set-up get", 1), ("set-up query", 4)]));
    world.advance(minutes(180)).await;
    world.finish().await;
}

#[tokio::test]
async fn three_stages_keep_to_their_budget() {
    let bills = life::three_stages().await;
    let stage = bills["stage"];
    assert!(stage.all_write_units() <= 3.0 * 4.0, "write units of three stages: {stage:?}");
    assert!(stage.read_units <= 3.0 * 2.0, "read units of three stages: {stage:?}");
    let dollars = Dollars::sum(&bills, Batches::InPairs);
    assert!(dollars.total() < 25.0, "{:.2} a million orders: {dollars:?}", dollars.total());
}

/// `make cost` writes the page; without it, the page must say what is so.
#[tokio::test]
async fn the_page_says_what_is_counted() {
    let page = page::page(&life::whole().await, &life::three_stages().await);
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cost.md");
    if std::env::var_os("HARKARA_WRITE_COST").is_some() {
        std::fs::write(&file, &page).unwrap();
        println!("{page}");
        return;
    }
    let held = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = held.lines().zip(page.lines()).find(|(held, counted)| held != counted);
    assert!(held == page, "docs/cost.md is out of date (make cost): {differs:?}");
}
