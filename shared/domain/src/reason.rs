//! Why: every skip, cancellation, failure and non-match carries one of these, and every one reads
//! as a sentence that the shop's team understands.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{
    fact::ProviderError,
    flow::{Class, Delay, timing::Closed},
    id::FlowId,
    order::Confirmation,
    status::OrderStatus,
};

/// Why something did not happen, or stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// The stage's own `skip_if` held.
    SkipIf {
        /// The condition that held, in words.
        condition: String,
    },
    /// The flow's own `exit_if` held.
    LeftFlow {
        /// The condition that held, in words.
        condition: String,
    },
    /// The run went on in another arm of a fork.
    OtherArm {
        /// The arm that it took.
        taken: String,
    },
    /// The customer has had as many messages of this kind as the store lets them have.
    Capped {
        /// Of which kind.
        class: Class,
        /// How many.
        most: u32,
        /// Within which time.
        per: Delay,
    },
    /// The customer has not said that they want marketing.
    NoConsent,
    /// The trigger's parameter asks for something else.
    NotThis {
        /// What came about instead.
        actual: String,
    },
    /// The flow may run only so often, and has.
    RanAlready {
        /// When.
        at: jiff::Timestamp,
    },
    /// A condition of the flow did not hold.
    ConditionFailed {
        /// The condition, in words.
        condition: String,
        /// What the order had instead.
        actual: String,
    },
    /// The message asks for a confirmation that is no longer open.
    NothingToConfirm {
        /// How the question was settled.
        confirmation: Confirmation,
    },
    /// The order had moved on.
    Overtaken {
        /// How far.
        by: OrderStatus,
    },
    /// A later message of the same run has been sent since.
    Superseded {
        /// The later stage.
        by: String,
    },
    /// A terminal status ended what was pending.
    OrderEnded {
        /// Which.
        status: OrderStatus,
    },
    /// Somebody or a flow cancelled what was pending.
    CancelledBy {
        /// Who.
        who: String,
    },
    /// No channel of the stage has an address for this customer.
    Unreachable {
        /// What was tried.
        channels: String,
    },
    /// A provider refused for good.
    Refused {
        /// The channel.
        channel: String,
        /// Its error.
        error: ProviderError,
    },
    /// Every attempt failed.
    AttemptsSpent {
        /// How many.
        attempts: u32,
        /// What the last one said.
        last: String,
    },
    /// The answer to a send was lost, and the flow's policy is to hold rather than risk a double.
    AmbiguousHeld,
    /// All was restored from a backup, and it was due before that: it may have been done then.
    Restored {
        /// When the backup was made.
        backup: jiff::Timestamp,
    },
    /// The template could not be filled in.
    Template {
        /// What is wrong with it.
        problem: String,
    },
    /// The version of the flow that the run began with is gone.
    FlowMissing,
    /// The provider asks to wait; not counted as an attempt.
    Throttled {
        /// Its error.
        error: ProviderError,
    },
    /// The channel is paused after an error that concerns the whole account.
    ChannelPaused {
        /// The channel.
        channel: String,
        /// Why it was paused.
        because: String,
    },
    /// The customer wants no more of these messages.
    OptedOut,
    /// The send window is closed.
    OutsideWindow,
    /// It is not one of the stage's days of the week.
    OtherWeekday,
    /// The store's quiet hours.
    QuietHours,
    /// A special day of the store's calendar.
    SpecialDay {
        /// Its name.
        name: String,
    },
    /// The flow starts no runs.
    FlowOff {
        /// Why it does not; what was kept before this was said had been paused.
        #[serde(default)]
        state: Off,
    },
    /// The fact starts as many runs as one fact can.
    TooManyAtOnce {
        /// How many that are.
        most: u16,
    },
    /// An action is for orders, and the run is about none.
    NotAnOrder,
    /// An action is for customers, and nobody knows who it is.
    NoCustomer,
    /// There is no flow of this id, or it is archived.
    NoSuchFlow {
        /// Which.
        flow: FlowId,
    },
    /// Flows have started one another too often in a row.
    StartedTooDeep {
        /// How often.
        deep: u8,
    },
    /// Something that it takes is not set up.
    NotSetUp {
        /// What.
        what: String,
    },
    /// It could not be worked on: a fault in Harkara or its services.
    Fault {
        /// What went wrong.
        problem: String,
    },
}

