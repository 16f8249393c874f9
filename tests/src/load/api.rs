//! What harkara itself says: what it has still to do, and which answers it knows to be lost.

use std::collections::HashSet;

use anyhow::{Result, bail};
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

/// Whether any run has something still to come: a message to send, or to send again.
///
/// # Errors
/// When the API does not answer.
pub(crate) async fn busy(harkara: &Harkara) -> Result<bool> {
    // A filtered page can be empty though there are more.
    for_pages(harkara, "status=running&", |listed| listed.entries.is_empty()).await
}

/// Reads the list of runs page by page, as long as `each` says to go on; whether it was stopped.
async fn for_pages(harkara: &Harkara, filter: &str, mut each: impl FnMut(&Listed) -> bool) -> Result<bool> {
    let mut after = String::new();
    for _ in 0..PAGES {
        let listed: Listed =
            serde_json::from_value(harkara.api(&format!("/api/v1/runs?{filter}limit=200{after}")).await?)?;
        if !each(&listed) {
            return Ok(true);
        }
        let Some(next) = listed.next else { return Ok(false) };
        after = format!("&after={}", encoded(&next));
    }
    bail!("the list of runs does not end")
}

/// Counts the messages whose run records a lost answer; `doubled` are references without the attempt.
///
/// # Errors
/// When the API does not answer.
pub(crate) async fn ambiguous(harkara: &Harkara, doubled: &[String]) -> Result<Ambiguous> {
    let doubled: HashSet<&str> = doubled.iter().map(String::as_str).collect();
    let mut found = Ambiguous::default();
    let add = |listed: &Listed| {
        found.add(&doubled, listed);
        true
    };
    for_pages(harkara, "", add).await?;
    Ok(found)
}

impl Ambiguous {
    fn add(&mut self, doubled: &HashSet<&str>, listed: &Listed) {
        for Entry { run } in &listed.entries {
            for (index, stage) in run.stages.iter().enumerate() {
                if stage.attempts.iter().any(|attempt| attempt.outcome == "ambiguous") {
                    self.all += 1;
                    let reference = format!("{}/{}/{index}", run.order, run.id);
                    self.doubled += usize::from(doubled.contains(reference.as_str()));
                }
            }
        }
    }
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
        found.add(&HashSet::from(["shopify-1/a~t/1", "shopify-1/a~t/0"]), &listed);
        assert_eq!((found.all, found.doubled), (2, 1));
        assert_eq!(listed.next.map(|next| encoded(&next)).as_deref(), Some("x%2F1"));
    }
}
