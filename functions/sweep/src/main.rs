//! The sweep as a Lambda function, woken by a recurring schedule.

use harkara_aws::{Session, function};
use harkara_engine::sweep::Sweeper;
use std::process::ExitCode;

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let sweeper = Sweeper {
        table: session.table()?,
        queue: session.queue()?,
        scheduler: session.scheduler()?,
        clock: session.clock(),
        counters: session.counters(),
    };
    function::schedule(&session, async || harkara_sweep::handle(&sweeper).await).await
}
