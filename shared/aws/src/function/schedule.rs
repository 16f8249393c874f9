//! Functions that a recurring schedule wakes.

use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use std::fmt::Display;

use super::Ended;

/// Does `work` whenever the schedule fires; what the event says does not matter. Work that fails
/// fails the invocation, so that Lambda counts it and tries again.
///
/// # Errors
/// When Lambda's runtime cannot be reached.
pub async fn schedule<T, E: Display>(work: impl AsyncFn() -> Result<T, E>) -> Result<(), Ended> {
    let handle = |_: LambdaEvent<IgnoredAny>| {
        let work = &work;
        async move { work().await.map(drop).map_err(|error| Ended::from(error.to_string())) }
    };
    lambda_runtime::run(service_fn(handle)).await
}
