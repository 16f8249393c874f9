//! What a store has set up, held in memory for a few seconds: settings, flows, templates, pauses.
//! A change by this process is seen at once, one by another within [`Catalog::FRESH_FOR`]. Every change
//! is counted, so that a look whether there was one reads a single small item.

mod shelf;

use harkara_domain::{Flow, FlowId, StoreId, flow, flow::Index, place::Ground};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::{
    clocks::dates,
    gap::Gap,
    keys,
    ownership::{Draft, FlowState},
    port::{Clock, Item, Query, Table, TableError, Write, WriteError},
    record::{all, decode, load},
    sentinel,
    settings::Settings,
};
use shelf::SavedTemplate;
pub use shelf::{LoadedFlow, Shelf};

/// A flow's head: which version is current, and in which state it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowHead {
    /// The flow.
    pub id: FlowId,
    /// Its current version, from 1.
    pub version: u32,
    /// Whether it starts runs, and what may become of it.
    #[serde(flatten, with = "crate::ownership::state::kept")]
    pub state: FlowState,
    /// Why it was paused, where it was not a person who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// When the head last changed.
    pub changed_at: Timestamp,
    /// The current version's text.
    pub text: String,
    /// What the text says. Read once, when it was saved: functions that only run flows know no YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// An edit that waits to be activated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
}

/// A version of a flow, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowVersion {
    /// Its text.
    pub text: String,
    /// What the text says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Flow>,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub by: String,
}

/// A hold on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub because: String,
}

/// A shelf, and when it was last known to be how the store is set up.
struct Held {
    shelf: Arc<Shelf>,
    at: Timestamp,
}

/// The shelves of the stores that this process has met.
pub struct Catalog {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    shelves: Mutex<HashMap<StoreId, Held>>,
    versions: Mutex<HashMap<(StoreId, FlowId, u32), Arc<Flow>>>,
    read_text: Option<ReadFlow>,
}

/// The count of a store's changes; those that enter it in the list of watched stores are counted apart, so
/// that whoever reads it sees whether it is there.
#[derive(Default, Deserialize)]
struct Changes {
    #[serde(default)]
    enlisted: u64,
}

type ReadFlow = fn(&str) -> Result<Flow, String>;

impl Catalog {
    /// How long a shelf is used before it is looked whether it is still so, in real time.
    pub const FRESH_FOR: SignedDuration = SignedDuration::from_secs(5);
    /// Old versions held at most; beyond it they are read again.
    const MAX_VERSIONS: usize = 1000;

