//! Exact money: a decimal with its currency.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de};
use std::{fmt, str::FromStr};

/// An ISO 4217 code in capitals, for example `PKR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three ASCII letters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a currency is three letters, such as PKR")]
pub struct BadCurrency;

impl Currency {
    /// The Pakistani rupee.
    pub const PKR: Self = Self(*b"PKR");

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = BadCurrency;

    fn from_str(text: &str) -> Result<Self, BadCurrency> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| BadCurrency)?;
        if bytes.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(bytes.map(|b| b.to_ascii_uppercase())))
        } else {
            Err(BadCurrency)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Currency;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a currency of three letters, such as PKR")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Currency, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// An amount in a currency, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Money {
    /// In the currency's major unit: `1499.50`.
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
}

impl fmt::Display for Money {
    /// As a shop writes it: `Rs 1,499`, `USD 12.50`; whole amounts lose their decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.currency.as_str() == "PKR" { "Rs" } else { self.currency.as_str() };
        let text = if self.amount.fract().is_zero() {
            self.amount.trunc().to_string()
        } else {
            format!("{:.2}", self.amount)
        };
        let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
        let (minus, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("-", d));
        write!(f, "{sign} {minus}")?;
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        fraction.map_or(Ok(()), |rest| write!(f, ".{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_a_shop_writes_it() {
        let show = |amount: &str, currency: &str| {
            Money { amount: amount.parse().unwrap(), currency: currency.parse().unwrap() }.to_string()
        };
        assert_eq!(show("1499.00", "PKR"), "Rs 1,499");
        assert_eq!(show("1234567.5", "usd"), "USD 1,234,567.50");
        assert_eq!(show("-950", "PKR"), "Rs -950");
        assert!("Rs".parse::<Currency>().is_err());
    }
}
