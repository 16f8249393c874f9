//! Tiers.

use harkara_domain::{
    FactBody,
    fact::{CustomerFact, Tier},
};

use super::{
    Kind, Saying,
    shape::object,
    value::{Line, Whole},
    who::Who,
};
use crate::limits::NAME;

object! {
    /// Where a customer stands with the shop's tiers.
    struct CustomerTier {
        /// Who.
        customer: Who,
        /// The tier's name.
        name: Line<NAME>,
        /// Its place: a higher one is a better tier.
        level: Whole<0, 1_000_000>,
        /// The points that they have.
        points: Option<Whole<-1_000_000_000_000, 1_000_000_000_000>>,
        /// The next tier, once it is near.
        close_to: Option<Line<NAME>>,
        /// The tier will be lost unless something happens.
        at_risk: Option<bool>,
    }
}

impl Kind for CustomerTier {
    const KIND: &'static str = "tier";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let tier = Tier {
            name: self.name.0,
            level: self.level.count(),
            points: self.points.map(|points| points.0),
            close_to: self.close_to.map(|tier| tier.0),
            at_risk: self.at_risk.unwrap_or_default(),
        };
        self.customer.said(saying, CustomerFact::Tier(tier))
    }
}
