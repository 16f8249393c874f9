//! Messages that are no jobs, put straight into every queue beside good ones.

use serde_json::Value;

use crate::{
    cloud::Cloud,
    scenarios::{Answer, Scene},
};

/// Bodies that nobody can work on, with what the dead letter has to say of each.
fn bad_bodies(number: u64) -> Vec<(String, &'static str)> {
    vec![
        (format!("{{\"v\":1,\"job\":\"stage\",\"tag\":{number}"), "not a job"),
        (format!("{{\"v\":7,\"job\":\"stage\",\"tag\":{number}}}"), "job version 7 is not known here"),
        (format!("{{\"v\":1,\"job\":\"dance\",\"tag\":{number}}}"), "no job is called so"),
        // Nearly as large as a message of SQS can be.
        (format!("{number} {}", "x".repeat(255 * 1024)), "not a job"),
    ]
}

/// The letters that belong to no store, for one body.
async fn letters_of(cloud: &Cloud, body: &str) -> Vec<Value> {
    let letters = cloud.list("dead-letters?of=nobody&").await;
    letters.into_iter().filter(|letter| letter["content"]["message"]["body"] == body).collect()
}

/// Puts bad bodies around what lies in a queue, lets Lambda have them all, and looks at what came of them.
async fn are_put_aside(cloud: &Cloud, queue: &str) {
    let bad = bad_bodies(cloud.number());
    for (body, _) in &bad {
        cloud.put(queue, body).await;
    }
    cloud.feed(queue, true).await;
    cloud.settle().await;
    for (body, why) in &bad {
        let letters = letters_of(cloud, body).await;
        let [letter] = &letters[..] else { panic!("{} letters of {body:.60}", letters.len()) };
        assert!(letter["reason"].to_string().contains(why), "{:#}", letter["reason"]);
    }
    let left = cloud.messages_in(queue).await;
    assert!(!left.iter().any(|message| bad.iter().any(|(body, _)| *body == message.body)), "{left:?}");
    // Nothing goes round: an hour later there is not one letter more.
    let before = cloud.list("dead-letters?of=nobody&").await.len();
    cloud.pass(jiff::SignedDuration::from_mins(60)).await;
    assert_eq!(cloud.list("dead-letters?of=nobody&").await.len(), before);
    for (body, _) in &bad {
        assert_eq!(letters_of(cloud, body).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_job_among_events_is_filed_and_its_neighbours_are_folded() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    cloud.feed("EventsQueue", false).await;
    let (before, after) = (cloud.order(), cloud.order());
    for order in [&before, &after] {
        let body = order.body(order.placed).to_string();
        assert_eq!(cloud.deliver(&cloud.shop_says("orders/create", body.as_bytes())).await, 200);
    }
    assert!(!cloud.messages_in("EventsQueue").await.is_empty(), "Lambda was to wait");
    are_put_aside(&cloud, "EventsQueue").await;
    for order in [&before, &after] {
        assert_eq!(cloud.sent(order).first().map(|sent| sent.at), Some(order.placed));
    }
    cloud.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_job_among_stages_is_filed_and_its_neighbours_are_sent() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    for queue in ["StagesQueue", "PriorityQueue"] {
        cloud.feed("StagesQueue", false).await;
        cloud.feed("PriorityQueue", false).await;
        let order = cloud.order();
        let body = order.body(order.placed).to_string();
        assert_eq!(cloud.deliver(&cloud.shop_says("orders/create", body.as_bytes())).await, 200);
        let job = cloud.arrival("StagesQueue", &order.key()).await;
        if queue == "PriorityQueue" {
            // A job that comes by both queues is done once.
            cloud.put(queue, &job.body).await;
        }
        assert!(cloud.sent(&order).is_empty(), "Lambda was to wait");
        cloud.feed("StagesQueue", true).await;
        are_put_aside(&cloud, queue).await;
        let whats: Vec<String> = cloud.sent(&order).iter().map(|sent| sent.what()).collect();
        assert_eq!(whats, ["cod_confirmation", "cod_reminder"], "{queue}");
    }
    cloud.feed("StagesQueue", true).await;
    cloud.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_job_among_failures_is_filed_and_its_neighbours_are_told() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    cloud.feed("FailuresQueue", false).await;
    let order = cloud.order();
    cloud.answer(&order, Answer::Error(400, 131_009));
    let body = order.body(order.placed).to_string();
    assert_eq!(cloud.deliver(&cloud.shop_says("orders/create", body.as_bytes())).await, 200);
    cloud.arrival("FailuresQueue", &order.key()).await;
    assert!(cloud.letter(&order).await.is_none(), "Lambda was to wait");
    are_put_aside(&cloud, "FailuresQueue").await;
    assert!(cloud.letter(&order).await.is_some());
    cloud.finish().await;
}
