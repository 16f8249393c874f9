//! The table, in memory: what DynamoDB is to the engine, with all that can go wrong on the way to it.

mod page;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use harkara_domain::Run;
use harkara_engine::{
    keys::unstamp,
    port::{Expect, IndexKey, Item, Key, Page, Query, Table, TableError, Write, WriteError, limits},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    deployments::{known_letter, newer_record},
    fate::{Fate, Sabotage},
};

/// A place in an index, with the item that stands there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The index of what is due; else that of lists.
    due: bool,
    pk: String,
    sk: String,
    key: Key,
}

#[derive(Default)]
struct Held {
    items: BTreeMap<Key, Item>,
    places: BTreeSet<Place>,
    /// Places that come and go later: indexes lag.
    lagging: Vec<(Timestamp, bool, Place)>,
    /// When something of an item is due.
    due: BTreeMap<Key, Timestamp>,
    /// Counts the writes that happened.
    writes: u64,
}

/// Who is told of each write that happened, with its number and time.
pub(crate) type Watch = Box<dyn Fn((u64, Timestamp), Option<&Item>, &Item) + Send>;

/// The table.
#[derive(Clone)]
pub(crate) struct MemoryTable {
    held: Arc<Mutex<Held>>,
    watch: Arc<Mutex<Option<Watch>>>,
    fate: Fate,
}

fn places(item: &Item) -> Vec<Place> {
    let place = |due: bool, place: &Option<IndexKey>| {
        let IndexKey { pk, sk } = place.clone()?;
        Some(Place { due, pk, sk, key: item.key.clone() })
    };
    [place(false, &item.list), place(true, &item.due)].into_iter().flatten().collect()
}

impl Held {
    /// Notes when something of an item is due.
    fn note_due(&mut self, key: &Key, item: Option<&Item>) {
        match item.and_then(|item| unstamp(&item.due.as_ref()?.sk)) {
            Some(at) => _ = self.due.insert(key.clone(), at),
            None => _ = self.due.remove(key),
        }
    }
}

impl MemoryTable {
    /// An empty one.
    pub(crate) fn new(fate: Fate) -> Self {
        Self { held: Arc::default(), watch: Arc::default(), fate }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells somebody of each item that is put.
    pub(crate) fn watch(&self, watch: Watch) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch);
    }

    /// Puts what another table holds.
    pub(crate) fn restore(&self, items: &[Item]) {
        let mut held = self.held();
        for item in items {
            held.places.extend(places(item));
            held.note_due(&item.key, Some(item));
            held.items.insert(item.key.clone(), item.clone());
        }
    }

    /// What lies at a key.
    pub(crate) fn item(&self, key: &Key) -> Option<Item> {
        self.held().items.get(key).cloned()
    }

    /// All that is in it.
    pub(crate) fn items(&self) -> Vec<Item> {
        self.held().items.values().cloned().collect()
    }

    /// The earliest place in the index of what is due, of any shard.
    pub(crate) fn first_due(&self) -> Option<Timestamp> {
        self.held().due.values().min().copied()
    }

    fn settle_indexes(&self) {
        let now = self.fate.now();
        let mut held = self.held();
        let mut lagging = std::mem::take(&mut held.lagging);
        lagging.retain(|(at, comes, place)| {
            if *at > now {
                return true;
            }
            if *comes {
                held.places.insert(place.clone());
            } else {
                held.places.remove(place);
            }
            false
        });
        held.lagging = lagging;
    }

    /// An item as a newer deployment may have left it, or reads it when it is the only one.
    fn told(&self, item: Item) -> Item {
        if self.fate.is_calm()
            && item.key.pk.starts_with("d#")
            && let Some(body) = known_letter(&item.body)
        {
            return Item { body, ..item };
        }
        if self.fate.happens("record of a newer deployment", |odds| odds.schedule / 5)
            && let Some(body) = newer_record(&item.body)
        {
            return Item { body, ..item };
        }
        item
    }

    fn check(&self, held: &Held, writes: &[Write]) -> Result<(), WriteError> {
        limits::check(writes)?;
        let (no_versions, no_ids) =
            (self.fate.is_off(Sabotage::VersionGuard), self.fate.is_off(Sabotage::RunId));
        let refused = |write: &Write| {
            let expect = match write {
                Write::Put(_, expect) | Write::Delete(_, expect) => *expect,
                Write::Add { .. } => Expect::Any,
            };
            let there = held.items.get(write.key()).map(|item| item.version);
            match expect {
                Expect::Any => false,
                Expect::Version(_) if no_versions => false,
                Expect::Absent if no_ids && write.key().sk.starts_with(['r', 'h']) => false,
                Expect::Absent => there.is_some(),
                Expect::Version(version) => there != Some(version),
            }
        };
        let refused: Vec<usize> =
            writes.iter().enumerate().filter(|(_, write)| refused(write)).map(|(place, _)| place).collect();
        if refused.is_empty() { Ok(()) } else { Err(WriteError::Expectation(refused)) }
    }

    fn apply(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        let mut held = self.held();
        self.check(&held, &writes)?;
        if self.fate.is_off(Sabotage::Claim) && writes.iter().any(|write| claims(&held, write)) {
            return Ok(());
        }
        held.writes += 1;
        let number = held.writes;
        let now = self.fate.now();
        for write in writes {
            let key = write.key().clone();
            let before = held.items.get(&key).cloned();
            let after = match write {
                Write::Put(item, _) => Some(item),
                Write::Delete(..) => None,
                Write::Add { field, by, .. } => Some(added(before.as_ref(), &key, field, by)?),
            };
            let version = before.as_ref().map_or(1, |before| before.version + 1);
            let after = after.map(|item| Item { version, ..item });
            let (old, new): (Vec<_>, Vec<_>) =
                (before.iter().flat_map(places).collect(), after.iter().flat_map(places).collect());
            // Indexes lag, and keep the order of an item's changes.
            let behind = held.lagging.iter().filter(|(.., place)| place.key == key).map(|(at, ..)| *at).max();
            let at = (now + self.fate.between(0, 1_500)).max(behind.unwrap_or(now));
            let leaves =
                old.iter().filter(|place| !new.contains(place)).map(|place| (at, false, place.clone()));
            let comes =
                new.iter().filter(|place| !old.contains(place)).map(|place| (at, true, place.clone()));
            held.lagging.extend(leaves.chain(comes));
            held.lagging.sort_by_key(|(at, ..)| *at);
            held.note_due(&key, after.as_ref());
            if let Some(after) = after {
                if let Some(watch) = &*self.watch.lock().unwrap_or_else(PoisonError::into_inner) {
                    watch((number, now), before.as_ref(), &after);
                }
                held.items.insert(key, after);
            } else {
                held.items.remove(&key);
            }
        }
        Ok(())
    }
}

