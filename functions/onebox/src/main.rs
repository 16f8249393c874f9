//! The binary `harkara`.

use clap::Parser;

/// A fifth of the time of an order went into the system's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    let command = harkara_onebox::command::Arguments::parse();
    let filter = std::env::var("HARKARA_LOG").unwrap_or_else(|_| command.log_level().to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_new(filter)?)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command.run())
}
