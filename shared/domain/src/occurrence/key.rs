//! The keys of occurrences.

use jiff::Timestamp;

use super::Occurrence;
use crate::id::digest;

impl Occurrence {
    /// What is the same each time this is found for its subject, and for nothing else of it. A part of
    /// ids: without blanks and slashes, at most 64 characters.
    pub fn key(&self) -> String {
        let short = |parts: &[&dyn std::fmt::Display]| {
            let text = parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            digest(&text).get(..16).unwrap_or_default().to_owned()
        };
        let at = |at: &Timestamp| at.as_second().to_string();
        match self {
            Self::Order(point) => point.as_str().to_owned(),
            Self::ShipmentCreated { shipment } => format!("shipment_created.{}", short(&[shipment])),
            Self::ShipmentUpdated { shipment, status } => {
                format!("shipment_{}.{}", status.as_str(), short(&[shipment]))
            }
            Self::ShipmentIssue { issue, since } => format!("{}.{}", issue.as_str(), at(since)),
            Self::CartAbandoned { after, touched_at } => {
                format!("cart_abandoned.{}.{}", at(touched_at), after.nominal().as_secs())
            }
            Self::ProductViewed { product, at: when } => {
                format!("product_viewed.{}.{}", short(&[product]), at(when))
            }
            Self::SearchedWithoutPurchase { after, searched_at } => {
                format!("searched.{}.{}", at(searched_at), after.nominal().as_secs())
            }
            Self::CategoryBrowsed { category, at: when } => {
                format!("category_browsed.{}.{}", short(&[category]), at(when))
            }
            Self::CustomerInactive { after, since } => {
                format!("inactive.{}.{}", at(since), after.nominal().as_secs())
            }
            Self::PurchaseAnniversary { on } => format!("anniversary.{on}"),
            Self::Birthday { on } => format!("birthday.{on}"),
            Self::SubscriptionRenewal { subscription, before, on } => {
                format!("renewal.{}.{on}.{}", short(&[subscription]), before.nominal().as_secs())
            }
            Self::TierUpgraded { tier, at: when } => format!("tier_upgraded.{}.{}", short(&[tier]), at(when)),
            Self::CloseToUpgrade { tier, at: when } => {
                format!("close_to_upgrade.{}.{}", short(&[tier]), at(when))
            }
            Self::AtRiskOfDowngrade { tier, at: when } => {
                format!("at_risk.{}.{}", short(&[tier]), at(when))
            }
            Self::MessageReceived { message, .. } => format!("message_received.{}", short(&[message])),
            Self::ButtonTapped { message, .. } => format!("button_tapped.{}", short(&[message])),
            Self::MessageReported { stage, report } => {
                format!("message_{}.{}", report.as_str(), short(&[&stage.run, &stage.stage]))
            }
            Self::Custom { id, name } => format!("custom.{}", short(&[name, id])),
            Self::StartedBy { stage, .. } => format!("started.{}", short(&[&stage.run, &stage.stage])),
        }
    }
}
