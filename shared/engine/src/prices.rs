//! What messages cost a store, for whoever asks beforehand.

use harkara_domain::{
    Currency,
    flow::{Channel, Class},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a message costs, by channel and by what it is for. Nothing is billed by it.
///
/// ```json
/// { "currency": "PKR", "whatsapp": { "transactional": "1.50", "marketing": "13.20" } }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// The currency of all of them.
    #[serde(default = "pkr")]
    pub currency: Currency,
    /// In the currency's major unit, as text: `1.50`.
    #[serde(flatten)]
    pub channels: BTreeMap<Channel, BTreeMap<Class, Decimal>>,
}

fn pkr() -> Currency {
    Currency::PKR
}

impl Default for Prices {
    fn default() -> Self {
        Self { currency: pkr(), channels: BTreeMap::new() }
    }
}

impl Prices {
    /// The highest price that can be meant.
    pub const MOST: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);
    /// The most digits behind the point.
    pub const SCALE: u32 = 6;

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.channels.values().all(BTreeMap::is_empty)
    }

    /// What one message costs, where that is set.
    pub fn of(&self, channel: Channel, class: Class) -> Option<Decimal> {
        self.channels.get(&channel)?.get(&class).copied()
    }

    /// Every problem, with the path of its field (`whatsapp.marketing`) and a sentence that begins behind it.
    pub fn flaws(&self) -> Vec<(String, String)> {
        let all = self
            .channels
            .iter()
            .flat_map(|(channel, of)| of.iter().map(move |(class, p)| (channel, class, p)));
        let wrong = all.filter(|(.., price)| {
            price.is_sign_negative() || **price > Self::MOST || price.scale() > Self::SCALE
        });
        let flaw = |(channel, class, _): (&Channel, &Class, &Decimal)| {
            let class = match class {
                Class::Transactional => "transactional",
                Class::Marketing => "marketing",
            };
            let words =
                format!("is 0 to {}, with at most {} digits behind the point", Self::MOST, Self::SCALE);
            (format!("{}.{class}", channel.as_str()), words)
        };
        wrong.map(flaw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_found_and_a_wrong_one_is_named() {
        let text = r#"{ "currency": "PKR", "whatsapp": { "transactional": "1.50", "marketing": "-13.20" } }"#;
        let prices: Prices = serde_json::from_str(text).unwrap();
        assert_eq!(prices.of(Channel::Whatsapp, Class::Transactional).unwrap().to_string(), "1.50");
        assert_eq!(prices.of(Channel::Email, Class::Transactional), None);
        let flaws = prices.flaws();
        assert_eq!(flaws.len(), 1);
        assert_eq!(flaws[0].0, "whatsapp.marketing");
        let held: Prices = serde_json::from_str(&serde_json::to_string(&prices).unwrap()).unwrap();
        assert_eq!(held, prices);
        assert!(serde_json::from_str::<Prices>(r#"{ "pigeon": { "marketing": "1" } }"#).is_err());
    }
}
