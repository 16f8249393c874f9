//! What becomes of a flow: activated, paused, archived, restored.

use harkara_domain::{Flow, FlowId, StoreId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Setup, SetupError, read_flow};
use crate::{
    catalog::FlowHead,
    keys,
    ownership::{Change, Changed, FlowState, plan::Starter, plan::plan_room, plan::trigger_room},
    port::{Expect, Write, WriteError},
    record::{MAX_ROUNDS, Stored, expect, load, put, unless_raced},
};

/// What every write expects that makes a flow active: of two at once the second counts anew.
#[derive(Serialize, Deserialize)]
struct Admission {
    at: Timestamp,
}

impl Setup {
    /// Makes a flow start runs, with its draft as a new version where it has one. With `seen`, of a
    /// [`Preview`](crate::ownership::Preview), only what was looked at.
    ///
    /// # Errors
    /// [`SetupError::Full`] without room for it; [`SetupError::Problems`] where a template is missing;
    /// [`SetupError::Changed`] for a flow that is not any more as it was seen; [`SetupError::NotNow`] for
    /// one that is archived; [`SetupError::NoFlow`].
    pub async fn activate(
        &self,
        store: &StoreId,
        id: &FlowId,
        seen: Option<u64>,
        by: &str,
    ) -> Result<FlowHead, SetupError> {
        self.admitted(store, id, (seen, true), by).await
    }

    /// Makes a flow start runs with its current version. A draft beside it stays one.
    ///
    /// # Errors
    /// As [`Setup::activate`].
    pub async fn resume(&self, store: &StoreId, id: &FlowId, by: &str) -> Result<FlowHead, SetupError> {
        self.admitted(store, id, (None, false), by).await
    }

    async fn admitted(
        &self,
        store: &StoreId,
        id: &FlowId,
        (seen, publish): (Option<u64>, bool),
        by: &str,
    ) -> Result<FlowHead, SetupError> {
        for _ in 0..MAX_ROUNDS {
            let held = self.head(store, id).await?.ok_or(SetupError::NoFlow)?;
            if seen.is_some_and(|seen| seen != held.version) {
                return Err(SetupError::Changed);
            }
            let Some((head, writes)) = self.activation(store, &held, publish, by).await? else {
                return Ok(held.value);
            };
            // Else another flow was admitted, or this one changed: look again whether there is room.
            if unless_raced(self.catalog.write(store, writes).await)? {
                return Ok(head);
            }
        }
        Err(WriteError::Conflict.into())
    }

    /// What activating writes; `None` where nothing would change.
    async fn activation(
        &self,
        store: &StoreId,
        held: &Stored<FlowHead>,
        publish: bool,
        by: &str,
    ) -> Result<Option<(FlowHead, Vec<Write>)>, SetupError> {
        let before = &held.value;
        let to = FlowState::Active;
        if !before.state.may_become(to) {
            return Err(SetupError::NotNow { from: before.state, to });
        }
        let draft = before.draft.as_ref().filter(|_| publish);
        if before.is_active() && draft.is_none() {
            return Ok(None);
        }
        let text = draft.map_or(&before.text, |draft| &draft.text);
        let flow = read_flow(text)?;
        self.check_templates(store, &flow).await?;
        let admitted = self.admit(store, &flow).await?;
        let (head, mut writes) = match draft {
            Some(_) => self.next_version(store, flow, text, Some(held), (to, by))?,
            None => self.in_state(store, held, to, by)?,
        };
        writes.push(admitted);
        Ok(Some((head, writes)))
    }

    /// Keeps a flow from starting runs.
    ///
    /// # Errors
    /// [`SetupError::NotNow`] for one that has not been active; [`SetupError::NoFlow`].
    pub async fn pause(&self, store: &StoreId, id: &FlowId, by: &str) -> Result<FlowHead, SetupError> {
        self.bring(store, id, FlowState::Paused, by).await
    }

