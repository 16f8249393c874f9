//! All use cases over one set of ports.

use harkara_engine::{
    bury::Undertaker,
    catalog::Catalog,
    count::Counters,
    ingest::Ingest,
    matching::Matcher,
    port::{Clock, Http, Mailer, Queue, Scheduler, Secrets, Table},
    read::Reader,
    replay::Replayer,
    setup::Setup,
    stage::StageRunner,
    sweep::Sweeper,
};
use std::sync::Arc;

/// The ports.
#[derive(Clone)]
pub struct Ports {
    /// Persistence.
    pub table: Arc<dyn Table>,
    /// Queues.
    pub queue: Arc<dyn Queue>,
    /// Schedules.
    pub scheduler: Arc<dyn Scheduler>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Providers.
    pub http: Arc<dyn Http>,
    /// Mail.
    pub mailer: Arc<dyn Mailer>,
    /// Connections of stores.
    pub secrets: Arc<dyn Secrets>,
}

/// The use cases.
pub struct World {
    /// The ports that they work over.
    pub ports: Ports,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// What is counted.
    pub counters: Arc<Counters>,
    /// Takes webhooks in.
    pub ingest: Ingest,
    /// Folds facts, begins runs.
    pub matcher: Matcher,
    /// Performs stages.
    pub stages: StageRunner,
    /// Files failures.
    pub undertaker: Undertaker,
    /// Runs failures again.
    pub replayer: Arc<Replayer>,
    /// Finds what is overdue.
    pub sweeper: Sweeper,
    /// Reads for people.
    pub reader: Arc<Reader>,
    /// Sets stores up.
    pub setup: Arc<Setup>,
}

impl World {
    /// Assembles the use cases.
    pub fn new(ports: Ports) -> Self {
        let Ports { table, queue, scheduler, clock, http, mailer, secrets } = ports.clone();
        let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()).reading_text());
        let counters = Arc::new(Counters::default());
        let stages = StageRunner {
            table: table.clone(),
            queue: queue.clone(),
            scheduler: scheduler.clone(),
            clock: clock.clone(),
            catalog: catalog.clone(),
            http,
            mailer,
            secrets: secrets.clone(),
            counters: counters.clone(),
        };
        let replayer = Arc::new(Replayer {
            table: table.clone(),
            queue: queue.clone(),
            scheduler: scheduler.clone(),
            clock: clock.clone(),
            catalog: catalog.clone(),
        });
        Self {
            ingest: Ingest {
                secrets,
                queue: queue.clone(),
                clock: clock.clone(),
                counters: counters.clone(),
                rates: Arc::default(),
                refusals: Arc::default(),
            },
            matcher: Matcher {
                table: table.clone(),
                queue: queue.clone(),
                scheduler: scheduler.clone(),
                clock: clock.clone(),
                catalog: catalog.clone(),
                counters: counters.clone(),
            },
            undertaker: undertaker(&ports, &catalog, &replayer, &counters),
            sweeper: Sweeper {
                table: table.clone(),
                queue,
                scheduler,
                clock: clock.clone(),
                counters: counters.clone(),
            },
            reader: Arc::new(Reader { table: table.clone(), catalog: catalog.clone() }),
            setup: Arc::new(Setup { table, clock, catalog: catalog.clone() }),
            stages,
            replayer,
            catalog,
            counters,
            ports,
        }
    }
}

fn undertaker(
    ports: &Ports,
    catalog: &Arc<Catalog>,
    replayer: &Arc<Replayer>,
    counters: &Arc<Counters>,
) -> Undertaker {
    Undertaker {
        table: ports.table.clone(),
        queue: ports.queue.clone(),
        scheduler: ports.scheduler.clone(),
        clock: ports.clock.clone(),
        catalog: catalog.clone(),
        mailer: ports.mailer.clone(),
        replayer: replayer.clone(),
        counters: counters.clone(),
    }
}
