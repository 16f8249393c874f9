//! What time alone brings about, unless something comes between.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::occurrence::Occurrence;

/// An occurrence that a view waits for. It is kept in the view until it has been looked at, so that a lost
/// message cannot lose it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// When it comes about.
    pub at: Timestamp,
    /// What.
    pub occurrence: Occurrence,
}

/// The time of the first of several.
pub fn first(awaits: &[Awaited]) -> Option<Timestamp> {
    awaits.iter().map(|awaited| awaited.at).min()
}

/// Leaves out what has come about, or was found not to have.
pub(crate) fn settle(awaits: &mut Vec<Awaited>, occurrence: &Occurrence) {
    awaits.retain(|awaited| awaited.occurrence != *occurrence);
}
