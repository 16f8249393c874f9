//! What people and flows do to an order, and what flows do beside.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{id::RunId, reason::Reason, status::Point};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer, by a reply.
    Customer,
    /// A person of the shop's team, by e-mail address.
    Person(String),
    /// A flow, by name.
    Flow(String),
    /// A program of the shop's, by the name that it signs in with.
    Program(String),
}

/// What a person or a flow can do to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAction {
    /// Says that the order got this far (confirmed, cancelled, …).
    Reach(Point),
    /// Adds a note.
    AddNote(String),
    /// Sets or clears a flag such as `critical`.
    SetFlag {
        /// The flag's name.
        flag: String,
        /// Set, or clear.
        on: bool,
    },
    /// Gives the order to a person of the team.
    Assign(String),
    /// Writes a line into the timeline.
    LogEvent(String),
    /// The team was alerted.
    Escalated {
        /// Which team.
        team: String,
    },
    /// Cancels what is pending on the order, but for the run that says so.
    CancelAutomations {
        /// The run to keep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<RunId>,
    },
}

/// What a flow did for its subject that leaves no mark on the view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Wrote a mail.
    Mailed {
        /// To a team, by its name, or to an address, as the flow says.
        to: String,
        /// The mail server's answer was lost, so it may not have been taken; it is not sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsure: bool,
    },
    /// Made a coupon.
    CouponMade {
        /// Its code.
        code: String,
        /// Till when it counts.
        ends_at: Timestamp,
        /// The shop takes it. Otherwise somebody has to enter it there: the shop is not connected.
        in_shop: bool,
    },
    /// Asked a team to do something.
    TaskMade {
        /// What.
        title: String,
        /// Which team.
        team: String,
    },
    /// Called an address.
    Called {
        /// Its host.
        host: String,
    },
    /// Could not do something, and went on.
    NotDone {
        /// What, as in the flow language: `add_tag`.
        action: String,
        /// Why.
        reason: Reason,
    },
}
