//! Facts from the events queue: folded into views, matched with flows, runs begun.

use harkara_engine::{
    matching::Matcher,
    port::{Delivery, Unprocessed},
};

/// Works on a batch of the events queue.
pub async fn handle(matcher: &Matcher, batch: &[Delivery]) -> Unprocessed {
    matcher.batch(batch).await
}
