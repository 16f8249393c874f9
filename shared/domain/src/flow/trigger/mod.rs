//! Triggers: what starts a flow.
//!
//! A new trigger is one variant with its doc line and one arm in [`Trigger::kind`]; one with a
//! parameter says in [`Trigger::fits`] what the parameter asks of the occurrence.

mod words;

use serde::{Deserialize, Serialize};

use super::{
    condition::{Circumstances, Number},
    heard::Heard,
    timing::Delay,
};
use crate::{
    fact::Choice,
    occurrence::{Kind, Occurrence, Report},
    shipment::{Issue, ShipmentStatus},
    status::Point,
};

/// What starts a flow: a word, or a word with its parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The shop's state of the order is first known.
    OrderCreated,
    /// The customer confirms the order, or the team or a flow does.
    OrderConfirmed,
    /// A courier is booked for a parcel of the order.
    OrderBooked,
    /// The order is being packed or made.
    OrderPreparing,
    /// The order waits for the courier, or to be fetched.
    OrderReady,
    /// A parcel of the order is on its way.
    OrderDispatched,
    /// The rider has a parcel of the order.
    OrderOutForDelivery,
    /// A parcel of the order has been delivered.
    OrderDelivered,
    /// The customer fetched the order.
    OrderPickedUp,
    /// All pieces of the order have come back to the shop.
    OrderReturned,
    /// The shop, the team or a flow cancels the order, or the customer before a courier is booked.
    OrderCancelled,
    /// Money of the order went back.
    OrderRefunded,
    /// The customer asks to cancel an order that is on its road already.
    CancellationRequested,
    /// An order that is to be paid before delivery is not paid yet.
    PaymentPending,
    /// The shop has the money of the order.
    PaymentReceived,
    /// A parcel is known.
    ShipmentCreated,
    /// A parcel comes to this status for the first time.
    ShipmentUpdated(ShipmentStatus),
    /// Something is wrong with the order's way to the customer.
    ShipmentIssue(Issue),
    /// An order is the customer's first.
    FirstPurchase,
    /// An order is not the customer's first.
    RepeatPurchase,
    /// An order costs this or more, in its own currency.
    HighValueOrder(Number),
    /// An order is the customer's 5th, 10th, …: one of these.
    MilestoneOrder(
        #[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_MILESTONES)))] Vec<u32>,
    ),
    /// A cart was left for so long without a checkout.
    CartAbandoned(Delay),
    /// A customer looks at a product so many times within a time.
    ProductViewed(Often),
    /// A customer searched, and bought nothing for so long since.
    SearchedWithoutPurchase(Delay),
    /// A customer looks at a category so many times within a time.
    CategoryBrowsed(Often),
    /// A customer has ordered nothing for so many days.
    CustomerInactive(Delay),
    /// The day of the customer's first order, a year or more later.
    PurchaseAnniversary,
    /// The customer's birthday.
    Birthday,
    /// A subscription renews in so many days.
    SubscriptionRenewal(Delay),
    /// The customer came to a higher tier.
    TierUpgraded,
    /// The next tier is near.
    CloseToUpgrade,
    /// The customer's tier will be lost.
    AtRiskOfDowngrade,
    /// The customer wrote; with words or a purpose, only what has them.
    MessageReceived(Heard),
    /// The customer tapped this button.
    ButtonTapped(Choice),
    /// The customer said that all was well.
    SatisfactionPositive,
    /// The customer complained.
    SatisfactionNegative,
    /// A message of ours reached the customer.
    MessageDelivered,
    /// A message of ours was read.
    MessageRead,
    /// A message of ours could not be brought.
    MessageFailed,
    /// A link in a message of ours was opened.
    MessageClicked,
    /// A fact of the shop's own kind, by its name.
    Custom(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_NAME)))] String),
    /// Nothing but another flow, by `start_flow`.
    StartedByFlow,
}

/// How often something must have been looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Often {
    /// This many times, from 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = Self::MAX_TIMES)))]
    pub times: u32,
    /// Within this time.
    pub within: Delay,
    /// Only this product or category; any, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

impl Trigger {
    /// The most numbers of orders that one milestone has.
    pub const MAX_MILESTONES: usize = 50;
    /// The most characters of the name of a fact of the shop's own kind: as many as such a fact may have.
    pub const MAX_NAME: usize = 100;

