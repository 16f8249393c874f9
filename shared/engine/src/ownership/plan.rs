//! What a store's plan has room for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a store has booked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// 3 active flows.
    Starter,
    /// 10 active flows.
    Growth,
    /// Any number of active flows. What stores had that were set up before there were plans.
    #[default]
    Pro,
    /// Any number of active flows, and messages go before those of other stores.
    Enterprise,
}

impl Plan {
    /// The most active flows; `None` where the plan sets no limit.
    pub fn active_flows(self) -> Option<usize> {
        match self {
            Self::Starter => Some(3),
            Self::Growth => Some(10),
            Self::Pro | Self::Enterprise => None,
        }
    }

    /// Whether its messages have a queue of their own.
    pub fn has_priority(self) -> bool {
        self == Self::Enterprise
    }

    /// As in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Growth => "growth",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there is no room for another active flow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The plan's limit is reached.
    #[error(
        "the plan {plan} has room for {most} active flows, and there are {}: {}. Pause or archive one first",
        .active.len(), .active.join(", ")
    )]
    Plan {
        /// The plan.
        plan: Plan,
        /// Its limit.
        most: usize,
        /// The names of the active flows, in order.
        active: Vec<String>,
    },
    /// What one trigger starts has to fit one transaction.
    #[error(
        "{most} active flows have the trigger {trigger} already, and more than that cannot start at once"
    )]
    Trigger {
        /// The trigger.
        trigger: &'static str,
        /// The limit.
        most: usize,
    },
}

/// A flow that starts runs, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Starter {
    pub(crate) name: String,
    /// Parameters of a trigger aside: whatever they are, flows of one kind can start together.
    pub(crate) trigger: &'static str,
}

/// The most active flows of one trigger. One fact's runs are written in one transaction of 100 parts, which
/// also holds the view, its customer, the timeline, and the runs that the same fact ends.
pub(crate) const MAX_OF_A_TRIGGER: usize = 60;

/// Whether a plan has room for one more beside those that are active.
pub(crate) fn plan_room(plan: Plan, active: &[Starter]) -> Result<(), Full> {
    match plan.active_flows() {
        Some(most) if active.len() >= most => {
            let mut active: Vec<String> = active.iter().map(|starter| starter.name.clone()).collect();
            active.sort_unstable();
            Err(Full::Plan { plan, most, active })
        }
        _ => Ok(()),
    }
}

/// Whether a transaction has room for one more of this trigger beside those that are active.
pub(crate) fn trigger_room(trigger: &'static str, active: &[Starter]) -> Result<(), Full> {
    let same = active.iter().filter(|starter| starter.trigger == trigger).count();
    let most = MAX_OF_A_TRIGGER;
    if same >= most { Err(Full::Trigger { trigger, most }) } else { Ok(()) }
}
