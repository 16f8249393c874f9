//! Looks at products.

use harkara_domain::{FactBody, fact::CustomerFact};

use super::{Kind, Saying, shape::object, value::Line, who::Who};
use crate::limits::{LINE, NAME};

object! {
    /// A customer looked at a product.
    struct ProductViewed {
        /// Who.
        customer: Who,
        /// The shop's id of the product.
        product: Line<NAME>,
        /// What it is called.
        title: Option<Line<LINE>>,
    }
}

impl Kind for ProductViewed {
    const KIND: &'static str = "product_viewed";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let title = self.title.map(|title| title.0);
        self.customer.said(saying, CustomerFact::Viewed { product: self.product.0, title })
    }
}
