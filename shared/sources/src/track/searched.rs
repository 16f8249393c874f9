//! Searches.

use harkara_domain::{FactBody, fact::CustomerFact};

use super::{Kind, Saying, shape::object, value::Line, who::Who};
use crate::limits::LINE;

object! {
    /// A customer searched the shop.
    struct Searched {
        /// Who.
        customer: Who,
        /// For this.
        query: Line<LINE>,
    }
}

impl Kind for Searched {
    const KIND: &'static str = "searched";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        self.customer.said(saying, CustomerFact::Searched { query: self.query.0 })
    }
}
