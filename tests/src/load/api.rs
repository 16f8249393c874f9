//! What harkara itself says: what it has still to do, and which answers it knows to be lost.

use std::collections::HashSet;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::child::Harkara;

/// The most pages of a list that are read.
const PAGES: usize = 10_000;

/// Messages whose answer was lost, as their runs record it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// All of them.
    pub(crate) all: usize,
    /// Those that came to the provider twice.
    pub(crate) doubled: usize,
}

#[derive(Deserialize)]
struct Listed {
    entries: Vec<Entry>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    run: Run,
}

#[derive(Deserialize)]
struct Run {
    order: String,
    id: String,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    #[serde(default)]
    attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    outcome: Value,
}

/// How many messages harkara's queues hold, those in flight and those whose time has not come included.
///
/// # Errors
/// When the API does not answer.
pub(crate) async fn waiting(harkara: &Harkara) -> Result<u64> {
    depth(&harkara.api("/api/v1/counters").await?).context("the counters tell no queues")
}

fn depth(counters: &Value) -> Option<u64> {
    let queues = counters.get("queues")?.as_object()?;
    Some(queues.values().filter_map(Value::as_u64).sum())
}

/// Counts the messages whose run records a lost answer; `doubled` are references without the attempt.
///
/// # Errors
/// When the API does not answer.
pub(crate) async fn ambiguous(harkara: &Harkara, doubled: &[String]) -> Result<Ambiguous> {
    let doubled: HashSet<&str> = doubled.iter().map(String::as_str).collect();
    let (mut found, mut after) = (Ambiguous::default(), String::new());
    for _ in 0..PAGES {
        let listed = serde_json::from_value(harkara.api(&format!("/api/v1/runs?limit=100{after}")).await?)?;
        let next = add(&mut found, &doubled, &listed);
        let Some(next) = next else { break };
        after = format!("&after={}", encoded(&next));
    }
    Ok(found)
}

/// Adds a page; gives where the next one begins.
fn add(found: &mut Ambiguous, doubled: &HashSet<&str>, listed: &Listed) -> Option<String> {
    for Entry { run } in &listed.entries {
        for (index, stage) in run.stages.iter().enumerate() {
            if stage.attempts.iter().any(|attempt| attempt.outcome == "ambiguous") {
                found.all += 1;
                let reference = format!("{}/{}/{index}", run.order, run.id);
                found.doubled += usize::from(doubled.contains(reference.as_str()));
            }
        }
    }
    listed.next.clone()
}

/// Percent-encodes all but letters and digits.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lost_answer_is_found_in_its_stage() {
        let listed: Listed = serde_json::from_value(json!({
            "entries": [
                { "run": { "order": "shopify-1", "id": "a~t", "stages": [
                    { "attempts": [{ "number": 1, "outcome": { "accepted": "wamid" } }] },
                    { "attempts": [{ "number": 1, "outcome": "ambiguous" }, { "number": 2, "outcome": { "accepted": "w" } }] },
                ] } },
                { "run": { "order": "shopify-2", "id": "a~t", "stages": [
                    { "attempts": [{ "number": 1, "outcome": "ambiguous" }] }, {},
                ] } },
            ],
            "next": "x/1",
        }))
        .unwrap();
        let mut found = Ambiguous::default();
        let next = add(&mut found, &HashSet::from(["shopify-1/a~t/1", "shopify-1/a~t/0"]), &listed);
        assert_eq!((found.all, found.doubled), (2, 1));
        assert_eq!(next.map(|next| encoded(&next)).as_deref(), Some("x%2F1"));
    }

    #[test]
    fn all_queues_count() {
        assert_eq!(depth(&json!({ "queues": { "events": 2, "stages": 3 } })), Some(5));
        assert_eq!(depth(&json!({})), None);
    }
}
