//! Logs: a line of JSON each on the standard output, which Lambda brings to CloudWatch.

use std::panic;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::{Layer, SubscriberExt},
    util::SubscriberInitExt,
};

/// Begins to log from a level on, as Lambda names it (`AWS_LAMBDA_LOG_LEVEL`); `INFO` unless told
/// otherwise. Libraries are heard from `WARN` on. Lambda filters by a line's own level only where it
/// bears a time, so it does.
pub(super) fn start(level: Option<&str>) {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false);
    let level = level_of(level);
    let heard = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("harkara", level)
        // Its spans bear the request's id; the lines within them are ours.
        .with_target("lambda_runtime", level);
    // Who has logs already, such as a test, keeps them.
    drop(tracing_subscriber::registry().with(lines.with_filter(heard)).try_init());
    // A panic's words can hold what it stumbled over, which may be a customer's.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "harkara", place, "a panic");
    }));
}

fn level_of(name: Option<&str>) -> LevelFilter {
    match name.map(str::to_ascii_uppercase).as_deref() {
        Some("TRACE") => LevelFilter::TRACE,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_lambda() {
        assert_eq!(level_of(None), LevelFilter::INFO);
        assert_eq!(level_of(Some("")), LevelFilter::INFO);
        assert_eq!(level_of(Some("debug")), LevelFilter::DEBUG);
        assert_eq!(level_of(Some("FATAL")), LevelFilter::ERROR);
    }
}
