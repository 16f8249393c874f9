//! What people and programs do with flows.

use harkara_domain::{Flow, FlowId, flow::parse};
use harkara_engine::{
    catalog::FlowHead,
    ownership::FlowState,
    setup::{SetupError, Which},
};

use crate::{desk::Desk, failure::Failure};

/// The heads of the store's flows, by id.
pub(crate) async fn heads(desk: &Desk, archived: bool) -> Result<Vec<FlowHead>, Failure> {
    let mut heads = desk.console.setup.heads(desk.store()).await?;
    heads.retain(|head| archived || head.state != FlowState::Archived);
    Ok(heads)
}

/// What a head says, where it can be read still.
pub(crate) fn said(head: &FlowHead) -> Option<Flow> {
    head.flow.clone().or_else(|| parse::flow(&head.text).ok())
}

/// The id of a flow that there is.
pub(crate) async fn existing(desk: &Desk, id: &str) -> Result<FlowId, Failure> {
    let id = FlowId::from(id);
    desk.console.setup.flow_head(desk.store(), &id).await?;
    Ok(id)
}

/// A version by its number, or the `draft`.
pub(crate) fn which(text: &str) -> Result<Which, Failure> {
    if text == "draft" {
        return Ok(Which::Draft);
    }
    let bad = |_| Failure::bad(format!("“{text}” is no version: a version is a number, or draft."));
    Ok(Which::Version(text.parse().map_err(bad)?))
}

/// Saves a flow as the next version, which is current at once, or beside the current one.
pub(crate) async fn save(desk: &Desk, text: &str, draft: bool) -> Result<FlowHead, SetupError> {
    let (setup, by) = (&desk.console.setup, &desk.caller.name);
    if draft { setup.draft(desk.store(), text, by).await } else { setup.flow(desk.store(), text, by).await }
}

/// Brings a flow into a state; `seen` as of a preview.
pub(crate) async fn bring(
    desk: &Desk,
    id: &FlowId,
    to: FlowState,
    seen: Option<u64>,
) -> Result<FlowHead, Failure> {
    let (setup, store, by) = (&desk.console.setup, desk.store(), &desk.caller.name);
    Ok(match to {
        FlowState::Active => setup.activate(store, id, seen, by).await?,
        FlowState::Paused => setup.pause(store, id, by).await?,
        FlowState::Archived => setup.archive(store, id, by).await?,
        FlowState::Draft => setup.restore(store, id, by).await?,
    })
}
