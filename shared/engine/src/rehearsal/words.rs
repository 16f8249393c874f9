//! Actions, and what a dry run came to, in words.

use harkara_domain::{
    flow::Action,
    rehearse::{Asks, AtStage, Event, Outcome, Rehearsal},
    web,
};
use jiff::Timestamp;

use super::{Shown, ShownMessage};
use crate::settings::Settings;

/// An action's name in the flow language.
pub fn name(action: &Action) -> String {
    // Serde knows it: a word, or a word with its value behind it.
    match serde_json::to_value(action) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// What an action does, as a sentence without its full stop.
pub fn action(action: &Action) -> String {
    match action {
        Action::Confirm => "Confirms the order".to_owned(),
        Action::Cancel => "Cancels the order".to_owned(),
        Action::SetStatus(status) => format!("Marks the order {status}"),
        Action::AddNote(text) => format!("Notes “{text}”"),
        Action::SetFlag(flag) => format!("Sets the flag “{}”", flag.replace('_', " ")),
        Action::ClearFlag(flag) => format!("Clears the flag “{}”", flag.replace('_', " ")),
        Action::AssignUser(person) => format!("Gives the order to {person}"),
        Action::LogEvent(text) => format!("Writes “{text}” into the timeline"),
        Action::EscalateTeam(team) => format!("Alerts the team “{team}” by e-mail"),
        Action::CancelPending => "Cancels whatever else is pending on the order".to_owned(),
        Action::SendEmail(letter) => format!("Sends an e-mail to {}: “{}”", letter.to, letter.subject),
        Action::CreateCoupon(offer) => {
            let worth = offer.worth().map_or_else(String::new, |worth| format!(" ({worth})"));
            format!("Makes a coupon{worth}, good for {}", offer.expires)
        }
        Action::AddTag(tag) => format!("Puts the tag “{tag}” on the customer"),
        Action::RemoveTag(tag) => format!("Takes the tag “{tag}” off the customer"),
        Action::SetTier(tier) => format!("Moves the customer to the tier {tier}"),
        Action::AddPoints(points) if *points < 0 => {
            format!("Takes {} points from the customer", points.unsigned_abs())
        }
        Action::AddPoints(points) => format!("Gives the customer {points} points"),
        Action::CreateTask(task) => {
            let team = task.team.as_deref().unwrap_or(Settings::OPS);
            let due = task.due.map_or_else(String::new, |due| format!(" within {due}"));
            format!("Asks the team “{team}” to{due}: {}", task.title)
        }
        Action::CallWebhook(webhook) => {
            let host = web::target(&webhook.url).map_or("", |target| target.host);
            format!("Calls the webhook at {host}")
        }
        Action::StartFlow(flow) => format!("Starts the flow {flow}"),
    }
}

/// Whether the flow takes the subject, as a sentence.
pub fn verdict(rehearsal: &Rehearsal<Shown>) -> String {
    match (&rehearsal.passed_over, &rehearsal.run) {
        (Some(reason), None) => format!("The flow does not take it: {reason}."),
        (Some(reason), Some(_)) => format!("The flow would not take it: {reason}. What if it did:"),
        (None, _) => "The flow takes it.".to_owned(),
    }
}

/// How it ends, as a sentence.
pub fn ending(rehearsal: &Rehearsal<Shown>) -> String {
    match &rehearsal.run {
        _ if rehearsal.cut => "There is more to come than is shown here.".to_owned(),
        Some(run) => format!("The run is {}.", run.status.as_str()),
        None => "No run begins.".to_owned(),
    }
}

/// What happens at a moment, without its full stop. `time` says times.
pub fn event(event: &Event<Shown>, time: impl Fn(Timestamp) -> String) -> String {
    match event {
        Event::Assumed { what, applies: true } => format!("Assumed: {what}"),
        Event::Assumed { what, applies: false } => format!("Assumed: {what} (which says nothing of this)"),
        Event::Ended { reason } => format!("All that is pending is cancelled: {reason}"),
        Event::Stage(stage) => format!("{}. {}: {}", stage.stage + 1, stage.name, outcome(stage, time)),
    }
}

/// What comes of a stage, behind its name.
fn outcome(told: &AtStage<Shown>, time: impl Fn(Timestamp) -> String) -> String {
    match &told.outcome {
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
            format!("waits until {}{why}", time(*until))
        }
        Outcome::Listens { until } => format!("begins to wait, until {} at the latest", time(*until)),
        Outcome::Takes { arm_name, .. } => format!("goes on with: {arm_name}"),
    }
}

/// What a condition is asked for, in the words of the flow language.
pub fn asks(asks: Asks) -> &'static str {
    match asks {
        Asks::Conditions => "condition",
        Asks::ExitIf => "exit_if",
        Asks::SkipIf => "skip_if",
        Asks::OnlyIf => "only_if",
        Asks::Arm(_) => "arm",
    }
}

/// What is wrong with a message, or why it does not go; `None` where it goes.
pub fn hindrance(shown: &ShownMessage) -> Option<&str> {
    let spare = (!shown.goes).then_some("only if the one before cannot reach them");
    shown.problem.as_deref().or(spare)
}
