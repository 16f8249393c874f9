//! What must hold of every world, at each write and when it is quiet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use harkara_domain::{
    OrderStatus, OrderView, Run,
    run::{Outcome, RunStatus, StageStatus},
};
use harkara_engine::{
    bury::{Content, DeadLetter},
    port::{Item, Key},
};
use serde_json::Value;

use crate::{outside::Outside, world::World};

#[derive(Default)]
struct Seen {
    /// When an order was over, by its partition: the number of the write, and how.
    over: BTreeMap<String, (u64, OrderStatus)>,
    violations: Vec<String>,
}

/// Looks at every write.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<Seen>>);

impl Watcher {
    /// Takes note of an item that was put.
    pub(crate) fn saw(&self, number: u64, before: Option<&Item>, after: &Item) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Key { pk, sk } = &after.key;
        if sk == "v" && pk.starts_with("o#") {
            let status = serde_json::from_slice::<OrderView>(&after.body).map(|view| view.status());
            if let Ok(status) = status
                && status.is_terminal()
            {
                seen.over.entry(pk.clone()).or_insert((number, status));
            }
        } else if sk.starts_with("r#") {
            let run = |item: &Item| serde_json::from_slice::<Run>(&item.body).ok();
            let Some(now) = run(after) else { return };
            let then = before.and_then(run);
            if then.as_ref().is_some_and(|then| then.started_at != now.started_at) {
                seen.violations.push(format!("{pk} {sk}: a trigger fired twice"));
            }
            let over = seen.over.get(pk).copied();
            for (stage, state) in now.stages.iter().enumerate() {
                let held = then.as_ref().and_then(|then| then.stages.get(stage)?.claim.clone());
                let claimed = state.claim.is_some() && state.claim != held;
                let late = over.filter(|(at, status)| claimed && *at < number && now.began_in() < *status);
                if let Some((_, status)) = late {
                    let words =
                        format!("{pk} {sk}: stage {stage} was claimed though the order was {status} already");
                    seen.violations.push(words);
                }
            }
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).violations.clone()
    }
}

/// The records of a kind, by key.
fn all<T: serde::de::DeserializeOwned>(items: &[Item], is: impl Fn(&Key) -> bool) -> Vec<(Key, T)> {
    let of = items.iter().filter(|item| is(&item.key));
    of.filter_map(|item| Some((item.key.clone(), serde_json::from_slice(&item.body).ok()?))).collect()
}

/// What does not hold of a world that is quiet.
pub(crate) fn quiet(world: &World) -> Vec<String> {
    let items = world.table.items();
    let runs: Vec<(Key, Run)> = all(&items, |key| key.sk.starts_with("r#"));
    let mut found = left_over(world);
    found.extend(runs.iter().flat_map(|(key, run)| unfinished(key, run)));
    found.extend(doubled(&world.outside, &runs));
    found.extend(unheard(&world.outside, &runs));
    found
}

/// What does not hold of a world's dead letters, before they are run again.
pub(crate) fn buried(world: &World) -> Vec<String> {
    let items = world.table.items();
    let runs: Vec<(Key, Run)> = all(&items, |key| key.sk.starts_with("r#"));
    let letters: Vec<(Key, DeadLetter)> = all(&items, |key| key.pk.starts_with("d#"));
    unburied(&runs, &letters, &world.outside)
}

fn left_over(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let (messages, schedules) = world.queues.left();
    if messages + schedules > 0 {
        found.push(format!("{messages} messages and {schedules} schedules are left over"));
    }
    found.extend(
        world.queues.lost().iter().map(|body| format!("not even the dead-letter function filed {body}")),
    );
    found
}

fn unfinished(key: &Key, run: &Run) -> Vec<String> {
    let mut found = Vec::new();
    let name = format!("{} {}", key.pk, key.sk);
    if run.status == RunStatus::Running {
        found.push(format!("{name} is still running"));
    }
    for (stage, state) in run.stages.iter().enumerate() {
        if state.claim.is_some() {
            found.push(format!("{name}: stage {stage} is still claimed"));
        }
        let reasoned = matches!(state.status, StageStatus::Sent) || state.reason.is_some();
        if state.status == StageStatus::Failed {
            found.push(format!(
                "{name}: stage {stage} has failed, and was run again in vain: {:?}",
                state.reason
            ));
        }
        if state.status == StageStatus::Queued || !reasoned {
            found.push(format!("{name}: stage {stage} is {} without a reason", state.status.as_str()));
        }
    }
    found
}

