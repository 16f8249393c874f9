//! The sending side of SQS.

use std::{fmt::Display, time::Duration};

use async_trait::async_trait;
use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use futures::{StreamExt, stream};
use harkara_engine::{
    job,
    port::{Outgoing, PerQueue, Queue, QueueError, QueueName},
};

use crate::{body::sendable, fault::words};

/// SQS's largest batch, in messages.
const MAX_BATCH: usize = 10;
/// The largest batch in bytes. SQS takes more by now, but a queue may be set to this.
const MAX_BATCH_BYTES: usize = Outgoing::MAX_BODY;
/// SQS's longest visibility.
const MAX_VISIBILITY: Duration = Duration::from_secs(12 * 3600);
/// Batches under way at once.
const AT_ONCE: usize = 4;
/// How often the messages of a batch are offered which SQS, taking others, did not take.
const TRIES: u32 = 4;
/// The wait before the second try; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The queues' URLs.
pub type QueueUrls = PerQueue<String>;

/// The queues on SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    urls: QueueUrls,
    fair: bool,
}

/// A message that is within all limits.
#[derive(Clone)]
struct Entry {
    body: String,
    /// Between whose messages the queue is fair.
    group: Option<String>,
    /// Seconds.
    delay: i32,
}

impl SqsQueue {
    /// These queues, by this client.
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls, fair: false }
    }

    /// The same, with messages that say whose they are, so that SQS is fair between them. AWS takes a quarter
    /// more for such requests.
    pub fn fair(self) -> Self {
        Self { fair: true, ..self }
    }

    async fn send_batch(&self, url: &str, batch: Vec<Entry>) -> Result<(), String> {
        match batch.as_slice() {
            [only] => self.send_one(url, only).await,
            _ => self.send_several(url, batch).await,
        }
    }

    async fn send_one(&self, url: &str, entry: &Entry) -> Result<(), String> {
        let request = self.client.send_message().queue_url(url).message_body(&entry.body);
        let sent = request.delay_seconds(entry.delay).set_message_group_id(entry.group.clone()).send().await;
        sent.map(drop).map_err(|error| failed("SendMessage", url, words(&error)))
    }

    /// Sends a batch, and again what SQS did not take of it.
    async fn send_several(&self, url: &str, mut left: Vec<Entry>) -> Result<(), String> {
        const OPERATION: &str = "SendMessageBatch";
        let count = left.len();
        let mut last = "no word of them".to_owned();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(FIRST_WAIT * 2_u32.saturating_pow(attempt - 1)).await;
            }
            let entries = numbered(&left).map_err(|error| failed(OPERATION, url, error))?;
            let request = self.client.send_message_batch().queue_url(url).set_entries(Some(entries));
            let answer = request.send().await.map_err(|error| failed(OPERATION, url, words(&error)))?;
            let taken: Vec<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
            let mut place = 0..count;
            left.retain(|_| place.next().is_none_or(|place| !taken.contains(&place.to_string().as_str())));
            if left.is_empty() {
                return Ok(());
            }
            // A fault of the sender's is there to stay.
            if let Some(worst) = answer.failed().iter().max_by_key(|entry| entry.sender_fault()) {
                worst.code().clone_into(&mut last);
                if worst.sender_fault() {
                    break;
                }
            }
        }
        Err(failed(OPERATION, url, format!("{} of {count} messages not taken: {last}", left.len())))
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError> {
        let refused = |problem| QueueError { queue, problem };
        let batches = batches(messages, self.fair).map_err(refused)?;
        let url = self.urls.of(queue);
        // Every batch is seen to its end: what is under way is not dropped for another's failure.
        let sends = stream::iter(batches).map(|batch| self.send_batch(url, batch));
        let sent: Vec<_> = sends.buffer_unordered(AT_ONCE).collect().await;
        sent.into_iter().collect::<Result<(), String>>().map_err(refused)
    }

    async fn set_visibility(
        &self,
        queue: QueueName,
        receipt: &str,
        hidden_for: Duration,
    ) -> Result<(), QueueError> {
        let refused = |problem| QueueError { queue, problem };
        if hidden_for > MAX_VISIBILITY {
            let limit = MAX_VISIBILITY.as_secs();
            return Err(refused(format!("{} s hidden is over {limit} s", hidden_for.as_secs())));
        }
        let url = self.urls.of(queue);
        let request = self.client.change_message_visibility().queue_url(url).receipt_handle(receipt);
        let changed = request.visibility_timeout(whole_seconds(hidden_for)).send().await;
        changed.map(drop).map_err(|error| refused(failed("ChangeMessageVisibility", url, words(&error))))
    }
}

