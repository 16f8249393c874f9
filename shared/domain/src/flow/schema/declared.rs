//! Fields in the order in which their types declare them: `name` before `stages`, not `at` before `name`.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
    ser::SerializeMap,
};
use serde_json::{Map, Serializer, Value, ser::PrettyFormatter};

use crate::flow::{
    Action, Awaited, BranchArm, Condition, Flow, Message, SplitArm, Stage, Trigger, WaitArm,
    action::{CouponOffer, Letter, TaskToDo, Webhook},
    condition::{Amount, Choice, City, Elapsed, Hour, Set, Text},
    heard::Heard,
    timing::Delay,
    trigger::Often,
};

/// The names of a type's fields or variants.
type Names = &'static [&'static str];

/// Every type with more than one field or variant.
pub(super) fn all() -> Vec<Names> {
    let schema: Names = &[
        "$schema",
        "$ref",
        "title",
        "description",
        "type",
        "const",
        "required",
        "properties",
        "additionalProperties",
    ];
    let structs = [names::<Flow>(), names::<Stage>(), names::<Message>(), names::<WaitArm>()];
    let arms = [names::<SplitArm>(), names::<BranchArm>(), names::<Awaited>()];
    let parts = [names::<Letter>(), names::<TaskToDo>(), names::<Webhook>(), names::<CouponOffer>()];
    let words = [names::<Trigger>(), names::<Often>(), names::<Heard>(), names::<Action>()];
    let operators = [names::<Text>(), names::<City>(), names::<Hour>(), names::<Set>()];
    let others = [names::<Amount>(), names::<Elapsed>(), names::<Choice<Delay>>(), names::<Condition>()];
    let mut all = vec![schema];
    all.extend(structs.into_iter().chain(arms).chain(parts).chain(words).chain(operators).chain(others));
    all
}

/// A schema as indented text, in the order of the types.
pub(super) fn text(schema: &Value) -> Result<String, serde_json::Error> {
    let all = all();
    let mut text = Vec::new();
    let mut writer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" "));
    Ordered { value: schema, all: &all }.serialize(&mut writer)?;
    text.push(b'\n');
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The names of an object's fields, in the order of the type that has all of them.
pub(super) fn order<'v>(object: &'v Map<String, Value>, all: &[Names]) -> Vec<&'v str> {
    // A schema is no object that a type of the language describes.
    let types = if object.contains_key("type") || object.contains_key("$ref") {
        all.get(..1).unwrap_or(all)
    } else {
        all
    };
    let has = |names: &&Names| object.keys().all(|key| names.contains(&key.as_str()));
    let names = types.iter().find(has).or(all.first()).copied().unwrap_or_default();
    let mut fields: Vec<&str> = object.keys().map(String::as_str).collect();
    fields.sort_by_key(|key| names.iter().position(|name| name == key).unwrap_or(names.len()));
    fields
}

struct Ordered<'a> {
    value: &'a Value,
    all: &'a [Names],
}

impl Serialize for Ordered<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.all;
        match self.value {
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in order(object, all).into_iter().filter_map(|key| object.get_key_value(key))
                {
                    map.serialize_entry(key, &Ordered { value, all })?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(|value| Ordered { value, all })),
            scalar => scalar.serialize(serializer),
        }
    }
}

/// Asks a type for its names: it tells whoever it is read by.
fn names<T: for<'de> Deserialize<'de>>() -> Names {
    let mut names: Names = &[];
    // It is never read to an end: the names are all that is wanted of it.
    let _ = T::deserialize(Ask(&mut names));
    names
}

struct Ask<'a>(&'a mut Names);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: Names,
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("asked"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: Names,
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(Error::custom("asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("has no names"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}
