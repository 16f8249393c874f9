//! Workflow actions: what a stage does beside its message. What they say of an order or a customer is a
//! fact with an id derived from their run, so a repeated stage changes nothing twice.
//!
//! A new action is one variant with its doc line, an arm in [`Action::effect`] and one in
//! [`Action::repeat`]; the compiler then asks how its values are checked (`parse/check/action.rs`) and how
//! the console words it.

mod offer;
mod parts;

use serde::{Deserialize, Serialize};

use super::Flow;
use crate::{
    fact::{CustomerAction, OrderAction},
    id::{FlowId, RunId},
    status::OrderStatus,
    status::Point,
};
pub use offer::{CouponOffer, Worth};
pub use parts::{Letter, TaskToDo, Webhook};

/// One action of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Confirms the order.
    Confirm,
    /// Cancels the order.
    Cancel,
    /// Says that the order got this far.
    SetStatus(OrderStatus),
    /// Adds a note.
    AddNote(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_TEXT)))] String),
    /// Sets a flag, such as `critical`.
    SetFlag(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Clears a flag.
    ClearFlag(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Gives the order to a person of the team, by e-mail address.
    AssignUser(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_ADDRESS)))] String),
    /// Writes a line into the timeline.
    LogEvent(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_TEXT)))] String),
    /// Alerts a team by e-mail, and says so in the timeline.
    EscalateTeam(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Cancels whatever else is pending on the order.
    CancelPending,
    /// Sends an e-mail to a team or an address.
    SendEmail(Letter),
    /// Makes a coupon with a code of its own, for the messages that follow.
    CreateCoupon(CouponOffer),
    /// Puts a tag on the customer.
    AddTag(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Takes a tag off the customer.
    RemoveTag(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Moves the customer to a tier.
    SetTier(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Gives the customer points; a number below 0 takes some.
    AddPoints(
        #[cfg_attr(feature = "schema", schemars(range(min = -Self::MAX_POINTS, max = Self::MAX_POINTS)))] i64,
    ),
    /// Asks a team to do something.
    CreateTask(TaskToDo),
    /// Calls an address of the shop's own, signed.
    CallWebhook(Webhook),
    /// Starts another flow for the same order, customer or cart, by its name or id.
    StartFlow(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Flow::MAX_NAME)))] String),
}

/// What an action comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<'a> {
    /// A fact about the order.
    Order(OrderAction),
    /// A fact about the customer.
    Customer(CustomerAction),
    /// Another flow starts.
    Start(FlowId),
    /// A task is kept.
    Task(&'a TaskToDo),
    /// A coupon is made.
    Coupon(&'a CouponOffer),
    /// An address is called.
    Call(&'a Webhook),
    /// A team gets a mail of our words.
    Alert(&'a str),
    /// Somebody gets a mail of the flow's words.
    Mail(&'a Letter),
}

/// What becomes of an action that is performed a second time. In the order in which a stage performs
/// them: what cannot be told from its repetition goes last, when nothing else can fail any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// Nothing: it is a fact with the same id, or an item with the same key.
    Same,
    /// The receiver is told the same id, or takes the same code, and can tell.
    Keyed,
    /// There are two.
    Doubles,
}

/// What a run must be about for an action to be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// An order.
    Order,
    /// A customer, or an order or cart whose customer is known.
    Customer,
    /// Whatever it is.
    Nothing,
}

impl Action {
    /// The most characters of a note, a line for the timeline or a task.
    pub const MAX_TEXT: usize = 500;
    /// The most characters of the name of a flag, tag, tier or team.
    pub const MAX_NAME: usize = 40;
    /// The most characters of an e-mail address (RFC 5321, section 4.5.3.1.3, without the brackets).
    pub const MAX_ADDRESS: usize = 254;
    /// The most points that one action gives or takes.
    pub const MAX_POINTS: i64 = 1_000_000;
    /// The most mails of one stage: they go one after the other, within a claim's lease.
    pub const MAX_MAILS: usize = 2;

    /// What it comes to; `run` is the run that performs it.
    pub fn effect(&self, run: &RunId) -> Effect<'_> {
        let flag = |flag: &String, on| Effect::Order(OrderAction::SetFlag { flag: flag.clone(), on });
        let tag = |tag: &String, on| Effect::Customer(CustomerAction::SetTag { tag: tag.clone(), on });
        match self {
            Self::Confirm => Effect::Order(OrderAction::Reach(Point::Confirmed)),
            Self::Cancel => Effect::Order(OrderAction::Reach(Point::Cancelled)),
            Self::SetStatus(status) => Effect::Order(OrderAction::Reach(status.point())),
            Self::AddNote(text) => Effect::Order(OrderAction::AddNote(text.clone())),
            Self::SetFlag(name) => flag(name, true),
            Self::ClearFlag(name) => flag(name, false),
            Self::AssignUser(person) => Effect::Order(OrderAction::Assign(person.clone())),
            Self::LogEvent(text) => Effect::Order(OrderAction::LogEvent(text.clone())),
            Self::CancelPending => Effect::Order(OrderAction::CancelAutomations { keep: Some(run.clone()) }),
            Self::EscalateTeam(team) => Effect::Alert(team),
            Self::SendEmail(letter) => Effect::Mail(letter),
            Self::CreateCoupon(offer) => Effect::Coupon(offer),
            Self::AddTag(name) => tag(name, true),
            Self::RemoveTag(name) => tag(name, false),
            Self::SetTier(tier) => Effect::Customer(CustomerAction::SetTier(tier.clone())),
            Self::AddPoints(points) => Effect::Customer(CustomerAction::AddPoints(*points)),
            Self::CreateTask(task) => Effect::Task(task),
            Self::CallWebhook(webhook) => Effect::Call(webhook),
            Self::StartFlow(name) => Effect::Start(Flow::id_of(name)),
        }
    }

    /// Whether it is safe to perform again.
    pub fn repeat(&self) -> Repeat {
        match self {
            Self::Confirm
            | Self::Cancel
            | Self::SetStatus(_)
            | Self::AddNote(_)
            | Self::SetFlag(_)
            | Self::ClearFlag(_)
            | Self::AssignUser(_)
            | Self::LogEvent(_)
            | Self::CancelPending
            | Self::AddTag(_)
            | Self::RemoveTag(_)
            | Self::SetTier(_)
            | Self::AddPoints(_)
            | Self::CreateTask(_)
            | Self::StartFlow(_) => Repeat::Same,
            Self::CreateCoupon(_) | Self::CallWebhook(_) => Repeat::Keyed,
            Self::EscalateTeam(_) | Self::SendEmail(_) => Repeat::Doubles,
        }
    }
}

impl Effect<'_> {
    /// What the run must be about.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Order(_) => Needs::Order,
            Self::Customer(_) => Needs::Customer,
            Self::Start(_)
            | Self::Task(_)
            | Self::Coupon(_)
            | Self::Call(_)
            | Self::Alert(_)
            | Self::Mail(_) => Needs::Nothing,
        }
    }
}
