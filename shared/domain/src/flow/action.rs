//! Workflow actions: what a stage can do about an order. Each becomes one fact with an id derived
//! from its run, so a repeated stage changes nothing twice; only the alert mail is an effect.

use serde::{Deserialize, Serialize};

use crate::{fact::OrderAction, id::RunId, status::OrderStatus, status::Trigger};

/// One action of a workflow. A new one is a variant here and an arm in [`Action::fact`]; the compiler
/// then asks how its values are checked (`parse/check.rs`) and how the console words it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Confirms the order.
    Confirm,
    /// Cancels the order.
    Cancel,
    /// Says that the order got this far.
    SetStatus(OrderStatus),
    /// Adds a note.
    AddNote(String),
    /// Sets a flag, such as `critical`.
    SetFlag(String),
    /// Clears a flag.
    ClearFlag(String),
    /// Gives the order to a person of the team, by e-mail address.
    AssignUser(String),
    /// Writes a line into the timeline.
    LogEvent(String),
    /// Alerts a team by e-mail, and says so in the timeline.
    EscalateTeam(String),
    /// Cancels whatever else is pending on the order.
    CancelPending,
}

impl Action {
    /// The most characters of a note or of a line for the timeline.
    pub const MAX_TEXT: usize = 500;
    /// The most characters of a flag's or a team's name.
    pub const MAX_NAME: usize = 40;
    /// The most characters of an e-mail address (RFC 5321, section 4.5.3.1.3, without the brackets).
    pub const MAX_ADDRESS: usize = 254;

    /// What the action says of the order; `run` is the run that performs it.
    pub fn fact(&self, run: &RunId) -> OrderAction {
        match self {
            Self::Confirm => OrderAction::Reach(Trigger::OrderConfirmed),
            Self::Cancel => OrderAction::Reach(Trigger::OrderCancelled),
            Self::SetStatus(status) => OrderAction::Reach(status.trigger()),
            Self::AddNote(text) => OrderAction::AddNote(text.clone()),
            Self::SetFlag(flag) => OrderAction::SetFlag { flag: flag.clone(), on: true },
            Self::ClearFlag(flag) => OrderAction::SetFlag { flag: flag.clone(), on: false },
            Self::AssignUser(person) => OrderAction::Assign(person.clone()),
            Self::LogEvent(text) => OrderAction::LogEvent(text.clone()),
            Self::EscalateTeam(team) => OrderAction::Escalated { team: team.clone() },
            Self::CancelPending => OrderAction::CancelAutomations { keep: Some(run.clone()) },
        }
    }
}
