//! What Harkara knows of a world's orders, customers and carts, for whoever looks into a seed that is broken.

use std::fmt::Write;

use harkara_domain::{Run, history::Entry};
use harkara_engine::port::Item;
use jiff::Timestamp;

use crate::world::World;

fn read<T: serde::de::DeserializeOwned>(item: &Item) -> Option<T> {
    serde_json::from_slice(&item.body).ok()
}

/// The timelines, with the runs, the messages and the mails: a line each, the earliest first.
pub(crate) fn of(world: &World) -> String {
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    for item in world.table.items() {
        let (pk, sk) = (&item.key.pk, &item.key.sk);
        if !["o#", "c#", "b#"].iter().any(|kind| pk.starts_with(kind)) {
            continue;
        }
        if let Some(entry) = read::<Entry>(&item).filter(|_| sk.starts_with("h#")) {
            lines.push((entry.at, format!("{pk} {}", told(&entry))));
        } else if let Some(run) = read::<Run>(&item).filter(|_| sk.starts_with("r#")) {
            lines.push((run.started_at, format!("{pk} begins {} (version {})", run.id, run.version)));
            for (stage, state) in run.stages.iter().enumerate() {
                let reason = state.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let words = format!("{pk} {} stage {stage} {}{reason}", run.id, state.status.as_str());
                lines.push((state.ended_at.unwrap_or(run.started_at), words));
                for attempt in &state.attempts {
                    let words = format!(
                        "{pk} {} stage {stage} try {}: {:?}",
                        run.id, attempt.number, attempt.outcome
                    );
                    lines.push((attempt.at, words));
                }
            }
        }
    }
    for call in world.outside.calls() {
        let came = call.wamid.as_deref().unwrap_or("not taken");
        lines.push((call.at, format!("WhatsApp is called for {}: {came}", call.reference)));
    }
    lines.extend(
        world.outside.mails().into_iter().map(|(at, mail)| (at, format!("a mail: {}", mail.subject))),
    );
    lines.sort();
    lines.into_iter().fold(String::new(), |mut text, (at, words)| {
        _ = writeln!(text, "{at:.3} {words}");
        text
    })
}

fn told(entry: &Entry) -> String {
    let mut words = format!("hears {} ({:?})", entry.fact, entry.what);
    for transition in &entry.transitions {
        _ = write!(words, ", {}", transition.occurrence.key());
    }
    for (flow, reason) in &entry.passed_over {
        _ = write!(words, ", {flow} passed over: {reason}");
    }
    for run in &entry.cancelled {
        _ = write!(words, ", {run} cancelled");
    }
    words
}
