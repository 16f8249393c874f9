//! The ports in memory, which can be put back to what they were.

use async_trait::async_trait;
use harkara_engine::port::{
    Clock, Expect, Http, HttpError, HttpRequest, HttpResponse, Index, IndexKey, Item, Key, Outgoing, Page,
    Query, Queue, QueueError, QueueName, Scheduler, SchedulerError, Secrets, SecretsError, Table, TableError,
    Write, WriteError, limits,
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::sample;

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It is always the same time.
pub(crate) struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        sample::now()
    }
}

/// The connections of the one store, by their names; any other store has none.
#[derive(Default)]
pub(crate) struct MemorySecrets(pub(crate) Mutex<BTreeMap<String, String>>);

impl MemorySecrets {
    pub(crate) fn of(connections: &[(&str, String)]) -> Self {
        let owned = connections.iter().map(|(name, text)| ((*name).to_owned(), text.clone()));
        Self(Mutex::new(owned.collect()))
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn get(&self, store: &str, connection: &str) -> Result<Option<String>, SecretsError> {
        Ok((store == sample::STORE.as_str()).then(|| held(&self.0).get(connection).cloned()).flatten())
    }
}

/// Messages as they were sent.
#[derive(Default)]
pub(crate) struct MemoryQueue(Mutex<Vec<(QueueName, String)>>);

impl MemoryQueue {
    pub(crate) fn take(&self) -> Vec<(QueueName, String)> {
        std::mem::take(&mut *held(&self.0))
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError> {
        for message in messages {
            assert!(message.body.len() <= Outgoing::MAX_BODY, "a body of {} bytes", message.body.len());
            assert!(message.delay <= Outgoing::MAX_DELAY, "a delay of {:?}", message.delay);
            held(&self.0).push((queue, message.body));
        }
        Ok(())
    }

    async fn set_visibility(&self, _: QueueName, _: &str, _: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl Scheduler for MemoryQueue {
    async fn at(&self, _: &str, _: Timestamp, queue: QueueName, body: String) -> Result<(), SchedulerError> {
        held(&self.0).push((queue, body));
        Ok(())
    }

    async fn cancel(&self, _: &str) -> Result<(), SchedulerError> {
        Ok(())
    }
}

/// Nothing is reached.
pub(crate) struct NoHttp;

#[async_trait]
impl Http for NoHttp {
    async fn call(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::NotSent("no such address".to_owned()))
    }
}

/// What a table holds.
pub(crate) type Items = BTreeMap<Key, Arc<Item>>;

/// A table that keeps to the limits of a real one.
#[derive(Default)]
pub(crate) struct MemoryTable(Mutex<(Items, bool)>);

impl MemoryTable {
    /// One that holds this.
    pub(crate) fn of(items: Items) -> Self {
        Self(Mutex::new((items, false)))
    }

    pub(crate) fn items(&self) -> Items {
        held(&self.0).0.clone()
    }

    /// Puts it back; whether it had been written to.
    pub(crate) fn restore(&self, items: &Items) -> bool {
        let mut table = held(&self.0);
        let written = std::mem::take(&mut table.1);
        if written {
            table.0.clone_from(items);
        }
        written
    }
}

fn place(item: &Item, index: Option<Index>) -> Option<IndexKey> {
    match index {
        None => Some(IndexKey { pk: item.key.pk.clone(), sk: item.key.sk.clone() }),
        Some(Index::List) => item.list.clone(),
        Some(Index::Due) => item.due.clone(),
    }
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        Ok(held(&self.0).0.get(key).map(|item| Item::clone(item)))
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        let table = held(&self.0);
        let mut found: Vec<(String, Item)> = table
            .0
            .values()
            .filter_map(|item| Some((place(item, query.index).filter(|at| at.pk == query.pk)?.sk, item)))
            .filter(|(sk, _)| query.from.as_ref().is_none_or(|from| sk >= from))
            .filter(|(sk, _)| query.to.as_ref().is_none_or(|to| sk <= to))
            .filter(|(sk, _)| match &query.after {
                Some(after) if query.descending => sk < after,
                Some(after) => sk > after,
                None => true,
            })
            .map(|(sk, item)| (sk, Item::clone(item)))
            .collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        if query.descending {
            found.reverse();
        }
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = found.last().filter(|_| more).map(|(sk, _)| sk.clone());
        Ok(Page { items: found.into_iter().map(|(_, item)| item).collect(), next })
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        limits::check(&writes)?;
        let mut table = held(&self.0);
        let refused = |write: &Write| {
            let version = table.0.get(write.key()).map(|item| item.version);
            match write {
                Write::Put(_, expect) | Write::Delete(_, expect) => match expect {
                    Expect::Any => false,
                    Expect::Absent => version.is_some(),
                    Expect::Version(expected) => version != Some(*expected),
                },
                Write::Add { .. } => false,
            }
        };
        let places = writes.iter().enumerate().filter(|(_, write)| refused(write));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        if !places.is_empty() {
            return Err(WriteError::Expectation(places));
        }
        table.1 = true;
        for write in writes {
            let key = write.key().clone();
            let version = table.0.get(&key).map_or(1, |item| item.version + 1);
            match write {
                Write::Put(item, _) => drop(table.0.insert(key, Arc::new(Item { version, ..item }))),
                Write::Delete(..) => drop(table.0.remove(&key)),
                // Nobody here reads the sums, only that they changed.
                Write::Add { .. } => {
                    let item = Item { version, ..Item::new(key.clone(), b"{}".to_vec()) };
                    drop(table.0.insert(key, Arc::new(item)));
                }
            }
        }
        Ok(())
    }
}
