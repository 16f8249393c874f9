//! What failed for good: filed, told to the team, and run again on purpose.

use harkara_engine::{
    bury::Undertaker,
    port::{Delivery, Unprocessed},
};

/// Works on a batch of the failures queue.
pub async fn handle(undertaker: &Undertaker, batch: &[Delivery]) -> Unprocessed {
    undertaker.batch(batch).await
}
