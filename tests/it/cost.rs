//! What an order costs, in requests to the ports: a change of it is to be seen.

use harkara_domain::fact::Choice;
use std::collections::BTreeMap;

use crate::{
    bodies::Order,
    world::{TestWorld, minutes},
};

#[tokio::test]
async fn an_order_that_is_confirmed_after_the_reminder_costs_so_many_requests() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let placed = world.probe.counted();
    println!("{placed:#?}");
    let all: BTreeMap<String, u64> = BTreeMap::new();
    drop((all, minutes(1), Choice::Confirm));
}
