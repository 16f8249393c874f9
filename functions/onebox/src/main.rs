//! The binary `harkara`.

use clap::Parser;
use std::process::ExitCode;

/// A fifth of the time of an order went into the system's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<ExitCode> {
    let command = match harkara_onebox::command::Arguments::try_parse() {
        Ok(command) => command,
        Err(said) => {
            said.print()?;
            // Not clap's 2, which says of `flow diff` that something differs.
            return Ok(if said.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
    };
    let filter = std::env::var("HARKARA_LOG").unwrap_or_else(|_| command.log_level().to_owned());
    command.log_format()?.start(tracing_subscriber::EnvFilter::try_new(filter)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(command.run()).unwrap_or_else(|error| {
        eprintln!("harkara: {error:#}");
        ExitCode::FAILURE
    }))
}