/// The state of a flow that starts no runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// It is being written.
    Draft,
    /// It was stopped, and can be activated again.
    #[default]
    Paused,
    /// It was put away.
    Archived,
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draft => "still a draft",
            Self::Paused => "paused",
            Self::Archived => "archived",
        })
    }
}

impl From<Closed<'_>> for Reason {
    fn from(closed: Closed<'_>) -> Self {
        match closed {
            Closed::Weekday => Self::OtherWeekday,
            Closed::Window => Self::OutsideWindow,
            Closed::SpecialDay(name) => Self::SpecialDay { name: name.to_owned() },
            Closed::QuietHours => Self::QuietHours,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SkipIf { condition } => write!(f, "skipped because {condition}"),
            Self::LeftFlow { condition } => write!(f, "the flow ends once {condition}"),
            Self::OtherArm { taken } => write!(f, "it went on with: {taken}"),
            Self::Capped { class, most, per } => {
                let kind = match class {
                    Class::Marketing => "marketing",
                    Class::Transactional => "order",
                };
                write!(f, "the customer gets at most {most} {kind} messages in {per}")
            }
            Self::NoConsent => f.write_str("the customer has not agreed to marketing"),
            Self::NotThis { actual } => write!(f, "the trigger asks for something else; it was {actual}"),
            Self::RanAlready { at } => write!(f, "the flow has taken this customer already, at {at}"),
            Self::ConditionFailed { condition, actual } => {
                write!(f, "only when {condition}; it was {actual}")
            }
            Self::NothingToConfirm { confirmation } => match confirmation {
                Confirmation::Confirmed => f.write_str("already confirmed"),
                Confirmation::Cancelled => f.write_str("already cancelled"),
                Confirmation::NotNeeded => f.write_str("no confirmation is needed any more"),
                Confirmation::Pending => f.write_str("confirmation is still open"),
            },
            Self::Overtaken { by } => write!(f, "out of date: the order is already {by}"),
            Self::Superseded { by } => write!(f, "out of date: “{by}” has been sent since"),
            Self::OrderEnded { status } => write!(f, "the order was {status}"),
            Self::CancelledBy { who } => write!(f, "cancelled by {who}"),
            Self::Unreachable { channels } => write!(f, "the customer has no address for {channels}"),
            Self::Refused { channel, error } => {
                write!(f, "{channel} refused it for good: {error}")
            }
            Self::AttemptsSpent { attempts, last } => {
                write!(f, "failed {attempts} times; the last time: {last}")
            }
            Self::AmbiguousHeld => {
                f.write_str("the provider's answer was lost; held so as not to send twice")
            }
            Self::Restored { backup } => write!(f, "restored from a backup of {backup}; maybe done since"),
            Self::Template { problem } => write!(f, "the template could not be filled in: {problem}"),
            Self::FlowMissing => f.write_str("the flow's version is gone"),
            Self::Throttled { error } => {
                write!(f, "the provider asks to slow down: {error}")
            }
            Self::ChannelPaused { channel, because } => write!(f, "{channel} is paused: {because}"),
            Self::OptedOut => f.write_str("the customer wants no more of these messages"),
            Self::OutsideWindow => f.write_str("waiting for the send window"),
            Self::OtherWeekday => f.write_str("waiting for its day of the week"),
            Self::QuietHours => f.write_str("waiting for the end of the quiet hours"),
            Self::SpecialDay { name } => write!(f, "no messages now: {name}"),
            Self::FlowOff { state } => write!(f, "the flow is {state}"),
            Self::TooManyAtOnce { most } => write!(f, "one fact starts no more than {most} runs"),
            Self::NotAnOrder => f.write_str("it is for orders, and this is none"),
            Self::NoCustomer => f.write_str("nobody knows which customer this is"),
            Self::NoSuchFlow { flow } => write!(f, "there is no flow {flow}"),
            Self::StartedTooDeep { deep } => {
                write!(f, "flows have started one another {deep} times in a row")
            }
            Self::NotSetUp { what } => write!(f, "the store has not set up {what}"),
            Self::Fault { problem } => write!(f, "a fault: {problem}"),
        }
    }
}
