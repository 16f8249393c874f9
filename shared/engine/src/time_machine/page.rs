//! A report as text.

use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

use super::report::{Counted, Report, StageReport};
use harkara_domain::{Money, flow::Class};

/// A report as text, in a time zone.
pub(super) fn page(report: &Report, zone: &TimeZone) -> String {
    let mut page = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut page, report, zone);
    page
}

fn write(page: &mut String, report: &Report, zone: &TimeZone) -> std::fmt::Result {
    let Report { name, text, facts, orders, runs, .. } = report;
    writeln!(page, "{name} ({text}), {} to {}", day(report.from, zone), day(report.to, zone))?;
    writeln!(page, "Nothing is sent or written. Times are those of {}.", report.timezone)?;
    writeln!(page)?;
    writeln!(page, "{facts} facts, {orders} orders heard of")?;
    let ends = [
        (runs.running, "under way"),
        (runs.finished, "finished"),
        (runs.failed, "failed"),
        (runs.cancelled, "cancelled"),
    ];
    let ends: Vec<String> =
        ends.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let ends = if ends.is_empty() { String::new() } else { format!(": {}", ends.join(", ")) };
    writeln!(page, "{} runs begin{ends}", runs.begun)?;
    list(page, "Not taken", &report.passed_over)?;
    messages(page, report, zone)?;
    cost(page, report)?;
    writeln!(page, "\nStages")?;
    report.stages.iter().try_for_each(|stage| of_stage(page, stage))?;
    if !report.actions.is_empty() {
        writeln!(page, "\nActions")?;
        report.actions.iter().try_for_each(|(action, count)| writeln!(page, "  {count:>8}  {action}"))?;
    }
    collisions(page, report)?;
    if !report.notes.is_empty() {
        writeln!(page)?;
        report.notes.iter().try_for_each(|note| writeln!(page, "{note}"))?;
    }
    Ok(())
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M").to_string()
}

fn list(page: &mut String, title: &str, all: &[Counted]) -> std::fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n{title}")?;
    all.iter().try_for_each(|Counted { reason, count }| writeln!(page, "  {count:>8}  {reason}"))
}

/// A bar of a chart; what is not nothing shows.
fn bar(count: u64, most: u64) -> String {
    const WIDTH: u64 = 40;
    let full = (count.saturating_mul(WIDTH)).checked_div(most).unwrap_or(0).max(u64::from(count > 0));
    "#".repeat(usize::try_from(full).unwrap_or(0))
}

fn messages(page: &mut String, report: &Report, zone: &TimeZone) -> std::fmt::Result {
    let messages = &report.messages;
    let channels: Vec<String> =
        messages.by_channel.iter().map(|(channel, count)| format!("{count} by {channel}")).collect();
    let channels = if channels.is_empty() { String::new() } else { format!(": {}", channels.join(", ")) };
    writeln!(page, "\n{} messages{channels}", messages.total)?;
    if messages.total == 0 {
        return Ok(());
    }
    for (template, count) in &messages.by_template {
        writeln!(page, "  {count:>8}  {template}")?;
    }
    let most = messages.by_day.values().max().copied().unwrap_or(0);
    writeln!(page, "\nBy day")?;
    for (day, count) in &messages.by_day {
        writeln!(page, "  {}  {count:>8}  {}", day.strftime("%a %d %b"), bar(*count, most))?;
    }
    let most = messages.by_hour.iter().max().copied().unwrap_or(0);
    writeln!(page, "\nBy hour")?;
    for (hour, count) in messages.by_hour.iter().enumerate().filter(|(_, count)| **count > 0) {
        writeln!(page, "  {hour:02}:00       {count:>8}  {}", bar(*count, most))?;
    }
    match &messages.busiest {
        Some(busiest) => {
            writeln!(page, "\nThe busiest minute is {}: {} messages", day(busiest.at, zone), busiest.messages)
        }
        None => Ok(()),
    }
}

fn cost(page: &mut String, report: &Report) -> std::fmt::Result {
    let Some(currency) = report.cost.currency else { return Ok(()) };
    let money = |amount| Money { amount, currency };
    writeln!(page, "\nThey would cost {}", money(report.cost.total))?;
    for part in &report.cost.parts {
        let class = match part.class {
            Class::Transactional => "transactional",
            Class::Marketing => "marketing",
        };
        let price = part.price.map_or_else(|| "no price".to_owned(), |price| money(price).to_string());
        writeln!(page, "  {:>8}  {}, {class}: {price} each", part.messages, part.channel)?;
    }
    Ok(())
}

fn of_stage(page: &mut String, stage: &StageReport) -> std::fmt::Result {
    let inset = "  ".repeat(usize::from(stage.depth));
    let queued = if stage.queued > 0 { format!(", {} to come", stage.queued) } else { String::new() };
    writeln!(page, "  {inset}{}. {}: {} done{queued}", stage.stage + 1, stage.name, stage.sent)?;
    for (arm, count) in &stage.arms {
        writeln!(page, "  {inset}  {count:>8}  goes on with: {arm}")?;
    }
    let all = [("left out", &stage.skipped), ("cancelled", &stage.cancelled), ("fails", &stage.failed)];
    for (what, counted) in all {
        for Counted { reason, count } in counted {
            writeln!(page, "  {inset}  {count:>8}  {what}: {reason}")?;
        }
    }
    Ok(())
}

fn collisions(page: &mut String, report: &Report) -> std::fmt::Result {
    let collisions = &report.collisions;
    list(page, "Messages that wait", &collisions.deferred)?;
    list(page, "Messages that are held back", &collisions.held_back)?;
    if !collisions.near.is_empty() {
        writeln!(page, "\nWithin an hour of a message of another flow")?;
        for near in &collisions.near {
            writeln!(page, "  {:>8}  {} ({} customers)", near.messages, near.name, near.customers)?;
        }
    }
    if collisions.others_capped > 0 {
        writeln!(
            page,
            "\n{} messages of other flows wait or are left out under a cap",
            collisions.others_capped
        )?;
    }
    Ok(())
}
