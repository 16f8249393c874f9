//! Carts that are filled, left, come back to, emptied or bought.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Deed, Truth, hours};
use crate::fate::Fate;

impl Truth {
    /// The life of a cart, of a customer who has ordered or of one who has not.
    pub(super) fn cart(&mut self, fate: &Fate, begin: Timestamp, number: usize) {
        let life = self.lives.get(fate.below(3));
        let phone = life.and_then(|life| life.order.phone.clone());
        let order = life.map(|life| life.order.key());
        let phone = phone.unwrap_or_else(|| format!("+92300{:07}", 7_000_000 + number));
        let cart = format!("custom-cart{number}");
        let consent = json!({ "whatsapp": fate.below(4) > 0, "email": true });
        self.tracked(begin, "profile", json!({ "customer": { "phone": phone }, "consent": consent }));
        let mut at = begin;
        for touch in 0..=fate.below(3) {
            // About as long as it takes to count as left.
            at += fate.between(1_000, 2 * 1_800_000);
            let items = json!([{ "title": "Lawn suit", "quantity": 1 + touch, "price": "3290.00" }]);
            let total = json!({ "amount": "3290.00", "currency": "PKR" });
            let fields = json!({ "cart": cart, "customer": { "phone": phone }, "items": items, "total": total,
                "url": "https://shop.example/cart" });
            self.tracked(at, "cart_updated", fields);
        }
        // In the moment in which it counts as left or is written about, or at any other time.
        at += if fate.below(2) == 0 {
            SignedDuration::from_mins(30) + fate.between(0, 3_000)
        } else {
            hours(0, 80, fate)
        };
        match (fate.below(3), order) {
            (0, Some(order)) => {
                self.tracked(at, "cart_checked_out", json!({ "cart": cart, "order": order }));
            }
            (1, _) => self.tracked(at, "cart_emptied", json!({ "cart": cart })),
            _ => {}
        }
    }

    fn tracked(&mut self, at: Timestamp, kind: &str, mut fields: Value) {
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        fields["kind"] = json!(kind);
        fields["at"] = json!(at.to_string());
        self.deeds.push((at, Deed::Tracked(fields)));
    }
}
