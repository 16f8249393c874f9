//! What every function's `main` has in common: the cold start, and the loop that takes events.

mod batches;
mod http;
mod log;
mod metrics;
mod schedule;

use std::{error::Error, future::Future, process::ExitCode};

use crate::{Config, Session};

pub use self::http::{Caller, http};
pub use batches::{Answer, batches};
pub use schedule::schedule;

/// What ends a function: [`crate::Missing`] at its cold start, or a runtime that cannot be reached.
pub type Ended = Box<dyn Error + Send + Sync>;

/// What Lambda's runtime takes for granted, and panics without: nobody but Lambda starts a function.
const OF_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// Runs a function: begins a session, and gives it to `function`, which takes its ports and then
/// events, one after the other.
///
/// A function that cannot begin says why in one line and exits. What can be told at a cold start
/// without a call is told then: variables that are missing or make no sense. Permissions are not
/// tried: most of what they allow cannot be tried without doing it, and each call would cost every
/// cold start more than all the rest of it. What AWS refuses is told by the first event instead, in
/// AWS's own words, which name the action and the resource; the event comes again.
///
/// One thread is enough: a function has one event at a time and waits for the network. What computes
/// for long (a password's hash) has the runtime's threads for blocking work.
pub fn main<F>(function: impl FnOnce(Session) -> F) -> ExitCode
where
    F: Future<Output = Result<(), Ended>>,
{
    let config = Config::from_env();
    log::start(config.get("AWS_LAMBDA_LOG_LEVEL"));
    let ended = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Ended::from);
    let ended = ended.and_then(|runtime| {
        for variable in OF_LAMBDA {
            config.require(variable)?;
        }
        let session = Session::start(config)?;
        runtime.block_on(function(session))
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot run");
            ExitCode::FAILURE
        }
    }
}
