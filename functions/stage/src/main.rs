//! The stage function as a Lambda function, fed by both queues of stages.

use harkara_aws::{Session, function};
use harkara_engine::{catalog::Catalog, port::QueueName, stage::StageRunner};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let (table, clock) = (session.table()?, session.clock());
    let stages = StageRunner {
        queue: session.queue()?,
        scheduler: session.scheduler()?,
        catalog: Arc::new(Catalog::new(table.clone(), clock.clone())),
        http: session.http(),
        mailer: session.mailer()?,
        secrets: session.secrets()?,
        counters: session.counters(),
        table,
        clock,
    };
    let work = async |queue, batch: Vec<_>| harkara_stage::handle(&stages, queue, &batch).await;
    function::batches(&session, &[QueueName::Stages, QueueName::PriorityStages], work).await
}
