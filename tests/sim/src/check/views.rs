//! Nothing is lost: what is known in the end is what an undisturbed world knows.

use std::collections::{BTreeMap, BTreeSet};

use harkara_engine::port::Key;
use serde_json::Value;

use super::all;
use crate::world::World;

/// What flows and their times leave in a view; all else has to be as if nothing had gone wrong.
const OF_FLOWS: [&str; 8] =
    ["flags", "notes", "awaits", "listened", "sends", "entered", "stalled_after", "assigned"];

/// What was written without a button is about the customer's last order, as far as orders are known then. That
/// each of these facts counts, and once, is in the books.
const OF_WORDS: [&str; 2] = ["last_reply", "replied_at"];
/// The same of a customer: which order each of them was about.
const ABOUT: &str = "wrote";

/// What a tap on Cancel comes to: the one or the other.
const BY_CANCEL: [&str; 2] = ["order_cancelled", "cancellation_requested"];

fn views(world: &World) -> BTreeMap<String, Value> {
    let is = |key: &Key| key.sk == "v" && (["o#", "c#", "b#"].iter().any(|kind| key.pk.starts_with(kind)));
    let views: Vec<(Key, Value)> = all(&world.table.items(), is);
    // What a tap on Cancel comes to depends on what is known when it comes: nothing can call a parcel back.
    let tapped = |view: &Value| !view["replies"]["cancel"].is_null();
    let any_tapped = views.iter().any(|(_, view)| tapped(view));
    let mut kept = BTreeMap::new();
    for (key, mut view) in views {
        let tapped = tapped(&view);
        if let Some(reached) = view.get_mut("reached").and_then(Value::as_object_mut).filter(|_| tapped) {
            BY_CANCEL.iter().for_each(|point| _ = reached.remove(*point));
        }
        if let Some(fields) = view.as_object_mut() {
            OF_FLOWS.iter().for_each(|field| _ = fields.remove(*field));
            fields.remove(ABOUT);
            if key.pk.starts_with("o#") {
                OF_WORDS.iter().for_each(|field| _ = fields.remove(*field));
            }
            if any_tapped {
                fields.remove("spent");
            }
        }
        kept.insert(key.pk, view);
    }
    kept
}

/// Where the views of two worlds differ in what the shop and its customers said.
pub(crate) fn differences(world: &World, undisturbed: &World) -> Vec<String> {
    let (here, there) = (views(world), views(undisturbed));
    let mut found = Vec::new();
    let keys: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    for key in keys {
        let (here, there) = (here.get(key), there.get(key));
        if here != there {
            let show = |view: Option<&Value>| view.map(ToString::to_string).unwrap_or_default();
            found.push(format!("{key} is\n    {}\n  and undisturbed it is\n    {}", show(here), show(there)));
        }
    }
    found
}

/// The runs that dates have started: all of them, however late, where nobody touched the flows.
fn dated(world: &World) -> BTreeSet<String> {
    let runs = super::runs(&world.table.items());
    let dated = runs.into_iter().filter(|(_, run)| run.flow.as_str() == "win-back");
    dated.map(|(key, run)| format!("{} {}", key.pk, run.id)).collect()
}

/// Where they differ in what the dates have brought about.
pub(crate) fn missed(world: &World, undisturbed: &World) -> Vec<String> {
    let (here, there) = (dated(world), dated(undisturbed));
    let differ = here.symmetric_difference(&there);
    differ.map(|run| format!("{run} was started in one of the two worlds alone")).collect()
}
