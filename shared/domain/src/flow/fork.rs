//! Forks: stages that a run goes on from in one arm.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Condition, Stage, condition::Circumstances};
use crate::{
    fact::Choice,
    id::digest,
    status::{OrderStatus, Point},
};
use jiff::Timestamp;

/// What is waited for, and how the run then goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WaitArm {
    /// What is waited for.
    pub until: Awaited,
    /// What is done then; nothing but the stage after the fork, where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// Something that a stage can wait for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// An answer of the customer since the run began.
    Reply(ReplyWanted),
    /// The order gets this far, or further on the same road.
    Status(OrderStatus),
    /// The shop has the money.
    Payment(PaymentWanted),
    /// A condition holds.
    Condition(Condition),
}

/// Which answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReplyWanted {
    /// Any words or tap.
    Any,
    /// The button to confirm.
    Confirm,
    /// The button to cancel.
    Cancel,
    /// The button that says all was well.
    Satisfied,
    /// The button that complains.
    Dissatisfied,
}

/// Which state of the payment is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentWanted {
    /// The shop has the money.
    Received,
}

/// An arm that chance chooses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SplitArm {
    /// What the team calls it; part of what chance is drawn from, so that arms can be put in between.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Stage::MAX_NAME)))]
    pub name: String,
    /// Its share, against the sum of all weights; 0 closes it.
    pub weight: u32,
    /// What is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// An arm that a condition chooses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BranchArm {
    /// What must hold.
    pub when: Condition,
    /// What is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

impl Awaited {
    /// Whether it has come, for a run that began at `since`.
    pub fn has_come(&self, on: Circumstances<'_>, since: Timestamp) -> bool {
        let order = on.order;
        match self {
            Self::Reply(wanted) => {
                let replies = match order {
                    Some(order) => Some(&order.replies),
                    None => on.customer.map(|customer| &customer.replies),
                };
                let heard = on.customer.and_then(|customer| customer.last_inbound_at);
                match wanted.choice() {
                    Some(choice) => {
                        replies.and_then(|replies| replies.get(&choice)).is_some_and(|at| *at >= since)
                    }
                    None => heard.max(order.and_then(|order| order.replied_at)).is_some_and(|at| at >= since),
                }
            }
            Self::Status(wanted) => order.is_some_and(|order| {
                let status = order.status();
                status == *wanted || (status > *wanted && !status.is_terminal())
            }),
            Self::Payment(PaymentWanted::Received) => {
                order.is_some_and(|order| order.reached.contains_key(&Point::PaymentReceived))
            }
            Self::Condition(condition) => condition.holds(on),
        }
    }
}

impl ReplyWanted {
    fn choice(self) -> Option<Choice> {
        match self {
            Self::Any => None,
            Self::Confirm => Some(Choice::Confirm),
            Self::Cancel => Some(Choice::Cancel),
            Self::Satisfied => Some(Choice::Satisfied),
            Self::Dissatisfied => Some(Choice::Dissatisfied),
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(wanted) => match wanted.choice() {
                None => f.write_str("an answer"),
                Some(choice) => write!(f, "the answer {}", choice.as_str()),
            },
            Self::Status(status) => write!(f, "the order is {status}"),
            Self::Payment(PaymentWanted::Received) => f.write_str("the payment was received"),
            Self::Condition(condition) => condition.fmt(f),
        }
    }
}

/// The arm that chance gives to `whom`: the same each time, in shares as the weights say. `None` where
/// no weight is over 0.
pub(crate) fn draw(arms: &[SplitArm], whom: &str) -> Option<u16> {
    let sum: u64 = arms.iter().map(|arm| u64::from(arm.weight)).sum();
    let drawn = u64::from_str_radix(digest(whom).get(..15)?, 16).ok()?;
    let mut ticket = drawn.checked_rem(sum)?;
    for (index, arm) in arms.iter().enumerate() {
        let weight = u64::from(arm.weight);
        if ticket < weight {
            return u16::try_from(index).ok();
        }
        ticket -= weight;
    }
    None
}
