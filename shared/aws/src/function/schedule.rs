//! Functions that a recurring schedule wakes.

use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use std::fmt::Display;
use tracing::Instrument;

use super::{Ended, log, metrics::Metrics};
use crate::Session;

/// Does `work` whenever the schedule fires; what the event says does not matter. Work that fails
/// fails the invocation, so that Lambda counts it and tries again.
///
/// # Errors
/// When Lambda's runtime cannot be reached.
pub async fn schedule<T, E: Display>(
    session: &Session,
    work: impl AsyncFn() -> Result<T, E>,
) -> Result<(), Ended> {
    let metrics = Metrics::new(session.counters(), session.config());
    let handle = |event: LambdaEvent<IgnoredAny>| {
        let (work, metrics) = (&work, &metrics);
        let done = async move {
            let done = work().await.map(drop).map_err(|error| Ended::from(error.to_string()));
            metrics.tell();
            done
        };
        done.instrument(log::invocation(&event.context.request_id))
    };
    lambda_runtime::run(service_fn(handle)).await
}
