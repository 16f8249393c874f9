//! What is logged, and how: lines of JSON for programs, text for people.

use clap::ValueEnum;
use std::io::stderr;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of JSON each.
    Json,
    /// For a person to read.
    Text,
}

impl LogFormat {
    /// The variable that says it, where no argument does.
    pub const VARIABLE: &'static str = "HARKARA_LOG_FORMAT";

    /// What an argument asks for, or the variable, or what suits who reads: a server whose standard error is
    /// no terminal is read by a program.
    ///
    /// # Errors
    /// For a variable that names no format.
    pub fn chosen(argument: Option<Self>, variable: Option<&str>, for_program: bool) -> Result<Self, String> {
        let named = |name| Self::from_str(name, true).map_err(|_| format!("{}: {name}", Self::VARIABLE));
        let asked = argument.map_or_else(|| variable.map(named).transpose(), |asked| Ok(Some(asked)))?;
        Ok(asked.unwrap_or(if for_program { Self::Json } else { Self::Text }))
    }

    /// Begins to log what `filter` lets through, on the standard error.
    pub fn start(self, filter: EnvFilter) {
        match self {
            Self::Json => tracing_subscriber::registry().with(harkara_log::lines(stderr)).with(filter).init(),
            Self::Text => tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(stderr)
                .with_target(false)
                // They would be told of on the standard error, too, and a panic is what comes of a full disk there.
                .log_internal_errors(false)
                .init(),
        }
        harkara_log::hush_panics();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_goes_before_the_variable_and_that_before_the_usual() {
        let chosen = |argument, variable, for_program| LogFormat::chosen(argument, variable, for_program);
        assert_eq!(chosen(Some(LogFormat::Text), Some("json"), true), Ok(LogFormat::Text));
        assert_eq!(chosen(None, Some("JSON"), false), Ok(LogFormat::Json));
        assert_eq!(chosen(None, None, true), Ok(LogFormat::Json));
        assert_eq!(chosen(None, None, false), Ok(LogFormat::Text));
        assert!(chosen(None, Some("yaml"), true).unwrap_err().contains("yaml"));
    }
}
