//! How the store stands, at a glance.

use askama::Template;
use axum::response::Response;
use harkara_domain::{OrderView, order::Confirmation, run::RunStatus};
use harkara_engine::read::RunFilter;
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
    depths: Vec<(String, u64)>,
    refused: Vec<(String, u64)>,
    counters: Vec<(String, u64)>,
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
    let refused = counters.iter().filter(|(name, _)| name.contains(".refused.")).cloned();
    let template = OverviewPage {
        frame: desk.frame("/", "Overview"),
        tiles,
        flagged: flagged.map(|order| OrderRow::of(order, &zoned)).collect(),
        depths: desk.console.queue_depths.as_ref().map(|depths| depths()).unwrap_or_default(),
        refused: refused.map(|(name, count)| (refusal(&name), count)).collect(),
        counters,
    };
    page(&template)
}

/// `shopify.refused.bad_signature` is `Shopify: bad signature`.
fn refusal(name: &str) -> String {
    match name.split_once(".refused.") {
        Some((source, why)) => format!("{}: {}", crate::words::source(source), why.replace('_', " ")),
        None => name.to_owned(),
    }
}