    /// The kind of occurrence that it is looked up by.
    pub fn kind(&self) -> Kind {
        match self {
            Self::OrderCreated
            | Self::FirstPurchase
            | Self::RepeatPurchase
            | Self::HighValueOrder(_)
            | Self::MilestoneOrder(_) => Kind::Order(Point::Created),
            Self::OrderConfirmed => Kind::Order(Point::Confirmed),
            Self::OrderBooked => Kind::Order(Point::Booked),
            Self::OrderPreparing => Kind::Order(Point::Preparing),
            Self::OrderReady => Kind::Order(Point::Ready),
            Self::OrderDispatched => Kind::Order(Point::Dispatched),
            Self::OrderOutForDelivery => Kind::Order(Point::OutForDelivery),
            Self::OrderDelivered => Kind::Order(Point::Delivered),
            Self::OrderPickedUp => Kind::Order(Point::PickedUp),
            Self::OrderReturned => Kind::Order(Point::Returned),
            Self::OrderCancelled => Kind::Order(Point::Cancelled),
            Self::OrderRefunded => Kind::Order(Point::Refunded),
            Self::CancellationRequested => Kind::Order(Point::CancellationRequested),
            Self::PaymentPending => Kind::Order(Point::PaymentPending),
            Self::PaymentReceived => Kind::Order(Point::PaymentReceived),
            Self::ShipmentCreated => Kind::ShipmentCreated,
            Self::ShipmentUpdated(_) => Kind::ShipmentUpdated,
            Self::ShipmentIssue(_) => Kind::ShipmentIssue,
            Self::CartAbandoned(_) => Kind::CartAbandoned,
            Self::ProductViewed(_) => Kind::ProductViewed,
            Self::SearchedWithoutPurchase(_) => Kind::SearchedWithoutPurchase,
            Self::CategoryBrowsed(_) => Kind::CategoryBrowsed,
            Self::CustomerInactive(_) => Kind::CustomerInactive,
            Self::PurchaseAnniversary => Kind::PurchaseAnniversary,
            Self::Birthday => Kind::Birthday,
            Self::SubscriptionRenewal(_) => Kind::SubscriptionRenewal,
            Self::TierUpgraded => Kind::TierUpgraded,
            Self::CloseToUpgrade => Kind::CloseToUpgrade,
            Self::AtRiskOfDowngrade => Kind::AtRiskOfDowngrade,
            Self::MessageReceived(_) => Kind::MessageReceived,
            Self::ButtonTapped(_) | Self::SatisfactionPositive | Self::SatisfactionNegative => {
                Kind::ButtonTapped
            }
            Self::MessageDelivered => Kind::MessageReported(Report::Delivered),
            Self::MessageRead => Kind::MessageReported(Report::Read),
            Self::MessageFailed => Kind::MessageReported(Report::Failed),
            Self::MessageClicked => Kind::MessageReported(Report::Clicked),
            Self::Custom(_) => Kind::Custom,
            Self::StartedByFlow => Kind::StartedBy,
        }
    }

    /// Whether an occurrence of its kind is what its parameter asks for.
    pub fn fits(&self, occurrence: &Occurrence, on: Circumstances<'_>) -> bool {
        let orders = || on.customer.map_or(1, |customer| customer.orders.max(1));
        match (self, occurrence) {
            // Whoever starts a flow by its name does not ask what it waits for by itself.
            (_, Occurrence::StartedBy { .. }) => true,
            (Self::FirstPurchase, _) => orders() == 1,
            (Self::RepeatPurchase, _) => orders() > 1,
            (Self::MilestoneOrder(which), _) => which.contains(&orders()),
            (Self::HighValueOrder(least), _) => {
                on.order.and_then(|order| order.snapshot.as_ref()).is_some_and(|s| s.total.amount >= least.0)
            }
            (Self::ShipmentUpdated(wanted), Occurrence::ShipmentUpdated { status, .. }) => wanted == status,
            (Self::ShipmentIssue(wanted), Occurrence::ShipmentIssue { issue, .. }) => wanted == issue,
            (Self::CartAbandoned(wanted), Occurrence::CartAbandoned { after, .. })
            | (Self::SearchedWithoutPurchase(wanted), Occurrence::SearchedWithoutPurchase { after, .. })
            | (Self::CustomerInactive(wanted), Occurrence::CustomerInactive { after, .. })
            | (Self::SubscriptionRenewal(wanted), Occurrence::SubscriptionRenewal { before: after, .. }) => {
                wanted == after
            }
            (Self::ProductViewed(often), Occurrence::ProductViewed { product, at }) => {
                often.fits(product, on.customer.map_or(0, |c| c.views_of(product, *at, often.within)))
            }
            (Self::CategoryBrowsed(often), Occurrence::CategoryBrowsed { category, at }) => {
                often.fits(category, on.customer.map_or(0, |c| c.browses_of(category, *at, often.within)))
            }
            (Self::MessageReceived(heard), Occurrence::MessageReceived { text, .. }) => {
                heard.fits(text, &on.rules.words)
            }
            (Self::ButtonTapped(wanted), Occurrence::ButtonTapped { choice, .. }) => wanted == choice,
            (Self::SatisfactionPositive, Occurrence::ButtonTapped { choice, .. }) => {
                *choice == Choice::Satisfied
            }
            (Self::SatisfactionNegative, Occurrence::ButtonTapped { choice, .. }) => {
                *choice == Choice::Dissatisfied
            }
            (Self::Custom(wanted), Occurrence::Custom { name, .. }) => wanted == name,
            _ => self.kind() == occurrence.kind(),
        }
    }
}

impl Often {
    /// The most times that can be asked for: as many looks as a customer's view keeps.
    pub const MAX_TIMES: u32 = 50;

    /// Exactly so many: one look more is no new occasion.
    fn fits(&self, what: &str, times: u32) -> bool {
        times == self.times && self.only.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(what))
    }
}
