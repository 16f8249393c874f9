//! Logs on the standard output, which Lambda brings to CloudWatch.

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::{Layer, SubscriberExt},
    util::SubscriberInitExt,
};

/// Begins to log from a level on, as Lambda names it (`AWS_LAMBDA_LOG_LEVEL`); `INFO` unless told
/// otherwise. Libraries are heard from `WARN` on. Lambda filters by a line's own level only where it
/// bears a time, so it does.
pub(super) fn start(level: Option<&str>) {
    let level = level_of(level);
    let heard = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("harkara", level);
    let lines = harkara_log::lines(std::io::stdout);
    // Who has logs already, such as a test, keeps them.
    drop(tracing_subscriber::registry().with(lines.with_filter(heard)).try_init());
    harkara_log::hush_panics();
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

/// The span of an invocation.
pub(super) fn invocation(request: &str) -> tracing::Span {
    // An error's level only so that no filter parts lines from it; the name is the one of Lambda's own lines.
    tracing::error_span!("invocation", requestId = request)
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
