//! How conditions came out, with the values that were seen.

use serde::{Deserialize, Serialize};

use crate::flow::{
    Awaited, Condition, Flow, Stage,
    condition::{Circumstances, Judged},
};

/// A condition that was asked, with its parts, as they came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What for.
    pub asks: Asks,
    /// It, and then what is in it.
    pub judged: Vec<Judged>,
}

/// What a condition is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// Whether the flow takes the subject.
    Conditions,
    /// Whether the run leaves the flow.
    ExitIf,
    /// Whether the stage is left out.
    SkipIf,
    /// Whether the stage is not left out.
    OnlyIf,
    /// Whether the run goes on in this arm, counted from 0.
    Arm(u16),
}

impl Asked {
    fn of(asks: Asks, condition: &Condition, on: Circumstances<'_>) -> Self {
        Self { asks, judged: condition.explain(on) }
    }

    /// The conditions by which a flow chooses.
    pub fn of_flow(flow: &Flow, on: Circumstances<'_>) -> Vec<Self> {
        flow.conditions.iter().map(|condition| Self::of(Asks::Conditions, condition, on)).collect()
    }

    /// The conditions that are asked at a stage.
    pub(super) fn at_stage(flow: &Flow, stage: &Stage, listens: bool, on: Circumstances<'_>) -> Vec<Self> {
        let own = [(Asks::SkipIf, &stage.skip_if), (Asks::OnlyIf, &stage.only_if)];
        // A fork that waits has been through its own.
        let own = own.into_iter().filter(|_| !listens);
        let all = [(Asks::ExitIf, &flow.exit_if)].into_iter().chain(own);
        let mut asked: Vec<Self> =
            all.filter_map(|(asks, condition)| Some(Self::of(asks, condition.as_ref()?, on))).collect();
        let branches = stage.branches.iter().map(|arm| Some(&arm.when));
        let waits = stage.wait_for.iter().map(|arm| match &arm.until {
            Awaited::Condition(condition) => Some(condition),
            Awaited::Reply(_) | Awaited::Status(_) | Awaited::Payment(_) => None,
        });
        let arms = (0..).zip(waits.chain(branches));
        asked.extend(arms.filter_map(|(arm, when)| Some(Self::of(Asks::Arm(arm), when?, on))));
        asked
    }
}
