//! A dry run as text.

use harkara_domain::{
    flow::condition::Judged,
    rehearse::{Asked, Asks, AtStage, Event, Outcome},
};
use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

use super::{Shown, ShownMessage, Told};

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
    match (&rehearsal.passed_over, &rehearsal.run) {
        (Some(reason), None) => writeln!(page, "  The flow does not take it: {reason}.")?,
        (Some(reason), Some(_)) => writeln!(page, "  The flow would not take it: {reason}. What if it did:")?,
        (None, _) => writeln!(page, "  The flow takes it.")?,
    }
    for moment in &rehearsal.moments {
        writeln!(page)?;
        let at = time(moment.at, zone);
        match &moment.event {
            Event::Assumed { what, applies: true } => writeln!(page, "{at}  Assumed: {what}")?,
            Event::Assumed { what, applies: false } => {
                writeln!(page, "{at}  Assumed: {what} (which says nothing of this)")?;
            }
            Event::Ended { reason } => writeln!(page, "{at}  All that is pending is cancelled: {reason}")?,
            Event::Stage(stage) => at_stage(page, &at, stage, zone)?,
        }
    }
    writeln!(page)?;
    match &rehearsal.run {
        _ if rehearsal.cut => writeln!(page, "There is more to come than is shown here."),
        Some(run) => writeln!(page, "The run is {}.", run.status.as_str()),
        None => writeln!(page, "No run begins."),
    }
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M:%S").to_string()
}

fn at_stage(page: &mut String, at: &str, told: &AtStage<Shown>, zone: &TimeZone) -> std::fmt::Result {
    let outcome = match &told.outcome {
        Outcome::Sent => match &told.shown {
            Some(shown) if shown.messages.is_empty() => "done".to_owned(),
            _ => "sent".to_owned(),
        },
        Outcome::Failed { reason } => format!("fails: {reason}"),
        Outcome::Skipped { reason } => format!("left out: {reason}"),
        Outcome::Cancelled { reason } => format!("cancelled: {reason}"),
        Outcome::Left { reason } => format!("the run ends: {reason}"),
        Outcome::Waits { until, reason } => {
            let why = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            format!("waits until {}{why}", time(*until, zone))
        }
        Outcome::Listens { until } => format!("begins to wait, until {} at the latest", time(*until, zone)),
        Outcome::Takes { arm_name, .. } => format!("goes on with: {arm_name}"),
    };
    let inset = "  ".repeat(usize::from(told.depth));
    writeln!(page, "{at}  {inset}{}. {}: {outcome}", told.stage + 1, told.name)?;
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
            quoted(page, text, &inset)?;
        }
    }
    shown.messages.iter().try_for_each(|shown| message(page, shown, &inset))
}

fn message(page: &mut String, shown: &ShownMessage, inset: &str) -> std::fmt::Result {
    let ShownMessage { channel, goes, template, language, .. } = shown;
    let language = language.as_ref().map_or_else(String::new, |language| format!(", {language}"));
    let state = match (&shown.problem, goes) {
        (Some(problem), _) => format!(" — {problem}"),
        (None, true) => String::new(),
        (None, false) => " — only if the one before cannot reach them".to_owned(),
    };
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
    let asks = match asked.asks {
        Asks::Conditions => "condition",
        Asks::ExitIf => "exit_if",
        Asks::SkipIf => "skip_if",
        Asks::OnlyIf => "only_if",
        Asks::Arm(_) => "arm",
    };
    for Judged { path, condition, held, actual } in &asked.judged {
        let inset = "  ".repeat(depth + path.matches('.').count());
        let held = if *held { "yes" } else { "no" };
        writeln!(page, "  {inset}{asks}: {condition} — {held} ({actual})")?;
    }
    Ok(())
}
