//! Actions in words.

use harkara_domain::{flow::Action, web};

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
        Action::SetFlag(flag) => format!("Sets the flag “{flag}”"),
        Action::ClearFlag(flag) => format!("Clears the flag “{flag}”"),
        Action::AssignUser(person) => format!("Gives the order to {person}"),
        Action::LogEvent(text) => format!("Writes “{text}” into the timeline"),
        Action::EscalateTeam(team) => format!("Alerts the team “{team}” by e-mail"),
        Action::CancelPending => "Cancels whatever else is pending on the order".to_owned(),
        Action::SendEmail(letter) => format!("Sends an e-mail to {}", letter.to),
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
