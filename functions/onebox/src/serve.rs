//! `harkara serve`: webhooks, console and API on one address, the queues' consumers, the sweep.

use anyhow::{Context, Result, anyhow};
use axum::serve::ListenerExt;
use harkara_console::Console;
use harkara_domain::StoreId;
use harkara_embedded::{Embedded, ScaledClock, Settings, consume};
use harkara_engine::{
    outbox::OutboxMailer,
    people::{People, Role},
    port::{Clock, Delivery, QueueName, Secrets, SystemClock, Table, Unprocessed},
};
use harkara_http::HttpClient;
use jiff::Timestamp;
use std::{future::Future, path::Path, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    command::Serve,
    private,
    secrets_file::SecretsFile,
    smtp::SmtpOrOutbox,
    store_file::StoreFile,
    web,
    world::{Ports, World},
};

/// Pollers of each queue: with batches of ten, a provider that takes 150 ms still leaves room for
/// two thousand messages a second.
const POLLERS: [(QueueName, usize); 4] = [
    (QueueName::Events, 16),
    (QueueName::Stages, 48),
    (QueueName::PriorityStages, 16),
    (QueueName::Failures, 4),
];
/// Between two sweeps, in the clock's time.
const SWEEP_EVERY: Duration = Duration::from_secs(120);

/// Opens the database of a data folder, made where there is none.
///
/// # Errors
/// When the folder cannot be made, or the database is another's or in use.
pub fn open(data: &Path, clock: &Arc<dyn Clock>) -> Result<Embedded> {
    private::folder(data).with_context(|| format!("making {}", data.display()))?;
    Ok(Embedded::open(&data.join(DATABASE), clock.clone(), Settings::default())?)
}

/// The database of a data folder.
pub const DATABASE: &str = "harkara.db";
/// The file of a data folder that names its first store.
pub const FIRST_STORE: &str = "first-store";
/// The file of a data folder with the key of the command line on this machine.
pub const LOCAL_KEY: &str = "local.key";
/// The file of a data folder that says how far a fast clock has run ahead.
pub const CLOCK: &str = "clock";

/// The store that the console shows: the one asked for, else the one that was set up first in this
/// folder, else the demo.
pub fn console_store(data: &Path, asked: Option<String>) -> StoreId {
    let first = || std::fs::read_to_string(data.join(FIRST_STORE)).ok().map(|store| store.trim().to_owned());
    asked.or_else(first).unwrap_or_else(|| StoreFile::DEMO.to_owned()).into()
}

/// Remembers the first store of a folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn remember_first(data: &Path, store: &StoreId) -> Result<()> {
    let file = data.join(FIRST_STORE);
    if !file.exists() {
        std::fs::write(&file, store.as_str()).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// Makes an API key and returns it; only its digest is kept.
///
/// # Errors
/// For a role that does not exist, or when the table fails.
pub async fn make_key(
    table: Arc<dyn Table>,
    clock: &Arc<dyn Clock>,
    store: &StoreId,
    name: &str,
    role: &str,
) -> Result<String> {
    let role = Role::parse(role).ok_or_else(|| anyhow!("a key can be a viewer or an operator"))?;
    let people = People { table, clock: clock.clone() };
    Ok(people.make_key(store, name, role, "command line").await?.secret)
}

/// The key with which the command line on this machine reaches the server: the one of last time,
/// while it is good.
async fn local_key(data: &Path, embedded: &Embedded, clock: &Arc<dyn Clock>, store: &StoreId) -> Result<()> {
    let file = data.join(LOCAL_KEY);
    let people = People { table: embedded.table(), clock: clock.clone() };
    if let Ok(held) = std::fs::read_to_string(&file)
        && people.key(store, held.trim()).await?.is_some()
    {
        return Ok(());
    }
    let key = make_key(embedded.table(), clock, store, "local command line", "operator").await?;
    private::write(&file, &key).with_context(|| format!("writing {}", file.display()))
}

/// Serves until it is told to stop.
///
/// # Errors
/// When it cannot start, or the listener fails.
pub async fn serve(options: Serve) -> Result<()> {
    let clock = clock(&options)?;
    let embedded = Arc::new(open(&options.data, &clock)?);
    let secrets = Arc::new(SecretsFile::in_folder(&options.data));
    let world = Arc::new(World::new(ports(&embedded, &clock, secrets.clone())));
    let url = options.public_url.clone().unwrap_or_else(|| format!("http://{}", options.listen));
    let store = first_store(&options, &world, &secrets, &url).await?;
    let console = Arc::new(web::console(&world, &embedded, &store, &url));
    local_key(&options.data, &embedded, &clock, &store).await?;

    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("listening on {}", options.listen))?;
    if !options.quiet {
        greet(&console, &options, &store, &url).await?;
    }
    let (stop, stopped) = watch::channel(false);
    let tasks = work(&world, &embedded, &options, &stopped);
    // Whoever gives a public address has a proxy here, through which the world would seem to be on this machine.
    let metrics = web::metrics(&world, &embedded, &store, options.public_url.is_none());
    let app = web::router(world.clone(), console, Arc::new(metrics));
    let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    // An answer is small and whole: waiting to fill a packet would only delay it.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, service).with_graceful_shutdown(told_to_stop()).await?;
    // Batches at hand are finished; what is not begun stays in the queues.
    stop.send_replace(true);
    drain(tasks).await;
    embedded.close();
    Ok(())
}

