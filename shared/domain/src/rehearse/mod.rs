//! A dry run: what a flow would do for one subject, moment by moment, in virtual time.
//!
//! It goes by the very same [`Run::begin`], [`decide`](crate::decide::decide), [`Run::advance`],
//! [`Run::take`], [`Run::end`] and [`Run::cancel`] as production. What production would ask of the world
//! around it is asked of a [`StandIn`]: what is known by now, what performing a stage comes to, and what
//! a fact does to what is known.

mod follow;
mod judged;
mod known;
mod meanwhile;
mod occasion;
mod play;
mod sample;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    calendar::Hours,
    decide::Scene,
    fact::Fact,
    flow::{Class, Flow},
    occurrence::Occurrence,
    reason::Reason,
    run::{Coupon, Run},
};
pub use follow::{Followed, follow};
pub use judged::{Asked, Asks};
pub use known::Known;
pub use meanwhile::{BadMeanwhile, Happening, Meanwhile, Moment as MeanwhileAt};
pub use occasion::{Occasion, SubjectKind};
pub use play::{MAX_MOMENTS, play};
pub use sample::{SAMPLE_CUSTOMER, Sample};

/// The world around a rehearsed run.
pub trait StandIn {
    /// What performing a stage has to show: a rendered message, actions in words.
    type Shown;

    /// All that a stage of the run is decided on at a moment.
    fn scene<'a>(&'a self, run: &'a Run, stage: u16, now: Timestamp) -> Scene<'a>;

    /// The hours of whoever the run is for.
    fn hours(&self) -> Hours<'_>;

    /// Performs a stage without doing anything: what would come of it, as far as that can be known.
    fn perform(&mut self, run: &Run, stage: u16, now: Timestamp) -> Performed<Self::Shown>;

    /// Folds facts about one subject as the matcher would, ends the run where they end it, and says
    /// whether the run is to be looked at again.
    fn learn(&mut self, run: &mut Run, facts: &[Fact], now: Timestamp) -> bool;

    /// What an assumption says, as facts of one subject each; none where it does not apply.
    fn facts_of(&self, happening: &Happening, now: Timestamp) -> Vec<Fact>;
}

/// What performing a stage would come to.
#[derive(Clone, Debug)]
pub struct Performed<S> {
    /// How it ends.
    pub end: End,
    /// What its actions say of orders and customers.
    pub facts: Vec<Fact>,
    /// The coupon that it makes.
    pub coupon: Option<Coupon>,
    /// Its message takes a place under a cap.
    pub counted: Option<(Timestamp, Class)>,
    /// What there is to show.
    pub shown: S,
}

/// How a stage that is performed ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Done.
    Sent,
    /// Never will be.
    Failed(Reason),
    /// Its message is left out after all.
    Skipped(Reason),
    /// It has to come back then.
    Later(Timestamp, Reason),
}

/// What came of a dry run.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal<S> {
    /// The flow's name.
    pub flow: String,
    /// What sets it off.
    pub occurrence: Occurrence,
    /// When.
    pub at: Timestamp,
    /// Why the flow would not take the subject; `None` where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_over: Option<Reason>,
    /// How the flow's conditions came out.
    pub judged: Vec<Asked>,
    /// What happens, in order.
    pub moments: Vec<Moment<S>>,
    /// The run as it ends; `None` where none begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// There was more to come than is shown.
    pub cut: bool,
}

/// One thing that happens in a dry run.
#[derive(Clone, Debug, Serialize)]
pub struct Moment<S> {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Event<S>,
}

/// What happens at a moment.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<S> {
    /// Something that was assumed comes to pass.
    Assumed {
        /// In words.
        what: String,
        /// Whether it says anything about this subject.
        applies: bool,
    },
    /// A stage is looked at.
    Stage(Box<AtStage<S>>),
    /// What is pending of the run ends, by what happened.
    Ended {
        /// Why.
        reason: Reason,
    },
}

/// What comes of a stage at a moment.
#[derive(Clone, Debug, Serialize)]
pub struct AtStage<S> {
    /// Its number, from 0, over all stages of the flow.
    pub stage: u16,
    /// What the team calls it.
    pub name: String,
    /// How many forks it lies within.
    pub depth: u16,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How the conditions came out that were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Asked>,
    /// What performing it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<S>,
}

/// What comes of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Its message goes out, its actions are done.
    Sent,
    /// It cannot be done, ever.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It is left out.
    Skipped {
        /// Why.
        reason: Reason,
    },
    /// It is cancelled.
    Cancelled {
        /// Why.
        reason: Reason,
    },
    /// The run leaves the flow here, and nothing more comes.
    Left {
        /// Why.
        reason: Reason,
    },
    /// It is put off.
    Waits {
        /// Till when.
        until: Timestamp,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// A fork begins to wait.
    Listens {
        /// Till when at the latest.
        until: Timestamp,
    },
    /// The run goes on in an arm.
    Takes {
        /// Which, from 0; `otherwise` is the last.
        arm: u16,
        /// What it is called.
        arm_name: String,
    },
}

impl<S> Rehearsal<S> {
    /// A rehearsal of a flow that does not take its subject.
    pub fn none(
        flow: &Flow,
        occurrence: Occurrence,
        at: Timestamp,
        reason: Reason,
        judged: Vec<Asked>,
    ) -> Self {
        Self {
            flow: flow.name.clone(),
            occurrence,
            at,
            passed_over: Some(reason),
            judged,
            moments: Vec::new(),
            run: None,
            cut: false,
        }
    }

    /// The stages as they were looked at, with their times.
    pub fn stages(&self) -> impl Iterator<Item = (Timestamp, &AtStage<S>)> {
        self.moments.iter().filter_map(|moment| match &moment.event {
            Event::Stage(stage) => Some((moment.at, &**stage)),
            Event::Assumed { .. } | Event::Ended { .. } => None,
        })
    }
}
