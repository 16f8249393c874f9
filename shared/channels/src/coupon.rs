//! Coupons: a code of its own for each action that gives one, and the shop that takes it.

pub mod shopify;

use harkara_domain::reference::ReferenceKey;
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::ActionRef;

/// The most characters of a prefix that are kept.
pub const MAX_PREFIX: usize = 20;

/// Crockford's 32: neither I, L and O, which read as digits, nor U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The letters of a code behind its prefix: 60 bits.
const LENGTH: usize = 12;

/// What a coupon takes off an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// So many per cent of its items' prices: more than 0, at most 100.
    Percent(Decimal),
    /// So much of their sum, once, in the shop's currency: more than 0.
    Amount(Decimal),
}

/// A coupon, for everybody who has its code.
#[derive(Clone, Copy, Debug)]
pub struct Coupon<'a> {
    /// What the customer types; see [`code`].
    pub code: &'a str,
    /// What the shop's team reads in their list of discounts.
    pub title: &'a str,
    /// What it is worth.
    pub discount: Discount,
    /// From when on it counts.
    pub starts_at: Timestamp,
    /// One order, one customer, once; otherwise as often as it is typed.
    pub once: bool,
    /// Till when it counts; `None` for ever. To be the same when the stage is repeated: the coupon that
    /// is there is not changed.
    pub ends_at: Option<Timestamp>,
}

/// The code of an action: `<prefix>-<12 letters and digits>`, or these alone where the prefix has no
/// letter or digit of ASCII. The same for every repetition of the stage; whoever knows the order, the
/// flow and other codes, but not the store's key, cannot tell it.
pub fn code(key: &ReferenceKey, action: &ActionRef<'_>, prefix: &str) -> String {
    let mut code: String = prefix
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(MAX_PREFIX)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    if !code.is_empty() {
        code.push('-');
    }
    // Five bits of each byte: 256 is a multiple of 32, so every letter is as likely.
    let bits = key.derive("coupon", &action.text());
    let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).map(|letter| char::from(*letter));
    code.extend(bits.iter().filter_map(letter).take(LENGTH));
    code
}
