//! The binary `harkara`.

use anyhow::Context;
use clap::Parser;
use std::{io::Write, process::ExitCode};

/// A fifth of the time of an order went into the system's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    let command = match harkara_onebox::command::Arguments::try_parse() {
        Ok(command) => command,
        Err(said) => {
            // Whoever does not want to hear it to its end need not.
            _ = said.print();
            // Not clap's 2, which says of `flow diff` that something differs.
            return Ok(if said.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
    };
    let filter = std::env::var("HARKARA_LOG").unwrap_or_else(|_| command.log_level().to_owned());
    command.log_format()?.start(tracing_subscriber::EnvFilter::try_new(filter)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(command.run());
    let told = harkara_onebox::output::finish().context("writing to the standard output");
    Ok(done.and_then(|code| told.map(|()| code)).unwrap_or_else(|error| {
        // Where nobody can be told, the exit code says it.
        _ = writeln!(std::io::stderr(), "harkara: {error:#}");
        ExitCode::FAILURE
    }))
}
