//! What truly happens: orders that are placed, changed, sent, delivered, cancelled, come back; and what their
//! customers and the team do. All of it is drawn from the seed, and none of it depends on Harkara, but for the taps
//! on its buttons.

use harkara_domain::fact::Choice;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{bodies::Order, fate::Fate};

/// Something that the shop, a customer or the team does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// The shop tells of something by a webhook.
    Told { topic: &'static str, body: Value },
    /// The team changes a flow.
    Team(TeamDeed),
}

/// What the team does with a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TeamDeed {
    /// Pauses it, and resumes it later.
    Pause(&'static str),
    Resume(&'static str),
    /// Saves another version.
    Edit(&'static str),
    Archive(&'static str),
}

/// An order with what its customer does once they are asked.
pub(crate) struct Life {
    pub(crate) order: Order,
    /// How long after a message with buttons they tap, and on what; in turn.
    pub(crate) taps: Vec<(SignedDuration, Choice)>,
}

/// All that happens of a seed.
pub(crate) struct Truth {
    pub(crate) lives: Vec<Life>,
    pub(crate) deeds: Vec<(Timestamp, Deed)>,
}

/// The flows that the team may touch.
const FLOWS: [&str; 3] = ["cod-confirmation", "dispatch-notice", "post-delivery-followup"];

fn hours(least: i64, most: i64, fate: &Fate) -> SignedDuration {
    fate.between(least * 3_600_000, most * 3_600_000)
}

impl Truth {
    /// Draws it.
    pub(crate) fn draw(fate: &Fate, begin: Timestamp) -> Self {
        let mut truth = Self { lives: Vec::new(), deeds: Vec::new() };
        for number in 0..=fate.below(3) {
            truth.live(fate, begin + hours(0, 12, fate), 1_000 + number as u64);
        }
        if fate.below(4) == 0 {
            truth.team(fate, begin);
        }
        truth.deeds.sort_by_key(|(at, _)| *at);
        truth
    }

    fn told(&mut self, at: Timestamp, topic: &'static str, body: Value) {
        self.deeds.push((at, Deed::Told { topic, body }));
    }

    fn live(&mut self, fate: &Fate, placed: Timestamp, id: u64) {
        // Clocks of shops count whole seconds.
        let placed = Timestamp::from_second(placed.as_second()).unwrap_or(placed);
        let order = if fate.below(4) == 0 { Order::prepaid(id, placed) } else { Order::cod(id, placed) };
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
            _ => self.road(fate, &order),
        }
        let taps = Self::taps(fate);
        self.lives.push(Life { order, taps });
    }

    /// It is sent, and gets there or comes back.
    fn road(&mut self, fate: &Fate, order: &Order) {
        let booked = order.placed + hours(3, 30, fate);
        self.told(booked, "fulfillments/create", order.parcel(None, booked));
        let mut at = booked;
        for status in ["in_transit", "out_for_delivery"] {
            at += hours(1, 20, fate);
            self.told(at, "fulfillments/update", order.parcel(Some(status), at));
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

    fn taps(fate: &Fate) -> Vec<(SignedDuration, Choice)> {
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

    fn team(&mut self, fate: &Fate, begin: Timestamp) {
        let flow = FLOWS.get(fate.below(FLOWS.len())).copied().unwrap_or("cod-confirmation");
        let at = begin + hours(0, 30, fate);
        let later = at + hours(0, 20, fate);
        let deeds: &[(Timestamp, TeamDeed)] = match fate.below(3) {
            0 => &[(at, TeamDeed::Pause(flow)), (later, TeamDeed::Resume(flow))],
            1 => &[(at, TeamDeed::Edit(flow))],
            _ => &[(at, TeamDeed::Archive(flow))],
        };
        self.deeds.extend(deeds.iter().map(|(at, deed)| (*at, Deed::Team(*deed))));
    }
}
