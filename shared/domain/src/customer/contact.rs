//! Name and addresses: orders and profiles tell of them, in any order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CustomerView;
use crate::fact::Contact;

/// What orders and profiles have told, apart: what is known then does not depend on which came first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// As the latest order state says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ordered: Option<(Timestamp, Contact)>,
    /// As profiles say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<(Timestamp, Contact)>,
}

impl Told {
    fn known(&self) -> Option<(Timestamp, Contact)> {
        joined(self.ordered.clone(), self.profile.clone())
    }
}

/// The later of the two, filled in from the earlier.
fn joined(
    one: Option<(Timestamp, Contact)>,
    other: Option<(Timestamp, Contact)>,
) -> Option<(Timestamp, Contact)> {
    let (earlier, later) = if one < other { (one, other) } else { (other, one) };
    let (at, contact) = later?;
    let contact = earlier.iter().fold(contact, |contact, (_, earlier)| contact.or(earlier));
    Some((at, contact))
}

impl CustomerView {
    /// Takes note of what an order's latest state says.
    pub(super) fn contact_by_order(&mut self, at: Timestamp, contact: &Contact) {
        let now = Some((at, contact.clone()));
        let Some(told) = &mut self.told else {
            self.contact = self.contact.take().max(now);
            return;
        };
        told.ordered = told.ordered.take().max(now);
        self.contact = told.known();
    }

    /// Takes note of what a profile says.
    pub(super) fn contact_by_profile(&mut self, at: Timestamp, contact: &Contact) {
        let held = &self.contact;
        let told = self.told.get_or_insert_with(|| Box::new(Told { ordered: held.clone(), profile: None }));
        told.profile = joined(told.profile.take(), Some((at, contact.clone())));
        self.contact = told.known();
    }

    /// Forgets what was told since a time.
    pub(super) fn forget_contact(&mut self, since: impl Fn(Timestamp) -> bool) {
        match &mut self.told {
            Some(told) => {
                told.ordered.take_if(|(at, _)| since(*at));
                told.profile.take_if(|(at, _)| since(*at));
                self.contact = told.known();
            }
            None => _ = self.contact.take_if(|(at, _)| since(*at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_does_not_depend_on_which_came_first() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let order = |n: u8| Contact { email: Some(format!("{n}@example.com")), ..Contact::default() };
        let profile = Contact { first_name: Some("Ayesha".to_owned()), ..Contact::default() };
        let told = |first: bool| {
            let mut view = CustomerView::empty(&"demo".into(), &"c".into());
            if first {
                view.contact_by_profile(at(5), &profile);
            }
            view.contact_by_order(at(2), &order(2));
            view.contact_by_order(at(9), &order(9));
            view.contact_by_order(at(3), &order(3));
            if !first {
                view.contact_by_profile(at(5), &profile);
            }
            view
        };
        let (one, other) = (told(true), told(false));
        assert_eq!(one, other);
        let known = Contact { first_name: profile.first_name.clone(), ..order(9) };
        assert_eq!(one.contact, Some((at(9), known)));
    }
}
