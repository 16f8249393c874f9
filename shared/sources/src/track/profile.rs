//! Who customers are and what they want.

use harkara_domain::{
    FactBody,
    fact::{CustomerFact, Profile},
};

use super::{
    Kind, Saying,
    shape::object,
    value::{Consent, Line, Many, MonthDay, Zone},
    who::{Person, about},
};
use crate::limits::{NAME, TAGS};

object! {
    /// Who a customer is and what they want. What is left out is left as it was.
    struct CustomerProfile {
        /// Who, with what they are called.
        customer: Person,
        /// When they were born, by month and day: `02-29`.
        birthday: Option<MonthDay>,
        /// Where they live: the IANA name of a time zone.
        timezone: Option<Zone>,
        /// Whether they want marketing, by channel.
        consent: Option<Consent>,
        /// Tags to put on them.
        tags: Option<Many<Line<NAME>, TAGS>>,
    }
}

impl Kind for CustomerProfile {
    const KIND: &'static str = "profile";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let contact = self.customer.contact(saying.telling.store);
        let profile = Profile {
            contact: contact.clone(),
            birthday: self.birthday.map(|day| day.0),
            timezone: self.timezone.map(|zone| zone.0),
            consent: self.consent.map(|consent| consent.0).unwrap_or_default(),
            tags: self.tags.map(Many::texts).unwrap_or_default(),
        };
        about(contact, CustomerFact::Profile(Box::new(profile)))
    }
}
