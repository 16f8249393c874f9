//! Values that are written in a form of their own.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

use crate::{
    flow::{
        Delay, TimeOfDay,
        condition::{CityName, Country, FlowName, Folded, MAX_TEXT, Number, Pattern, Whole},
        expression::Expression,
    },
    money::Currency,
};

macro_rules! written {
    ($( $written:ty = $name:literal { $($schema:tt)+ } )+) => {$(
        impl JsonSchema for $written {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ $($schema)+ })
            }
        }
    )+};
}

/// As people write it and as it is written back, or after ISO 8601.
const WAIT: &str = concat!(
    r"^\s*\+?(?:(?:[0-9]+(?:[.,][0-9]+)?\s*",
    r"(?:w|wks?|weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?),?\s*)+",
    r"|[Pp](?:[0-9]+[WwDd])*(?:[Tt](?:[0-9.,]+[HhMmSs])+)?)\s*$"
);

written! {
    Delay = "Wait" {
        "type": "string", "pattern": WAIT, "examples": ["30m", "2h", "1d", "1d 2h"],
        "description": "A wait: `30m`, `2h`, `1d`, `1w` or several together, `1d 2h`. A day is a calendar day. At most 400 days."
    }
    TimeOfDay = "TimeOfDay" {
        "type": "string", "pattern": r"^\s*([01]?[0-9]|2[0-3]):[0-5][0-9]\s*$", "examples": ["09:00", "18:30"],
        "description": "A time of day, `HH:MM`."
    }
    Number = "Number" {
        "type": ["number", "string"], "pattern": r"^\s*[+-]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)\s*$",
        "examples": [1500, "1499.50"], "description": "An exact number, written as a number or as text."
    }
    Whole = "Whole" {
        "type": ["integer", "string"], "minimum": 0, "maximum": u32::MAX, "pattern": r"^\s*\+?[0-9][0-9_]*(\.0*)?\s*$",
        "examples": [1, 5], "description": "A whole number from 0 on."
    }
    Folded = "ComparedText" {
        "type": ["string", "number"], "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S",
        "description": "A text; case and surrounding blanks do not count."
    }
    Pattern = "Pattern" {
        "type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"[^\s*]", "examples": ["EID*"],
        "description": "The form of a text: `*` stands for any characters or none, `?` for exactly one."
    }
    CityName = "CityName" {
        "type": ["string", "number"], "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S", "examples": ["Karachi"],
        "description": "A city, in any of its spellings."
    }
    FlowName = "FlowName" {
        "type": ["string", "number"], "minLength": 1, "maxLength": MAX_TEXT, "pattern": r"\S", "examples": ["COD confirmation"],
        "description": "A flow, by its name or id."
    }
    Country = "Country" {
        "type": "string", "pattern": r"^\s*[A-Za-z]{2}\s*$", "examples": ["PK"],
        "description": "A country by its two letters, ISO 3166-1 alpha-2."
    }
    Currency = "Currency" {
        "type": "string", "pattern": "^[A-Za-z]{3}$", "examples": ["PKR"],
        "description": "A currency by its three letters, ISO 4217."
    }
    Expression = "Expression" {
        "type": "string", "minLength": 1, "maxLength": Expression::MAX_TEXT, "pattern": r"\S",
        "examples": ["order.total / order.item_count > 500"],
        "description": "An expression in a part of CEL that is true or false."
    }
}
