//! One-shot schedules on EventBridge Scheduler.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_scheduler::{
    Client,
    error::BuildError,
    operation::{create_schedule::CreateScheduleError, delete_schedule::DeleteScheduleError},
    types::{
        ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy,
        Target,
    },
};
use harkara_engine::port::{Clock, PerQueue, QueueName, Scheduler, SchedulerError};
use jiff::{SignedDuration, Timestamp};

use crate::{QueueUrls, body::sendable, fault::words};

/// The longest name. <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>
const MAX_NAME: usize = 64;
/// How far ahead what is due, or overdue, is put: a time that is past when the request arrives may be
/// refused.
const SOON: SignedDuration = SignedDuration::from_secs(5);
/// How long Scheduler goes on trying to send into the queue. SQS has no outages longer than this that
/// anyone would wait for, and a message that is later has often stopped making sense; the sweep, which
/// looks for the overdue, does not wait for it either.
const KEEP_TRYING: Duration = Duration::from_secs(3600);
/// How often it tries in that time, with growing waits.
const RETRIES: i32 = 30;

/// The ARNs of the queues at these URLs (`https://…/<account>/<name>`), in the partition of a role:
/// `aws`, `aws-cn`, `aws-us-gov`.
///
/// `None` where a URL or the role's ARN is not of that form.
pub fn queue_arns(urls: &QueueUrls, region: &str, role_arn: &str) -> Option<PerQueue<String>> {
    let partition = role_arn.strip_prefix("arn:")?.split_once(':')?.0;
    let arn = |queue| {
        let mut parts = urls.of(queue).rsplitn(3, '/');
        let (name, account) = (parts.next()?, parts.next()?);
        let sound = !name.is_empty() && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| format!("arn:{partition}:sqs:{region}:{account}:{name}"))
    };
    PerQueue::try_of(|queue| arn(queue).ok_or(())).ok()
}

/// Schedules of one group, which send into the queues. Scheduler fires within the minute that begins at
/// a schedule's time, at least once, and then deletes the schedule.
///
/// What it cannot send goes to the failures queue: see [`undelivered`].
#[derive(Clone)]
pub struct EventBridge {
    client: Client,
    group: String,
    role: String,
    queues: PerQueue<String>,
    clock: Arc<dyn Clock>,
}

impl EventBridge {
    /// Schedules of the group with this name, by the role with this ARN, into the queues with those.
    pub fn new(
        client: Client,
        group: impl Into<String>,
        role_arn: impl Into<String>,
        queues: PerQueue<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { client, group: group.into(), role: role_arn.into(), queues, clock }
    }

    fn target(&self, queue: QueueName, body: String) -> Result<Target, BuildError> {
        let age = i32::try_from(KEEP_TRYING.as_secs()).unwrap_or(i32::MAX);
        let retries =
            RetryPolicy::builder().maximum_retry_attempts(RETRIES).maximum_event_age_in_seconds(age);
        Target::builder()
            .arn(self.queues.of(queue))
            .role_arn(&self.role)
            .input(body)
            .dead_letter_config(DeadLetterConfig::builder().arn(&self.queues.failures).build())
            .retry_policy(retries.build())
            .build()
    }

    fn failed(&self, operation: &str, name: &str, problem: &str) -> SchedulerError {
        SchedulerError(format!("{operation} of schedule {}/{name}: {problem}", self.group))
    }
}

