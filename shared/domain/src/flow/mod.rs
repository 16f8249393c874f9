//! The flow language: what a shop writes down once.
//!
//! A flow has a trigger, conditions and stages; a stage sends a message, performs a workflow, or
//! both, or it is a fork that the run goes on from in one arm. Unknown fields are errors. Read one
//! with [`parse::flow`].

pub mod action;
pub mod condition;
pub mod expression;
mod fork;
pub mod heard;
mod index;
mod message;
pub mod parse;
mod place;
#[cfg(feature = "schema")]
pub mod schema;
mod stage;
pub mod timing;
pub mod trigger;
mod written;

use serde::{Deserialize, Serialize};

use crate::id::FlowId;
pub use action::Action;
pub use condition::Condition;
pub(crate) use fork::draw;
pub use fork::{Awaited, BranchArm, ReplyWanted, SplitArm, WaitArm};
pub use index::Index;
pub use message::{Channel, Class, Message};
pub use place::Place;
pub use stage::Stage;
pub use timing::{Delay, TimeOfDay};
pub use trigger::Trigger;
pub use written::{Unwritable, Written};

/// A flow as written; which id and version it has is its place in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What the team calls it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))]
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
    /// Which subjects it is for; all, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Condition>,
    /// How often it may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re_entry: Option<ReEntry>,
    /// Leaves the run, whatever is still to come, once this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_if: Option<Condition>,
    /// What to do about a send whose answer was lost.
    #[serde(default)]
    pub on_ambiguous: OnAmbiguous,
    /// What it does, in order: at least one stage.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_STAGES)))]
    pub stages: Vec<Stage>,
}

impl Flow {
    /// The most stages that a flow may have, those in arms included.
    pub const MAX_STAGES: usize = 60;
    /// How deep forks may lie in one another's arms.
    pub const MAX_DEPTH: usize = 4;
    /// The most characters of its name.
    pub const MAX_NAME: usize = 80;

    /// The id that the name gives: `COD confirmation` is `cod-confirmation`.
    pub fn id(&self) -> FlowId {
        Self::id_of(&self.name)
    }

    /// The id that a name gives; an id gives itself.
    pub fn id_of(name: &str) -> FlowId {
        let words: Vec<String> = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        FlowId::new(words.join("-"))
    }

    /// How often it may run, where it does not say: once for an order, and for each occurrence of
    /// anything else.
    pub fn re_entry(&self) -> ReEntry {
        self.re_entry.unwrap_or(if self.trigger.kind().is_of_orders() {
            ReEntry::OncePerOrder
        } else {
            ReEntry::Always
        })
    }

    /// Its messages, with their stages.
    pub fn messages(&self) -> impl Iterator<Item = (&Stage, &Message)> {
        let stages = self.places().into_iter().map(|place| place.stage);
        stages.filter_map(|stage| Some((stage, stage.message.as_ref()?)))
    }

    /// Whether its runs have to be looked at when something happens to their subject, not only when a
    /// stage is due.
    pub fn listens(&self) -> bool {
        self.exit_if.is_some() || self.places().iter().any(|place| !place.stage.wait_for.is_empty())
    }
}

/// How often a flow may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReEntry {
    /// Once for an order (or another subject), whatever comes about.
    OncePerOrder,
    /// Once for a customer, over all their orders.
    OncePerCustomer,
    /// For a customer, once within this time.
    OncePer(Delay),
    /// Each time.
    Always,
}

/// What to do about a send whose answer was lost, when no receipt has settled it within the first
/// wait of the retry ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnAmbiguous {
    /// Send again: a provider that had accepted would have reported by then.
    #[default]
    Resend,
    /// Hold it as failed, for a person to replay.
    Hold,
}
