//! The books: every fact that was given to the matcher, and what became of each.

use std::{
    collections::BTreeMap,
    ops::AddAssign,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use harkara_domain::{Fact, FactBody, Run, Subject, history::Entry};
use harkara_engine::{
    bury::{Content, DeadLetter},
    job::Job,
    keys,
    port::{Item, Key},
    views::View,
};

use crate::deployments::as_known;

/// How many facts became what. What came in is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// That came in, each as often as it did.
    pub given: u64,
    /// That changed something, or are kept for their own sake: in a timeline, or a report in its run.
    pub applied: u64,
    /// That said nothing new, or came once more.
    pub duplicate: u64,
    /// About nobody and nothing that Harkara knows.
    pub ignored: u64,
    /// In dead letters, before these were run again.
    pub quarantined: u64,
}

impl AddAssign for Facts {
    fn add_assign(&mut self, more: Self) {
        self.given += more.given;
        self.applied += more.applied;
        self.duplicate += more.duplicate;
        self.ignored += more.ignored;
        self.quarantined += more.quarantined;
    }
}

#[derive(Default)]
struct Held {
    /// By subject and id, with how often each was given.
    facts: BTreeMap<(String, String), (Fact, u64)>,
    /// In deliveries that came to an end, in those that have to come again, in those whose function died.
    ended: u64,
    again: u64,
    died: u64,
}

/// See the module.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Held>>);

/// What has become of a delivery.
#[derive(Clone, Copy)]
pub(crate) enum Came {
    Ended,
    Again,
    Died,
}

fn place(fact: &Fact) -> (String, String) {
    let subject = fact.subject().map_or_else(String::new, |subject| subject.to_string());
    (subject, fact.id.to_string())
}

fn facts(body: &str) -> Vec<Fact> {
    match Job::read(&as_known(body)) {
        Ok(Job::Facts(job)) => job.facts,
        _ => Vec::new(),
    }
}

impl Ledger {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Facts were given to the matcher.
    pub(crate) fn given(&self, body: &str) {
        let mut held = self.held();
        for fact in facts(body) {
            held.facts.entry(place(&fact)).or_insert((fact, 0)).1 += 1;
        }
    }

    /// A delivery of them came to something.
    pub(crate) fn came(&self, body: &str, came: Came) {
        // One of another version is not looked into.
        let Ok(Job::Facts(job)) = Job::read(body) else { return };
        let (count, mut held) = (job.facts.len() as u64, self.held());
        match came {
            Came::Ended => held.ended += count,
            Came::Again => held.again += count,
            Came::Died => held.died += count,
        }
    }

    /// What does not hold of the engine's own counts. A function that died may or may not have counted.
    pub(crate) fn miscounted(&self, counts: &BTreeMap<String, u64>) -> Vec<String> {
        let held = self.held();
        let of = |name: &str, fate: &str| {
            let parts = name.strip_prefix("facts.").and_then(|rest| rest.split_once('.'));
            parts.is_some_and(|(_, held)| held == fate)
        };
        let count = |fate: &str| -> u64 {
            counts.iter().filter(|(name, _)| of(name, fate)).map(|(_, count)| count).sum()
        };
        let known = count("applied") + count("duplicate") + count("ignored");
        let given = held.ended + held.again;
        let agrees = |counted: u64, least: u64| (least..=least + held.died).contains(&counted);
        let sums = agrees(count("given"), given) && count("again") <= held.again + held.died;
        // Of a delivery that failed some facts may be known already; of one that ended all are.
        if sums && known >= held.ended && known <= given + held.died {
            return Vec::new();
        }
        let facts: Vec<_> = counts.iter().filter(|(name, _)| name.starts_with("facts.")).collect();
        let Held { ended, again, died, .. } = &*held;
        vec![format!("the counts are {facts:?}, of {ended} facts that ended, {again} again, {died} died")]
    }
}

/// What a table holds that facts can be found in.
pub(crate) struct Found {
    entries: BTreeMap<String, usize>,
    views: BTreeMap<String, Item>,
    runs: BTreeMap<Key, Run>,
    quarantined: BTreeMap<(String, String), u64>,
}

