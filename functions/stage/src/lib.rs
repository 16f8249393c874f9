//! Stages that are due: decided on what is so now, claimed, performed, recorded, handed on.

use harkara_engine::{
    port::{Delivery, QueueName, Unprocessed},
    stage::StageRunner,
};

/// Works on a batch of one of the queues of stages.
pub async fn handle(stages: &StageRunner, queue: QueueName, batch: &[Delivery]) -> Unprocessed {
    stages.batch(queue, batch).await
}