#[async_trait]
impl Scheduler for EventBridge {
    async fn at(
        &self,
        name: &str,
        when: Timestamp,
        queue: QueueName,
        body: String,
    ) -> Result<(), SchedulerError> {
        const OPERATION: &str = "CreateSchedule";
        if !is_name(name) {
            return Err(SchedulerError(format!("{name:?} is no name: 1 to {MAX_NAME} of 0-9a-zA-Z-_.")));
        }
        let body = sendable(body).map_err(|problem| self.failed(OPERATION, name, &problem))?;
        let target = self.target(queue, verbatim(body));
        let target = target.map_err(|error| self.failed(OPERATION, name, &error.to_string()))?;
        let exactly = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build();
        let exactly = exactly.map_err(|error| self.failed(OPERATION, name, &error.to_string()))?;
        // The SDK's token, one for all tries of this request, makes a second try find its own schedule. A
        // token that is the same for every request of a name would refuse one that asks for another time.
        let request = self.client.create_schedule().group_name(&self.group).name(name).target(target);
        let made = request
            .schedule_expression(expression(when, self.clock.now()))
            .schedule_expression_timezone("UTC")
            .flexible_time_window(exactly)
            .action_after_completion(ActionAfterCompletion::Delete)
            .send()
            .await;
        match made {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(CreateScheduleError::is_conflict_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(self.failed(OPERATION, name, &words(&error))),
        }
    }

    async fn cancel(&self, name: &str) -> Result<(), SchedulerError> {
        // Such a one was never made.
        if !is_name(name) {
            return Ok(());
        }
        let gone = self.client.delete_schedule().group_name(&self.group).name(name).send().await;
        match gone {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteScheduleError::is_resource_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(self.failed("DeleteSchedule", name, &words(&error))),
        }
    }
}

/// The body of a job that Scheduler could not send, from what it puts into the failures queue: the body
/// itself, or the request to SQS that failed, `{"MessageBody":…,"QueueUrl":…}`. Why is in the message's
/// attributes (`ERROR_CODE`, `ERROR_MESSAGE`, `SCHEDULE_ARN`, …). `None` for what is no such request.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>
pub fn undelivered(body: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Request {
        #[serde(rename = "MessageBody")]
        body: String,
    }
    serde_json::from_str::<Request>(body).ok().map(|request| request.body)
}

/// What both adapters take as a name.
fn is_name(name: &str) -> bool {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_good)
}

/// The time as Scheduler has it, rounded up to its whole second: never before.
fn expression(when: Timestamp, now: Timestamp) -> String {
    let when = when.max(now.saturating_add(SOON).unwrap_or(now));
    let up = i64::from(when.subsec_nanosecond() > 0);
    let when = Timestamp::from_second(when.as_second() + up).unwrap_or(when);
    when.strftime("at(%Y-%m-%dT%H:%M:%S)").to_string()
}

/// The JSON so written that Scheduler leaves it as it is: it replaces keywords such as
/// `<aws.scheduler.execution-id>`, and in JSON `<` is only ever in strings.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
fn verbatim(body: String) -> String {
    const KEYWORD: &str = "<aws.scheduler.";
    if body.contains(KEYWORD) { body.replace(KEYWORD, "\\u003caws.scheduler.") } else { body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_rounded_up_and_never_past() {
        let now = at("2026-01-01T00:00:00Z");
        assert_eq!(expression(at("2026-12-31T23:59:59Z"), now), "at(2026-12-31T23:59:59)");
        assert_eq!(expression(at("2026-12-31T23:59:59.000000001Z"), now), "at(2027-01-01T00:00:00)");
        assert_eq!(expression(at("2025-01-01T00:00:00Z"), now), "at(2026-01-01T00:00:05)");
        assert_eq!(expression(now, at("2026-01-01T00:00:00.5Z")), "at(2026-01-01T00:00:06)");
        assert_eq!(expression(at("2026-07-01T00:00:00+05:00"), now), "at(2026-06-30T19:00:00)");
    }

    #[test]
    fn keywords_of_scheduler_stay_words() {
        let body = serde_json::json!({ "note": "<aws.scheduler.execution-id> <b>" }).to_string();
        let sent = verbatim(body.clone());
        assert!(!sent.contains("<aws.") && sent.contains("<b>"), "{sent}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&sent), read(&body));
    }

    #[test]
    fn what_was_not_delivered_is_unwrapped() {
        let wrapped = serde_json::json!({ "MessageBody": "{\"v\":1}", "QueueUrl": "https://x" }).to_string();
        assert_eq!(undelivered(&wrapped).as_deref(), Some("{\"v\":1}"));
        assert_eq!(undelivered("{\"v\":1}"), None);
        assert_eq!(undelivered("MessageBody"), None);
    }

    #[test]
    fn arns_come_from_urls() {
        let url = |name: &str| format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}");
        let urls = QueueUrls {
            events: url("e"),
            stages: url("s"),
            priority_stages: url("p"),
            failures: "http://127.0.0.1:4566/000000000000/f".to_owned(),
        };
        let arns = queue_arns(&urls, "eu-west-1", "arn:aws-cn:iam::123456789012:role/r").unwrap();
        assert_eq!(arns.of(QueueName::Stages), "arn:aws-cn:sqs:eu-west-1:123456789012:s");
        assert_eq!(arns.of(QueueName::Failures), "arn:aws-cn:sqs:eu-west-1:000000000000:f");
        assert_eq!(queue_arns(&urls, "eu-west-1", "role/r"), None);
        let odd = QueueUrls { events: "events".to_owned(), ..urls };
        assert_eq!(queue_arns(&odd, "eu-west-1", "arn:aws:iam::123456789012:role/r"), None);
    }
}
