//! Batches: what every function that a queue feeds does alike.

use futures::{FutureExt, future::join_all};
use std::{future::Future, panic::AssertUnwindSafe};
use tracing::Instrument;

use crate::{
    fault::Fault,
    job::{BadJob, Job, MessageJob},
    port::{Delivery, Outgoing, Queue, QueueError, QueueName, Unprocessed, WriteError},
    trace,
};

/// Works on the messages of a batch side by side, so that one bad message never repeats its
/// neighbours. `work` says whether its message is settled; the others have to come again, as has one
/// over which it panics.
pub(crate) async fn each<'a, F>(
    function: &'static str,
    deliveries: &'a [Delivery],
    work: impl Fn(&'a Delivery, Result<Job, BadJob>) -> F,
) -> Unprocessed
where
    F: Future<Output = bool>,
{
    // What a panic leaves behind is in the table and the queues, which are whole after any failure.
    let contained = |delivery: &'a Delivery| {
        let job = Job::read(&delivery.body);
        let span = trace::of_delivery(function, delivery, &job);
        AssertUnwindSafe(work(delivery, job)).catch_unwind().instrument(span)
    };
    let settled = join_all(deliveries.iter().map(contained)).await;
    let again = deliveries.iter().zip(settled).filter(|(_, settled)| !matches!(settled, Ok(true)));
    Unprocessed(again.map(|(delivery, _)| delivery.id.clone()).collect())
}

/// Gives a message that is no job for whoever got it to the dead-letter function, whole.
///
/// # Errors
/// When the queue does not take it.
pub(crate) async fn put_aside(
    queue: &dyn Queue,
    delivery: &Delivery,
    problem: Option<BadJob>,
) -> Result<(), QueueError> {
    let problem = problem.as_ref().map(tracing::field::display);
    tracing::error!(problem, "not a job for this function");
    queue.send(QueueName::Failures, vec![Outgoing::now(delivery.body.clone())]).await
}

/// Whether a message can never be worked on, so that it need not come again.
pub(crate) fn is_hopeless(fault: &Fault) -> bool {
    matches!(fault, Fault::Write(WriteError::TooLarge(_)))
}

/// Gives a message that can never be worked on to the dead-letter function, with the reason.
///
/// # Errors
/// When the queue does not take it.
pub(crate) async fn give_up(queue: &dyn Queue, delivery: &Delivery, fault: &Fault) -> Result<(), QueueError> {
    tracing::error!(problem = %fault.logged(), "can never be worked on");
    let job = MessageJob { body: delivery.body.clone(), problem: fault.to_string() };
    let wrapped = Job::Message(job).body();
    // What has no room for the reason goes without it.
    let body = if wrapped.len() <= Outgoing::MAX_BODY { wrapped } else { delivery.body.clone() };
    queue.send(QueueName::Failures, vec![Outgoing::now(body)]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_brings_back_its_own_message_alone() {
        let batch = ["fine", "panics", "fine too", "fails"].map(|body| Delivery {
            id: body.to_owned(),
            receipt: String::new(),
            body: body.to_owned(),
            receives: 1,
        });
        let again = each("test", &batch, |delivery, _| async move {
            assert_ne!(delivery.body, "panics");
            delivery.body != "fails"
        });
        assert_eq!(
            futures::executor::block_on(again),
            Unprocessed(vec!["panics".to_owned(), "fails".to_owned()])
        );
    }
}
