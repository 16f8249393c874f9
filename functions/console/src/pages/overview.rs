//! How the store stands, at a glance.

use askama::Template;
use axum::response::Response;
use harkara_domain::{OrderView, order::Confirmation, run::RunStatus};
use harkara_engine::{
    read::RunFilter,
    sentinel::{self, Feed},
};
use jiff::SignedDuration;

use crate::{
    desk::{Desk, Frame, page},
    failure::Failure,
    pages::orders::OrderRow,
};

/// The latest entries of each list that are looked at. Beyond, a number reads "500+".
const LOOKED_AT: usize = 500;
/// How far back "lately" goes.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);
const MAX_SHOWN: usize = 8;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    tiles: Vec<Tile>,
    flagged: Vec<OrderRow>,
    silences: Vec<Quiet>,
    depths: Vec<(String, u64)>,
    refused: Vec<(String, u64)>,
    counters: Vec<(String, u64)>,
}

/// A source that went quiet, or did lately.
struct Quiet {
    feed: String,
    since: String,
    /// It is refused for its signature.
    refused: bool,
    /// When it came again; empty while it has not.
    until: String,
}

struct Tile {
    number: String,
    label: &'static str,
    href: &'static str,
    tone: &'static str,
}

impl Tile {
    fn new(number: usize, more: bool, label: &'static str, href: &'static str, tone: &'static str) -> Self {
        let number = format!("{number}{}", if more { "+" } else { "" });
        let tone = if number == "0" { "" } else { tone };
        Self { number, label, href, tone }
    }
}

pub(crate) async fn overview(desk: Desk) -> Result<Response, Failure> {
    let (reader, store, zoned) = (&desk.console.reader, desk.store(), desk.zoned());
    let orders = reader.orders(store, LOOKED_AT, None).await?;
    let filter = RunFilter { from: Some(desk.now - desk.console.clock.real(LATELY)), ..RunFilter::default() };
    let runs = reader.runs(store, &filter, LOOKED_AT, None).await?;
    let letters = reader.dead_letters(store, LOOKED_AT, None).await?;
    let midnight = zoned.midnight();
    let placed_today =
        |order: &&OrderView| order.snapshot.as_ref().is_some_and(|snapshot| snapshot.created_at >= midnight);
    let today = orders.entries.iter().filter(placed_today).count();
    let waiting = orders.entries.iter().filter(|order| order.confirmation() == Confirmation::Pending).count();
    let in_state = |status| runs.entries.iter().filter(|story| story.run.status == status).count();
    let open = letters.entries.iter().filter(|letter| letter.replayed.is_none()).count();
    let (more_orders, more_runs) = (orders.next.is_some(), runs.next.is_some());
    let tiles = vec![
        Tile::new(today, more_orders && today == orders.entries.len(), "Orders today", "/orders", ""),
        Tile::new(waiting, more_orders, "Waiting for confirmation", "/orders", "warn"),
        Tile::new(in_state(RunStatus::Running), more_runs, "Runs at work", "/runs?status=running", "info"),
        Tile::new(
            in_state(RunStatus::Failed),
            more_runs,
            "Runs failed in 7 days",
            "/runs?status=failed",
            "bad",
        ),
        Tile::new(open, letters.next.is_some(), "Dead letters", "/dead-letters", "bad"),
    ];
    let flagged = orders.entries.iter().filter(|order| order.flags_set().next().is_some()).take(MAX_SHOWN);
    let counters: Vec<(String, u64)> = desk.console.counters.all().into_iter().collect();
    let refused = counters.iter().filter(|(name, _)| name.starts_with(REFUSED)).cloned();
    let template = OverviewPage {
        frame: desk.frame("/", "Overview"),
        tiles,
        flagged: flagged.map(|order| OrderRow::of(order, &zoned)).collect(),
        silences: silences(&desk).await?,
        depths: desk.console.queue_depths.as_ref().map(|depths| depths()).unwrap_or_default(),
        refused: refused.map(|(name, count)| (refusal(&name), count)).collect(),
        counters,
    };
    page(&template)
}

/// The sources that are quiet, and those that were lately.
async fn silences(desk: &Desk) -> Result<Vec<Quiet>, Failure> {
    let (zoned, since) = (desk.zoned(), desk.now - desk.console.clock.real(LATELY));
    let mut all = sentinel::silences(&*desk.console.table, desk.store(), LOOKED_AT).await?;
    // One that goes on may be older than many that are over.
    all.sort_by_key(|silence| silence.ended_at.is_some());
    let shown = all.iter().filter(|silence| silence.ended_at.is_none_or(|ended| ended >= since));
    let quiet = shown.take(MAX_SHOWN).map(|silence| Quiet {
        feed: feed(&silence.feed),
        since: zoned.full(silence.since),
        refused: silence.refused.is_some(),
        until: silence.ended_at.map(|ended| zoned.full(ended)).unwrap_or_default(),
    });
    Ok(quiet.collect())
}

/// `WhatsApp`, `Shopify's parcels`.
fn feed(feed: &Feed) -> String {
    let words = feed.to_string();
    let kind = words.strip_prefix(feed.source()).unwrap_or_default();
    format!("{}{kind}", crate::words::source(feed.source()))
}

/// How the names of refusals begin.
const REFUSED: &str = "webhooks_refused.";

/// `webhooks_refused.shopify.bad_signature` is `Shopify: bad signature`.
fn refusal(name: &str) -> String {
    match name.strip_prefix(REFUSED).and_then(|rest| rest.split_once('.')) {
        Some((source, why)) => format!("{}: {}", crate::words::source(source), why.replace('_', " ")),
        None => name.to_owned(),
    }
}
