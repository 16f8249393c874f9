//! What activating a flow would change, told before it is done.

use harkara_domain::{FlowId, StoreId};

use super::{Setup, SetupError, history::Which, lifecycle::starters, read_flow};
use crate::{
    catalog::FlowHead,
    ownership::{FlowState, Preview, Room, Written},
};

impl Setup {
    /// What [`Setup::activate`] would do. Changes nothing.
    ///
    /// # Errors
    /// [`SetupError::NoFlow`], or when a read fails.
    pub async fn preview(&self, store: &StoreId, id: &FlowId) -> Result<Preview, SetupError> {
        let held = self.flow_head(store, id).await?;
        let head = &held.value;
        let mut obstacles = Vec::new();
        let (mut templates, mut name) = (Vec::new(), head.id.to_string());
        if !head.state.may_become(FlowState::Active) {
            obstacles.push(format!("it is {}: restore it first", head.state));
        }
        match read_flow(head.next_text()) {
            Ok(flow) => {
                templates = self.needed(store, &flow).await?;
                obstacles.extend(templates.iter().flat_map(|needed| needed.missing.clone()));
                match self.admit(store, &flow).await {
                    Err(SetupError::Full(full)) => obstacles.push(full.to_string()),
                    admitted => drop(admitted?),
                }
                name = flow.name;
            }
            // Saved under an earlier form of the language.
            Err(SetupError::Problems(problems)) => obstacles.extend(problems),
            Err(error) => return Err(error),
        }
        let in_flight = self.in_flight(store).await?;
        Ok(Preview {
            flow: id.clone(),
            name,
            state: head.state,
            because: head.because.clone(),
            seen: held.version,
            before: self.before(store, head).await?,
            after: self.after(store, head).await?,
            room: self.room(store).await?,
            templates,
            runs: in_flight.flows.get(id).cloned().unwrap_or_default(),
            all_runs: in_flight.all,
            obstacles,
        })
    }

    async fn before(&self, store: &StoreId, head: &FlowHead) -> Result<Option<Written>, SetupError> {
        if !matches!(head.state, FlowState::Active | FlowState::Paused) {
            return Ok(None);
        }
        Ok(Some(self.written(store, &head.id, Which::Version(head.version)).await?))
    }

    async fn after(&self, store: &StoreId, head: &FlowHead) -> Result<Written, SetupError> {
        let which = if head.draft.is_some() { Which::Draft } else { Which::Version(head.version) };
        self.written(store, &head.id, which).await
    }

    async fn room(&self, store: &StoreId) -> Result<Room, SetupError> {
        let plan = self.store_settings(store).await?.plan;
        let active = starters(self.heads(store).await?.iter())?;
        let mut active: Vec<String> = active.into_iter().map(|starter| starter.name).collect();
        active.sort_unstable();
        Ok(Room { plan, most: plan.active_flows(), active })
    }
}
