//! EventBridge Scheduler: the contract in the local cloud, and what only a script can make happen. The
//! local cloud knows no dead-letter queue of a schedule and no time zone: what is asked of the real one
//! is in `a_request_asks_for_all_that_a_schedule_is`.

use harkara_aws::{EventBridge, Service};
use harkara_engine::port::{PerQueue, QueueName, Scheduler, SystemClock};
use serde_json::json;
use std::sync::Arc;

use crate::{
    cloud::Cloud,
    server::{Reply, Server},
};

harkara_contract::suite!(
    scheduler,
    match Cloud::world().await {
        Some(world) => world,
        None => return,
    }
);

const ROLE: &str = "arn:aws:iam::123456789012:role/schedules";

fn scheduler(server: &Server) -> EventBridge {
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:123456789012:{name}");
    let queues =
        PerQueue { events: arn("e"), stages: arn("s"), priority_stages: arn("p"), failures: arn("f") };
    let client = aws_sdk_scheduler::Client::new(&server.sdk(Service::Scheduler));
    EventBridge::new(client, "group", ROLE, queues, Arc::new(SystemClock))
}

async fn make(server: &Server, name: &str) -> Result<(), String> {
    let when = "2126-01-02T03:04:05.5Z".parse().unwrap();
    let made = scheduler(server).at(name, when, QueueName::Stages, "{\"v\":1}".to_owned()).await;
    made.map_err(|error| error.to_string())
}

fn problem(code: &str, message: &str) -> String {
    json!({ "__type": code, "Message": message }).to_string()
}

#[tokio::test]
async fn a_request_asks_for_all_that_a_schedule_is() {
    let server = Server::saying(200, json!({ "ScheduleArn": "arn" }).to_string()).await;
    make(&server, "run-1.stage_2").await.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/schedules/run-1.stage_2"));
    let mut asked = seen.json();
    let token = asked.as_object_mut().unwrap().remove("ClientToken").unwrap();
    assert!(token.as_str().unwrap().len() >= 32);
    assert_eq!(
        asked,
        json!({
            "GroupName": "group",
            "ScheduleExpression": "at(2126-01-02T03:04:06)",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": "arn:aws:sqs:us-east-1:123456789012:s",
                "RoleArn": ROLE,
                "Input": "{\"v\":1}",
                "DeadLetterConfig": { "Arn": "arn:aws:sqs:us-east-1:123456789012:f" },
                "RetryPolicy": { "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 30 },
            },
        })
    );
}

#[tokio::test]
async fn a_conflict_means_that_it_is_there() {
    let server = Server::saying(409, problem("ConflictException", "Schedule a already exists.")).await;
    make(&server, "a").await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn throttling_is_tried_again_with_the_same_token() {
    let server = Server::start(|n, _| match n {
        0 => Reply::Says(429, problem("ThrottlingException", "Rate exceeded")),
        _ => Reply::Says(200, json!({ "ScheduleArn": "arn" }).to_string()),
    })
    .await;
    make(&server, "a").await.unwrap();
    let tokens: Vec<_> = server.seen().iter().map(|seen| seen.json()["ClientToken"].clone()).collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn an_error_names_operation_schedule_and_code() {
    let server =
        Server::saying(404, problem("ResourceNotFoundException", "Schedule group group does not exist."))
            .await;
    let error = make(&server, "a").await.unwrap_err();
    assert!(
        error.ends_with(
            "CreateSchedule of schedule group/a: ResourceNotFoundException: Schedule group group does not exist."
        ),
        "{error}"
    );
    let server = Server::saying(403, problem("AccessDeniedException", "not authorized")).await;
    let error = scheduler(&server).cancel("a").await.unwrap_err().to_string();
    assert!(
        error.ends_with("DeleteSchedule of schedule group/a: AccessDeniedException: not authorized"),
        "{error}"
    );
}

#[tokio::test]
async fn one_that_is_gone_is_cancelled() {
    let server =
        Server::saying(404, problem("ResourceNotFoundException", "Schedule a does not exist.")).await;
    scheduler(&server).cancel("a").await.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.method, "DELETE");
    assert!(seen.path.starts_with("/schedules/a?groupName=group"), "{}", seen.path);
    scheduler(&server).cancel("no name").await.unwrap();
    assert_eq!(server.seen().len(), 1);
}
