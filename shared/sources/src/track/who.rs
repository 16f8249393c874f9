//! Customers.

use harkara_domain::{
    CustomerId, FactBody, StoreId,
    fact::{Contact, CustomerFact},
};

use super::{
    Saying,
    shape::object,
    value::{Email, Language, Line, Number},
};
use crate::limits::{ID, NAME};

object! {
    /// A customer, by whatever is known of them. Who has a phone number is found by it, who has none
    /// by their e-mail address, who has neither by the shop's own id: send the number wherever it is
    /// known.
    struct Who with one of [phone, email, id] {
        /// With its country: `+92 300 1234567`.
        phone: Option<Number>,
        /// E-mail address.
        email: Option<Email>,
        /// The shop's own id of them.
        id: Option<Line<ID>>,
    }
}

object! {
    /// A customer with what they are called.
    struct Person with one of [phone, email, id] {
        /// With its country: `+92 300 1234567`.
        phone: Option<Number>,
        /// E-mail address.
        email: Option<Email>,
        /// The shop's own id of them.
        id: Option<Line<ID>>,
        /// First name.
        first_name: Option<Line<NAME>>,
        /// Last name.
        last_name: Option<Line<NAME>>,
        /// The language that they want to be written to in: a BCP 47 tag.
        language: Option<Language>,
    }
}

impl Person {
    pub(super) fn contact(self, store: &StoreId) -> Contact {
        let id = self.id.as_ref().map(|id| id.0.as_str());
        let (phone, email) = (self.phone.map(|phone| phone.0), self.email.map(|email| email.0));
        Contact {
            id: CustomerId::of(store, phone.as_ref(), email.as_deref(), id),
            first_name: self.first_name.map(|name| name.0),
            last_name: self.last_name.map(|name| name.0),
            phone,
            email,
            language: self.language.map(|language| language.0),
        }
    }
}

impl Who {
    pub(super) fn contact(self, store: &StoreId) -> Contact {
        let Self { phone, email, id } = self;
        Person { phone, email, id, first_name: None, last_name: None, language: None }.contact(store)
    }

    /// The fact that says this of them.
    pub(super) fn said(self, saying: &Saying<'_>, said: CustomerFact) -> Vec<FactBody> {
        about(self.contact(saying.telling.store), said)
    }
}

/// The fact that says this of whoever has the contact.
pub(super) fn about(contact: Contact, said: CustomerFact) -> Vec<FactBody> {
    contact.id.map(|customer| FactBody::Customer { customer, said }).into_iter().collect()
}
