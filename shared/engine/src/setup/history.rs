//! What a flow was: its versions, and what people did with it.

use harkara_domain::{FlowId, Run, StoreId};
use std::collections::BTreeMap;

use super::{Setup, SetupError};
use crate::{
    catalog::{FlowHead, FlowVersion},
    keys,
    ownership::{Change, InFlight, VersionLine, Written},
    port::{Index, Query, TableError},
    read::Listed,
    record::{Stored, decode, load},
};

/// Which text of a flow is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// A version.
    Version(u32),
    /// The draft beside the current version.
    Draft,
}

/// The runs in flight of each flow, and whether all were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllInFlight {
    /// By flow, each with its versions in order.
    pub flows: BTreeMap<FlowId, Vec<InFlight>>,
    /// Whether all were looked at; else there may be more.
    pub all: bool,
}

impl AllInFlight {
    /// How many runs of a flow go on.
    pub fn count(&self, flow: &FlowId) -> usize {
        self.flows.get(flow).map_or(0, |versions| versions.iter().map(|version| version.count).sum())
    }
}

impl Setup {
    /// The most open runs that are counted in each of the sweep's partitions.
    const MAX_COUNTED: usize = 500;

    /// A flow's head, archived or not, with the count of its writes, which tells whether it was changed.
    ///
    /// # Errors
    /// [`SetupError::NoFlow`], or when a read fails.
    pub async fn flow_head(&self, store: &StoreId, id: &FlowId) -> Result<Stored<FlowHead>, SetupError> {
        self.head(store, id).await?.ok_or(SetupError::NoFlow)
    }

    /// A flow's versions, the latest first.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn versions(
        &self,
        store: &StoreId,
        id: &FlowId,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<VersionLine>, TableError> {
        let query = keys::flow_versions(store, id).newest_first().limit(limit).after(after);
        let page = self.table.query(query).await?;
        let mut entries = Vec::new();
        for item in &page.items {
            let FlowVersion { saved_at, by, .. } = decode::<FlowVersion>(item)?.value;
            let number = item.key.sk.rsplit('#').next().and_then(|number| number.parse().ok());
            entries.extend(number.map(|version| VersionLine { version, saved_at, by }));
        }
        Ok(Listed { entries, next: page.next })
    }

    /// What was done with a flow besides, the latest first.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn changes(
        &self,
        store: &StoreId,
        id: &FlowId,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<Change>, TableError> {
        let query = keys::flow_changes(store, id).newest_first().limit(limit).after(after);
        let page = self.table.query(query).await?;
        let entries: Result<_, TableError> =
            page.items.iter().map(|item| Ok(decode::<Change>(item)?.value)).collect();
        Ok(Listed { entries: entries?, next: page.next })
    }

    /// A text of a flow. Of a draft the version is the one that it would become.
    ///
    /// # Errors
    /// [`SetupError::NoVersion`]; for a draft also [`SetupError::NoFlow`].
    pub async fn written(&self, store: &StoreId, id: &FlowId, which: Which) -> Result<Written, SetupError> {
        let Which::Version(version) = which else {
            let head = self.flow_head(store, id).await?.value;
            let draft = head.draft.ok_or(SetupError::NoVersion)?;
            let version = head.version + 1;
            return Ok(Written { version, text: draft.text, saved_at: draft.saved_at, by: draft.by });
        };
        let held = load::<FlowVersion>(&*self.table, &keys::flow_version(store, id, version)).await?;
        let FlowVersion { text, saved_at, by, .. } = held.ok_or(SetupError::NoVersion)?.value;
        Ok(Written { version, text, saved_at, by })
    }

    /// How many runs of each flow go on, by the versions that they keep.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn in_flight(&self, store: &StoreId) -> Result<AllInFlight, TableError> {
        let mut counts: BTreeMap<(FlowId, u32), usize> = BTreeMap::new();
        let mut all = true;
        // Every run that goes on has something due, so it is in the sweep's index, and no other run is.
        for shard in 0..keys::DUE_SHARDS {
            let query = Query::index(Index::Due, keys::due_partition(shard)).limit(Self::MAX_COUNTED);
            let page = self.table.query(query).await?;
            all &= page.next.is_none();
            for item in page.items.iter().filter(|item| keys::subject_of(&item.key).is_none()) {
                let run = decode::<Run>(item)?.value;
                if run.store == *store {
                    *counts.entry((run.flow, run.version)).or_default() += 1;
                }
            }
        }
        let mut flows: BTreeMap<FlowId, Vec<InFlight>> = BTreeMap::new();
        for ((flow, version), count) in counts {
            flows.entry(flow).or_default().push(InFlight { version, count });
        }
        Ok(AllInFlight { flows, all })
    }
}
