//! The ports in memory.

use async_trait::async_trait;
use harkara_engine::{
    ingest::Ingest,
    port::{
        Clock, Expect, Http, HttpError, HttpRequest, HttpResponse, Index, IndexKey, Item, Key, Outgoing,
        Page, Query, Queue, QueueError, QueueName, Scheduler, SchedulerError, Secrets, SecretsError, Table,
        TableError, Write, WriteError,
    },
};
use harkara_sources::Inbound;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A clock that stands still until it is set.
pub(crate) struct StillClock(pub(crate) Mutex<Timestamp>);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[derive(Default)]
pub(crate) struct MemTable(Mutex<BTreeMap<Key, Item>>);

fn place(item: &Item, index: Option<Index>) -> Option<IndexKey> {
    match index {
        None => Some(IndexKey { pk: item.key.pk.clone(), sk: item.key.sk.clone() }),
        Some(Index::List) => item.list.clone(),
        Some(Index::Due) => item.due.clone(),
    }
}

impl MemTable {
    /// Everything that is kept, as text: to look for what must not be in it.
    pub(crate) fn dump(&self) -> String {
        let items = self.0.lock().unwrap();
        items
            .values()
            .map(|item| format!("{:?} {}\n", item.key, String::from_utf8_lossy(&item.body)))
            .collect()
    }
}

#[async_trait]
impl Table for MemTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        let items = self.0.lock().unwrap();
        let mut found: Vec<(String, Item)> = items
            .values()
            .filter_map(|item| Some((place(item, query.index)?, item.clone())))
            .filter(|(at, _)| at.pk == query.pk)
            .filter(|(at, _)| query.from.as_ref().is_none_or(|from| at.sk >= *from))
            .filter(|(at, _)| query.to.as_ref().is_none_or(|to| at.sk <= *to))
            .map(|(at, item)| (at.sk, item))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        if query.descending {
            found.reverse();
        }
        if let Some(after) = &query.after {
            found.retain(|(sk, _)| if query.descending { sk < after } else { sk > after });
        }
        let next = (found.len() > query.limit).then(|| found[query.limit - 1].0.clone());
        found.truncate(query.limit);
        Ok(Page { items: found.into_iter().map(|(_, item)| item).collect(), next })
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        let mut items = self.0.lock().unwrap();
        let holds = |write: &Write| {
            let version = items.get(write.key()).map(|item| item.version);
            match write {
                Write::Put(_, Expect::Any) | Write::Delete(_, Expect::Any) | Write::Add { .. } => true,
                Write::Put(_, Expect::Absent) | Write::Delete(_, Expect::Absent) => version.is_none(),
                Write::Put(_, Expect::Version(v)) | Write::Delete(_, Expect::Version(v)) => {
                    version == Some(*v)
                }
            }
        };
        let failed: Vec<usize> =
            writes.iter().enumerate().filter(|(_, write)| !holds(write)).map(|(place, _)| place).collect();
        if !failed.is_empty() {
            return Err(WriteError::Expectation(failed));
        }
        for write in writes {
            match write {
                Write::Put(mut item, _) => {
                    item.version = items.get(&item.key).map_or(1, |held| held.version + 1);
                    items.insert(item.key.clone(), item);
                }
                Write::Delete(key, _) => {
                    items.remove(&key);
                }
                // Nobody here reads the sums, only that they changed.
                Write::Add { key, .. } => {
                    items.entry(key.clone()).or_insert_with(|| Item::new(key, b"{}".to_vec())).version += 1;
                }
            }
        }
        Ok(())
    }
}

/// Queues and schedules in one: messages with the time from which they are seen.
pub(crate) struct MemQueue {
    pub(crate) clock: Arc<StillClock>,
    pub(crate) held: Mutex<Vec<(QueueName, Timestamp, String)>>,
    pub(crate) refuses: AtomicBool,
}

impl MemQueue {
    /// Takes nothing any more, or takes again.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }

    /// What has been sent to a queue and not been worked on.
    pub(crate) fn bodies(&self, queue: QueueName) -> Vec<String> {
        let held = self.held.lock().unwrap();
        held.iter().filter(|(name, ..)| *name == queue).map(|(.., body)| body.clone()).collect()
    }

    /// Takes the earliest message that is seen by `until`.
    pub(crate) fn take(&self, until: Timestamp) -> Option<(QueueName, Timestamp, String)> {
        let mut held = self.held.lock().unwrap();
        let (place, _) =
            held.iter().enumerate().filter(|(_, m)| m.1 <= until).min_by_key(|(place, m)| (m.1, *place))?;
        Some(held.remove(place))
    }
}

#[async_trait]
impl Queue for MemQueue {
    async fn send(&self, queue: QueueName, messages: Vec<Outgoing>) -> Result<(), QueueError> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(QueueError { queue, problem: "told to fail".to_owned() });
        }
        let now = self.clock.now();
        let seen = |delay: Duration| now + SignedDuration::try_from(delay).unwrap();
        let messages = messages.into_iter().map(|message| (queue, seen(message.delay), message.body));
        self.held.lock().unwrap().extend(messages);
        Ok(())
    }

    async fn set_visibility(&self, _: QueueName, _: &str, _: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl Scheduler for MemQueue {
    async fn at(
        &self,
        _: &str,
        when: Timestamp,
        queue: QueueName,
        body: String,
    ) -> Result<(), SchedulerError> {
        self.held.lock().unwrap().push((queue, when, body));
        Ok(())
    }

    async fn cancel(&self, _: &str) -> Result<(), SchedulerError> {
        Ok(())
    }
}

pub(crate) struct MemSecrets(pub(crate) HashMap<&'static str, String>);

#[async_trait]
impl Secrets for MemSecrets {
    async fn get(&self, _: &str, connection: &str) -> Result<Option<String>, SecretsError> {
        Ok(self.0.get(connection).cloned())
    }
}

/// Whatever is posted to the store's webhook reaches the real ingest; nothing else is reached.
#[derive(Default)]
pub(crate) struct HomeHttp(pub(crate) OnceLock<Arc<Ingest>>);

#[async_trait]
impl Http for HomeHttp {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let unreached = || HttpError::NotSent("no such address".to_owned());
        let path = request.url.strip_prefix("http://shop.test/webhooks/").ok_or_else(unreached)?;
        let (store, source) = path.split_once('/').ok_or_else(unreached)?;
        let mut headers = axum::http::HeaderMap::new();
        for (name, value) in &request.headers {
            headers.insert(*name, value.parse().unwrap());
        }
        let inbound = Inbound { headers: &headers, query: "", body: &request.body };
        let taken = self.0.get().unwrap().webhook(store, source, inbound).await;
        let status = if taken.is_ok() { 200 } else { 401 };
        Ok(HttpResponse { status, retry_after: None, body: Vec::new() })
    }
}