/// A key in words; of the audit log without its random part.
fn named(key: &Key) -> String {
    let Key { pk, sk } = key;
    if pk.starts_with("a#") { pk.clone() } else { format!("{pk}/{sk}") }
}

/// Whether a write takes a claim.
fn claims(held: &Held, write: &Write) -> bool {
    let claimed = |item: &Item| {
        let run: Option<Run> = serde_json::from_slice(&item.body).ok();
        run.is_some_and(|run| run.stages.iter().any(|stage| stage.claim.is_some()))
    };
    let Write::Put(item, _) = write else { return false };
    item.key.sk.starts_with("r#") && claimed(item) && !held.items.get(&item.key).is_some_and(claimed)
}

fn added(before: Option<&Item>, key: &Key, field: &str, by: i64) -> Result<Item, WriteError> {
    let failed = |problem: &str| WriteError::Failed(problem.to_owned());
    let mut fields: Map<String, Value> = match before {
        Some(item) => {
            serde_json::from_slice(&item.body).map_err(|_| failed("what is there cannot be counted"))?
        }
        None => Map::new(),
    };
    let count = fields.get(field).and_then(Value::as_i64).unwrap_or(0) + by;
    fields.insert(field.to_owned(), count.into());
    let body = serde_json::to_vec(&fields).map_err(|error| failed(&error.to_string()))?;
    Ok(Item { body, ..before.cloned().unwrap_or_else(|| Item::new(key.clone(), Vec::new())) })
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.fate.step().await;
        if self.fate.strikes("read failed", |odds| odds.failed) {
            return Err(TableError::Failed("the simulation says no".to_owned()));
        }
        let now = self.fate.now();
        let found = self.held().items.get(key).cloned();
        let found = found.filter(|item| item.expires_at.is_none_or(|at| at > now));
        let found = found.map(|item| self.told(item));
        self.fate.step().await;
        Ok(found)
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        self.fate.step().await;
        if self.fate.strikes("query failed", |odds| odds.failed) {
            return Err(TableError::Failed("the simulation says no".to_owned()));
        }
        self.settle_indexes();
        let mut page = page::of(&self.held(), &query, self.fate.now());
        page.items = page.items.into_iter().map(|item| self.told(item)).collect();
        self.fate.step().await;
        Ok(page)
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        self.fate.step().await;
        if self.fate.strikes("write throttled", |odds| odds.throttled) {
            return Err(WriteError::Throttled);
        }
        if self.fate.strikes("write in conflict", |odds| odds.conflict) {
            return Err(WriteError::Conflict);
        }
        if self.fate.strikes("write failed", |odds| odds.failed) {
            return Err(WriteError::Failed("the simulation says no".to_owned()));
        }
        self.fate.note(|| {
            let keys: Vec<String> = writes.iter().map(|w| named(w.key())).collect();
            format!("writes {}", keys.join(" "))
        });
        let done = self.apply(writes);
        if done.is_ok() && self.fate.strikes("write's answer lost", |odds| odds.answer_lost) {
            return Err(WriteError::Failed("the answer was lost".to_owned()));
        }
        self.fate.step().await;
        done
    }
}