impl Found {
    /// Looks through a table.
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut found = Self {
            entries: BTreeMap::new(),
            views: BTreeMap::new(),
            runs: BTreeMap::new(),
            quarantined: BTreeMap::new(),
        };
        for item in items {
            let Key { pk, sk } = &item.key;
            if sk == keys::VIEW {
                found.views.insert(pk.clone(), item.clone());
            } else if sk.starts_with("h#") {
                let Some(entry) = read::<Entry>(item) else { continue };
                *found.entries.entry(format!("{pk} {}", entry.fact)).or_default() += 1;
            } else if sk.starts_with("r#") {
                found.runs.extend(read::<Run>(item).map(|run| (item.key.clone(), run)));
            } else if pk.starts_with("d#") {
                let Some(letter) = read::<DeadLetter>(item).filter(|letter| letter.replayed.is_none()) else {
                    continue;
                };
                let Content::Message { body } = &letter.content else { continue };
                for fact in facts(body) {
                    *found.quarantined.entry(place(&fact)).or_default() += 1;
                }
            }
        }
        found
    }

    /// How often a fact is in timelines.
    fn times(&self, fact: &Fact, subject: &Subject) -> usize {
        let own = keys::partition(&fact.store, subject);
        // What is written without a button may be about the customer's last order.
        if matches!(subject, Subject::Customer(_)) && matches!(fact.body, FactBody::Reply(_)) {
            let ends = format!(" {}", fact.id);
            return self.entries.iter().filter(|(place, _)| place.ends_with(&ends)).map(|(_, n)| n).sum();
        }
        self.entries.get(&format!("{own} {}", fact.id)).copied().unwrap_or(0)
    }

    /// Whether a report is in its run; `None` for one of a message that is not ours.
    fn is_noted(&self, fact: &Fact) -> Option<bool> {
        let FactBody::Receipt(receipt) = &fact.body else { return None };
        let stage = receipt.stage.as_ref()?;
        let run = self.runs.get(&keys::run(&fact.store, &stage.subject, &stage.run))?;
        let state = run.stages.get(usize::from(stage.stage))?;
        let is = |mark: &harkara_domain::run::ReceiptMark| {
            mark.attempt == stage.attempt && mark.status == receipt.status
        };
        Some(state.receipts.iter().any(is))
    }

    /// Whether a fact would say anything new.
    fn is_news(&self, fact: &Fact, subject: &Subject) -> bool {
        let held = self.views.get(&keys::partition(&fact.store, subject));
        let held = held.and_then(|item| View::decode(subject, item).ok()).map(|stored| stored.value);
        let folded = View::fold(held.as_ref(), fact, subject);
        folded.changed || !folded.transitions.is_empty()
    }
}

fn read<T: serde::de::DeserializeOwned>(item: &Item) -> Option<T> {
    serde_json::from_slice(&item.body).ok()
}

impl Ledger {
    /// What became of the facts, and which of them were lost or counted twice.
    pub(crate) fn close(&self, found: &Found) -> (Facts, Vec<String>) {
        let (mut sums, mut violations) = (Facts::default(), Vec::new());
        for (place, (fact, times)) in &self.held().facts {
            sums.given += times;
            let quarantined = found.quarantined.get(place).copied().unwrap_or(0).min(*times);
            sums.quarantined += quarantined;
            let rest = times - quarantined;
            let name = || format!("{} {} ({})", place.0, place.1, fact.source);
            let subject = fact.subject();
            match (&subject, found.is_noted(fact)) {
                (None, _) => sums.ignored += rest,
                (_, None) if matches!(fact.body, FactBody::Receipt(_)) => sums.ignored += rest,
                (_, Some(noted)) => {
                    let applied = u64::from(noted).min(rest);
                    sums.applied += applied;
                    sums.duplicate += rest - applied;
                }
                (Some(subject), None) => {
                    let entries = found.times(fact, subject);
                    if entries > 1 {
                        violations.push(format!("{}: the fact counts {entries} times", name()));
                    }
                    let applied = (entries as u64).min(rest);
                    if rest > 0 && applied == 0 && found.is_news(fact, subject) {
                        violations.push(format!("{}: the fact is lost", name()));
                    }
                    sums.applied += applied;
                    sums.duplicate += rest - applied;
                }
            }
        }
        (sums, violations)
    }
}
