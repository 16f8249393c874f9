//! Batches: what every function that a queue feeds does alike.

use futures::future::join_all;
use std::future::Future;

use crate::{
    job::BadJob,
    port::{Delivery, Outgoing, Queue, QueueError, QueueName, Unprocessed},
};

/// Works on the messages of a batch side by side, so that one bad message never repeats its
/// neighbours. `work` says whether its message is settled; the others have to come again.
pub(crate) async fn each<'a, F>(deliveries: &'a [Delivery], work: impl Fn(&'a Delivery) -> F) -> Unprocessed
where
    F: Future<Output = bool>,
{
    let settled = join_all(deliveries.iter().map(work)).await;
    let again = deliveries.iter().zip(settled).filter(|(_, settled)| !settled);
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
    tracing::error!(message = %delivery.id, ?problem, "not a job for this function");
    queue.send(QueueName::Failures, vec![Outgoing::now(delivery.body.clone())]).await
}
