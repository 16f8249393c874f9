//! `GET /metrics`: what the process has counted, and what waits in its queues, as OpenMetrics text, which
//! Prometheus reads.

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, FORWARDED, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use harkara_domain::StoreId;
use harkara_embedded::{Depth, Queues};
use harkara_engine::{
    count::{Counters, Family, Value},
    people::{People, PeopleError},
    port::{Clock, QueueName},
};
use jiff::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, text},
    metrics::{MetricType, exemplar::Exemplar},
    registry::{Registry, Unit},
};
use std::{borrow::Cow, fmt, net::SocketAddr, sync::Arc};

/// The media type of OpenMetrics text.
const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What proxies and tunnels say of whom they ask for, beside the standard's `Forwarded`.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What there is to measure, and who may read it.
pub struct Metrics {
    /// What was counted.
    pub counters: Arc<Counters>,
    /// What waits.
    pub queues: Queues,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whose keys let in.
    pub people: People,
    /// The store whose keys they are.
    pub store: StoreId,
    /// Whether whoever is on this machine is let in without a key. Not where a proxy stands on it, since all
    /// that comes through it comes from there. What says of itself that it was forwarded is never let in so.
    pub open_here: bool,
}

impl Metrics {
    /// Answers a request: 401 to whoever is neither on this machine nor has a key.
    pub async fn answer(State(metrics): State<Arc<Self>>, request: Request) -> Response {
        let forwarded =
            request.headers().contains_key(FORWARDED) || request.headers().contains_key(FORWARDED_FOR);
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
        let here = !forwarded && peer.is_some_and(|peer| peer.ip().is_loopback());
        let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        match metrics.admits(here, given.map(str::to_owned)).await {
            Ok(true) => {}
            Ok(false) => {
                let words = "Send an API key as a bearer token.\n";
                return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], words).into_response();
            }
            Err(error) => return failed(&error),
        }
        // The depths are read from the disk.
        match tokio::task::spawn_blocking(move || metrics.text()).await {
            Ok(Ok(text)) => ([(CONTENT_TYPE, KIND)], text).into_response(),
            Ok(Err(error)) => failed(&error),
            Err(error) => failed(&error),
        }
    }

    async fn admits(&self, here: bool, given: Option<String>) -> Result<bool, PeopleError> {
        if self.open_here && here {
            return Ok(true);
        }
        let Some((scheme, secret)) = given.as_deref().and_then(|given| given.split_once(' ')) else {
            return Ok(false);
        };
        Ok(scheme.eq_ignore_ascii_case("bearer")
            && self.people.key(&self.store, secret.trim()).await?.is_some())
    }

    /// Everything, as text.
    ///
    /// # Errors
    /// When it cannot be written, which memory always can.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let depth = |queue| (queue, self.queues.depth(queue).unwrap_or_default());
        let scrape = Scrape {
            families: self.counters.families(),
            depths: QueueName::ALL.map(depth).to_vec(),
            now: self.clock.now(),
        };
        let mut registry = Registry::with_prefix("harkara");
        registry.register_collector(Box::new(scrape));
        let mut written = String::new();
        text::encode(&mut written, &registry)?;
        Ok(written)
    }
}

fn failed(error: &dyn fmt::Display) -> Response {
    tracing::error!(problem = %error, "the metrics could not be told");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[derive(Debug)]
struct Scrape {
    families: Vec<Family>,
    depths: Vec<(QueueName, Depth)>,
    now: Timestamp,
}

type Labels<'a> = Vec<(&'static str, &'a str)>;

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.families {
            encode(family, &mut encoder)?;
        }
        let help = "Messages in queues, by whether they are due, wait for their time or are being worked on.";
        let mut depth = encoder.encode_descriptor("queue_depth", help, None, MetricType::Gauge)?;
        for (queue, held) in &self.depths {
            let queue = queue.to_string();
            for (state, many) in
                [("visible", held.visible), ("delayed", held.delayed), ("in_flight", held.in_flight)]
            {
                let labels: Labels<'_> = vec![("queue", &queue), ("state", state)];
                depth.encode_family(&labels)?.encode_gauge(&many)?;
            }
        }
        let help = "How long the oldest message of a queue has been due.";
        let mut age =
            encoder.encode_descriptor("queue_age", help, Some(&Unit::Seconds), MetricType::Gauge)?;
        for (queue, held) in &self.depths {
            let due = held.oldest.map(|oldest| self.now.duration_since(oldest).as_secs_f64().max(0.0));
            let queue = queue.to_string();
            let labels: Labels<'_> = vec![("queue", &queue)];
            age.encode_family(&labels)?.encode_gauge(&due.unwrap_or(0.0))?;
        }
        Ok(())
    }
}

fn encode(family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let times = matches!(family.samples.first(), Some((_, Value::Times(_))));
    let kind = if times { MetricType::Histogram } else { MetricType::Counter };
    let unit =
        family.unit.map(|unit| if unit == "seconds" { Unit::Seconds } else { Unit::Other(unit.to_owned()) });
    let mut metric = encoder.encode_descriptor(family.name, family.help, unit.as_ref(), kind)?;
    if family.labels.is_empty() {
        return family.samples.iter().try_for_each(|(_, value)| say(&mut metric, value));
    }
    for (values, value) in &family.samples {
        let labels: Labels<'_> = family.labels.iter().copied().zip(values.iter().map(Cow::as_ref)).collect();
        say(&mut metric.encode_family(&labels)?, value)?;
    }
    Ok(())
}

fn say(series: &mut MetricEncoder<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Count(count) => series.encode_counter(count, None::<&Exemplar<Labels<'_>, u64>>),
        Value::Times(buckets) => {
            let sum = buckets.iter().map(|bucket| bucket.sum).sum();
            let count = buckets.iter().map(|bucket| bucket.count).sum();
            let bounds: Vec<(f64, u64)> =
                buckets.iter().map(|bucket| (bucket.within, bucket.count)).collect();
            series.encode_histogram::<Labels<'_>>(sum, count, &bounds, None)
        }
    }
}
