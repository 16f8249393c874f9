//! How facts about a customer, beside their orders, fold into their view.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{CustomerView, Look, Looked, Subscription, words_of};
use crate::{
    awaited,
    calendar::MonthDay,
    fact::{Contact, CustomerAction, CustomerFact, Fact, FactBody, Profile, Reply, Said, Tier},
    id::CustomerId,
    occurrence::{Folded, Occurrence, Transition},
};

/// Folds a fact about a customer into their view.
pub fn fold(before: Option<&CustomerView>, fact: &Fact, id: &CustomerId) -> Folded<CustomerView> {
    let mut view = before.cloned().unwrap_or_else(|| CustomerView::empty(&fact.store, id));
    let at = fact.occurred_at;
    if let FactBody::Occurred { occurrence, .. } = &fact.body {
        awaited::settle(&mut view.awaits, occurrence);
    }
    let occurred = match &fact.body {
        FactBody::Customer { said, .. } => view.take(said, fact),
        FactBody::Reply(reply) => {
            if words_of(fact).is_some() {
                view.note_text(&fact.id, None);
            }
            vec![view.take_reply(reply, at)]
        }
        FactBody::Occurred { occurrence, .. } if view.is_so(occurrence) => vec![occurrence.clone()],
        _ => Vec::new(),
    };
    let changed = before != Some(&view);
    let transition = |occurrence| Transition { occurrence, at, overtaken_by: None };
    Folded { view, changed, transitions: occurred.into_iter().map(transition).collect() }
}

impl CustomerView {
    fn take(&mut self, said: &CustomerFact, fact: &Fact) -> Vec<Occurrence> {
        let at = fact.occurred_at;
        match said {
            CustomerFact::Profile(profile) => self.take_profile(profile, at),
            CustomerFact::Viewed { product, .. } => {
                self.look(at, Looked::Product(product.clone()));
                return vec![Occurrence::ProductViewed { product: product.clone(), at }];
            }
            CustomerFact::Searched { .. } => self.searched_at = self.searched_at.max(Some(at)),
            CustomerFact::Browsed { category } => {
                self.look(at, Looked::Category(category.clone()));
                return vec![Occurrence::CategoryBrowsed { category: category.clone(), at }];
            }
            CustomerFact::Tier(tier) => return self.take_tier(tier, at),
            CustomerFact::Subscription { id, renews_on, title } => {
                let told = Subscription { told_at: at, renews_on: *renews_on, title: title.clone() };
                let held = self.subscriptions.entry(id.clone()).or_insert_with(|| told.clone());
                if *held < told {
                    *held = told;
                }
            }
            CustomerFact::Custom { name } => {
                return vec![Occurrence::Custom { id: fact.id.to_string(), name: name.clone() }];
            }
            CustomerFact::Acted { action, .. } => self.take_action(action, at),
        }
        Vec::new()
    }

    fn take_profile(&mut self, profile: &Profile, at: Timestamp) {
        if profile.contact != Contact::default() {
            self.contact_by_profile(at, &profile.contact);
        }
        newer(&mut self.birthday, at, profile.birthday.as_ref());
        newer(&mut self.timezone, at, profile.timezone.as_ref());
        for (&channel, &wants) in &profile.consent {
            self.consents(channel, wants, at);
        }
        for tag in &profile.tags {
            self.tag(tag, true, at);
        }
    }

    fn take_tier(&mut self, tier: &Tier, at: Timestamp) -> Vec<Occurrence> {
        let held = self.tier.clone();
        self.tier = self.tier.take().max(Some((at, tier.clone())));
        if self.moved().is_some()
            || self.tier == held
            || self.tier.as_ref().is_none_or(|(latest, _)| *latest != at)
        {
            return Vec::new();
        }
        let before = held.map(|(_, tier)| tier).unwrap_or_default();
        let mut occurred = Vec::new();
        if tier.level > before.level {
            occurred.push(Occurrence::TierUpgraded { tier: tier.name.clone(), at });
        }
        if let Some(near) = tier.close_to.as_ref().filter(|near| before.close_to.as_ref() != Some(near)) {
            occurred.push(Occurrence::CloseToUpgrade { tier: near.clone(), at });
        }
        if tier.at_risk && !before.at_risk {
            occurred.push(Occurrence::AtRiskOfDowngrade { tier: tier.name.clone(), at });
        }
        occurred
    }

