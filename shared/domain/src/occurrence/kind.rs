//! The kinds of occurrences.

use super::Report;
use crate::status::Point;

/// The kinds of occurrences: what flows are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the occurrence of that name")]
pub enum Kind {
    Order(Point),
    ShipmentCreated,
    ShipmentUpdated,
    ShipmentIssue,
    CartAbandoned,
    ProductViewed,
    SearchedWithoutPurchase,
    CategoryBrowsed,
    CustomerInactive,
    PurchaseAnniversary,
    Birthday,
    SubscriptionRenewal,
    TierUpgraded,
    CloseToUpgrade,
    AtRiskOfDowngrade,
    MessageReceived,
    ButtonTapped,
    MessageReported(Report),
    Custom,
    StartedBy,
}

impl Kind {
    /// A name that stays the same: `order_created`, `cart_abandoned`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Order(point) => point.as_str(),
            Self::ShipmentCreated => "shipment_created",
            Self::ShipmentUpdated => "shipment_updated",
            Self::ShipmentIssue => "shipment_issue",
            Self::CartAbandoned => "cart_abandoned",
            Self::ProductViewed => "product_viewed",
            Self::SearchedWithoutPurchase => "searched_without_purchase",
            Self::CategoryBrowsed => "category_browsed",
            Self::CustomerInactive => "customer_inactive",
            Self::PurchaseAnniversary => "purchase_anniversary",
            Self::Birthday => "birthday",
            Self::SubscriptionRenewal => "subscription_renewal",
            Self::TierUpgraded => "tier_upgraded",
            Self::CloseToUpgrade => "close_to_upgrade",
            Self::AtRiskOfDowngrade => "at_risk_of_downgrade",
            Self::MessageReceived => "message_received",
            Self::ButtonTapped => "button_tapped",
            Self::MessageReported(Report::Delivered) => "message_delivered",
            Self::MessageReported(Report::Read) => "message_read",
            Self::MessageReported(Report::Failed) => "message_failed",
            Self::MessageReported(Report::Clicked) => "message_clicked",
            Self::Custom => "custom",
            Self::StartedBy => "started_by_flow",
        }
    }

    /// Whether it comes with a date, so that the sweep finds it by going through lists.
    pub fn comes_by_date(self) -> bool {
        matches!(
            self,
            Self::CustomerInactive | Self::PurchaseAnniversary | Self::Birthday | Self::SubscriptionRenewal
        )
    }

    /// Whether it comes about for orders; what a customer says can be about an order or not.
    pub fn is_of_orders(self) -> bool {
        matches!(
            self,
            Self::Order(_)
                | Self::ShipmentCreated
                | Self::ShipmentUpdated
                | Self::ShipmentIssue
                | Self::MessageReceived
                | Self::ButtonTapped
                | Self::MessageReported(_)
        )
    }
}
