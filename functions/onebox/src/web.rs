//! The address of the server: webhooks, and the console with its API.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
    routing::{any, get},
};
use harkara_console::Console;
use harkara_domain::StoreId;
use harkara_embedded::Embedded;
use harkara_engine::{ingest::Ingest, people::People, port::QueueName};
use std::sync::Arc;

use crate::{metrics::Metrics, world::World};

/// The console of a store.
pub fn console(world: &World, embedded: &Embedded, store: &StoreId, url: &str) -> Console {
    let queues = embedded.queues();
    let depths = move || {
        let all =
            |queue| queues.depth(queue).map_or(0, |depth| depth.visible + depth.delayed + depth.in_flight);
        QueueName::ALL.into_iter().map(|queue| (queue.to_string(), all(queue))).collect()
    };
    Console {
        reader: world.reader.clone(),
        setup: world.setup.clone(),
        replayer: world.replayer.clone(),
        table: world.ports.table.clone(),
        queue: world.ports.queue.clone(),
        http: world.ports.http.clone(),
        secrets: world.ports.secrets.clone(),
        clock: world.ports.clock.clone(),
        counters: world.counters.clone(),
        rates: Arc::default(),
        under_way: Arc::default(),
        store: store.clone(),
        base_url: url.to_owned(),
        secure_cookies: url.starts_with("https://"),
        queue_depths: Some(Box::new(depths)),
    }
}

/// The metrics, for whoever has a key of the store's; with `open_here` for whoever is on this machine.
pub fn metrics(world: &World, embedded: &Embedded, store: &StoreId, open_here: bool) -> Metrics {
    let (table, clock) = (world.ports.table.clone(), world.ports.clock.clone());
    Metrics {
        counters: world.counters.clone(),
        queues: embedded.queues(),
        clock: clock.clone(),
        people: People { table, clock },
        store: store.clone(),
        open_here,
    }
}

/// All that is answered.
pub fn router(world: Arc<World>, console: Arc<Console>, metrics: Arc<Metrics>) -> Router {
    let metrics = Router::new().route("/metrics", get(Metrics::answer)).with_state(metrics);
    Router::new()
        .route("/webhooks/{store}/{source}", any(webhook))
        .with_state(world)
        .merge(metrics)
        .merge(harkara_console::router(console))
}

async fn webhook(State(world): State<Arc<World>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, Ingest::MAX_BODY).await else {
        return harkara_ingest::too_large(&world.ingest).map(Body::from);
    };
    let request = http::Request::from_parts(parts, body);
    harkara_ingest::handle(&world.ingest, &request).await.map(Body::from)
}
