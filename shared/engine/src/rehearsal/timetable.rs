//! A dry run as text.

use harkara_domain::{
    flow::condition::Judged,
    rehearse::{Asked, AtStage, Event},
};
use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

use super::{Shown, ShownMessage, Told, words};

/// A dry run as a timetable, in a time zone.
pub(super) fn timetable(told: &Told, zone: &TimeZone) -> String {
    let mut page = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut page, told, zone);
    page
}

fn write(page: &mut String, told: &Told, zone: &TimeZone) -> std::fmt::Result {
    let rehearsal = &told.rehearsal;
    let invented = if told.sample { " (invented)" } else { "" };
    writeln!(page, "{} ({}), for {}{invented}", rehearsal.flow, told.text, told.subject)?;
    writeln!(page, "Nothing is sent or written. Times are those of {}.", zone_name(zone))?;
    writeln!(page)?;
    writeln!(page, "{}  {}", time(rehearsal.at, zone), rehearsal.occurrence)?;
    for one in &rehearsal.judged {
        asked(page, one, 1)?;
    }
    writeln!(page, "  {}", words::verdict(rehearsal))?;
    for moment in &rehearsal.moments {
        writeln!(page)?;
        let inset = match &moment.event {
            Event::Stage(stage) => "  ".repeat(usize::from(stage.depth)),
            Event::Assumed { .. } | Event::Ended { .. } => String::new(),
        };
        let happens = words::event(&moment.event, |at| time(at, zone));
        writeln!(page, "{}  {inset}{happens}", time(moment.at, zone))?;
        if let Event::Stage(stage) = &moment.event {
            at_stage(page, stage, &inset)?;
        }
    }
    writeln!(page)?;
    writeln!(page, "{}", words::ending(rehearsal))
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M:%S").to_string()
}

fn at_stage(page: &mut String, told: &AtStage<Shown>, inset: &str) -> std::fmt::Result {
    for one in &told.judged {
        asked(page, one, usize::from(told.depth) + 1)?;
    }
    let Some(shown) = &told.shown else { return Ok(()) };
    for action in &shown.actions {
        let problem =
            action.problem.as_ref().map_or_else(String::new, |problem| format!(" — not done: {problem}"));
        writeln!(page, "    {inset}- {}{problem}", action.words)?;
        if let Some((subject, text)) = &action.mail {
            writeln!(page, "        {inset}{subject}")?;
            quoted(page, text, inset)?;
        }
    }
    shown.messages.iter().try_for_each(|shown| message(page, shown, inset))
}

fn message(page: &mut String, shown: &ShownMessage, inset: &str) -> std::fmt::Result {
    let ShownMessage { channel, template, language, .. } = shown;
    let language = language.as_ref().map_or_else(String::new, |language| format!(", {language}"));
    let state = words::hindrance(shown).map_or_else(String::new, |words| format!(" — {words}"));
    writeln!(page, "    {inset}- {channel}: {template}{language}{state}")?;
    if let Some(subject) = &shown.subject {
        writeln!(page, "        {inset}{subject}")?;
    }
    if let Some(text) = &shown.text {
        quoted(page, text, inset)?;
    }
    if shown.buttons.is_empty() {
        return Ok(());
    }
    let buttons: Vec<String> = shown.buttons.iter().map(|button| format!("[{}]", button.label)).collect();
    writeln!(page, "        {inset}{}", buttons.join(" "))
}

fn quoted(page: &mut String, text: &str, inset: &str) -> std::fmt::Result {
    text.trim().lines().try_for_each(|line| writeln!(page, "        {inset}| {line}"))
}

fn asked(page: &mut String, asked: &Asked, depth: usize) -> std::fmt::Result {
    let asks = words::asks(asked.asks);
    for judged in &asked.judged {
        let Judged { condition, held, actual, .. } = judged;
        let inset = "  ".repeat(depth + judged.depth());
        let held = if *held { "yes" } else { "no" };
        writeln!(page, "  {inset}{asks}: {condition} — {held} ({actual})")?;
    }
    Ok(())
}
