//! Dead letters: one for each failure, told of, and run again to a proper end.

use std::collections::{BTreeMap, BTreeSet};

use harkara_channels::email::Mail;
use harkara_domain::{Run, run::StageStatus};
use harkara_engine::{
    bury::{Content, DeadLetter},
    keys,
    port::Key,
    replay::Replay,
};
use jiff::{SignedDuration, Timestamp};

use super::{all, runs, sends};
use crate::world::World;

/// What does not hold of a world's dead letters, before they are run again.
pub(crate) fn buried(world: &World) -> Vec<String> {
    let items = world.table.items();
    let runs = runs(&items);
    let letters: Vec<(Key, DeadLetter)> = all(&items, |key| key.pk.starts_with("d#"));
    let mut found = unburied(&runs, &letters);
    found.extend(twice(&letters));
    found.extend(untold(world, &runs, &letters));
    found.extend(sends::not_held(&world.outside));
    found
}

/// What does not hold of them once they have been run again.
pub(crate) fn replayed(world: &World) -> Vec<String> {
    let items = world.table.items();
    let letters: Vec<(Key, DeadLetter)> = all(&items, |key| key.pk.starts_with("d#"));
    let left = letters.iter().filter(|(_, letter)| letter.replayed.is_none());
    let mut found: Vec<String> =
        left.map(|(key, letter)| format!("{} {} was not run again", key.pk, letter.id)).collect();
    let replays: Vec<(Key, Replay)> = all(&items, |key| key.pk == keys::replays(&World::store()));
    let open = replays.iter().filter(|(_, replay)| replay.ended_at.is_none() || replay.done < replay.total);
    found.extend(open.map(|(_, replay)| format!("a replay has not ended: {replay:?}")));
    found
}

/// Each failed stage has its letter.
fn unburied(runs: &[(Key, Run)], letters: &[(Key, DeadLetter)]) -> Vec<String> {
    let filed: BTreeSet<(String, String, u16)> = letters
        .iter()
        .filter_map(|(_, letter)| match &letter.content {
            Content::Stage { job, .. } => Some((job.subject.to_string(), job.run.to_string(), job.stage)),
            Content::Message { .. } => None,
        })
        .collect();
    let mut found = Vec::new();
    for (key, run) in runs {
        for (stage, state) in (0..).zip(&run.stages) {
            let place = (run.subject.to_string(), run.id.to_string(), stage);
            if state.status == StageStatus::Failed && !filed.contains(&place) {
                found.push(format!("{} {}: stage {stage} has failed without a dead letter", key.pk, key.sk));
            }
        }
    }
    found
}

/// A message has one letter for each time that it was sent.
fn twice(letters: &[(Key, DeadLetter)]) -> Vec<String> {
    let mut by_message: BTreeMap<&str, usize> = BTreeMap::new();
    let messages = letters.iter().filter(|(_, letter)| matches!(letter.content, Content::Message { .. }));
    // A letter's id ends with that of its message.
    for id in messages.filter_map(|(_, letter)| letter.id.rsplit('#').next()) {
        *by_message.entry(id).or_default() += 1;
    }
    let twice = by_message.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|(id, count)| format!("message {id} has {count} dead letters")).collect()
}

/// The team has heard of each.
fn untold(world: &World, runs: &[(Key, Run)], letters: &[(Key, DeadLetter)]) -> Vec<String> {
    // What has arrived after all, by a receipt, is nobody's trouble any more.
    let has_failed = |letter: &DeadLetter| match &letter.content {
        Content::Message { .. } => true,
        Content::Stage { job, .. } => runs.iter().any(|(_, run)| {
            let state = run.stages.get(usize::from(job.stage));
            run.id == job.run
                && run.subject == job.subject
                && state.is_some_and(|state| state.status == StageStatus::Failed)
        }),
    };
    let mails = world.outside.mails();
    let failed = letters.iter().filter(|(_, letter)| has_failed(letter));
    let untold = failed.filter(|(_, letter)| !mails.iter().any(|(at, mail)| tells(*at, mail, letter)));
    untold
        .map(|(key, letter)| format!("nobody was told of {} {}: {}", key.pk, letter.id, letter.reason))
        .collect()
}

/// Whether a mail tells of a letter: by its name, or in a digest by its flow and reason.
fn tells(at: Timestamp, mail: &Mail, letter: &DeadLetter) -> bool {
    let (name, group) = match &letter.content {
        Content::Stage { flow, stage, .. } => (format!("“{stage}” of {flow}"), flow.as_str()),
        Content::Message { .. } => ("a message of a queue".to_owned(), "messages of queues"),
    };
    let said = mail.subject.contains(&name) || mail.text.contains(&format!("{group}: {}", letter.reason));
    // Clocks differ by up to two seconds.
    said && at >= letter.at - SignedDuration::from_secs(5)
}
