//! The console as a Lambda function, behind the HTTP API.

mod site;

use harkara_aws::{Config, Session, function};
use harkara_console::Console;
use harkara_engine::{
    catalog::Catalog, outbox::OutboxMailer, read::Reader, replay::Replayer, setup::Setup, stage::StageRunner,
};
use site::Site;
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let address = session.config().url(Config::PUBLIC_URL)?.map(str::to_owned);
    let site = Arc::new(Site::new(consoles(&session)?, address));
    function::http(move |request| site.clone().answer(request)).await
}

/// Makes the store's console for an address.
fn consoles(
    session: &Session,
) -> Result<impl Fn(String) -> Console + Send + Sync + 'static, function::Ended> {
    let store = session.config().require(Config::STORE)?.to_owned();
    let (table, clock, http) = (session.table()?, session.clock(), session.http());
    let (queue, scheduler, secrets) = (session.queue()?, session.scheduler()?, session.secrets()?);
    let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()));
    let counters = Arc::default();
    let reader = Arc::new(Reader { table: table.clone(), catalog: catalog.clone() });
    let setup = Setup { table: table.clone(), clock: clock.clone(), catalog: catalog.clone() };
    // A preview only looks at stages: it performs none, and mails nobody.
    let stages = StageRunner {
        table: table.clone(),
        queue: queue.clone(),
        scheduler: scheduler.clone(),
        clock: clock.clone(),
        catalog: catalog.clone(),
        http: http.clone(),
        mailer: Arc::new(OutboxMailer { table: table.clone(), clock: clock.clone() }),
        secrets: secrets.clone(),
        counters: Arc::clone(&counters),
    };
    let replayer = Replayer {
        table: table.clone(),
        queue: queue.clone(),
        scheduler,
        clock: clock.clone(),
        catalog,
        stages: Arc::new(stages),
    };
    let (setup, replayer) = (Arc::new(setup), Arc::new(replayer));
    Ok(move |base_url| Console {
        reader: reader.clone(),
        setup: setup.clone(),
        replayer: replayer.clone(),
        table: table.clone(),
        queue: queue.clone(),
        http: http.clone(),
        secrets: secrets.clone(),
        clock: clock.clone(),
        counters: counters.clone(),
        store: store.as_str().into(),
        base_url,
        secure_cookies: true,
        queue_depths: None,
    })
}
