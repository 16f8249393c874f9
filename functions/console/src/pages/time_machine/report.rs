//! The time machine's report for the eye.

use harkara_domain::Money;
use harkara_engine::time_machine::{Cost, Counted, Near, Priced, Report, StageReport};

use crate::{
    desk::encoded,
    words::{capital, count, when::Zoned},
};

/// The time machine's report for the eye.
pub(super) struct ReportView {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: String,
    pub(super) heard: String,
    pub(super) tiles: Vec<(String, &'static str)>,
    pub(super) days: Vec<Bar>,
    pub(super) hours: Vec<Bar>,
    pub(super) busiest: Option<String>,
    pub(super) prices: Vec<PriceRow>,
    pub(super) passed_over: Vec<Counted>,
    pub(super) stages: Vec<StageRow>,
    pub(super) actions: Vec<(String, u64)>,
    pub(super) deferred: Vec<Counted>,
    pub(super) held_back: Vec<Counted>,
    pub(super) near: Vec<(String, String, String)>,
    pub(super) others_capped: u64,
    pub(super) incomplete: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
}

/// A bar, with its number beside it.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) number: u64,
    /// Its length in hundredths of the longest one.
    pub(super) length: u64,
}

/// Messages of one price.
pub(super) struct PriceRow {
    pub(super) what: String,
    pub(super) messages: u64,
    pub(super) price: String,
    pub(super) sum: String,
}

/// What became of one stage.
pub(super) struct StageRow {
    pub(super) name: String,
    pub(super) inset: u16,
    pub(super) sent: u64,
    pub(super) queued: u64,
    /// What became of it else, each with its reason.
    pub(super) ends: Vec<(&'static str, Counted)>,
    pub(super) arms: Vec<(String, u64)>,
}

impl ReportView {
    pub(super) fn of(report: Report, zoned: &Zoned) -> Self {
        let busiest = report.messages.busiest;
        let busiest =
            busiest.map(|one| format!("{} in the minute of {}", messages(one.messages), zoned.full(one.at)));
        Self {
            from: zoned.full(report.from),
            to: zoned.full(report.to),
            heard: format!(
                "{} of {}",
                count(size(report.facts), "fact", "facts"),
                count(size(report.orders), "order", "orders")
            ),
            tiles: tiles(&report),
            days: bars(
                report.messages.by_day.iter().map(|(day, n)| (day.strftime("%a %-d %b").to_string(), *n)),
            ),
            hours: bars(
                (0..).zip(&report.messages.by_hour).map(|(hour, n): (u8, _)| (format!("{hour:02}:00"), *n)),
            ),
            busiest,
            prices: prices(&report.cost),
            stages: report.stages.into_iter().map(StageRow::of).collect(),
            actions: report.actions.into_iter().collect(),
            deferred: report.collisions.deferred,
            held_back: report.collisions.held_back,
            near: report.collisions.near.into_iter().map(near).collect(),
            others_capped: report.collisions.others_capped,
            incomplete: report.incomplete.some.iter().map(|order| order_link(order.as_str())).collect(),
            passed_over: report.passed_over,
            text: report.text,
            notes: report.notes,
        }
    }
}

/// The numbers that say most, each with what it counts.
fn tiles(report: &Report) -> Vec<(String, &'static str)> {
    let (runs, cost) = (report.runs, &report.cost);
    let not_taken: u64 = report.passed_over.iter().map(|one| one.count).sum();
    let counts = [
        (runs.begun, "runs begun"),
        (report.messages.total, "messages"),
        (not_taken, "not taken"),
        (runs.finished, "runs finished"),
        (runs.running, "runs go on"),
        (runs.cancelled, "runs cancelled"),
        (runs.failed, "runs failed"),
    ];
    let money = cost.currency.map(|currency| Money { amount: cost.total, currency }.to_string());
    let counts = counts.map(|(number, what)| (number.to_string(), what));
    counts.into_iter().chain(money.map(|money| (money, "for the messages"))).collect()
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn messages(number: u64) -> String {
    count(size(number), "message", "messages")
}

fn order_link(order: &str) -> (String, String) {
    (format!("/orders/{}", encoded(order)), order.to_owned())
}

/// Another flow whose messages come close: its page, its name, how close.
fn near(near: Near) -> (String, String, String) {
    let words =
        format!("{}, to {}", messages(near.messages), count(size(near.customers), "customer", "customers"));
    (format!("/flows/{}", encoded(near.flow.as_str())), near.name, words)
}

fn bars(numbers: impl Iterator<Item = (String, u64)>) -> Vec<Bar> {
    let mut bars: Vec<Bar> =
        numbers.map(|(label, number)| Bar { label: capital(&label), number, length: 0 }).collect();
    let longest = bars.iter().map(|bar| bar.number).max().unwrap_or(0).max(1);
    for bar in &mut bars {
        bar.length = bar.number.saturating_mul(100).div_ceil(longest);
    }
    bars
}

fn prices(cost: &Cost) -> Vec<PriceRow> {
    let money = |amount| cost.currency.map(|currency| Money { amount, currency }.to_string());
    let none = || "no price".to_owned();
    let row = |part: &Priced| PriceRow {
        what: format!("{}, {}", capital(&part.channel.to_string()), part.class.as_str()),
        messages: part.messages,
        price: part.price.and_then(money).unwrap_or_else(none),
        sum: part
            .price
            .and_then(|price| money(price.checked_mul(part.messages.into())?))
            .unwrap_or_else(|| "–".to_owned()),
    };
    cost.parts.iter().map(row).collect()
}

impl StageRow {
    fn of(stage: StageReport) -> Self {
        let StageReport { name, depth, sent, queued, skipped, cancelled, failed, arms, .. } = stage;
        let mark = |what: &'static str| move |counted: Counted| (what, counted);
        let ends = skipped.into_iter().map(mark("left out"));
        let ends = ends.chain(cancelled.into_iter().map(mark("cancelled")));
        Self {
            name,
            inset: depth.min(4),
            sent,
            queued,
            ends: ends.chain(failed.into_iter().map(mark("failed"))).collect(),
            arms: arms.into_iter().collect(),
        }
    }
}
