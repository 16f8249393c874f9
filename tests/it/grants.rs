//! What each function may do on AWS, as `infra/policies.py` holds of the template: whoever asks the ports for more is
//! refused there, and fails here.

use harkara_engine::port::{Index, Query, QueueName, Write};
use std::future::Future;

const POLICIES: &str = include_str!("../../infra/policies.py");

tokio::task_local! {
    static ROLE: &'static str;
}

/// Works as one of the functions.
pub(crate) async fn acting<F: Future>(role: &'static str, work: F) -> F::Output {
    ROLE.scope(role, work).await
}

/// The role of a queue's function.
pub(crate) fn role_of(queue: QueueName) -> &'static str {
    match queue {
        QueueName::Events => "MatcherRole",
        QueueName::Stages | QueueName::PriorityStages => "StageRole",
        QueueName::Failures => "DeadLetterRole",
    }
}

/// Fails unless whoever works, where that is a function, may do this to that.
pub(crate) fn check(action: &str, to: &str) {
    _ = ROLE.try_with(|role| assert!(may(role, action, to), "{role} may not {action} {to}"));
}

pub(crate) fn check_query(query: &Query) {
    match query.index {
        None => check("dynamodb:Query", "Table"),
        Some(index) => {
            let name = match index {
                Index::Due => "${Table.Arn}/index/due",
                Index::List => "${Table.Arn}/index/list",
            };
            check("dynamodb:Query", name);
            // An index has the keys alone.
            check("dynamodb:BatchGetItem", "Table");
        }
    }
}

pub(crate) fn check_write(write: &Write) {
    let action = match write {
        Write::Put(..) => "dynamodb:PutItem",
        Write::Delete(..) => "dynamodb:DeleteItem",
        Write::Add { .. } => "dynamodb:UpdateItem",
    };
    check(action, "Table");
}

pub(crate) fn check_send(queue: QueueName) {
    let to = match queue {
        QueueName::Events => "EventsQueue",
        QueueName::Stages => "StagesQueue",
        QueueName::PriorityStages => "PriorityQueue",
        QueueName::Failures => "FailuresQueue",
    };
    check("sqs:SendMessage", to);
}

fn may(role: &str, action: &str, to: &str) -> bool {
    let (_, grants) = POLICIES.split_once(&format!("\"{role}\": {{")).expect("the role has grants");
    let grants = grants.split_once("Role\": {").map_or(grants, |(of_role, _)| of_role);
    let within = |begin: &str, end| grants.split_once(begin)?.1.split_once(end).map(|(within, _)| within);
    let names =
        |list: Option<&str>, name: &str| list.is_some_and(|list| list.contains(&format!("\"{name}\"")));
    let of_table = action.strip_prefix("dynamodb:").filter(|_| to == "Table");
    names(within(&format!("\"{action}\": ["), "]"), to)
        || within("dict.fromkeys([", ")")
            .is_some_and(|list| [action, to].iter().all(|name| names(Some(list), name)))
        || of_table.is_some_and(|action| names(within("**table(", ")"), action))
        || grants.contains("**SCHEDULE") && (action, to) == ("scheduler:CreateSchedule", "schedule")
}

#[test]
fn grants_are_read_as_they_are_written() {
    assert!(may("IngestRole", "sqs:SendMessage", "EventsQueue"));
    assert!(!may("IngestRole", "sqs:SendMessage", "StagesQueue"));
    assert!(!may("IngestRole", "dynamodb:PutItem", "Table"));
    assert!(may("MatcherRole", "dynamodb:Query", "Table"));
    assert!(!may("MatcherRole", "dynamodb:DeleteItem", "Table"));
    assert!(may("StageRole", "sqs:ChangeMessageVisibility", "PriorityQueue"));
    assert!(!may("StageRole", "sqs:ChangeMessageVisibility", "EventsQueue"));
    assert!(may("SweepRole", "dynamodb:Query", "${Table.Arn}/index/due"));
    assert!(may("SweepRole", "scheduler:CreateSchedule", "schedule"));
    assert!(!may("SweepRole", "scheduler:DeleteSchedule", "schedule"));
    assert!(!may("ScheduleRole", "dynamodb:GetItem", "Table"));
}