    /// A catalog over a table.
    pub fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock, shelves: Mutex::default(), versions: Mutex::default(), read_text: None }
    }

    /// Reads flows from their text, too, where they were saved before what they say was kept.
    #[must_use]
    pub fn reading_text(self) -> Self {
        let read: ReadFlow = |text| flow::parse::flow(text).map_err(|problems| words(&problems));
        Self { read_text: Some(read), ..self }
    }

    fn flow(&self, kept: Option<Flow>, text: &str) -> Result<Arc<Flow>, TableError> {
        let read = match (kept, self.read_text) {
            (Some(flow), _) => Ok(flow),
            (None, Some(read)) => read(text),
            (None, None) => Err("it was saved by an earlier version: save it again".to_owned()),
        };
        read.map(Arc::new)
            .map_err(|problem| TableError::Failed(format!("a saved flow cannot be read: {problem}")))
    }

    /// What a store has set up; `None` for a store that nobody has.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn shelf(&self, store: &StoreId) -> Result<Option<Arc<Shelf>>, TableError> {
        let now = self.clock.now();
        let fresh_for = self.clock.real(Self::FRESH_FOR);
        let held = self.held(store);
        if let Some((shelf, _)) = held.as_ref().filter(|(_, at)| now.duration_since(*at) < fresh_for) {
            return Ok(Some(shelf.clone()));
        }
        // Before all else: a change that comes while the rest is read is seen by the next look.
        let counted = self.table.get(&keys::changes(store)).await?;
        let changes = counted.as_ref().map_or(0, |item| item.version);
        let same = held.map(|(shelf, _)| shelf).filter(|shelf| shelf.changes == changes);
        let shelf = match same {
            Some(shelf) => Some(shelf),
            None => {
                let counted = counted.as_ref().map(decode::<Changes>).transpose()?;
                let enlisted = counted.is_some_and(|counted| counted.value.enlisted > 0);
                let read = self.read(store, changes).await?;
                read.map(|shelf| Arc::new(Shelf { enlisted, ..shelf }))
            }
        };
        if let Some(shelf) = &shelf {
            let held = Held { shelf: shelf.clone(), at: now };
            self.shelves.lock().unwrap_or_else(PoisonError::into_inner).insert(store.clone(), held);
        }
        Ok(shelf)
    }

    fn held(&self, store: &StoreId) -> Option<(Arc<Shelf>, Timestamp)> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.get(store).map(|held| (held.shelf.clone(), held.at))
    }

    /// Writes a change of how a store is set up, and counts it.
    ///
    /// # Errors
    /// As [`Table::write`].
    pub async fn write(&self, store: &StoreId, mut writes: Vec<Write>) -> Result<(), WriteError> {
        writes.extend(dates::registered(store, &writes));
        let enlisted = sentinel::enlisted(store, &writes);
        let field = if enlisted.is_some() { "enlisted" } else { "changes" };
        writes.extend(enlisted);
        writes.push(Write::Add { key: keys::changes(store), field, by: 1 });
        self.table.write(writes).await?;
        self.forget(store);
        Ok(())
    }

    /// Enters a store in the list of watched stores that was set up before there was one.
    ///
    /// # Errors
    /// As [`Table::write`].
    pub(crate) async fn enlist(&self, store: &StoreId) -> Result<(), WriteError> {
        let counted = Write::Add { key: keys::changes(store), field: "enlisted", by: 1 };
        self.table.write(vec![sentinel::entered(store), counted]).await?;
        self.forget(store);
        Ok(())
    }

    fn forget(&self, store: &StoreId) {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner).remove(store);
    }

    async fn read(&self, store: &StoreId, changes: u64) -> Result<Option<Shelf>, TableError> {
        let (mut settings, mut gap) = (None, None);
        for item in all(&*self.table, keys::gap_and_settings(store)).await? {
            if item.key == keys::settings(store) {
                settings = Some(decode::<Settings>(&item)?.value);
            } else if item.key == keys::gap(store) {
                gap = Some(decode::<Gap>(&item)?.value);
            }
        }
        let Some(settings) = settings else { return Ok(None) };
        let mut shelf = Shelf {
            zone: settings.zone(),
            ground: Ground::of(&settings.rules),
            settings,
            flows: Vec::new(),
            index: Index::default(),
            templates: HashMap::new(),
            pauses: HashMap::new(),
            gap,
            enlisted: false,
            changes,
        };
        for prefix in ["f#", "p#", "t#"] {
            let query = Query::partition(keys::store_partition(store)).prefix(prefix);
            for item in all(&*self.table, query).await? {
                self.place(&mut shelf, prefix, &item)?;
            }
        }
        shelf.index = Index::of(shelf.flows.iter().map(|loaded| &*loaded.flow));
        Ok(Some(shelf))
    }

    /// The version of a flow that a run began with; `None` if it is gone.
    ///
    /// # Errors
    /// When the table fails, or the version cannot be read.
    pub async fn version(
        &self,
        store: &StoreId,
        id: &FlowId,
        version: u32,
    ) -> Result<Option<Arc<Flow>>, TableError> {
        let current = self.shelf(store).await?.and_then(|shelf| {
            let loaded = shelf.flows.iter().find(|loaded| loaded.head.id == *id)?;
            (loaded.head.version == version).then(|| loaded.flow.clone())
        });
        if current.is_some() {
            return Ok(current);
        }
        let place = (store.clone(), id.clone(), version);
        let held = self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if held.is_some() {
            return Ok(held);
        }
        let key = keys::flow_version(store, id, version);
        let Some(stored) = load::<FlowVersion>(&*self.table, &key).await? else { return Ok(None) };
        let flow = self.flow(stored.value.flow, &stored.value.text)?;
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if versions.len() >= Self::MAX_VERSIONS {
            versions.clear();
        }
        versions.insert(place, flow.clone());
        Ok(Some(flow))
    }

    fn place(&self, shelf: &mut Shelf, prefix: &str, item: &Item) -> Result<(), TableError> {
        let name = item.key.sk.get(prefix.len()..).unwrap_or_default().to_owned();
        match prefix {
            "f#" => {
                let mut head = decode::<FlowHead>(item)?.value;
                // It starts nothing and is no reason for anything; its runs read their versions apart.
                if head.state == FlowState::Archived {
                    return Ok(());
                }
                let flow = self.flow(head.flow.take(), &head.text)?;
                shelf.flows.push(LoadedFlow::new(head, flow));
            }
            "t#" => {
                let text = decode::<String>(item)?.value;
                shelf.templates.insert(name, SavedTemplate { text, read: OnceLock::new() });
            }
            _ => {
                shelf.pauses.insert(name, decode::<Pause>(item)?.value);
            }
        }
        Ok(())
    }
}

fn words<P: ToString>(problems: &[P]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