    fn take_action(&mut self, action: &CustomerAction, at: Timestamp) {
        match action {
            CustomerAction::SetTag { tag, on } => self.tag(tag, *on, at),
            CustomerAction::SetTier(name) => {
                self.moved_to = self.moved_to.take().max(Some((at, name.clone())));
            }
            CustomerAction::AddPoints(points) => {
                self.points_added = self.points_added.saturating_add(*points);
            }
            CustomerAction::Suppress { on, channel } => {
                self.suppress(*on, at);
                // Who asks for messages agrees to them, by the channel on which they ask.
                if let Some(channel) = channel.filter(|_| !on) {
                    self.consents(channel, true, at);
                }
            }
        }
    }

    fn take_reply(&mut self, reply: &Reply, at: Timestamp) -> Occurrence {
        self.hear(&reply.said, at);
        let message = reply.message.clone();
        match &reply.said {
            Said::Tapped { choice, .. } => {
                let held = self.replies.entry(*choice).or_insert(at);
                *held = (*held).max(at);
                Occurrence::ButtonTapped { message, choice: *choice }
            }
            Said::Wrote(text) => Occurrence::MessageReceived { message, text: text.clone() },
        }
    }

    fn tag(&mut self, tag: &str, on: bool, at: Timestamp) {
        let held = self.tags.entry(tag.to_owned()).or_insert((at, on));
        *held = (*held).max((at, on));
    }

    fn look(&mut self, at: Timestamp, what: Looked) {
        let look = Look { at, what };
        let place = self.looks.partition_point(|held| *held < look);
        if self.looks.get(place) != Some(&look) {
            self.looks.insert(place, look);
        }
        let over = self.looks.len().saturating_sub(Self::MAX_LOOKS);
        self.looks.drain(..over);
    }

    /// Whether what a fact says came about by time alone is so.
    pub fn is_so(&self, occurrence: &Occurrence) -> bool {
        match occurrence {
            Occurrence::CustomerInactive { since, .. } => {
                self.last_order.as_ref().is_some_and(|(at, _)| at == since)
            }
            Occurrence::SearchedWithoutPurchase { searched_at, .. } => {
                let bought = self.last_order.as_ref().is_some_and(|(at, _)| at > searched_at);
                self.searched_at == Some(*searched_at) && !bought
            }
            Occurrence::SubscriptionRenewal { subscription, on, .. } => {
                self.subscriptions.get(subscription).is_some_and(|held| held.renews_on == Some(*on))
            }
            Occurrence::PurchaseAnniversary { on } => {
                self.first_order_at.is_some_and(|first| is_anniversary(first, *on))
            }
            Occurrence::Birthday { on } => self.born_on().is_some_and(|day| day.falls_on(*on)),
            Occurrence::StartedBy { .. } | Occurrence::MessageReported { .. } => true,
            _ => false,
        }
    }
}

/// Whether a day is a year or more after the first order, in whatever zone: on which day of the shop's that
/// was has been seen to by whoever says that its anniversary has come.
fn is_anniversary(first: Timestamp, on: Date) -> bool {
    let day = TimeZone::UTC.to_datetime(first).date();
    let days = [day.yesterday().ok(), Some(day), day.tomorrow().ok()];
    days.into_iter().flatten().any(|day| day.year() < on.year() && MonthDay::of(day).falls_on(on))
}

fn newer(held: &mut Option<(Timestamp, String)>, at: Timestamp, told: Option<&String>) {
    if let Some(told) = told {
        *held = held.take().max(Some((at, told.clone())));
    }
}
