//! Why an order got what it got, for programs.

use axum::extract::{Path, Query};
use harkara_domain::{FlowId, OrderId};
use harkara_engine::rehearsal::why::{self, Language};
use serde::Deserialize;

use super::Answer;
use crate::{desk::Desk, failure::Failure};

#[derive(Deserialize)]
pub(crate) struct Asked {
    /// This flow alone.
    flow: Option<String>,
    /// `en` or `roman-ur`.
    #[serde(default)]
    language: Language,
}

pub(crate) async fn why(desk: Desk, Path(order): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let (order, flow) = (OrderId::from(order), asked.flow.map(FlowId::from));
    let why = why::why(&desk.console.reader, desk.store(), &order, flow.as_ref(), asked.language).await?;
    super::json(&why.ok_or_else(|| Failure::missing("order, or no such flow"))?)
}