/// The messages in batches that SQS takes, in their order.
///
/// # Errors
/// What is wrong with a message; then none is to be sent.
fn batches(messages: Vec<Outgoing>, fair: bool) -> Result<Vec<Vec<Entry>>, String> {
    let mut batches = Vec::<Vec<Entry>>::new();
    let mut bytes = 0;
    for message in messages {
        if message.delay > Outgoing::MAX_DELAY {
            let limit = Outgoing::MAX_DELAY.as_secs();
            return Err(format!("a delay of {} s is over {limit} s", message.delay.as_secs_f64()));
        }
        let group = fair.then(|| job::group(&message.body)).filter(|group| is_group_id(group));
        let entry = Entry { group, body: sendable(message.body)?, delay: whole_seconds(message.delay) };
        match batches.last_mut() {
            Some(batch) if batch.len() < MAX_BATCH && bytes + entry.body.len() <= MAX_BATCH_BYTES => {
                bytes += entry.body.len();
                batch.push(entry);
            }
            _ => {
                bytes = entry.body.len();
                batches.push(vec![entry]);
            }
        }
    }
    Ok(batches)
}

/// Entries with their places as ids.
fn numbered(batch: &[Entry]) -> Result<Vec<SendMessageBatchRequestEntry>, String> {
    let entries = batch.iter().enumerate().map(|(place, entry)| {
        SendMessageBatchRequestEntry::builder()
            .id(place.to_string())
            .message_body(&entry.body)
            .delay_seconds(entry.delay)
            .set_message_group_id(entry.group.clone())
            .build()
    });
    entries.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Whether it can be a `MessageGroupId`. With it a standard queue is fair: who has more than a tenth of
/// what is in flight is served after the others
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>).
/// A message without one counts as a sender of its own.
fn is_group_id(group: &str) -> bool {
    (1..=128).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Rounded up: nothing is seen before its time.
fn whole_seconds(span: Duration) -> i32 {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

fn failed(operation: &str, url: &str, problem: impl Display) -> String {
    format!("{operation} to {url}: {problem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(sizes: &[usize]) -> Vec<Vec<usize>> {
        let messages = sizes.iter().map(|size| Outgoing::now("x".repeat(*size))).collect();
        let lengths = |batch: Vec<Entry>| batch.iter().map(|entry| entry.body.len()).collect();
        batches(messages, false).unwrap().into_iter().map(lengths).collect()
    }

    #[test]
    fn batches_keep_to_ten_messages_and_256_kb() {
        let (kb, max) = (1024, Outgoing::MAX_BODY);
        assert_eq!(shapes(&[1; 25]).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
        assert_eq!(shapes(&[max, max]), [[max], [max]]);
        assert_eq!(shapes(&[128 * kb, 128 * kb, 1]), [vec![128 * kb, 128 * kb], vec![1]]);
        assert_eq!(shapes(&[1, max, 1]), [[1], [max], [1]]);
        assert!(shapes(&[]).is_empty());
    }

    #[test]
    fn a_message_says_whose_it_is_where_sqs_can_be_told() {
        let sent = |body: &str, fair| batches(vec![Outgoing::now(body.to_owned())], fair).unwrap();
        let group = |body: &str| sent(body, true)[0][0].group.clone();
        assert_eq!(sent(r#"{"store":"demo"}"#, false)[0][0].group, None, "only where it is asked for");
        assert_eq!(group(r#"{"store":"demo","run":"cod~order_created~1"}"#).as_deref(), Some("demo/cod"));
        assert_eq!(group(r#"{"facts":[{"store":"demo"}]}"#).as_deref(), Some("demo"));
        assert_eq!(group("{}"), None);
        assert_eq!(group(r#"{"store":"d\u00e9mo"}"#), None);
        assert_eq!(group(&format!(r#"{{"store":"{}"}}"#, "x".repeat(129))), None);
    }

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(900)), 900);
    }
}
