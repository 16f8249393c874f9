//! What was known of a customer before a time, as far as their view can tell.

use jiff::Timestamp;

use super::{Contribution, CustomerView};

impl CustomerView {
    /// What was known before `at`: without what was said since, and without what `orders` add, of which
    /// more is told later. What has no time of its own stays, and of what was said twice the earlier word is
    /// lost: points that were added, an earlier address.
    #[must_use]
    pub fn known_before<'c>(
        mut self,
        at: Timestamp,
        orders: impl IntoIterator<Item = &'c Contribution>,
    ) -> Self {
        for order in orders {
            self.exchange(Some(order), None);
        }
        let since = |told: Timestamp| told >= at;
        let last = [self.last_order.take(), self.previous_order.take()].into_iter().flatten();
        let mut last = last.filter(|(placed, _)| !since(*placed));
        (self.last_order, self.previous_order) = (last.next(), last.next());
        self.forget_contact(since);
        self.last_inbound_at.take_if(|told| since(*told));
        if self.opted_out_at.is_some_and(since) {
            (self.opted_out, self.opted_out_at) = (false, None);
        }
        self.replies.retain(|_, told| !since(*told));
        self.last_reply.take_if(|(told, _)| since(*told));
        self.satisfaction.take_if(|(told, _)| since(*told));
        self.consent.retain(|_, (told, _)| !since(*told));
        self.first_order_at.take_if(|told| since(*told));
        for told in [&mut self.birthday, &mut self.timezone] {
            told.take_if(|(told, _)| since(*told));
        }
        self.tags.retain(|_, (told, _)| !since(*told));
        self.tier.take_if(|(told, _)| since(*told));
        self.moved_to.take_if(|(moved, _)| since(*moved));
        self.subscriptions.retain(|_, held| !since(held.told_at));
        self.looks.retain(|look| !since(look.at));
        self.searched_at.take_if(|told| since(*told));
        self.sends.retain(|(sent, _)| !since(*sent));
        self.entered.retain(|_, entered| !since(*entered));
        self.listened = false;
        self.awaits.clear();
        self
    }
}
