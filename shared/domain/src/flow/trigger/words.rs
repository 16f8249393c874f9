//! Triggers in words.

use std::fmt;

use super::{Often, Trigger};
use crate::flow::heard::{Heard, Intent};

impl fmt::Display for Trigger {
    /// A clause that goes after "when": `an order is placed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OrderCreated => "an order is placed",
            Self::OrderConfirmed => "an order is confirmed",
            Self::OrderBooked => "an order is booked with a courier",
            Self::OrderPreparing => "an order is being prepared",
            Self::OrderReady => "an order is ready",
            Self::OrderDispatched => "an order is dispatched",
            Self::OrderOutForDelivery => "an order is out for delivery",
            Self::OrderDelivered => "an order is delivered",
            Self::OrderPickedUp => "an order was picked up",
            Self::OrderReturned => "an order has come back",
            Self::OrderCancelled => "an order is cancelled",
            Self::OrderRefunded => "an order is refunded",
            Self::CancellationRequested => "a customer asks to cancel an order on its road",
            Self::PaymentPending => "an order waits for its payment",
            Self::PaymentReceived => "the payment of an order is received",
            Self::ShipmentCreated => "a parcel is known",
            Self::ShipmentUpdated(status) => {
                return write!(f, "a parcel comes to: {}", status.as_str().replace('_', " "));
            }
            Self::ShipmentIssue(issue) => {
                return write!(f, "a parcel has an issue: {}", issue.as_str().replace('_', " "));
            }
            Self::FirstPurchase => "a customer places their first order",
            Self::RepeatPurchase => "a customer orders again",
            Self::HighValueOrder(least) => return write!(f, "an order of {least} or more is placed"),
            Self::MilestoneOrder(which) => {
                let which: Vec<String> = which.iter().map(|n| format!("no. {n}")).collect();
                return write!(f, "a customer places their order {}", which.join(" or "));
            }
            Self::CartAbandoned(after) => return write!(f, "a cart was left for {after}"),
            Self::ProductViewed(often) => return often.words(f, "product"),
            Self::SearchedWithoutPurchase(after) => {
                return write!(f, "a customer searched, and bought nothing for {after}");
            }
            Self::CategoryBrowsed(often) => return often.words(f, "category"),
            Self::CustomerInactive(after) => return write!(f, "a customer has not ordered for {after}"),
            Self::PurchaseAnniversary => "the day of a customer's first order comes again",
            Self::Birthday => "a customer has their birthday",
            Self::SubscriptionRenewal(before) => return write!(f, "a subscription renews in {before}"),
            Self::TierUpgraded => "a customer comes to a higher tier",
            Self::CloseToUpgrade => "a customer is close to the next tier",
            Self::AtRiskOfDowngrade => "a customer may lose their tier",
            Self::MessageReceived(heard) => return heard.words(f),
            Self::ButtonTapped(choice) => return write!(f, "a customer taps {}", choice.as_str()),
            Self::SatisfactionPositive => "a customer says that all was well",
            Self::SatisfactionNegative => "a customer complains",
            Self::MessageDelivered => "a message of ours arrives",
            Self::MessageRead => "a message of ours is read",
            Self::MessageFailed => "a message of ours could not be brought",
            Self::MessageClicked => "a link in a message of ours is opened",
            Self::Custom(name) => return write!(f, "the shop says: {name}"),
            Self::StartedByFlow => "another flow starts it",
        })
    }
}

impl Often {
    fn words(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        let only = self.only.as_ref().map(|only| format!(" {only}")).unwrap_or_default();
        write!(f, "a customer looks at a {what}{only} {} times within {}", self.times, self.within)
    }
}

impl Heard {
    fn words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a customer writes")?;
        if !self.contains.is_empty() {
            write!(f, " with “{}” in it", self.contains.join("” or “"))?;
        }
        match self.intent {
            None => Ok(()),
            Some(Intent::Confirm) => f.write_str(" to confirm"),
            Some(Intent::Cancel) => f.write_str(" to cancel"),
            Some(Intent::WhereIsIt) => f.write_str(" to ask where it is"),
            Some(Intent::Complaint) => f.write_str(" to complain"),
            Some(Intent::Stop) => f.write_str(" to stop messages"),
            Some(Intent::Start) => f.write_str(" to get messages again"),
        }
    }
}
