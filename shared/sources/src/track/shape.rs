//! Shapes: what a field may hold, said once, for the reader and for the JSON Schema.
//!
//! `object!` declares a struct whose documentation becomes the schema's descriptions and whose fields
//! are shapes; a field of an [`Option`] may be left out. A reader goes on after a fault, so that all
//! faults of a body are told at once.

use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fmt};

use super::{MAX_PROBLEMS, Problem};
use crate::limits;

/// Where a value stands.
pub(super) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Entry(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(super) fn field<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }

    pub(super) fn entry(&self, place: usize) -> Path<'_> {
        Path::Entry(self, place)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            // A name that nobody knows is the sender's: bounded, and fit for a log.
            Self::Field(Path::Root, name) => f.write_str(&limits::kind(name)),
            Self::Field(parent, name) => write!(f, "{parent}.{}", limits::kind(name)),
            Self::Entry(parent, place) => write!(f, "{parent}[{place}]"),
        }
    }
}

/// What goes with the reading of a body.
pub(super) struct Reader {
    problems: Vec<Problem>,
    is_zone: fn(&str) -> bool,
}

impl Reader {
    pub(super) fn new(is_zone: fn(&str) -> bool) -> Self {
        Self { problems: Vec::new(), is_zone }
    }

    pub(super) fn is_zone(&self, name: &str) -> bool {
        (self.is_zone)(name)
    }

    pub(super) fn fault(&mut self, at: &Path<'_>, message: &str) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { field: at.to_string(), message: message.to_owned() });
        }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// The schemas that have a name.
#[derive(Default)]
pub(super) struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    /// Names a schema; returns what refers to it.
    pub(super) fn put(&mut self, name: &str, schema: Value) -> String {
        self.0.insert(name.to_owned(), schema);
        format!("#/components/schemas/{name}")
    }

    /// Names the schema of a shape, unless it is named already.
    pub(super) fn add<S: Shape>(&mut self, name: &str) -> String {
        if !self.0.contains_key(name) {
            let schema = S::schema(self);
            self.put(name, schema);
        }
        format!("#/components/schemas/{name}")
    }

    pub(super) fn into_all(self) -> BTreeMap<String, Value> {
        self.0
    }
}

/// What a field may hold.
pub(super) trait Shape: Sized {
    /// The field must be there.
    const NEEDED: bool = true;

    /// Its JSON Schema.
    fn schema(schemas: &mut Schemas) -> Value;

    /// Reads a value; without one after a fault, which the reader was told.
    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self>;

    /// What a field comes to that is not there.
    fn absent(at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        reader.fault(at, "is missing");
        None
    }
}

impl<S: Shape> Shape for Option<S> {
    const NEEDED: bool = false;

    fn schema(schemas: &mut Schemas) -> Value {
        S::schema(schemas)
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        S::read(value, at, reader).map(Some)
    }

    fn absent(_at: &Path<'_>, _reader: &mut Reader) -> Option<Self> {
        Some(None)
    }
}

/// A field of an object, for its schema.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) needed: bool,
    pub(super) schema: Value,
}

/// An object with fields of its own, and no others.
pub(super) trait Object: Sized {
    const NAME: &'static str;
    const ABOUT: &'static str;
    const FIELDS: &'static [&'static str];
    /// Of these, at least one must be there; none is asked for where it is empty.
    const ANY_OF: &'static [&'static str];

    fn fields(schemas: &mut Schemas) -> Vec<Field>;
    fn take(fields: &mut Fields<'_, '_>) -> Option<Self>;
}

/// The fields of an object that is being read.
pub(super) struct Fields<'v, 'r> {
    map: &'v Map<String, Value>,
    at: &'v Path<'v>,
    reader: &'r mut Reader,
}

impl Fields<'_, '_> {
    pub(super) fn take<S: Shape>(&mut self, name: &str) -> Option<S> {
        let at = self.at.field(name);
        match self.map.get(name) {
            Some(value) => S::read(value, &at, self.reader),
            None => S::absent(&at, self.reader),
        }
    }
}

/// Reads an object; `around` may stand in it besides.
pub(super) fn read_object<O: Object>(
    map: &Map<String, Value>,
    around: &[&str],
    at: &Path<'_>,
    reader: &mut Reader,
) -> Option<O> {
    let read = O::take(&mut Fields { map, at, reader });
    for name in map.keys().map(String::as_str) {
        if !O::FIELDS.contains(&name) && !around.contains(&name) {
            reader.fault(&at.field(name), "is not known here");
        }
    }
    if !O::ANY_OF.is_empty() && !O::ANY_OF.iter().any(|name| map.contains_key(*name)) {
        reader.fault(at, &format!("is to have one of {}", O::ANY_OF.join(", ")));
    }
    read
}

/// The schema of an object.
pub(super) fn describe<O: Object>(schemas: &mut Schemas) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for Field { name, about, needed, mut schema } in O::fields(schemas) {
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), about.trim().into());
        }
        properties.insert(name.to_owned(), schema);
        if needed {
            required.push(json!(name));
        }
    }
    let mut schema = json!({
        "description": O::ABOUT.trim(),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if let (false, Some(schema)) = (O::ANY_OF.is_empty(), schema.as_object_mut()) {
        let any: Vec<Value> = O::ANY_OF.iter().map(|name| json!({ "required": [name] })).collect();
        schema.insert("anyOf".to_owned(), any.into());
    }
    schema
}

/// Declares an object: its documentation and fields, and which of them cannot all be left out.
macro_rules! object {
    (
        $(#[doc = $about:literal])+
        struct $name:ident $(with one of [$($one:ident),+])? {
            $($(#[doc = $says:literal])+ $field:ident: $shape:ty,)+
        }
    ) => {
        $(#[doc = $about])+
        pub(in crate::track) struct $name {
            $($(#[doc = $says])+ pub(in crate::track) $field: $shape,)+
        }

        impl $crate::track::shape::Object for $name {
            const NAME: &'static str = stringify!($name);
            const ABOUT: &'static str = concat!($($about),+);
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];
            const ANY_OF: &'static [&'static str] = &[$($(stringify!($one)),+)?];

            fn fields(schemas: &mut $crate::track::shape::Schemas) -> Vec<$crate::track::shape::Field> {
                vec![$($crate::track::shape::Field {
                    name: stringify!($field),
                    about: concat!($($says),+),
                    needed: <$shape as $crate::track::shape::Shape>::NEEDED,
                    schema: <$shape as $crate::track::shape::Shape>::schema(schemas),
                }),+]
            }

            fn take(fields: &mut $crate::track::shape::Fields<'_, '_>) -> Option<Self> {
                // Each is read before any is missed, so that all faults are told.
                $(let $field = fields.take::<$shape>(stringify!($field));)+
                Some(Self { $($field: $field?),+ })
            }
        }

        impl $crate::track::shape::Shape for $name {
            fn schema(schemas: &mut $crate::track::shape::Schemas) -> serde_json::Value {
                let schema = $crate::track::shape::describe::<Self>(schemas);
                let at = schemas.put(stringify!($name), schema);
                serde_json::json!({ "$ref": at })
            }

            fn read(
                value: &serde_json::Value,
                at: &$crate::track::shape::Path<'_>,
                reader: &mut $crate::track::shape::Reader,
            ) -> Option<Self> {
                match value.as_object() {
                    Some(map) => $crate::track::shape::read_object(map, &[], at, reader),
                    None => {
                        reader.fault(at, "is to be an object");
                        None
                    }
                }
            }
        }
    };
}
pub(super) use object;
