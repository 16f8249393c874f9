//! Stages that are due: decided on what is so now, claimed, performed, recorded, handed on.

use harkara_engine::{
    port::{Delivery, Unprocessed},
    stage::StageRunner,
};

/// Works on a batch of the stages queue.
pub async fn handle(stages: &StageRunner, batch: &[Delivery]) -> Unprocessed {
    stages.batch(batch).await
}
