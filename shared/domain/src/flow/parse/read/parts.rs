//! The parts of a list, of fields, and of a word with its value.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
    value::StrDeserializer,
};
use std::{iter::Enumerate, slice::Iter};

use super::{Blank, Reader};
use crate::flow::parse::{
    tree::{Node, What},
    words,
    wrong::{Repair, Wrong},
};

/// The items of a list.
pub(super) struct Items<'t> {
    rest: Enumerate<Iter<'t, Node>>,
    each: bool,
}

impl<'t> Items<'t> {
    /// Those that are not passed over.
    pub(super) fn of(items: &'t [Node]) -> Self {
        Self { rest: items.iter().enumerate(), each: false }
    }

    /// All of them, where each has its meaning by its position.
    pub(super) fn each(items: &'t [Node]) -> Self {
        Self { rest: items.iter().enumerate(), each: true }
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let each = self.each;
        let next = self.rest.find(|(_, node)| each || !matches!(node.what, What::Gone));
        let Some((index, node)) = next else { return Ok(None) };
        seed.deserialize(Reader(node)).map(Some).map_err(|wrong| wrong.within(index))
    }
}

/// Fields with their values.
pub(super) struct Fields<'t> {
    rest: Enumerate<Iter<'t, (String, Node)>>,
    value: Option<(usize, &'t Node)>,
}

impl<'t> Fields<'t> {
    pub(super) fn of(fields: &'t [(String, Node)]) -> Self {
        Self { rest: fields.iter().enumerate(), value: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let next = self.rest.find(|(_, (_, node))| !matches!(node.what, What::Gone));
        let Some((index, (name, node))) = next else { return Ok(None) };
        self.value = Some((index, node));
        let name = StrDeserializer::<Wrong>::new(name);
        let wrong = |wrong: Wrong| match wrong.repair {
            Repair::Drop { .. } => wrong.within(index),
            _ => Wrong { repair: Repair::Drop { meant: None }, ..wrong }.within(index),
        };
        seed.deserialize(name).map(Some).map_err(wrong)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        match self.value.take() {
            Some((index, node)) => seed.deserialize(Reader(node)).map_err(|wrong| wrong.within(index)),
            None => seed.deserialize(Blank),
        }
    }
}

/// A word, with its value where it has one.
pub(super) struct Single<'t> {
    pub(super) word: StrDeserializer<'t, Wrong>,
    /// Which field it is, where it is the name of one.
    pub(super) word_at: Option<usize>,
    pub(super) value: Option<&'t Node>,
}

/// What stands behind a word.
pub(super) struct Behind<'t> {
    at: usize,
    value: Option<&'t Node>,
}

impl<'de> EnumAccess<'de> for Single<'de> {
    type Error = Wrong;
    type Variant = Behind<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Behind<'de>), Wrong> {
        let at = self.word_at;
        let variant = seed.deserialize(self.word).map_err(|wrong| match at {
            Some(index) => Wrong { repair: Repair::BlankAround, ..wrong }.within(index),
            None => wrong,
        })?;
        Ok((variant, Behind { at: at.unwrap_or_default(), value: self.value }))
    }
}

impl<'de> Behind<'de> {
    fn value(&self) -> Result<Reader<'de>, Wrong> {
        let needs = "needs a value: write the word, a colon and the value";
        self.value.map(Reader).ok_or_else(|| Wrong::new(needs, Repair::Blank))
    }

    fn read<T>(self, read: impl FnOnce(Reader<'de>) -> Result<T, Wrong>) -> Result<T, Wrong> {
        read(self.value()?).map_err(|wrong| wrong.within(self.at))
    }
}

impl<'de> VariantAccess<'de> for Behind<'de> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.value {
            None => Ok(()),
            Some(_) => {
                Err(Wrong::new("takes no value; write the word alone", Repair::BlankAround).within(self.at))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        self.read(|value| seed.deserialize(value))
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.read(|value| value.deserialize_tuple(count, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.read(|value| value.deserialize_struct("", fields, visitor))
    }
}

/// The first of an enum's words, and a value that was found wrong.
pub(super) struct First(pub(super) &'static str);

impl<'de> EnumAccess<'de> for First {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        Ok((seed.deserialize(StrDeserializer::<Wrong>::new(self.0))?, self))
    }
}

impl<'de> VariantAccess<'de> for First {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(Blank)
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Wrong> {
        Blank.deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        Blank.deserialize_map(visitor)
    }
}

/// So many values that were found wrong.
pub(super) struct Blanks(pub(super) usize);

impl<'de> SeqAccess<'de> for Blanks {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        match self.0.checked_sub(1) {
            Some(rest) => {
                self.0 = rest;
                seed.deserialize(Blank).map(Some)
            }
            None => Ok(None),
        }
    }
}

impl<'de> MapAccess<'de> for Blanks {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, Wrong> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        seed.deserialize(Blank)
    }
}

/// What an enum without the word would be; there is none without words.
pub(super) fn no_words() -> Wrong {
    Wrong::new(words::unknown("word", "", &[]), Repair::Blank)
}
