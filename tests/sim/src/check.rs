//! What must hold of every world, at each write and when it is quiet.

mod flows;
mod known;
mod letters;
mod sends;
mod stale;
mod times;
mod views;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use harkara_domain::{
    OrderStatus, OrderView, Run,
    run::{RunStatus, StageStatus},
};
use harkara_engine::{
    job::Job,
    keys,
    port::{Item, Key},
};
use jiff::Timestamp;

use crate::world::World;
pub(crate) use flows::unheard;
use known::{Known, Matter};
pub(crate) use letters::{buried, replayed};
pub use sends::Sends;
pub(crate) use times::late;
pub(crate) use views::{differences, missed};

#[derive(Default)]
struct Seen {
    /// When an order was over, by its partition: the number of the write, and how.
    over: BTreeMap<String, (u64, OrderStatus)>,
    known: Known,
    violations: Vec<String>,
}

/// Looks at every write.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<Seen>>);

impl Watcher {
    /// Takes note of an item that was put.
    pub(crate) fn saw(&self, (number, now): (u64, Timestamp), before: Option<&Item>, after: &Item) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Key { pk, sk } = &after.key;
        if sk == "v" && pk.starts_with("o#") {
            let Ok(view) = serde_json::from_slice::<OrderView>(&after.body) else { return };
            seen.known.order(now, pk, &view);
            let status = view.status();
            if status.is_terminal() {
                seen.over.entry(pk.clone()).or_insert((number, status));
            }
        } else if !sk.starts_with("r#") {
            seen.known.saw(now, after);
        } else {
            let run = |item: &Item| serde_json::from_slice::<Run>(&item.body).ok();
            let Some(run_now) = run(after) else { return };
            let then = before.and_then(run);
            let off = seen.known.long_since(Matter::Off, &format!("{}{}", keys::FLOW, run_now.flow), now);
            if let Some(since) = off.filter(|_| then.is_none()) {
                seen.violations.push(format!("{pk} {sk}: it began, though its flow is off since {since}"));
            }
            if then.as_ref().is_some_and(|then| then.started_at != run_now.started_at) {
                seen.violations.push(format!("{pk} {sk}: a trigger fired twice"));
            }
            let over = seen.over.get(pk).copied();
            for (stage, state) in run_now.stages.iter().enumerate() {
                let held = then.as_ref().and_then(|then| then.stages.get(stage)?.claim.clone());
                let claimed = state.claim.is_some() && state.claim != held;
                let late =
                    over.filter(|(at, status)| claimed && *at < number && run_now.began_in() < *status);
                if let Some((_, status)) = late {
                    let words =
                        format!("{pk} {sk}: stage {stage} was claimed though the order was {status} already");
                    seen.violations.push(words);
                }
            }
        }
    }

    /// What did not hold, of each write and of what was known by then.
    pub(crate) fn violations(&self, world: &World) -> Vec<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = seen.violations.clone();
        found.extend(stale::sent(world, &seen.known));
        found.extend(flows::set_off(world, &seen.known));
        found
    }
}

/// The records of a kind, by key.
fn all<T: serde::de::DeserializeOwned>(items: &[Item], is: impl Fn(&Key) -> bool) -> Vec<(Key, T)> {
    let of = items.iter().filter(|item| is(&item.key));
    of.filter_map(|item| Some((item.key.clone(), serde_json::from_slice(&item.body).ok()?))).collect()
}

fn runs(items: &[Item]) -> Vec<(Key, Run)> {
    all(items, |key| key.sk.starts_with("r#"))
}

/// What does not hold of a world that is quiet, and what became of its messages.
pub(crate) fn quiet(world: &World) -> (Sends, Vec<String>) {
    let items = world.table.items();
    let runs = runs(&items);
    let mut found = left_over(world);
    found.extend(runs.iter().flat_map(|(key, run)| unfinished(key, run)));
    let (sends, doubled) = sends::count(&world.outside, &runs);
    found.extend(doubled);
    found.extend(sends::unheard(&world.outside, &runs));
    found.extend(times::early(world));
    (sends, found)
}

fn left_over(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let (messages, schedules) = world.queues.left();
    if messages + schedules > 0 {
        found.push(format!("{messages} messages and {schedules} schedules are left over"));
    }
    // Nothing is due, and nobody waits for a window of failures.
    if let Some(at) = world.table.first_due() {
        found.push(format!("something is still due since {at}"));
    }
    // A job that tells of failures may go, as long as they were told of. Its window is closed with the next.
    let lost = world.queues.lost();
    let (alerts, lost): (Vec<_>, Vec<_>) =
        lost.iter().partition(|body| matches!(Job::read(body), Ok(Job::Alert(_))));
    let open = world.table.items().iter().any(|item| item.key == keys::alert(&World::store()));
    if open && alerts.is_empty() {
        found.push("a window of failures is still open".to_owned());
    }
    found.extend(lost.into_iter().map(|body| format!("not even the dead-letter function filed {body}")));
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
