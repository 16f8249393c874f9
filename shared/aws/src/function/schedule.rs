//! Functions that a recurring schedule wakes.

use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use std::{fmt::Display, future::Future};

use super::Ended;

/// Does `work` whenever the schedule fires; what the event says does not matter. Work that fails
/// fails the invocation, so that Lambda counts it and tries again.
///
/// # Errors
/// When Lambda's runtime cannot be reached.
pub async fn schedule<T, E, F>(work: impl Fn() -> F) -> Result<(), Ended>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let handle = |_: LambdaEvent<IgnoredAny>| {
        let work = work();
        async move { work.await.map(drop).map_err(|error| Ended::from(error.to_string())) }
    };
    lambda_runtime::run(service_fn(handle)).await
}
