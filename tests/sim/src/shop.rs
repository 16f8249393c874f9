//! What truly happens: orders that are placed, changed, sent, delivered, cancelled, come back; carts that are
//! left; and what their customers and the team do. All of it is drawn from the seed, and none of it depends on
//! Harkara, but for the taps on its buttons and the words that answer it.

mod cart;
mod team;

use harkara_domain::fact::Choice;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{bodies::Order, fate::Fate, stores::Kind};
pub(crate) use team::TeamDeed;

/// Something that the shop, a customer or the team does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// The shop tells of something by a webhook.
    Told { topic: &'static str, body: Value },
    /// A program of the shop's tells of something.
    Tracked(Value),
    /// The team changes a flow.
    Team(TeamDeed),
}

/// What somebody does, so long after a message.
pub(crate) type After<T> = (SignedDuration, T);

/// An order with what its customer does once they hear of it.
pub(crate) struct Life {
    pub(crate) order: Order,
    /// How long after a message with such a button they tap on it; in turn.
    pub(crate) taps: Vec<After<Choice>>,
    /// What they write after the first message.
    pub(crate) words: Vec<After<&'static str>>,
}

/// All that happens of a seed.
pub(crate) struct Truth {
    pub(crate) lives: Vec<Life>,
    pub(crate) deeds: Vec<(Timestamp, Deed)>,
}

fn hours(least: i64, most: i64, fate: &Fate) -> SignedDuration {
    fate.between(least * 3_600_000, most * 3_600_000)
}

impl Truth {
    /// Draws it.
    pub(crate) fn draw(fate: &Fate, begin: Timestamp, kind: Kind) -> Self {
        let mut truth = Self { lives: Vec::new(), deeds: Vec::new() };
        let most = if kind == Kind::Usual { 3 } else { 2 };
        for number in 0..=fate.below(most) {
            truth.live(fate, begin + hours(0, 12, fate), 1_000 + number as u64, kind);
        }
        if kind == Kind::Carts {
            for number in 0..=fate.below(2) {
                truth.cart(fate, begin + hours(0, 20, fate), number);
            }
        }
        if fate.below(4) == 0 {
            truth.team(fate, begin, kind);
        }
        truth.deeds.sort_by_key(|(at, _)| *at);
        truth
    }

    fn told(&mut self, at: Timestamp, topic: &'static str, body: Value) {
        self.deeds.push((at, Deed::Told { topic, body }));
    }

    fn live(&mut self, fate: &Fate, placed: Timestamp, id: u64, kind: Kind) {
        // Clocks of shops count whole seconds.
        let placed = Timestamp::from_second(placed.as_second()).unwrap_or(placed);
        let mut order = if fate.below(4) == 0 { Order::prepaid(id, placed) } else { Order::cod(id, placed) };
        if let Some(first) = self.lives.first().filter(|_| fate.below(3) == 0) {
            // The same customer once more.
            order.phone.clone_from(&first.order.phone);
            order.email.clone_from(&first.order.email);
        }
        self.told(placed, "orders/create", order.body(placed));
        if fate.below(3) == 0 {
            let at = placed + hours(0, 30, fate);
            let mut body = order.body(at);
            body["tags"] = json!("gift, edited");
            self.told(at, "orders/updated", body);
        }
        match fate.below(8) {
            // In the very moment in which a message goes out.
            0 => {
                let moments = [0, 30, 120].map(SignedDuration::from_mins);
                let moment = moments.get(fate.below(3)).copied().unwrap_or_default();
                let at = placed + moment + fate.between(0, 2_000);
                self.told(at, "orders/cancelled", order.cancelled(at));
            }
            1 => {
                let at = placed + hours(0, 40, fate);
                self.told(at, "orders/cancelled", order.cancelled(at));
            }
            2 => {}
            _ => self.road(fate, &order, kind),
        }
        let mut taps = Self::taps(fate);
        if kind == Kind::Care {
            taps.extend(Self::answers(fate));
        }
        let words = if matches!(kind, Kind::Carts | Kind::Quiet) { Self::words(fate) } else { Vec::new() };
        self.lives.push(Life { order, taps, words });
    }

    /// It is sent, and gets there or comes back.
    fn road(&mut self, fate: &Fate, order: &Order, kind: Kind) {
        let booked = order.placed + hours(3, 30, fate);
        self.told(booked, "fulfillments/create", order.parcel(None, booked));
        let mut at = booked;
        let stalls = kind == Kind::Care && fate.below(3) == 0;
        for status in ["in_transit", "out_for_delivery"] {
            at += hours(1, 20, fate);
            self.told(at, "fulfillments/update", order.parcel(Some(status), at));
            if stalls && status == "in_transit" {
                // About as long as it takes to count as stalled: now and then it moves in that moment.
                at += hours(70, 200, fate);
            }
        }
        at += hours(1, 9, fate);
        if fate.below(5) == 0 {
            self.told(at, "fulfillment_events/create", order.scan("attempted_delivery", at));
            at += hours(5, 24, fate);
            self.told(at, "refunds/create", order.refund(at));
        } else {
            self.told(at, "fulfillment_events/create", order.scan("delivered", at));
            self.told(
                at + SignedDuration::from_secs(1),
                "fulfillments/update",
                order.parcel(Some("delivered"), at),
            );
        }
    }

    fn taps(fate: &Fate) -> Vec<After<Choice>> {
        let after = fate.between(5_000, 5 * 3_600_000);
        let soon = fate.between(0, 1_000);
        match fate.below(6) {
            0 => vec![],
            1 => vec![(after, Choice::Cancel)],
            // Both within a second.
            2 => vec![(after, Choice::Confirm), (after + soon, Choice::Cancel)],
            3 => vec![(after, Choice::Cancel), (after + soon, Choice::Confirm)],
            _ => vec![(after, Choice::Confirm)],
        }
    }

    /// Whether all was well: asked a day after the delivery.
    fn answers(fate: &Fate) -> Vec<After<Choice>> {
        // Up to the moment in which nobody waits for it any more.
        let after = if fate.below(4) == 0 { SignedDuration::from_hours(168) } else { hours(0, 100, fate) };
        let after = after + fate.between(0, 3_000);
        match fate.below(4) {
            0 => vec![],
            1 => vec![(after, Choice::Satisfied)],
            2 => vec![(after, Choice::Satisfied), (after + fate.between(0, 1_000), Choice::Dissatisfied)],
            _ => vec![(after, Choice::Dissatisfied)],
        }
    }

    /// Whoever is written to may have had enough, and think better of it.
    fn words(fate: &Fate) -> Vec<After<&'static str>> {
        let after = fate.between(1_000, 40 * 3_600_000);
        let soon = if fate.below(2) == 0 { fate.between(0, 1_000) } else { hours(0, 40, fate) };
        match fate.below(4) {
            0 => vec![(after, "STOP")],
            1 => vec![(after, "STOP"), (after + soon, "START")],
            _ => vec![],
        }
    }
}
