//! Pollers: what Lambda's event sources do on AWS.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use harkara_engine::port::{Delivery, QueueName, Unprocessed};
use tokio::{sync::watch, task::JoinSet};

use crate::queue::Queues;

/// SQS's largest batch.
const BATCH: usize = 10;

/// Consumes a queue with so many pollers side by side until `stop` is `true` or its sender is gone;
/// then finishes the batches at hand and returns.
///
/// A batch has what is there, 1 to 10 messages: nothing waits for a fuller one. A handler that panics
/// has processed nothing of its batch, as on Lambda; the messages come again.
pub async fn consume<F, Fut>(
    queues: Queues,
    queue: QueueName,
    workers: usize,
    handler: F,
    stop: watch::Receiver<bool>,
) where
    F: Fn(Vec<Delivery>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Unprocessed> + Send,
{
    let handler = Arc::new(handler);
    let mut pollers = JoinSet::new();
    for _ in 0..workers.max(1) {
        let (queues, handler, stop) = (queues.clone(), Arc::clone(&handler), stop.clone());
        pollers.spawn(async move { poll(&queues, queue, handler.as_ref(), stop).await });
    }
    while let Some(ended) = pollers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%queue, %error, "a poller has died");
        }
    }
}

async fn poll<F, Fut>(queues: &Queues, queue: QueueName, handler: &F, mut stop: watch::Receiver<bool>)
where
    F: Fn(Vec<Delivery>) -> Fut,
    Fut: Future<Output = Unprocessed>,
{
    while !*stop.borrow() {
        let batch = tokio::select! {
            batch = queues.receive(queue, BATCH) => batch,
            changed = stop.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let receipts: Vec<String> = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
        let unprocessed = contain(queue, handler, batch, &receipts).await;
        queues.settle(queue, &receipts, &unprocessed);
    }
}

/// Runs the handler; a panic means that nothing was processed.
async fn contain<F, Fut>(
    queue: QueueName,
    handler: &F,
    batch: Vec<Delivery>,
    receipts: &[String],
) -> Unprocessed
where
    F: Fn(Vec<Delivery>) -> Fut,
    Fut: Future<Output = Unprocessed>,
{
    match AssertUnwindSafe(async { handler(batch).await }).catch_unwind().await {
        Ok(unprocessed) => unprocessed,
        Err(_) => {
            tracing::error!(%queue, messages = receipts.len(), "a handler has panicked; its batch comes again");
            let ids = receipts.iter().filter_map(|receipt| receipt.split_once('-'));
            Unprocessed(ids.map(|(id, _)| id.to_owned()).collect())
        }
    }
}
