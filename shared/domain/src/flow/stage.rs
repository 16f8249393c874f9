//! A stage of a flow.

use serde::{Deserialize, Serialize};

use super::{Action, BranchArm, Condition, Delay, Message, SplitArm, TimeOfDay, WaitArm, timing::When};
use crate::calendar::Weekday;

/// One stage of a flow. Without `after` or `after_previous` it is due at once. It sends a message,
/// performs a workflow, or both; or it is a fork, by `wait_for`, `split` or `branches`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = super::schema::stage))]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What the team calls it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))]
    pub name: String,
    /// How long after the trigger; in an arm, after the arm was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Delay>,
    /// How long after the stage before was done with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_previous: Option<Delay>,
    /// At this time of that day, or of the next if past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<TimeOfDay>,
    /// Never earlier in the day than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<TimeOfDay>,
    /// Never later in the day than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<TimeOfDay>,
    /// Only on these days of the week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<Weekday>,
    /// Spreads those that are due at the same time over this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Delay>,
    /// Leave the stage out when this holds at its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_if: Option<Condition>,
    /// Leave the stage out unless this holds at its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Condition>,
    /// What to say to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// What to do about the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = Self::MAX_ACTIONS)))]
    pub workflow: Vec<Action>,
    /// Waits for the first of these, and goes on in its arm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = Self::MAX_ARMS)))]
    pub wait_for: Vec<WaitArm>,
    /// How long it waits at most, then goes on in `otherwise`; needed with `wait_for`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Delay>,
    /// Goes on in one of these by chance, always the same one for the same run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = Self::MAX_ARMS)))]
    pub split: Vec<SplitArm>,
    /// Goes on in the first of these whose condition holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = Self::MAX_ARMS)))]
    pub branches: Vec<BranchArm>,
    /// The arm when the time is up, or no branch's condition holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Stage>,
}

impl Stage {
    /// The most characters of its name.
    pub const MAX_NAME: usize = 80;
    /// The most actions of its workflow.
    pub const MAX_ACTIONS: usize = 20;
    /// The most arms of a fork, `otherwise` apart.
    pub const MAX_ARMS: usize = 10;

    /// When it is due and may act.
    pub fn when(&self) -> When<'_> {
        When {
            after: self.after,
            after_previous: self.after_previous,
            at: self.at,
            not_before: self.not_before,
            not_after: self.not_after,
            on: &self.on,
            spread: self.spread,
            speaks: self.message.is_some(),
        }
    }

    /// Whether the run goes on from it in one arm.
    pub fn is_fork(&self) -> bool {
        !self.wait_for.is_empty() || !self.split.is_empty() || !self.branches.is_empty()
    }

    /// Its arms, in order, `otherwise` last; none where it is no fork.
    pub fn arms(&self) -> Vec<&[Stage]> {
        let waits = self.wait_for.iter().map(|arm| arm.stages.as_slice());
        let splits = self.split.iter().map(|arm| arm.stages.as_slice());
        let branches = self.branches.iter().map(|arm| arm.stages.as_slice());
        let mut arms: Vec<&[Self]> = waits.chain(splits).chain(branches).collect();
        if self.is_fork() {
            arms.push(&self.otherwise);
        }
        arms
    }

    /// What an arm is called, in a sentence: `confirm`, `variant b`, `otherwise`.
    pub fn arm_name(&self, arm: u16) -> String {
        let arm = usize::from(arm);
        let wait = self.wait_for.get(arm).map(|arm| arm.until.to_string());
        let split = self.split.get(arm).map(|arm| format!("variant {}", arm.name));
        let branch = self.branches.get(arm).map(|arm| arm.when.to_string());
        let last = || if self.wait_for.is_empty() { "otherwise" } else { "the time was up" }.to_owned();
        wait.or(split).or(branch).unwrap_or_else(last)
    }
}
