//! SQS: the contract in the local cloud, and what only a script can make happen.

use harkara_aws::{QueueUrls, Service, SqsQueue};
use harkara_engine::port::{Outgoing, Queue, QueueName};
use serde_json::json;

use crate::{
    cloud::Cloud,
    server::{Reply, Seen, Server},
};

harkara_contract::suite!(
    queue,
    match Cloud::world().await {
        Some(world) => world,
        None => return,
    }
);

fn queue(server: &Server) -> SqsQueue {
    let url = |name: &str| format!("https://sqs.us-east-1.amazonaws.com/000000000000/{name}");
    let urls =
        QueueUrls { events: url("e"), stages: url("s"), priority_stages: url("p"), failures: url("f") };
    SqsQueue::new(aws_sdk_sqs::Client::new(&server.sdk(Service::Sqs)), urls)
}

fn messages(count: usize) -> Vec<Outgoing> {
    (0..count).map(|n| Outgoing::now(format!("body-{n}"))).collect()
}

/// The bodies of a batch, with their ids.
fn entries(seen: &Seen) -> Vec<(String, String)> {
    let json = seen.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    json["Entries"].as_array().unwrap().iter().map(|e| (text(&e["Id"]), text(&e["MessageBody"]))).collect()
}

/// Takes the entries for which `fault` is none, and fails the others with what it says.
fn taking(seen: &Seen, fault: impl Fn(&str) -> Option<(&'static str, bool)>) -> Reply {
    let (mut successful, mut failed) = (vec![], vec![]);
    for (id, body) in entries(seen) {
        match fault(&body) {
            None => successful.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "x" })),
            Some((code, sender)) => failed.push(json!({ "Id": id, "Code": code, "SenderFault": sender })),
        }
    }
    Reply::Says(200, json!({ "Successful": successful, "Failed": failed }).to_string())
}

fn sent(seen: &[Seen]) -> Vec<Vec<String>> {
    seen.iter().map(|seen| entries(seen).into_iter().map(|(_, body)| body).collect()).collect()
}

#[tokio::test]
async fn one_message_is_a_request_of_its_own() {
    let server = Server::saying(200, json!({ "MessageId": "m", "MD5OfMessageBody": "x" }).to_string()).await;
    let delay = std::time::Duration::from_millis(1500);
    let message = Outgoing { body: "\"a\u{fffe}\"".to_owned(), delay };
    queue(&server).send(QueueName::PriorityStages, vec![message]).await.unwrap();
    let seen = server.seen()[0].json();
    assert_eq!(seen["MessageBody"], "\"a\\ufffe\"");
    assert_eq!(seen["DelaySeconds"], 2);
    assert!(seen["QueueUrl"].as_str().unwrap().ends_with("/p"));
}

#[tokio::test]
async fn only_what_was_not_taken_is_sent_again() {
    let server = Server::start(|n, seen| {
        let fails = ["body-1", "body-4"];
        taking(seen, |body| (n < 2 && fails[n..].contains(&body)).then_some(("InternalError", false)))
    })
    .await;
    queue(&server).send(QueueName::Events, messages(5)).await.unwrap();
    let all: Vec<_> = (0..5).map(|n| format!("body-{n}")).collect();
    assert_eq!(sent(&server.seen()), [all, vec!["body-1".into(), "body-4".into()], vec!["body-4".into()]]);
}

#[tokio::test]
async fn what_is_never_taken_is_an_error_in_the_end() {
    let server =
        Server::start(|_, seen| taking(seen, |body| (body == "body-1").then_some(("InternalError", false))))
            .await;
    let error = queue(&server).send(QueueName::Events, messages(3)).await.unwrap_err().to_string();
    assert_eq!(server.seen().len(), 4);
    assert!(error.starts_with("queue events: SendMessageBatch to https://"), "{error}");
    assert!(error.ends_with("/e: 1 of 3 messages not taken: InternalError"), "{error}");
    assert!(!error.contains("body-1"), "{error}");
}

#[tokio::test]
async fn a_fault_of_ours_is_not_tried_again() {
    let server = Server::start(|_, seen| {
        taking(seen, |body| (body == "body-1").then_some(("InvalidMessageContents", true)))
    })
    .await;
    let error = queue(&server).send(QueueName::Events, messages(3)).await.unwrap_err().to_string();
    assert_eq!(server.seen().len(), 1);
    assert!(error.ends_with("1 of 3 messages not taken: InvalidMessageContents"), "{error}");
}

#[tokio::test]
async fn a_failed_batch_does_not_keep_the_others_back() {
    let server = Server::start(|_, seen| {
        taking(seen, |body| (body == "body-3").then_some(("InvalidMessageContents", true)))
    })
    .await;
    queue(&server).send(QueueName::Events, messages(60)).await.unwrap_err();
    let mut all = sent(&server.seen()).concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
}

#[tokio::test]
async fn nothing_of_a_refused_send_is_sent() {
    let server = Server::saying(500, "").await;
    let mut many = messages(30);
    many.push(Outgoing::now("a\u{1}".to_owned()));
    let error = queue(&server).send(QueueName::Events, many).await.unwrap_err().to_string();
    assert_eq!(error, "queue events: a body has the character 0x0001, which JSON escapes");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_error_names_operation_queue_and_code() {
    let problem = json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist." });
    let server = Server::saying(400, problem.to_string()).await;
    let error = queue(&server).send(QueueName::Stages, messages(1)).await.unwrap_err().to_string();
    let url = "https://sqs.us-east-1.amazonaws.com/000000000000/s";
    assert!(error.starts_with(&format!("queue stages: SendMessage to {url}: ")), "{error}");
    assert!(error.contains("QueueDoesNotExist: The specified queue does not exist."), "{error}");
    let error = queue(&server).set_visibility(QueueName::Stages, "r", std::time::Duration::ZERO).await;
    assert!(error.unwrap_err().to_string().contains("ChangeMessageVisibility to "));
}
