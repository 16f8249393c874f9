//! Functions that SQS feeds: an event's records become deliveries, and what was not processed is
//! told by its id, so that one bad record never repeats its neighbours.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use harkara_engine::{
    ladder::MAX_RECEIVES,
    port::{Delivery, QueueName, Unprocessed},
};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::Instrument;

use super::{Ended, log, metrics::Metrics};
use crate::{Config, Missing, Session};

/// A batch of SQS, each record as it came: one that cannot be read must not keep the others from it.
#[derive(Deserialize)]
pub(crate) struct Event {
    #[serde(rename = "Records", default)]
    records: Vec<Box<RawValue>>,
}

/// What Lambda is told of a batch.
pub type Answer = SqsBatchResponse;

/// Takes batches of `queues` for `work`, one queue's at a time.
///
/// # Errors
/// [`Missing`] when a queue's URL is not set; else when Lambda's runtime cannot be reached.
pub async fn batches(
    session: &Session,
    queues: &[QueueName],
    work: impl AsyncFn(QueueName, Vec<Delivery>) -> Unprocessed,
) -> Result<(), Ended> {
    let sources = Sources::of(session.config(), queues)?;
    let metrics = Metrics::new(session.counters(), session.config());
    let handle = |event: LambdaEvent<Event>| {
        let span = log::invocation(&event.context.request_id);
        let sorted = span.in_scope(|| sources.sort(&event.payload));
        let (work, metrics) = (&work, &metrics);
        let answer = async move {
            let answer = settle(sorted, work).await;
            metrics.tell();
            Ok::<_, Ended>(answer)
        };
        answer.instrument(span)
    };
    lambda_runtime::run(service_fn(handle)).await
}

/// An event, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// What came from each queue.
    pub(crate) batches: Vec<(QueueName, Vec<Delivery>)>,
    /// The ids of what cannot be worked on. It comes again, and is redriven after its last receive.
    pub(crate) unreadable: Vec<String>,
}

/// Works on what was sorted, and answers.
pub(crate) async fn settle(
    sorted: Sorted,
    work: &impl AsyncFn(QueueName, Vec<Delivery>) -> Unprocessed,
) -> Answer {
    let mut again = sorted.unreadable;
    for (queue, batch) in sorted.batches {
        again.extend(work(queue, batch).await.0);
    }
    let mut answer = SqsBatchResponse::default();
    answer.batch_item_failures = again
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    answer
}

/// The queues that a function consumes, by the names that they have with SQS.
#[derive(Debug)]
pub(crate) struct Sources(Vec<(String, QueueName)>);

impl Sources {
    /// Reads the names from the queues' URLs, whose last part they are.
    pub(crate) fn of(config: &Config, queues: &[QueueName]) -> Result<Self, Missing> {
        let named = queues.iter().map(|queue| {
            let url = config.queue(*queue)?;
            Ok((url.rsplit('/').next().unwrap_or_default().to_owned(), *queue))
        });
        named.collect::<Result<_, _>>().map(Self)
    }

    /// The queue of an `eventSourceARN`, such as `arn:aws:sqs:us-east-1:123456789012:harkara-stages`.
    fn queue(&self, arn: &str) -> Option<QueueName> {
        let name = arn.rsplit(':').next()?;
        self.0.iter().find(|(known, _)| known == name).map(|(_, queue)| *queue)
    }

    /// Makes deliveries of an event's records.
    pub(crate) fn sort(&self, event: &Event) -> Sorted {
        let mut sorted = Sorted::default();
        for record in &event.records {
            match self.delivery(record.get()) {
                Ok((queue, delivery)) => match sorted.batches.iter_mut().find(|(known, _)| *known == queue) {
                    Some((_, batch)) => batch.push(delivery),
                    None => sorted.batches.push((queue, vec![delivery])),
                },
                Err(Unreadable { id, problem }) => {
                    tracing::error!(delivery = id.as_deref(), problem, "a record that is none of SQS's");
                    // Without an id there is no message in a queue that could come again.
                    sorted.unreadable.extend(id);
                }
            }
        }
        sorted
    }

    fn delivery(&self, record: &str) -> Result<(QueueName, Delivery), Unreadable> {
        let Ok(message) = serde_json::from_str::<SqsMessage>(record) else {
            return Err(Unreadable { id: id_of(record), problem: "it cannot be read" });
        };
        let id = message.message_id.filter(|id| !id.is_empty());
        let unreadable = |problem| Unreadable { id: id.clone(), problem };
        let arn = message.event_source_arn.unwrap_or_default();
        let queue = self.queue(&arn).ok_or_else(|| unreadable("it is from a queue of others"))?;
        let body = message.body.ok_or_else(|| unreadable("it has no body"))?;
        let receipt = message.receipt_handle.ok_or_else(|| unreadable("it has no receipt handle"))?;
        let receives = message.attributes.get("ApproximateReceiveCount");
        let receives: u32 = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
        // SQS counts across queues; whoever is asked here had nothing to do with those of another.
        let redriven = message.attributes.contains_key("DeadLetterQueueSourceArn");
        let before = if redriven { MAX_RECEIVES } else { 0 };
        let receives = receives.saturating_sub(before).max(1);
        let id = id.clone().ok_or_else(|| unreadable("it has no id"))?;
        Ok((queue, Delivery { id, receipt, body, receives }))
    }
}

/// A record that is no delivery.
struct Unreadable {
    id: Option<String>,
    problem: &'static str,
}

/// The id of a record of which other parts cannot be read.
fn id_of(record: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Known {
        message_id: String,
    }
    serde_json::from_str::<Known>(record).ok().map(|known| known.message_id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests;
