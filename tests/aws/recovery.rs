//! What else the deployed store does: priority, schedules that are lost, the doors of API and console.

use aws_sdk_scheduler::Client;
use harkara_aws::Service;
use harkara_engine::sweep::Sweeper;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::{
    bodies::Order,
    cloud::{Cloud, shop_says, words},
    operator,
    queues::Peeked,
    scenarios::Scene,
    stack::passed_over,
};

impl Cloud {
    /// Waits until a message with this text lies in a queue.
    pub(crate) async fn arrival(&self, queue: &str, text: &str) -> Peeked {
        let begun = Instant::now();
        loop {
            let found = self.messages_in(queue).await.into_iter().find(|message| message.body.contains(text));
            match found {
                Some(message) => return message,
                None => assert!(begun.elapsed() < Duration::from_secs(20), "{text} is not in {queue}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until this many messages about an order came to WhatsApp.
    async fn messages_about(&self, order: &Order, count: usize) -> Vec<String> {
        let begun = Instant::now();
        loop {
            self.settle().await;
            let whats: Vec<String> = self.sent(order).iter().map(|sent| sent.what()).collect();
            if whats.len() >= count || begun.elapsed() > Duration::from_secs(20) {
                return whats;
            }
        }
    }

    /// The names of all schedules of the stack.
    pub(crate) async fn all_schedules(&self, client: &Client) -> Vec<String> {
        // The emulator makes no pages: what is beyond the limit is not to be had.
        let list =
            client.list_schedules().group_name(self.stack.output("ScheduleGroup")).max_results(i32::MAX);
        list.send().await.unwrap().schedules.into_iter().map(|schedule| schedule.name.unwrap()).collect()
    }

    /// The names of the schedules that are about an order.
    async fn schedules(&self, client: &Client, order: &Order) -> Vec<String> {
        let mut about = Vec::new();
        for name in self.all_schedules(client).await {
            let get = client.get_schedule().group_name(self.stack.output("ScheduleGroup")).name(&name);
            let input = get.send().await.unwrap().target.unwrap().input.unwrap_or_default();
            if input.contains(&format!("\"{}\"", order.key())) {
                about.push(name);
            }
        }
        about
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_finds_a_stage_whose_schedule_was_deleted() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    let order = cloud.order();
    cloud.place(&order).await;
    let client = Client::new(&cloud.session().sdk(Service::Scheduler));
    let schedules = cloud.schedules(&client, &order).await;
    assert_eq!(schedules.len(), 2, "the reminder and the review");
    for name in &schedules {
        let delete = client.delete_schedule().group_name(cloud.stack.output("ScheduleGroup")).name(name);
        delete.send().await.unwrap();
    }
    let due = order.placed + SignedDuration::from_mins(30);
    cloud.clock.set(due + Sweeper::GRACE - SignedDuration::from_secs(10));
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(cloud.sent(&order).len(), 1, "overdue, but not long enough");
    cloud.clock.set(due + Sweeper::GRACE + SignedDuration::from_mins(2));
    assert_eq!(cloud.messages_about(&order, 2).await, ["cod_confirmation", "cod_reminder"]);
    cloud.post("orders/cancelled", &order.cancelled(cloud.now())).await;
    cloud.finish().await;
}

impl Cloud {
    /// Sets a variable of a function; what it was.
    async fn set_variable(&self, function: &str, name: &str, value: &str) -> String {
        let path =
            format!("{}/2015-03-31/functions/{}-{function}/configuration", self.stack.aws, self.stack.name);
        let answer = self.call("GET", path.clone(), Vec::new(), Vec::new()).await;
        let mut configuration: Value = serde_json::from_str(&words(&answer)).unwrap();
        let variable = &mut configuration["Environment"]["Variables"][name];
        let before = variable.as_str().unwrap().to_owned();
        *variable = json!(value);
        let body = json!({ "Environment": configuration["Environment"] }).to_string();
        let answer = self.call("PUT", path, Vec::new(), body.into_bytes()).await;
        assert_eq!(answer.status(), 200, "{}", words(&answer));
        before
    }

    /// Waits until the only message with this text has been received so often.
    async fn received(&self, queue: &str, text: &str, times: u64) {
        let begun = Instant::now();
        while self.arrival(queue, text).await.receives < times {
            assert!(begun.elapsed() < Duration::from_secs(20), "{text} is not received {times} times");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A table that is not there, as after a mistake of an operator's, or without the permission for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_that_cannot_be_folded_are_redriven_filed_and_folded_by_a_replay() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    let table = cloud.set_variable("matcher", "HARKARA_TABLE", "gone").await;
    let order = cloud.order();
    let says = cloud.shop_says("orders/create", order.body(order.placed).to_string().as_bytes());
    assert_eq!(cloud.deliver(&says).await, 200, "ingest needs no table");
    for times in 1..=5 {
        cloud.received("EventsQueue", &order.key(), times).await;
        // Let the function end; then what it held is to be had again.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(cloud.find(&order).await.is_none());
        cloud.clock.set(cloud.now() + SignedDuration::from_secs(180));
    }
    cloud.settle().await;
    let letters = cloud.list("dead-letters?").await;
    let about = |letter: &&Value| {
        letter["content"]["message"]["body"].as_str().is_some_and(|body| body.contains(&order.key()))
    };
    let letter = letters.iter().find(about).expect("it is not filed");
    assert!(letter["reason"].to_string().contains("could not be folded in 5 tries"), "{letter:#}");
    cloud.set_variable("matcher", "HARKARA_TABLE", &table).await;
    cloud.replay(letter["id"].as_str().unwrap()).await;
    assert_eq!(cloud.messages_about(&order, 1).await, ["cod_confirmation"]);
    cloud.post("orders/cancelled", &order.cancelled(cloud.now())).await;
    cloud.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_priority_store_has_a_queue_of_its_own() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    let mut gold = operator::store("gold").unwrap();
    gold.settings.priority = true;
    operator::put(&cloud.stack, &gold).unwrap();
    let secret = gold.connections["shopify"]["secrets"][0].as_str().unwrap();
    let order = cloud.order();
    let says = |topic: &str, body: &serde_json::Value| {
        shop_says("gold", secret, cloud.number(), topic, body.to_string().as_bytes())
    };
    // Nobody works on that queue, so what is sent was not sent from there.
    cloud.feed("PriorityQueue", false).await;
    assert_eq!(cloud.deliver(&says("orders/create", &order.body(order.placed))).await, 200);
    cloud.arrival("PriorityQueue", &order.key()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(cloud.sent(&order).is_empty() && cloud.messages_in("StagesQueue").await.is_empty());
    cloud.feed("PriorityQueue", true).await;
    assert_eq!(cloud.messages_about(&order, 1).await, ["cod_confirmation"]);
    // What a schedule brings back comes the same way.
    cloud.feed("PriorityQueue", false).await;
    cloud.clock.set(order.placed + SignedDuration::from_mins(30));
    cloud.arrival("PriorityQueue", &order.key()).await;
    assert!(cloud.messages_in("StagesQueue").await.is_empty());
    cloud.feed("PriorityQueue", true).await;
    assert_eq!(cloud.messages_about(&order, 2).await, ["cod_confirmation", "cod_reminder"]);
    assert_eq!(cloud.deliver(&says("orders/cancelled", &order.cancelled(cloud.now()))).await, 200);
    cloud.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doors_open_to_who_may_come_in() {
    let Some(cloud) = Cloud::begin().await else { return };
    let get =
        |path: String, headers| cloud.call("GET", format!("{}{path}", cloud.stack.api), headers, Vec::new());
    let token = cloud.known.file.connections["whatsapp"]["verify_token"].as_str().unwrap();
    let challenge = |token| {
        format!("/webhooks/demo/whatsapp?hub.mode=subscribe&hub.challenge=42&hub.verify_token={token}")
    };
    let answer = get(challenge(token), Vec::new()).await;
    assert_eq!((answer.status().as_u16(), words(&answer).as_str()), (200, "42"));
    assert_eq!(get(challenge("a-guess"), Vec::new()).await.status(), 401);

    assert_eq!(get("/healthz".to_owned(), Vec::new()).await.status(), 200);
    assert_eq!(get("/api/v1/orders".to_owned(), Vec::new()).await.status(), 401);
    let wrong = vec![("authorization", "Bearer hk_wrong".to_owned())];
    assert_eq!(get("/api/v1/orders".to_owned(), wrong).await.status(), 401);
    assert!(cloud.api("orders?limit=1").await.is_some());

    let address = [("HARKARA_PUBLIC_URL", cloud.stack.api.as_str()), ("HARKARA_STORE", "demo")];
    let said = operator::told(&operator::harkara(&cloud.stack, &["aws", "link"], &address).unwrap());
    let link = said.lines().last().unwrap().trim();
    assert!(link.starts_with(&format!("{}/setup/", cloud.stack.api)), "{said}");
    let page = cloud.call("GET", link.to_owned(), Vec::new(), Vec::new()).await;
    assert!(
        page.status() == 200 && words(&page).contains("type=\"password\""),
        "{} {}",
        page.status(),
        words(&page)
    );
    cloud.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_team_does_by_the_api_is_folded_while_they_wait() {
    let Some(cloud) = Cloud::begin().await else { return };
    cloud.next("14:00").await;
    let order = cloud.order();
    cloud.place(&order).await;
    let headers = vec![
        ("authorization", format!("Bearer {}", cloud.known.key)),
        ("content-type", "application/json".to_owned()),
    ];
    let url = format!("{}/api/v1/orders/{}/actions", cloud.stack.api, order.key());
    let answer = cloud.call("POST", url, headers, b"{\"act\":\"confirm\"}".to_vec()).await;
    assert_eq!(answer.status(), 202, "{}", words(&answer));
    cloud.settle().await;
    let story = cloud.story(&order).await;
    assert!(story["order"]["reached"]["order_confirmed"].is_string(), "{story:#}");
    cloud.pass(SignedDuration::from_mins(150)).await;
    assert_eq!(cloud.sent(&order).len(), 1);
    cloud.finish().await;
}

#[test]
fn unproven_here_what_a_schedule_cannot_deliver_goes_to_failures() {
    passed_over("the emulator's Scheduler has neither retries nor a dead-letter queue");
}

#[test]
fn unproven_here_messages_are_moved_back_from_the_last_queue() {
    passed_over("the emulator has no StartMessageMoveTask");
}

#[test]
fn unproven_here_roles_allow_what_functions_do_and_no_more() {
    passed_over("the emulator asks no role for permission");
}

#[test]
fn unproven_here_an_alarm_rings() {
    passed_over("the emulator has no alarms on sums of metrics, so the stack is deployed without alarms");
}
