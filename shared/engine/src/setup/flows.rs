//! Saving flows: new versions, and drafts beside the current one.

use harkara_domain::{Flow, FlowId, StoreId};

use super::{Setup, SetupError, problems, read_flow};
use crate::{
    catalog::{FlowHead, FlowVersion},
    keys,
    ownership::{Change, Changed, Draft, FlowState},
    port::{Expect, Write},
    record::{Stored, expect, put},
};

impl Setup {
    /// Saves a flow under the id that its name gives: a new version, which is current at once, unless the
    /// text is the same. Runs that have begun keep theirs. A new flow is a draft, and so is one that was
    /// archived.
    ///
    /// # Errors
    /// [`SetupError::Problems`] for a text that is no flow, or one that needs a template which the
    /// store does not have; [`SetupError::Full`] for an active flow whose new trigger has no room.
    pub async fn flow(&self, store: &StoreId, text: &str, by: &str) -> Result<FlowHead, SetupError> {
        let flow = read_flow(text)?;
        self.check_templates(store, &flow).await?;
        let held = self.head(store, &flow.id()).await?;
        if let Some(same) = held.as_ref().filter(|held| is_as_saved(&held.value, text)) {
            return Ok(same.value.clone());
        }
        self.save(store, flow, text, held, by).await
    }

    /// Saves an edit of a flow that is active or paused beside its current version, where it does nothing
    /// until the flow is activated. Of any other it is the next version, and the flow is a draft as a whole.
    /// The templates that it needs may be missing still.
    ///
    /// # Errors
    /// [`SetupError::Problems`] for a text that is no flow.
    pub async fn draft(&self, store: &StoreId, text: &str, by: &str) -> Result<FlowHead, SetupError> {
        let flow = read_flow(text)?;
        let held = match self.head(store, &flow.id()).await? {
            Some(held) if matches!(held.value.state, FlowState::Active | FlowState::Paused) => held,
            Some(held) if is_as_saved(&held.value, text) => return Ok(held.value),
            held => return self.save(store, flow, text, held, by).await,
        };
        if held.value.next_text() == text {
            return Ok(held.value);
        }
        if held.value.text == text {
            return self.set_draft(store, held, None, by).await;
        }
        let draft = Draft { text: text.to_owned(), saved_at: self.clock.now(), by: by.to_owned() };
        self.set_draft(store, held, Some(draft), by).await
    }

    /// Throws a flow's draft away.
    ///
    /// # Errors
    /// [`SetupError::NoFlow`]; [`SetupError::NoVersion`] for a flow that has none.
    pub async fn drop_draft(&self, store: &StoreId, id: &FlowId, by: &str) -> Result<FlowHead, SetupError> {
        let held = self.head(store, id).await?.ok_or(SetupError::NoFlow)?;
        if held.value.draft.is_none() {
            return Err(SetupError::NoVersion);
        }
        self.set_draft(store, held, None, by).await
    }

    async fn set_draft(
        &self,
        store: &StoreId,
        held: Stored<FlowHead>,
        draft: Option<Draft>,
        by: &str,
    ) -> Result<FlowHead, SetupError> {
        let (changed, what) = match &draft {
            Some(_) => (Changed::DraftSaved, "saved a draft of a flow"),
            None => (Changed::DraftDropped, "dropped the draft of a flow"),
        };
        let at = self.clock.now();
        let change = Change { at, by: by.to_owned(), version: held.value.version, changed, because: None };
        let noted = [change.write(store, &held), self.noted(store, by, what, held.value.id.as_str())?];
        let head = FlowHead { draft, changed_at: at, ..held.value };
        let mut writes = vec![put(keys::flow(store, &head.id), &head, Expect::Version(held.version))];
        writes.extend(noted);
        self.write(store, writes).await?;
        Ok(head)
    }

    async fn save(
        &self,
        store: &StoreId,
        flow: Flow,
        text: &str,
        held: Option<Stored<FlowHead>>,
        by: &str,
    ) -> Result<FlowHead, SetupError> {
        if held.is_none() {
            self.check_count(store).await?;
        }
        let state = match held.as_ref().map(|held| held.value.state) {
            None | Some(FlowState::Archived) => FlowState::Draft,
            Some(state) => state,
        };
        let admitted = match held.as_ref().filter(|held| held.value.is_active()) {
            Some(_) => Some(self.admit(store, &flow).await?),
            None => None,
        };
        let (head, mut writes) = self.next_version(store, flow, text, held.as_ref(), (state, by))?;
        writes.extend(admitted);
        self.write(store, writes).await?;
        Ok(head)
    }

    /// The head with a text as its next version, and what writes it, with its changes noted.
    pub(super) fn next_version(
        &self,
        store: &StoreId,
        flow: Flow,
        text: &str,
        held: Option<&Stored<FlowHead>>,
        (state, by): (FlowState, &str),
    ) -> Result<(FlowHead, Vec<Write>), SetupError> {
        let (id, now) = (held.map_or_else(|| flow.id(), |held| held.value.id.clone()), self.clock.now());
        let before = held.map(|held| &held.value);
        let version = before.map_or(1, |before| before.version + 1);
        let head = FlowHead {
            id: id.clone(),
            version,
            state,
            // A new version may have mended what it was paused for, and nobody has said that it has.
            because: before.filter(|before| before.state == state).and_then(|before| before.because.clone()),
            changed_at: now,
            text: text.to_owned(),
            flow: Some(flow.clone()),
            // Of a flow that is a draft itself this text is the newer one.
            draft: before
                .and_then(|before| before.draft.clone())
                .filter(|draft| draft.text != text && state != FlowState::Draft),
        };
        let is_draft =
            before.and_then(|before| before.draft.as_ref()).is_some_and(|draft| draft.text == text);
        let done = match state {
            FlowState::Active if is_draft => format!("activated the draft of a flow as version {version}"),
            _ => format!("saved version {version} of a flow"),
        };
        let saved = FlowVersion { text: text.to_owned(), flow: Some(flow), saved_at: now, by: by.to_owned() };
        let mut writes = vec![
            put(keys::flow(store, &id), &head, expect(held)),
            put(keys::flow_version(store, &id, version), &saved, Expect::Absent),
            self.noted(store, by, &done, id.as_str())?,
        ];
        writes.extend(held.and_then(|held| self.state_change(store, held, (state, version), by)));
        Ok((head, writes))
    }

    pub(super) async fn check_count(&self, store: &StoreId) -> Result<(), SetupError> {
        let heads = self.heads(store).await?;
        let kept = heads.iter().filter(|head| head.state != FlowState::Archived).count();
        if kept < Self::MAX_FLOWS {
            return Ok(());
        }
        Err(problems(vec![format!("a store has at most {} flows that are not archived", Self::MAX_FLOWS)]))
    }
}

/// Whether saving this text would change nothing. A head of before what flows say was kept is saved anew.
pub(super) fn is_as_saved(head: &FlowHead, text: &str) -> bool {
    head.text == text && head.flow.is_some() && head.state != FlowState::Archived
}
