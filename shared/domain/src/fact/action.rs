//! What people and flows do to an order.

use serde::{Deserialize, Serialize};

use crate::{id::RunId, status::Trigger};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer, by a reply.
    Customer,
    /// A person of the shop's team, by e-mail address.
    Person(String),
    /// A flow, by name.
    Flow(String),
}

/// What a person or a flow can do to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAction {
    /// Says that the order got this far (confirmed, cancelled, …).
    Reach(Trigger),
    /// Adds a note.
    AddNote(String),
    /// Sets or clears a flag such as `critical`.
    SetFlag {
        /// The flag's name.
        flag: String,
        /// Set, or clear.
        on: bool,
    },
    /// Gives the order to a person of the team.
    Assign(String),
    /// Writes a line into the timeline.
    LogEvent(String),
    /// The team was alerted.
    Escalated {
        /// Which team.
        team: String,
    },
    /// Cancels what is pending on the order, but for the run that says so.
    CancelAutomations {
        /// The run to keep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<RunId>,
    },
}
