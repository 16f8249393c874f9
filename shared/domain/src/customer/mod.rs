//! The view of a customer: what all their orders add up to.
//!
//! It is never counted from facts. It changes in the same transaction as an order's view, by the
//! difference between what that order added before and what it adds now, so it cannot drift.

mod before;
mod contact;
mod contribution;
mod fold;
mod wrote;

use jiff::{SignedDuration, Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::{
    awaited::Awaited,
    calendar::MonthDay,
    fact::{Choice, Contact, Said, Tier},
    flow::{Channel, Class, Delay, condition::Satisfaction},
    id::{CustomerId, FlowId, OrderId, StoreId},
    money::Currency,
};
pub use contact::Told;
pub use contribution::Contribution;
pub use fold::fold;
pub use wrote::words_of;

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// Whose customer.
    pub store: StoreId,
    /// The customer.
    pub id: CustomerId,
    /// Name and addresses, as the latest order state says, or a profile since; filled in from the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<(Timestamp, Contact)>,
    /// What each of the two has told, where a profile has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
    /// Orders placed, cancelled and returned ones included.
    #[serde(default)]
    pub orders: u32,
    /// Totals of the orders that were kept, by currency.
    #[serde(default)]
    pub spent: BTreeMap<Currency, Decimal>,
    /// Orders that came back.
    #[serde(default)]
    pub returns: u32,
    /// The order placed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_order: Option<(Timestamp, OrderId)>,
    /// The order placed before that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_order: Option<(Timestamp, OrderId)>,
    /// When they last wrote or tapped; opens WhatsApp's 24-hour window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_inbound_at: Option<Timestamp>,
    /// They asked for no more marketing; STOP and START.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
    /// When they last said so, or took it back; of two words the later counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opted_out_at: Option<Timestamp>,
    /// The buttons that they tapped in messages that were about no order, with the time of the last tap.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replies: BTreeMap<Choice, Timestamp>,
    /// What they last answered, about whichever order or none, in [short](crate::fact::Said::short).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reply: Option<(Timestamp, String)>,
    /// The order, or none, that each of their last [`CustomerView::MAX_WROTE`] texts was taken to be about, by
    /// a digest of its fact: one that comes again is about the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrote: Vec<(String, Option<OrderId>)>,
    /// What they last said when they were asked how it went, about whichever order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<(Timestamp, Satisfaction)>,
    /// Whether they want marketing, by channel, with the time of their last word on it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<Channel, (Timestamp, bool)>,
    /// When the first order was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_order_at: Option<Timestamp>,
    /// Their birthday, `MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<(Timestamp, String)>,
    /// IANA name of where they live, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<(Timestamp, String)>,
    /// Tags with the time of their last change.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, (Timestamp, bool)>,
    /// Where they stand with the shop's tiers, as the shop told it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<(Timestamp, Tier)>,
    /// The tier that a flow or a person moved them to last. Apart from what the shop told, since of the two
    /// the later counts, whichever comes in first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<(Timestamp, String)>,
    /// Points that flows and people gave them, beside those that the shop counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points_added: i64,
    /// Their subscriptions, by the shop's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subscriptions: BTreeMap<String, Subscription>,
    /// The last [`CustomerView::MAX_LOOKS`] products and categories that they looked at, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<Look>,
    /// When they last searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_at: Option<Timestamp>,
    /// Messages that count towards a cap: when, and of which class; the last
    /// [`CustomerView::MAX_SENDS`] of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<(Timestamp, Class)>,
    /// When each flow that may run only so often last took them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entered: BTreeMap<FlowId, Timestamp>,
    /// A run on it has to be looked at when something happens to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listened: bool,
    /// What time will bring about, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaits: Vec<Awaited>,
}

/// A product or category that somebody looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// At what.
    pub what: Looked,
}

/// What somebody looked at, by the shop's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    /// A product.
    Product(String),
    /// A category.
    Category(String),
}

/// A subscription, as it was last told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subscription {
    /// When it was told.
    pub told_at: Timestamp,
    /// When it renews next; `None` once it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_on: Option<Date>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(n: &i64) -> bool {
    *n == 0
}

impl CustomerView {
    /// Looks kept.
    pub const MAX_LOOKS: usize = 50;
    /// Sends of a class kept for caps: no cap can be higher.
    pub const MAX_SENDS: usize = 50;

    /// A customer nothing is known of yet.
    pub fn empty(store: &StoreId, id: &CustomerId) -> Self {
        Self {
            store: store.clone(),
            id: id.clone(),
            contact: None,
            told: None,
            orders: 0,
            spent: BTreeMap::new(),
            returns: 0,
            last_order: None,
            previous_order: None,
            last_inbound_at: None,
            opted_out: false,
            opted_out_at: None,
            replies: BTreeMap::new(),
            last_reply: None,
            wrote: Vec::new(),
            satisfaction: None,
            consent: BTreeMap::new(),
            first_order_at: None,
            birthday: None,
            timezone: None,
            tags: BTreeMap::new(),
            tier: None,
            moved_to: None,
            points_added: 0,
            subscriptions: BTreeMap::new(),
            looks: Vec::new(),
            searched_at: None,
            sends: Vec::new(),
            entered: BTreeMap::new(),
            listened: false,
            awaits: Vec::new(),
        }
    }

