//! Name and addresses: orders and profiles tell of them, in any order.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::CustomerView;
use crate::fact::Contact;

/// What orders and profiles have told, apart: what is known then does not depend on which came first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// As the latest order state says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ordered: Option<(Timestamp, Contact)>,
    /// As profiles say, the latest first: those that say something which no later one does.
    #[serde(
        default,
        alias = "profile",
        deserialize_with = "one_or_more",
        skip_serializing_if = "Vec::is_empty"
    )]
    profiles: Vec<(Timestamp, Contact)>,
}

/// Of a record from before several were kept there is one.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Timestamp, Contact)>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        One((Timestamp, Contact)),
        More(Vec<(Timestamp, Contact)>),
    }
    Ok(match Kept::deserialize(deserializer)? {
        Kept::One(one) => vec![one],
        Kept::More(more) => more,
    })
}

impl Told {
    /// What was told last, filled in from what was told before.
    fn known(&self) -> Option<(Timestamp, Contact)> {
        let mut all: Vec<_> = self.ordered.iter().chain(&self.profiles).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        let (latest, _) = all.first()?;
        Some((*latest, all.iter().fold(Contact::default(), |known, (_, told)| known.or(told))))
    }

    /// Takes note of a profile.
    fn take(&mut self, at: Timestamp, contact: &Contact) {
        self.profiles.push((at, contact.clone()));
        self.profiles.sort_unstable_by(|one, other| other.cmp(one));
        let mut known = Contact::default();
        self.profiles.retain(|(_, told)| {
            let before = known.clone();
            known = std::mem::take(&mut known).or(told);
            known != before
        });
    }
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
        let told =
            self.told.get_or_insert_with(|| Box::new(Told { ordered: held.clone(), profiles: Vec::new() }));
        told.take(at, contact);
        self.contact = told.known();
    }

    /// Forgets what was told since a time.
    pub(super) fn forget_contact(&mut self, since: impl Fn(Timestamp) -> bool) {
        match &mut self.told {
            Some(told) => {
                told.ordered.take_if(|(at, _)| since(*at));
                told.profiles.retain(|(at, _)| !since(*at));
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
    /// Profiles say what they know, one the name, another the address.
    #[test]
    fn nor_on_the_order_in_which_profiles_came() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let text = |text: &str| Some(text.to_owned());
        let said = [
            (1, Contact { first_name: text("Aisha"), last_name: text("Khan"), ..Contact::default() }),
            (2, Contact { first_name: text("Ayesha"), email: text("a@example.com"), ..Contact::default() }),
            (3, Contact { email: text("b@example.com"), ..Contact::default() }),
        ];
        let told = |order: [usize; 3]| {
            let mut view = CustomerView::empty(&"demo".into(), &"c".into());
            for (seconds, contact) in order.map(|place| &said[place]) {
                view.contact_by_profile(at(*seconds), contact);
                view.contact_by_profile(at(*seconds), contact);
            }
            view
        };
        let views = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(told);
        let known = Contact { first_name: text("Ayesha"), last_name: text("Khan"), ..said[2].1.clone() };
        assert_eq!(views[0].contact, Some((at(3), known)));
        assert!(views.iter().all(|view| *view == views[0]), "{views:#?}");
    }

    #[test]
    fn a_record_with_one_profile_is_read() {
        let one = r#"{"profile":["2026-11-22T10:00:00Z",{"first_name":"Ayesha"}]}"#;
        let told: Told = serde_json::from_str(one).unwrap();
        assert_eq!(told.known().unwrap().1.first_name.as_deref(), Some("Ayesha"));
        assert_eq!(serde_json::from_str::<Told>(&serde_json::to_string(&told).unwrap()).unwrap(), told);
    }
}
