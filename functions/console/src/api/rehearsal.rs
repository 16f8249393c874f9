//! Dry runs for programs.

use axum::Json;
use harkara_engine::rehearsal::{RehearsalError, Rehearser, Wish};

use super::Answer;
use crate::{Console, desk::Desk, failure::Failure};

impl Console {
    /// Makes dry runs.
    pub(crate) fn rehearser(&self) -> Rehearser {
        Rehearser {
            table: self.table.clone(),
            catalog: self.reader.catalog.clone(),
            secrets: self.secrets.clone(),
            clock: self.clock.clone(),
        }
    }
}

/// Changes nothing, so whoever may look may rehearse.
pub(crate) async fn rehearse(desk: Desk, Json(wish): Json<Wish>) -> Answer {
    super::json(&desk.console.rehearser().rehearse(desk.store(), &wish).await?)
}

impl From<RehearsalError> for Failure {
    fn from(error: RehearsalError) -> Self {
        match error {
            RehearsalError::NoStore => Self::missing("store"),
            RehearsalError::NoFlow => Self::missing("flow"),
            RehearsalError::Unknown(_) => Self::missing("order, customer or cart"),
            RehearsalError::Problems(problems) => Self::bad(problems.join("; ")),
            RehearsalError::Wish(words) => Self::bad(crate::words::capital(&words) + "."),
            RehearsalError::Table(error) => error.into(),
            RehearsalError::Secrets(error) => error.into(),
        }
    }
}
