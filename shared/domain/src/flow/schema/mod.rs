//! The JSON Schema of the flow language, made from its types: what an editor completes and checks by, and
//! what the console makes its form and the reference its tables from.
//!
//! Names, doc comments, shapes and limits are those of the types; only values with a written form of their
//! own are described by hand, in `written`. What spans several fields, such as the number of stages in all
//! arms together, is [`parse`](super::parse)'s alone to judge: whatever it takes is valid here, but for
//! retired names that are still read.

mod declared;
mod tidy;
mod together;
mod written;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Flow;
pub(crate) use together::{offer, stage};

/// The JSON Schema (2020-12) of a flow, as text: indented, its fields in the order in which the types
/// declare them.
///
/// # Errors
/// None that its types could give; those of writing JSON.
pub fn schema() -> Result<String, serde_json::Error> {
    declared::text(&value())
}

/// The same as a value, with its fields in the order of the alphabet.
pub fn value() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Flow>().to_value();
    tidy::tidy(&mut schema);
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".to_owned(), "Flow".into());
    }
    schema
}

/// The names of the fields of an object of the language, in the order in which its type declares them.
pub fn order(properties: &Map<String, Value>) -> Vec<&str> {
    declared::order(properties, &declared::all())
}
