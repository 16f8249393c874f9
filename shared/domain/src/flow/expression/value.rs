//! What an expression is evaluated on, borrowed from where it lies.

use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, collections::HashMap, fmt};

use cel::common::{
    types::{CelBool, CelList, CelMap, CelMapKey, CelNull, CelString, Type},
    value::Val,
};

use super::number::Exact;

/// A value for an expression: text, number, true or false, nothing, a list, or an object with fields.
/// Texts are borrowed. Any serde format can be read as one, JSON for example.
#[derive(Debug)]
pub struct Value<'v>(Box<dyn Val + 'v>);

/// The name of what stands in for a list that is too long.
pub(super) const LONG: &str = "long list";
static LONG_LIST: Type = Type::new_unspecified_type(LONG);

/// In the place of a list that is too long: every use of it is an error.
#[derive(Clone, Copy, Debug)]
struct LongList;

impl Val for LongList {
    fn get_type(&self) -> &Type {
        &LONG_LIST
    }
    fn cel_type() -> &'static Type {
        &LONG_LIST
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl<'v> Value<'v> {
    /// The most entries of a list that an expression can be asked about: what a shop lets an order have
    /// of tags. An expression that uses a longer one fails.
    pub const MAX_LIST: usize = 250;

    /// A text.
    pub fn text(text: impl Into<Cow<'v, str>>) -> Self {
        Self(Box::new(CelString::from(text.into())))
    }

    /// A number.
    pub fn number(number: impl Into<Decimal>) -> Self {
        Self(Box::new(Exact(number.into())))
    }

    /// True or false.
    pub fn truth(truth: bool) -> Self {
        Self(Box::new(CelBool::from(truth)))
    }

    /// Nothing: equal to `null` alone. A field that is not known is better left out of its object.
    pub fn null() -> Self {
        Self(Box::new(CelNull))
    }

    /// A list.
    pub fn list(entries: impl IntoIterator<Item = Self>) -> Self {
        let entries: Vec<_> = entries.into_iter().map(|entry| entry.0).take(Self::MAX_LIST + 1).collect();
        if entries.len() > Self::MAX_LIST {
            return Self(Box::new(LongList));
        }
        Self(Box::new(CelList::from(entries)))
    }

    /// An object with fields; one without a value is not known.
    pub fn object<K: Into<Cow<'v, str>>>(fields: impl IntoIterator<Item = (K, Option<Self>)>) -> Self {
        let key = |key: K| CelMapKey::String(CelString::from(key.into()));
        let fields = fields.into_iter().filter_map(|(name, value)| Some((key(name), value?.0)));
        Self(Box::new(CelMap::from(fields.collect::<HashMap<_, _>>())))
    }

    pub(super) fn into_val(self) -> Box<dyn Val + 'v> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Value<'static> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, true or false, null, a list or an object")
    }
    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value<'static>, E> {
        Ok(Value::truth(truth))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'static>, E> {
        Ok(Value::number(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'static>, E> {
        Ok(Value::number(number))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Value<'static>, E> {
        // The shortest text that reads back as this float is what was written.
        let exact = number.to_string().parse::<Decimal>();
        exact.map(Value::number).map_err(|_| E::custom(format!("{number} has too many digits")))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'static>, E> {
        Ok(Value::text(text.to_owned()))
    }
    fn visit_string<E: Error>(self, text: String) -> Result<Value<'static>, E> {
        Ok(Value::text(text))
    }
    fn visit_unit<E: Error>(self) -> Result<Value<'static>, E> {
        Ok(Value::null())
    }
    fn visit_none<E: Error>(self) -> Result<Value<'static>, E> {
        Ok(Value::null())
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value<'static>, D::Error> {
        inner.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value<'static>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Value::list(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value<'static>, A::Error> {
        let mut object = Vec::new();
        while let Some((name, value)) = fields.next_entry::<String, _>()? {
            object.push((name, Some(value)));
        }
        Ok(Value::object(object))
    }
}
