//! The dead-letter function as a Lambda function, fed by the failures queue.

use harkara_aws::{Session, function};
use harkara_engine::{
    bury::Undertaker,
    catalog::Catalog,
    port::{Delivery, QueueName},
    replay::Replayer,
};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let undertaker = undertaker(&session)?;
    let work = async |_, batch: Vec<Delivery>| {
        let batch: Vec<_> = batch.into_iter().map(unwrapped).collect();
        harkara_dead_letter::handle(&undertaker, &batch).await
    };
    function::batches(&session, &[QueueName::Failures], work).await
}

/// What a schedule could not deliver comes wrapped into the request that failed.
fn unwrapped(delivery: Delivery) -> Delivery {
    let body = harkara_aws::undelivered(&delivery.body);
    Delivery { body: body.unwrap_or(delivery.body), ..delivery }
}

fn undertaker(session: &Session) -> Result<Undertaker, function::Ended> {
    let (table, clock) = (session.table()?, session.clock());
    let (queue, scheduler, mailer) = (session.queue()?, session.scheduler()?, session.mailer()?);
    let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()));
    let replayer = Arc::new(Replayer {
        table: table.clone(),
        queue: queue.clone(),
        scheduler: scheduler.clone(),
        clock: clock.clone(),
        catalog: catalog.clone(),
    });
    Ok(Undertaker { table, queue, scheduler, clock, catalog, mailer, replayer, counters: session.counters() })
}
