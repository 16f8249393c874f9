//! What only the shop has a name for.

use harkara_domain::{FactBody, fact::CustomerFact};

use super::{Kind, Saying, shape::object, value::Line, who::Who};
use crate::limits::NAME;

object! {
    /// Something of the shop's own kind: sets off flows with the trigger `custom` of that name.
    struct CustomFact {
        /// Whom it is about.
        customer: Who,
        /// The kind's name, as flows have it.
        name: Line<NAME>,
    }
}

impl Kind for CustomFact {
    const KIND: &'static str = "custom";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        self.customer.said(saying, CustomerFact::Custom { name: self.name.0 })
    }
}