fn ports(embedded: &Embedded, clock: &Arc<dyn Clock>, secrets: Arc<dyn Secrets>) -> Ports {
    let outbox = OutboxMailer { table: embedded.table(), clock: clock.clone() };
    Ports {
        table: embedded.table(),
        queue: embedded.queue(),
        scheduler: embedded.scheduler(),
        clock: clock.clone(),
        http: Arc::new(HttpClient::new()),
        mailer: Arc::new(SmtpOrOutbox::new(secrets.clone(), outbox)),
        secrets,
    }
}

/// A folder without a store gets the demo store.
async fn first_store(options: &Serve, world: &World, secrets: &SecretsFile, url: &str) -> Result<StoreId> {
    let store = console_store(&options.data, options.store.clone());
    if world.catalog.shelf(&store).await?.is_some() {
        return Ok(store);
    }
    if store.as_str() != StoreFile::DEMO {
        anyhow::bail!("the store {store} is not set up: see harkara store put");
    }
    let demo = StoreFile::demo(url)?.with_pack();
    secrets.put(demo.store.as_str(), &demo.connections)?;
    demo.put(&world.setup).await?;
    remember_first(&options.data, &store)?;
    Ok(store)
}

async fn greet(console: &Console, options: &Serve, store: &StoreId, url: &str) -> Result<()> {
    println!("Harkara is at {url}");
    match console.first_link().await? {
        Some(link) => println!("Set the owner's password (the link works once):\n    {url}{link}"),
        None => println!("Sign in at {url}/login"),
    }
    if options.time_scale > 1 {
        println!("Time runs {} times as fast.", options.time_scale);
    }
    if store.as_str() == StoreFile::DEMO {
        println!("Send sample orders:\n    harkara demo --data {} --url {url}", options.data.display());
    }
    Ok(())
}

/// Everything but the listener.
fn work(
    world: &Arc<World>,
    embedded: &Arc<Embedded>,
    options: &Serve,
    stopped: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (queue, pollers) in POLLERS {
        let (world, queues, stopped) = (world.clone(), embedded.queues(), stopped.clone());
        let handler = move |batch| handle(world.clone(), queue, batch);
        tasks.spawn(consume(queues, queue, pollers, handler, stopped));
    }
    let schedules = embedded.clone();
    tasks.spawn(until(stopped.clone(), async move { schedules.run().await }));
    tasks.spawn(until(stopped.clone(), sweep(world.clone(), options.time_scale)));
    if options.time_scale > 1 {
        tasks.spawn(until(stopped.clone(), remember(world.ports.clock.clone(), options.data.join(CLOCK))));
    }
    tasks
}

async fn handle(world: Arc<World>, queue: QueueName, batch: Vec<Delivery>) -> Unprocessed {
    match queue {
        QueueName::Events => harkara_matcher::handle(&world.matcher, &batch).await,
        QueueName::Stages | QueueName::PriorityStages => {
            harkara_stage::handle(&world.stages, queue, &batch).await
        }
        QueueName::Failures => harkara_dead_letter::handle(&world.undertaker, &batch).await,
    }
}

async fn sweep(world: Arc<World>, scale: u32) {
    loop {
        tokio::time::sleep((SWEEP_EVERY / scale).max(Duration::from_secs(1))).await;
        if let Err(error) = harkara_sweep::handle(&world.sweeper).await {
            tracing::error!(problem = %error.logged(), "the sweep could not go on");
        }
    }
}

/// A clock that runs fast is ahead of the machine's: what it last showed is where it goes on.
fn clock(options: &Serve) -> Result<Arc<dyn Clock>> {
    let now = Timestamp::now();
    let last: Option<Timestamp> =
        std::fs::read_to_string(options.data.join(CLOCK)).ok().and_then(|text| text.trim().parse().ok());
    match (options.time_scale, last.filter(|last| *last > now)) {
        (1, None) => Ok(Arc::new(SystemClock)),
        (1, Some(last)) => Err(anyhow!(
            "this folder has run in fast time until {last}: go on with --time-scale, or begin a new folder"
        )),
        (scale, last) => Ok(Arc::new(ScaledClock::new(last.unwrap_or(now), scale))),
    }
}

async fn remember(clock: Arc<dyn Clock>, file: std::path::PathBuf) {
    loop {
        // Whole or not at all: without it the folder would go back to the machine's time.
        if let Err(error) = private::write(&file, &clock.now().to_string()) {
            tracing::warn!(%error, "the fast clock's time could not be kept");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn until(mut stopped: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

async fn drain(mut tasks: JoinSet<()>) {
    let done = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(15), done).await.is_err() {
        tracing::warn!("stopped with work at hand; it comes again");
    }
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
