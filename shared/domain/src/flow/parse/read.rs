//! Reading a value from a tree.

mod blank;
mod parts;

use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor, value::StrDeserializer};

use super::{
    tree::{Node, What},
    words,
    wrong::{Repair, Wrong},
};
use blank::Blank;
use parts::{Fields, Items, Single};

/// Reads from a node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t>(pub(super) &'t Node);

impl<'t> Reader<'t> {
    fn other(self, expected: &str) -> Wrong {
        Wrong::new(words::other(&self.0.what, expected), Repair::Blank)
    }

    /// A scalar as YAML reads it for this type.
    fn scalar<T: serde::de::DeserializeOwned>(self, expected: &str) -> Result<T, Wrong> {
        let number = |text: &str| {
            // Whatever has more characters, or others, is neither a number nor true or false.
            let short = text.len() <= 64 && !text.is_empty();
            let sound = short && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c));
            sound.then(|| serde_saphyr::from_str(text).ok()).flatten()
        };
        match &self.0.what {
            What::Scalar { text, .. } => number(text.trim()).ok_or_else(|| self.other(expected)),
            _ => Err(self.other(expected)),
        }
    }
}

macro_rules! numbers {
    ($( $method:ident $visit:ident $type:ty, $expected:literal; )+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            if matches!(self.0.what, What::Blank) {
                return Blank.$method(visitor);
            }
            visitor.$visit(self.scalar::<$type>($expected)?)
        }
    )+ };
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Wrong;

    numbers! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_u8 visit_u8 u8, "a whole number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a whole number from 0 on";
        deserialize_u32 visit_u32 u32, "a whole number from 0 on";
        deserialize_u64 visit_u64 u64, "a whole number from 0 on";
        deserialize_i32 visit_i32 i32, "a whole number, such as 20";
        deserialize_i64 visit_i64 i64, "a whole number, such as 20";
        deserialize_f64 visit_f64 f64, "a number, such as 1.5";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.0.what {
            What::Scalar { text, plain: true } => {
                if let Ok(n) = self.scalar::<i64>("") {
                    visitor.visit_i64(n)
                } else if let Some(n) = self.scalar::<f64>("").ok().filter(|n| n.is_finite()) {
                    visitor.visit_f64(n)
                } else {
                    visitor.visit_borrowed_str(text)
                }
            }
            What::Scalar { text, .. } => visitor.visit_borrowed_str(text),
            What::List(_) | What::Fields(_) => Err(self.other(&Expecting(&visitor).to_string())),
            What::Blank | What::Gone => Blank.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.0.what {
            What::Scalar { text, .. } => visitor.visit_borrowed_str(text),
            What::Blank | What::Gone => Blank.deserialize_str(visitor),
            What::List(_) | What::Fields(_) => Err(self.other("text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.what {
            What::Blank | What::Gone => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.0.what {
            What::List(items) => visitor.visit_seq(Items::of(items)),
            What::Blank | What::Gone => Blank.deserialize_seq(visitor),
            _ => Err(self.other("a list: its items in […], or each on a line that begins with “- ”")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Wrong> {
        match &self.0.what {
            // Whoever reads so many values does not look whether there are more.
            What::List(items) if items.len() > count => Err(Wrong::invalid_length(items.len(), &visitor)),
            What::List(items) => visitor.visit_seq(Items::each(items)),
            What::Blank | What::Gone => Blank.deserialize_tuple(count, visitor),
            _ => Err(self.other("a list of two values, such as [1000, 5000]")),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.0.what {
            What::Fields(fields) => visitor.visit_map(Fields::of(fields)),
            What::Blank | What::Gone => Blank.deserialize_map(visitor),
            _ => Err(self.other("fields with values, each as `name: value`")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.0.what {
            What::Scalar { .. } | What::List(_) => {
                let expected = format!("fields such as {}", words::names(fields));
                Err(Wrong { repair: Repair::Empty, ..self.other(&expected) })
            }
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.0.what {
            What::Blank | What::Gone => Blank.deserialize_enum(name, variants, visitor),
            What::Scalar { text, .. } => {
                let word: StrDeserializer<'_, Wrong> = text.as_str().into_deserializer();
                visitor.visit_enum(Single { word, word_at: None, value: None })
            }
            What::Fields(fields) => {
                let mut written =
                    fields.iter().enumerate().filter(|(_, (_, node))| !matches!(node.what, What::Gone));
                let Some((index, (word, value))) = written.next() else {
                    return Err(self.other(&format!("one of {}", words::names(variants))));
                };
                if let Some((second, _)) = written.next() {
                    return Err(Wrong::new(ONE, Repair::Drop { meant: None }).within(second));
                }
                let word: StrDeserializer<'_, Wrong> = word.as_str().into_deserializer();
                visitor.visit_enum(Single { word, word_at: Some(index), value: Some(value) })
            }
            What::List(_) => Err(self.other(WORD)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.what {
            What::Blank | What::Gone => visitor.visit_unit(),
            _ => Err(self.other("nothing")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 char bytes byte_buf unit_struct
    }
}

const ONE: &str = "only one of these can stand here; several conditions go into a list under `all:` or \
                   `any:`, several actions into a list";
const WORD: &str = "a word, or a word with its value after a colon; a list of conditions goes under `all:` \
                    or `any:`";

/// What a visitor waits for, in its own words.
struct Expecting<'v, V>(&'v V);

impl<'de, V: Visitor<'de>> std::fmt::Display for Expecting<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
}
