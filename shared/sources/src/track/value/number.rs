//! Numbers and money.

use harkara_domain::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::text_as;
use crate::track::shape::{Path, Reader, Schemas, Shape, object};

/// A whole number in bounds.
pub(in crate::track) struct Whole<const MIN: i64, const MAX: i64>(pub(in crate::track) i64);

impl<const MIN: i64, const MAX: i64> Shape for Whole<MIN, MAX> {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let number = value.as_i64().filter(|number| (MIN..=MAX).contains(number));
        if number.is_none() {
            reader.fault(at, &format!("is to be a whole number from {MIN} to {MAX}"));
        }
        number.map(Self)
    }
}

/// A count of pieces.
pub(in crate::track) type Pieces = Whole<1, 1_000_000>;

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// The number, where it fits: bounds within `u32` always do.
    pub(in crate::track) fn count(&self) -> u32 {
        u32::try_from(self.0).unwrap_or_default()
    }
}

impl Shape for bool {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "boolean" })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let read = value.as_bool();
        if read.is_none() {
            reader.fault(at, "is to be true or false");
        }
        read
    }
}

/// An amount of money in its currency's major unit, as text so that no digit is lost.
pub(in crate::track) struct Amount(pub(in crate::track) Decimal);

impl Shape for Amount {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^\\d{1,12}(\\.\\d{1,6})?$" })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        text_as((value, 19), at, reader, "is to be an amount as text: \"4490.00\"", |text| {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let digits = |part: &str, most| {
                (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
            };
            let sound = digits(whole, 12) && digits(fraction, 6);
            Decimal::from_str_exact(text).ok().filter(|_| sound).map(Self)
        })
    }
}

/// A currency by its ISO 4217 code.
pub(in crate::track) struct Code(pub(in crate::track) Currency);

impl Shape for Code {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z]{3}$" })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let of = |text: &str| text.parse().ok().map(Self);
        text_as((value, 3), at, reader, "is to be a currency of three letters: PKR", of)
    }
}

object! {
    /// An amount in a currency.
    struct Price {
        /// In the currency's major unit, as text.
        amount: Amount,
        /// ISO 4217.
        currency: Code,
    }
}

impl Price {
    pub(in crate::track) fn money(&self) -> Money {
        Money { amount: self.amount.0, currency: self.currency.0 }
    }
}
