//! Looks at categories.

use harkara_domain::{FactBody, fact::CustomerFact};

use super::{Kind, Saying, shape::object, value::Line, who::Who};
use crate::limits::NAME;

object! {
    /// A customer looked at a category.
    struct CategoryBrowsed {
        /// Who.
        customer: Who,
        /// The category, as flows name it.
        category: Line<NAME>,
    }
}

impl Kind for CategoryBrowsed {
    const KIND: &'static str = "category_browsed";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        self.customer.said(saying, CustomerFact::Browsed { category: self.category.0 })
    }
}