    /// Puts a flow away. It starts no runs, and lists leave it out unless asked.
    ///
    /// # Errors
    /// [`SetupError::NoFlow`].
    pub async fn archive(&self, store: &StoreId, id: &FlowId, by: &str) -> Result<FlowHead, SetupError> {
        self.bring(store, id, FlowState::Archived, by).await
    }

    /// Brings an archived flow back, as a draft.
    ///
    /// # Errors
    /// [`SetupError::NotNow`] for one that is not archived; [`SetupError::NoFlow`];
    /// [`SetupError::Problems`] where the store has all the flows that it may have.
    pub async fn restore(&self, store: &StoreId, id: &FlowId, by: &str) -> Result<FlowHead, SetupError> {
        self.check_count(store).await?;
        self.bring(store, id, FlowState::Draft, by).await
    }

    async fn bring(
        &self,
        store: &StoreId,
        id: &FlowId,
        to: FlowState,
        by: &str,
    ) -> Result<FlowHead, SetupError> {
        let held = self.head(store, id).await?.ok_or(SetupError::NoFlow)?;
        let from = held.value.state;
        if !from.may_become(to) {
            return Err(SetupError::NotNow { from, to });
        }
        if from == to {
            return Ok(held.value);
        }
        let (head, writes) = self.in_state(store, &held, to, by)?;
        self.write(store, writes).await?;
        Ok(head)
    }

    /// The head in another state, and what writes it.
    fn in_state(
        &self,
        store: &StoreId,
        held: &Stored<FlowHead>,
        to: FlowState,
        by: &str,
    ) -> Result<(FlowHead, Vec<Write>), SetupError> {
        let done = match to {
            FlowState::Active => "activated a flow",
            FlowState::Paused => "paused a flow",
            FlowState::Archived => "archived a flow",
            FlowState::Draft => "restored a flow",
        };
        let before = &held.value;
        let head = FlowHead { state: to, because: None, changed_at: self.clock.now(), ..before.clone() };
        let mut writes = vec![
            put(keys::flow(store, &head.id), &head, Expect::Version(held.version)),
            self.noted(store, by, done, head.id.as_str())?,
        ];
        writes.extend(self.state_change(store, held, (to, before.version), by));
        Ok((head, writes))
    }

    /// What notes that a flow's state changed, if it does.
    pub(super) fn state_change(
        &self,
        store: &StoreId,
        held: &Stored<FlowHead>,
        (to, version): (FlowState, u32),
        by: &str,
    ) -> Option<Write> {
        let from = held.value.state;
        let changed = Changed::State { from, to };
        let change = Change { at: self.clock.now(), by: by.to_owned(), version, changed, because: None };
        (from != to).then(|| change.write(store, held))
    }

    /// What has to be written with a flow that becomes active, or is and gets another text: of two such
    /// writes at once the second fails, so no two take the same last place.
    pub(super) async fn admit(&self, store: &StoreId, flow: &Flow) -> Result<Write, SetupError> {
        // Before the flows: one that is admitted while they are read fails the write.
        let key = keys::admission(store);
        let before = load::<Admission>(&*self.table, &key).await?;
        let heads = self.heads(store).await?;
        let id = flow.id();
        let others = starters(heads.iter().filter(|head| head.id != id))?;
        trigger_room(flow.trigger.kind().as_str(), &others)?;
        if !heads.iter().any(|head| head.id == id && head.is_active()) {
            plan_room(self.store_settings(store).await?.plan, &others)?;
        }
        Ok(put(key, &Admission { at: self.clock.now() }, expect(before.as_ref())))
    }
}

/// Those of these flows that start runs.
pub(super) fn starters<'a>(heads: impl Iterator<Item = &'a FlowHead>) -> Result<Vec<Starter>, SetupError> {
    let starter = |head: &FlowHead| {
        let read = match &head.flow {
            Some(flow) => flow.clone(),
            None => read_flow(&head.text)?,
        };
        Ok(Starter { trigger: read.trigger.kind().as_str(), name: read.name })
    };
    heads.filter(|head| head.is_active()).map(starter).collect()
}
