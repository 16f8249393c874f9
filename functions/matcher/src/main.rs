//! The matcher as a Lambda function, fed by the events queue.

use harkara_aws::{Session, function};
use harkara_engine::{catalog::Catalog, matching::Matcher, port::QueueName};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let (table, clock) = (session.table()?, session.clock());
    let matcher = Matcher {
        queue: session.queue()?,
        scheduler: session.scheduler()?,
        catalog: Arc::new(Catalog::new(table.clone(), clock.clone())),
        counters: session.counters(),
        table,
        clock,
    };
    let work = async |_, batch: Vec<_>| harkara_matcher::handle(&matcher, &batch).await;
    function::batches(&session, &[QueueName::Events], work).await
}
