//! The console over the ports on AWS.

use harkara_aws::{Config, Missing, Session};
use harkara_console::Console;
use harkara_engine::{
    catalog::Catalog, rates::Rates, read::Reader, replay::Replayer, setup::Setup, time_machine::UnderWay,
};
use std::sync::Arc;

/// Makes the store's console for an address.
pub(crate) fn consoles(
    session: &Session,
) -> Result<impl Fn(String) -> Console + Send + Sync + 'static, Missing> {
    let store = session.config().require(Config::STORE)?.to_owned();
    let (table, clock, http) = (session.table()?, session.clock(), session.http());
    let (queue, scheduler, secrets) = (session.queue()?, session.scheduler()?, session.secrets()?);
    let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()));
    let (counters, under_way) = (session.counters(), Arc::new(UnderWay::default()));
    let rates = Arc::new(Rates::default());
    let reader = Arc::new(Reader { table: table.clone(), catalog: catalog.clone() });
    let setup = Setup { table: table.clone(), clock: clock.clone(), catalog: catalog.clone() };
    let replayer =
        Replayer { table: table.clone(), queue: queue.clone(), scheduler, clock: clock.clone(), catalog };
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
        rates: rates.clone(),
        under_way: under_way.clone(),
        store: store.as_str().into(),
        base_url,
        secure_cookies: true,
        queue_depths: None,
    })
}
