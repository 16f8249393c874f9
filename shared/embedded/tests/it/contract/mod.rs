//! What every adapter of the ports must do. Written against the ports alone: another adapter gives
//! its own [`World`].

pub(crate) mod queue;
pub(crate) mod scheduler;
pub(crate) mod table;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use harkara_engine::port::{Delivery, Queue, QueueName, Scheduler, Table, Unprocessed};
use jiff::Timestamp;

/// An adapter under test, empty at first. Events redrive into failures after the fifth receive.
#[async_trait]
pub(crate) trait World: Send + Sync {
    fn table(&self) -> Arc<dyn Table>;
    fn queue(&self) -> Arc<dyn Queue>;
    fn scheduler(&self) -> Arc<dyn Scheduler>;
    fn now(&self) -> Timestamp;
    /// Lets time pass.
    async fn pass(&self, span: Duration);
    /// Up to ten messages that are visible now; none if there are none.
    async fn receive(&self, queue: QueueName) -> Vec<Delivery>;
    /// Ends a batch, as a runtime does.
    async fn settle(&self, queue: QueueName, batch: &[Delivery], unprocessed: &Unprocessed);
    /// The queue's visibility.
    fn visibility(&self) -> Duration;
}
