//! Occurrences in words.

use std::fmt;

use super::Occurrence;
use crate::status::Point;

impl fmt::Display for Occurrence {
    /// A sentence without its full stop: `the order was placed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(point) => f.write_str(match point {
                Point::Created => "the order was placed",
                Point::PaymentPending => "the payment is waited for",
                Point::PaymentReceived => "the payment was received",
                Point::CancellationRequested => "the customer asked to cancel",
                Point::Refunded => "money went back",
                Point::Confirmed => "the order was confirmed",
                Point::Booked => "the order was booked with a courier",
                Point::Preparing => "the order is being prepared",
                Point::Ready => "the order is ready",
                Point::Dispatched => "the order was dispatched",
                Point::OutForDelivery => "the order is out for delivery",
                Point::Delivered => "the order was delivered",
                Point::PickedUp => "the order was picked up",
                Point::Cancelled => "the order was cancelled",
                Point::Returned => "the order came back",
            }),
            Self::ShipmentCreated { .. } => f.write_str("a parcel is known"),
            Self::ShipmentUpdated { status, .. } => {
                write!(f, "the parcel came to: {}", status.as_str().replace('_', " "))
            }
            Self::ShipmentIssue { issue, .. } => write!(f, "{}", issue.as_str().replace('_', " ")),
            Self::CartAbandoned { after, .. } => write!(f, "the cart was left for {after}"),
            Self::ProductViewed { product, .. } => write!(f, "they looked at the product {product}"),
            Self::SearchedWithoutPurchase { after, .. } => {
                write!(f, "they searched, and bought nothing for {after}")
            }
            Self::CategoryBrowsed { category, .. } => write!(f, "they looked at the category {category}"),
            Self::CustomerInactive { after, .. } => write!(f, "no order for {after}"),
            Self::PurchaseAnniversary { on } => write!(f, "the day of their first order came again, {on}"),
            Self::Birthday { on } => write!(f, "their birthday, {on}"),
            Self::SubscriptionRenewal { before, on, .. } => {
                write!(f, "a subscription renews on {on}, in {before}")
            }
            Self::TierUpgraded { tier, .. } => write!(f, "they came to the tier {tier}"),
            Self::CloseToUpgrade { tier, .. } => write!(f, "they are close to the tier {tier}"),
            Self::AtRiskOfDowngrade { tier, .. } => write!(f, "they may lose the tier {tier}"),
            Self::MessageReceived { .. } => f.write_str("the customer wrote"),
            Self::ButtonTapped { choice, .. } => write!(f, "the customer tapped {}", choice.as_str()),
            Self::MessageReported { report, .. } => write!(f, "a message was {}", report.as_str()),
            Self::Custom { name, .. } => write!(f, "the shop said: {name}"),
            Self::StartedBy { .. } => f.write_str("another flow asked for it"),
        }
    }
}
