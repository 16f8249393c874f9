//! Many at once.

use harkara_domain::{Subject, run::RunStatus};
use harkara_embedded::consume;
use harkara_engine::{count::Fate, port::QueueName};
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::watch;

use crate::{
    bodies::Order,
    world::{JUST_ASK, TestWorld, handled, minutes, with_flows},
};

/// Two orders of one customer in one batch contend for the customer's view.
#[tokio::test]
async fn orders_of_one_customer_at_once_are_all_counted() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let orders: Vec<Order> = (1..=10)
        .map(|id| Order { phone: Some("+923001234567".to_owned()), ..Order::cod(id, world.now()) })
        .collect();
    for order in &orders {
        world.deliver(&world.new_order(order)).await;
    }
    assert!(world.work(QueueName::Events).await);
    assert!(world.take(QueueName::Events).await.is_empty(), "all ten in one batch, and none comes again");
    world.run().await;
    let customer = world.story(&orders[0]).await.customer.unwrap();
    assert_eq!(customer.orders, 10);
    assert_eq!(customer.spent.values().map(ToString::to_string).collect::<Vec<_>>(), ["44900.00"]);
    for order in &orders[..2] {
        world
            .deliver(
                &world.shop_says("orders/cancelled", order.cancelled(world.now()).to_string().as_bytes()),
            )
            .await;
    }
    world.run().await;
    let customer = world.story(&orders[0]).await.customer.unwrap();
    assert_eq!(customer.orders, 10);
    assert_eq!(customer.spent.values().map(ToString::to_string).collect::<Vec<_>>(), ["35920.00"]);
    assert_eq!(world.calls().len(), 10);
    world.finish().await;
}

/// Two hundred orders, every webhook twice, through pollers side by side on several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_orders_at_once_get_one_message_each() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let (stop, stopped) = watch::channel(false);
    let mut pollers = tokio::task::JoinSet::new();
    for queue in QueueName::ALL {
        let whole = world.world.clone();
        let handler = move |batch: Vec<harkara_engine::port::Delivery>| {
            let whole = whole.clone();
            async move { handled(&whole, queue, &batch).await }
        };
        pollers.spawn(consume(world.embedded.queues(), queue, 8, handler, stopped.clone()));
    }
    let orders: Vec<Order> = (1..=200).map(|id| Order::cod(id, world.now())).collect();
    let webhooks: Vec<_> = orders.iter().map(|order| world.new_order(order)).collect();
    let first = futures::future::join_all(webhooks.iter().map(|webhook| world.deliver(webhook)));
    let second = futures::future::join_all(webhooks.iter().rev().map(|webhook| world.deliver(webhook)));
    let (first, second) = tokio::join!(first, second);
    assert!(first.into_iter().chain(second).all(|status| status == 200));
    let done = async {
        while world.counter("stages.sent") < 200
            || world.facts(Fate::Applied) + world.facts(Fate::Duplicate) < 400
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("not done in a minute");
    stop.send_replace(true);
    while pollers.join_next().await.is_some() {}
    let asked: BTreeSet<Subject> = world.calls().into_iter().map(|call| call.reference().subject).collect();
    assert_eq!((world.calls().len(), asked.len()), (200, 200));
    assert_eq!(world.runs().await.len(), 400);
    world.advance(minutes(3 * 60)).await;
    assert_eq!(world.calls().len(), 400, "a question and a reminder each");
    assert!(world.runs().await.iter().all(|run| run.status == RunStatus::Finished));
    world.finish().await;
}