    /// The day of the year on which they were born; nothing where what was told is no such day.
    pub fn born_on(&self) -> Option<MonthDay> {
        self.birthday.as_ref().and_then(|(_, told)| told.parse().ok())
    }

    /// Notes what they wrote or tapped.
    pub fn hear(&mut self, said: &Said, at: Timestamp) {
        self.last_inbound_at = self.last_inbound_at.max(Some(at));
        self.last_reply = self.last_reply.take().max(Some((at, said.short())));
        let satisfaction = said.choice().and_then(Satisfaction::of);
        self.satisfaction = self.satisfaction.max(satisfaction.map(|satisfaction| (at, satisfaction)));
    }

    /// How often they looked at a product in the time up to `at`.
    pub fn views_of(&self, product: &str, at: Timestamp, within: Delay) -> u32 {
        self.count(at, within, |what| matches!(what, Looked::Product(held) if held == product))
    }

    /// How often they looked at a category in the time up to `at`.
    pub fn browses_of(&self, category: &str, at: Timestamp, within: Delay) -> u32 {
        self.count(at, within, |what| matches!(what, Looked::Category(held) if held == category))
    }

    fn count(&self, at: Timestamp, within: Delay, is: impl Fn(&Looked) -> bool) -> u32 {
        let from = at.saturating_sub(within.nominal()).unwrap_or(at);
        let looks = self.looks.iter().filter(|look| look.at > from && look.at <= at && is(&look.what));
        u32::try_from(looks.count()).unwrap_or(u32::MAX)
    }

    /// The name of their tier: what the shop told or where they were moved to, the later of the two.
    pub fn tier_name(&self) -> Option<&str> {
        let told = self.tier.as_ref().map(|(_, tier)| tier.name.as_str());
        self.moved().or(told)
    }

    /// Where they were moved to, unless the shop has told their tier since.
    fn moved(&self) -> Option<&str> {
        let told_at = self.tier.as_ref().map(|(at, _)| *at);
        self.moved_to.as_ref().filter(|(at, _)| Some(*at) > told_at).map(|(_, name)| name.as_str())
    }

    /// Their points: those that the shop counts, and those that were given here.
    pub fn points(&self) -> i64 {
        let counted = self.tier.as_ref().and_then(|(_, tier)| tier.points).unwrap_or(0);
        counted.saturating_add(self.points_added)
    }

    /// Takes note that they asked for no more marketing, or took that back.
    pub fn suppress(&mut self, on: bool, at: Timestamp) {
        (self.opted_out_at, self.opted_out) = (self.opted_out_at, self.opted_out).max((Some(at), on));
    }

    /// Takes note of their word on marketing by a channel; of two, the later counts.
    pub fn consents(&mut self, channel: Channel, wants: bool, at: Timestamp) {
        let held = self.consent.entry(channel).or_insert((at, wants));
        *held = (*held).max((at, wants));
    }

    /// Whether they may get marketing by a channel: they said so, and no STOP holds.
    pub fn wants_marketing(&self, channel: Channel) -> bool {
        !self.opted_out && self.consent.get(&channel).is_some_and(|(_, wants)| *wants)
    }

    /// When the messages of a class leave room for one more under a cap of `most` within `per`: `now`, if
    /// they do already.
    pub fn room_at(&self, class: Class, most: u32, per: SignedDuration, now: Timestamp) -> Timestamp {
        let mut within: Vec<Timestamp> =
            self.sends.iter().filter(|(_, of)| *of == class).map(|(at, _)| *at).collect();
        within.sort_unstable_by(|a, b| b.cmp(a));
        let oldest = usize::try_from(most).ok().and_then(|most| within.get(most.checked_sub(1)?));
        oldest.map_or(now, |at| at.saturating_add(per).unwrap_or(now).max(now))
    }

    /// Counts a message towards the caps.
    pub fn count_send(&mut self, class: Class, at: Timestamp) {
        self.sends.push((at, class));
        let of_class = self.sends.iter().filter(|(_, of)| *of == class).count();
        if of_class > Self::MAX_SENDS
            && let Some(oldest) = self.sends.iter().position(|(_, of)| *of == class)
        {
            self.sends.remove(oldest);
        }
    }

    /// Gives the place of a counted message back, which never went out. Returns whether it was held.
    pub fn give_back(&mut self, class: Class, at: Timestamp) -> bool {
        let place = self.sends.iter().position(|held| *held == (at, class));
        place.map(|place| self.sends.remove(place)).is_some()
    }
}
