//! What people did with a flow, kept beside its versions for as long as it is.

use harkara_domain::{FlowId, StoreId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::FlowState;
use crate::{
    catalog::{Catalog, FlowHead},
    keys,
    port::{Expect, Table, Write, WriteError},
    record::{Stored, load, put},
};

/// One change of a flow other than a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// By whom; [`Change::HARKARA`] where it was no person.
    pub by: String,
    /// The version that was current after it.
    pub version: u32,
    /// What changed.
    pub changed: Changed,
    /// Why, where it was no person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// What changed of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// Its state.
    State {
        /// What it was.
        from: FlowState,
        /// What it became.
        to: FlowState,
    },
    /// A draft was saved beside the current version.
    DraftSaved,
    /// The draft was thrown away.
    DraftDropped,
}

/// A version, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionLine {
    /// From 1.
    pub version: u32,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub by: String,
}

impl Change {
    /// Who it is by where it was no person.
    pub const HARKARA: &str = "Harkara";

    /// Puts it behind the earlier changes of a head that was read so.
    pub(crate) fn write(&self, store: &StoreId, head: &Stored<FlowHead>) -> Write {
        let key = keys::flow_change(store, &head.value.id, self.at, head.version);
        put(key, self, Expect::Absent)
    }
}

/// Pauses a flow of which this version is current, because something went wrong that every run of it would
/// meet. One that is not active, or that has another version since, which may have mended it, stays as it is.
///
/// # Errors
/// When the table fails.
pub async fn pause_because(
    (table, catalog): (&dyn Table, &Catalog),
    store: &StoreId,
    (id, version): (&FlowId, u32),
    because: &str,
    at: Timestamp,
) -> Result<(), crate::fault::Fault> {
    let key = keys::flow(store, id);
    let Some(held) = load::<FlowHead>(table, &key).await? else { return Ok(()) };
    if held.value.version != version || !held.value.is_active() {
        return Ok(());
    }
    let because = Some(because.to_owned());
    let changed = Changed::State { from: FlowState::Active, to: FlowState::Paused };
    let change = Change { at, by: Change::HARKARA.to_owned(), version, changed, because: because.clone() };
    let noted = change.write(store, &held);
    let head = FlowHead { state: FlowState::Paused, because, changed_at: at, ..held.value };
    match catalog.write(store, vec![put(key, &head, Expect::Version(held.version)), noted]).await {
        // Whoever changed it meanwhile knows better; another message that fails alike pauses it if not.
        Ok(()) | Err(WriteError::Expectation(_) | WriteError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
