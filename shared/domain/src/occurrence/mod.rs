//! What can set a flow off: a transition of a view, a date that has come, a provider's report.

mod key;
mod kind;
mod words;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    fact::Choice,
    flow::Delay,
    id::{FlowId, ShipmentId},
    reference::StageRef,
    shipment::{Issue, ShipmentStatus},
    status::{OrderStatus, Point},
};
pub use kind::Kind;

/// One thing that came about for a subject. Its [key](Occurrence::key) is the same each time it is
/// found, so that a run of it can be made only once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occurrence {
    /// A parcel is known.
    ShipmentCreated {
        /// Which.
        shipment: ShipmentId,
    },
    /// A parcel came to a status for the first time.
    ShipmentUpdated {
        /// Which.
        shipment: ShipmentId,
        /// Where it came to.
        status: ShipmentStatus,
    },
    /// Something is wrong with an order's way to the customer.
    ShipmentIssue {
        /// What.
        issue: Issue,
        /// Since when: of the same kind of issue, another time is another occurrence.
        since: Timestamp,
    },
    /// A cart was left for so long without a checkout.
    CartAbandoned {
        /// How long.
        after: Delay,
        /// When it was last touched.
        touched_at: Timestamp,
    },
    /// A product was looked at.
    ProductViewed {
        /// The shop's id of it.
        product: String,
        /// When.
        at: Timestamp,
    },
    /// Something was searched for, and nothing bought for so long since.
    SearchedWithoutPurchase {
        /// How long.
        after: Delay,
        /// When it was searched for.
        searched_at: Timestamp,
    },
    /// A category was looked at.
    CategoryBrowsed {
        /// Which.
        category: String,
        /// When.
        at: Timestamp,
    },
    /// No order for so long.
    CustomerInactive {
        /// How long.
        after: Delay,
        /// The last order's time.
        since: Timestamp,
    },
    /// Another year since the first order.
    PurchaseAnniversary {
        /// The day, in the customer's zone.
        on: Date,
    },
    /// The customer's birthday.
    Birthday {
        /// The day, in the customer's zone.
        on: Date,
    },
    /// A subscription renews soon.
    SubscriptionRenewal {
        /// The shop's id of it.
        subscription: String,
        /// How long before.
        before: Delay,
        /// The day on which it renews.
        on: Date,
    },
    /// The customer came to a higher tier.
    TierUpgraded {
        /// The tier.
        tier: String,
        /// When.
        at: Timestamp,
    },
    /// The next tier is near.
    CloseToUpgrade {
        /// The tier that is near.
        tier: String,
        /// When that was said.
        at: Timestamp,
    },
    /// The tier will be lost.
    AtRiskOfDowngrade {
        /// The tier that may be lost.
        tier: String,
        /// When that was said.
        at: Timestamp,
    },
    /// The customer wrote.
    MessageReceived {
        /// The provider's id of what they wrote.
        message: String,
        /// What they wrote.
        text: String,
    },
    /// The customer tapped a button.
    ButtonTapped {
        /// The provider's id of the tap.
        message: String,
        /// Which.
        choice: Choice,
    },
    /// A provider reports on a message of ours.
    MessageReported {
        /// Which message.
        stage: StageRef,
        /// What happened to it.
        report: Report,
    },
    /// A fact of the shop's own kind.
    Custom {
        /// The fact's id.
        id: String,
        /// Its kind.
        name: String,
    },
    /// A flow started another.
    StartedBy {
        /// The flow that is to start.
        flow: FlowId,
        /// Which stage asked for it.
        stage: StageRef,
        /// How often flows have started one another in a row, with this time.
        #[serde(default)]
        deep: u8,
    },
    /// An order came to a point of its road.
    #[serde(untagged)]
    Order(Point),
}

/// What a provider can report that a flow can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// It reached the customer's phone or mailbox.
    Delivered,
    /// It was seen.
    Read,
    /// It could not be brought.
    Failed,
    /// A link in it was opened.
    Clicked,
}

impl Occurrence {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Order(point) => Kind::Order(*point),
            Self::ShipmentCreated { .. } => Kind::ShipmentCreated,
            Self::ShipmentUpdated { .. } => Kind::ShipmentUpdated,
            Self::ShipmentIssue { .. } => Kind::ShipmentIssue,
            Self::CartAbandoned { .. } => Kind::CartAbandoned,
            Self::ProductViewed { .. } => Kind::ProductViewed,
            Self::SearchedWithoutPurchase { .. } => Kind::SearchedWithoutPurchase,
            Self::CategoryBrowsed { .. } => Kind::CategoryBrowsed,
            Self::CustomerInactive { .. } => Kind::CustomerInactive,
            Self::PurchaseAnniversary { .. } => Kind::PurchaseAnniversary,
            Self::Birthday { .. } => Kind::Birthday,
            Self::SubscriptionRenewal { .. } => Kind::SubscriptionRenewal,
            Self::TierUpgraded { .. } => Kind::TierUpgraded,
            Self::CloseToUpgrade { .. } => Kind::CloseToUpgrade,
            Self::AtRiskOfDowngrade { .. } => Kind::AtRiskOfDowngrade,
            Self::MessageReceived { .. } => Kind::MessageReceived,
            Self::ButtonTapped { .. } => Kind::ButtonTapped,
            Self::MessageReported { report, .. } => Kind::MessageReported(*report),
            Self::Custom { .. } => Kind::Custom,
            Self::StartedBy { .. } => Kind::StartedBy,
        }
    }

    /// How often flows may start one another in a row.
    pub const MAX_DEEP: u8 = 5;

    /// How often flows have started one another in a row up to this.
    pub fn deep(&self) -> u8 {
        match self {
            Self::StartedBy { deep, .. } => *deep,
            _ => 0,
        }
    }

    /// The point of an order's road, where it is one.
    pub fn point(&self) -> Option<Point> {
        match self {
            Self::Order(point) => Some(*point),
            _ => None,
        }
    }

    /// Whether the like can come about more than once for a subject.
    pub fn recurs(&self) -> bool {
        !matches!(self, Self::Order(_))
    }

    /// The status that makes it stale news, where an order stands at `status` by now.
    pub fn overtaken_by(&self, status: OrderStatus) -> Option<OrderStatus> {
        match self {
            Self::Order(point) => point.overtaken_by(status),
            Self::ShipmentUpdated { status: at, .. } => {
                at.evidence().and_then(|point| point.overtaken_by(status))
            }
            Self::ShipmentCreated { .. } | Self::ShipmentIssue { .. } => {
                status.is_terminal().then_some(status)
            }
            _ => None,
        }
    }
}

impl Report {
    /// As in the flow language, after `message_`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Clicked => "clicked",
        }
    }
}

/// An occurrence as it came to light.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// What came about.
    #[serde(rename = "trigger")]
    pub occurrence: Occurrence,
    /// When it happened, by the source's clock.
    pub at: Timestamp,
    /// The order is further on already, so it starts no flow: what that would say is stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtaken_by: Option<OrderStatus>,
}

/// What a fact did to a view.
#[derive(Clone, Debug)]
pub struct Folded<V> {
    /// The view after it.
    pub view: V,
    /// The fact says something that the view did not hold.
    pub changed: bool,
    /// What came about, in the order of the road.
    pub transitions: Vec<Transition>,
}