/// The messages that WhatsApp took for one stage are one, but for tries whose answer was lost.
fn doubled(outside: &Outside, runs: &[(Key, Run)]) -> Vec<String> {
    let mut taken: BTreeMap<(String, String, u16), usize> = BTreeMap::new();
    for call in outside.calls().into_iter().filter(|call| call.wamid.is_some()) {
        let stage = &call.stage;
        *taken.entry((stage.subject.to_string(), stage.run.to_string(), stage.stage)).or_default() += 1;
    }
    let mut found = Vec::new();
    for ((subject, run, stage), count) in taken {
        let of =
            |(key, _): &&(Key, Run)| key.pk.ends_with(&format!("#{subject}")) && key.sk == format!("r#{run}");
        let state = runs.iter().find(of).and_then(|(_, run)| run.stages.get(usize::from(stage)));
        let Some(state) = state else {
            found.push(format!("{subject} {run} {stage}: a message of a run that is not there"));
            continue;
        };
        let unsure = state.attempts.iter().filter(|attempt| attempt.outcome == Outcome::Ambiguous).count();
        if count > 1 + unsure {
            let tries = &state.attempts;
            found.push(format!(
                "{subject} {run}: stage {stage} was sent {count} times, {unsure} unsure: {tries:?}"
            ));
        }
        if state.status != StageStatus::Sent && unsure == 0 {
            found.push(format!("{subject} {run}: stage {stage} was sent, and is {}", state.status.as_str()));
        }
    }
    found
}

/// Where WhatsApp echoes our reference, each message that it took is known to have been taken.
fn unheard(outside: &Outside, runs: &[(Key, Run)]) -> Vec<String> {
    let mut found = Vec::new();
    for call in outside.calls().into_iter().filter(|call| call.wamid.is_some() && outside.echoes()) {
        let (run, number) = (&call.stage.run, call.stage.attempt);
        let of = |(key, held): &&(Key, Run)| {
            held.id == *run && key.pk.ends_with(&format!("#{}", call.stage.subject))
        };
        let state = runs.iter().find(of).and_then(|(_, run)| run.stages.get(usize::from(call.stage.stage)));
        let known = state.is_some_and(|state| state.receipts.iter().any(|receipt| receipt.attempt == number));
        if !known {
            found.push(format!("{}: nobody knows of the reports on try {number} at it", call.reference));
        }
    }
    found
}

/// Each failure has a dead letter, and the team has heard.
fn unburied(runs: &[(Key, Run)], letters: &[(Key, DeadLetter)], outside: &Outside) -> Vec<String> {
    let filed: BTreeSet<String> =
        letters.iter().map(|(_, letter)| serde_json::to_string(letter).unwrap_or_default()).collect();
    let mut found = Vec::new();
    for (key, run) in runs {
        for (stage, state) in run.stages.iter().enumerate() {
            let is_filed = || filed.iter().any(|letter| letter.contains(run.id.as_str()));
            if state.status == StageStatus::Failed && !is_filed() {
                found.push(format!("{} {}: stage {stage} has failed without a dead letter", key.pk, key.sk));
            }
        }
    }
    let mut bodies = BTreeSet::new();
    for (_, letter) in letters {
        if let Content::Message { body } = &letter.content
            && !bodies.insert(body)
        {
            found.push(format!("a message has two dead letters: {body}"));
        }
    }
    // What has arrived after all, by a receipt, is nobody's trouble any more.
    let has_failed = |letter: &DeadLetter| match &letter.content {
        Content::Message { .. } => true,
        Content::Stage { job, .. } => runs.iter().any(|(key, run)| {
            let state = run.stages.get(usize::from(job.stage)).filter(|_| run.id == job.run);
            key.pk.ends_with(&format!("#{}", job.subject))
                && state.is_some_and(|state| state.status == StageStatus::Failed)
        }),
    };
    if letters.iter().any(|(_, letter)| has_failed(letter)) && outside.mails().is_empty() {
        found.push("there are dead letters, and nobody was told".to_owned());
    }
    found
}

/// What flows and their times leave in a view; all else has to be as if nothing had gone wrong.
const OF_FLOWS: [&str; 8] =
    ["flags", "notes", "awaits", "listened", "sends", "entered", "stalled_after", "assigned"];

/// What a tap on Cancel comes to: the one or the other.
const BY_CANCEL: [&str; 2] = ["order_cancelled", "cancellation_requested"];

fn views(world: &World) -> BTreeMap<String, Value> {
    let is = |key: &Key| key.sk == "v" && (key.pk.starts_with("o#") || key.pk.starts_with("c#"));
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
