//! What activating a flow would change.

use harkara_domain::FlowId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{plan::Plan, state::FlowState};

/// What activating a flow would change, told before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The flow.
    pub flow: FlowId,
    /// Its name, as the text that would be current says it.
    pub name: String,
    /// Its state now.
    pub state: FlowState,
    /// Why it was paused, where it was no person who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What was looked at: activating with it fails once somebody has changed the flow since.
    pub seen: u64,
    /// What it starts runs with now or, where it is paused, did; `None` for a flow that never ran.
    pub before: Option<Written>,
    /// What it would start runs with.
    pub after: Written,
    /// What the plan has room for.
    pub room: Room,
    /// The templates that it needs.
    pub templates: Vec<Needed>,
    /// Its runs that go on, with the versions that they keep.
    pub runs: Vec<InFlight>,
    /// Whether all runs in flight were looked at; else there may be more.
    pub all_runs: bool,
    /// Why it cannot be activated; empty where it can.
    pub obstacles: Vec<String>,
}

impl Preview {
    /// Whether activating it changes anything.
    pub fn changes(&self) -> bool {
        self.state != FlowState::Active || self.before.as_ref().is_none_or(|b| b.text != self.after.text)
    }
}

/// A version with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// From 1; of a draft, the one that it would become.
    pub version: u32,
    /// Its text.
    pub text: String,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What a plan has room for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    /// The plan.
    pub plan: Plan,
    /// The most active flows; `None` where the plan sets no limit.
    pub most: Option<usize>,
    /// The names of the flows that are active, in order.
    pub active: Vec<String>,
}

/// A template that a flow needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// Its name.
    pub template: String,
    /// What is missing: the template itself, or words for a button. Empty where all is there.
    pub missing: Vec<String>,
}

/// Runs of a flow that go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InFlight {
    /// The version that they began with, and keep.
    pub version: u32,
    /// How many.
    pub count: usize,
}
