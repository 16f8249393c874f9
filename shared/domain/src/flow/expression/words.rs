//! The interpreter's errors, in the words of somebody who writes flows. They name kinds of values, never
//! the values: those are customers'.

use cel::{ExecutionError, OverloadError};

use super::{
    ExpressionError,
    number::{BY_ZERO, OVERFLOW},
    value::{LONG, Value},
};

pub(super) fn of(error: &ExecutionError) -> ExpressionError {
    match error {
        ExecutionError::NoSuchKey(name) | ExecutionError::UndeclaredReference(name) => {
            ExpressionError::Unknown(name.as_ref().clone())
        }
        ExecutionError::NoSuchOverload(overload) => ExpressionError::Mismatch(mismatch(overload)),
        ExecutionError::UnexpectedType { got, want } if matches!(want.as_str(), "bool" | "iterable") => {
            ExpressionError::Mismatch(format!("expected {}, found {}", kind(want), kind(got)))
        }
        ExecutionError::UnexpectedType { got, .. } => {
            ExpressionError::Mismatch(format!("an operator does not go with {}", kind(got)))
        }
        ExecutionError::UnsupportedBinaryOperator(name, ..) => {
            ExpressionError::Mismatch(format!("`{}` does not go with its values", sign(name)))
        }
        ExecutionError::IndexOutOfBounds(_) => ExpressionError::Impossible("the list has no such entry"),
        ExecutionError::InternalError(why) if why == BY_ZERO => ExpressionError::Impossible(BY_ZERO),
        ExecutionError::InternalError(why) if why == OVERFLOW => ExpressionError::Impossible(OVERFLOW),
        _ => ExpressionError::Mismatch("an operator does not go with its values".to_owned()),
    }
}

fn mismatch(overload: &OverloadError) -> String {
    let types = overload.argument_types();
    if types.iter().any(|name| name == LONG) {
        return format!("a list has more than {} entries", Value::MAX_LIST);
    }
    let name = match overload.function() {
        "_[_]" => "[ ]",
        "_._" => ".",
        other => other.trim_matches(|c| c == '_' || c == '@'),
    };
    let found: Vec<_> = types.iter().map(|name| kind(name)).collect();
    match found.as_slice() {
        [] => format!("`{name}` does not go with these values"),
        found => format!("`{name}` does not go with {}", found.join(" and ")),
    }
}

/// An operator of arithmetic as it is written.
fn sign(name: &str) -> &str {
    match name {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        other => other,
    }
}

/// A kind of value as people say it.
pub(super) fn kind(name: &str) -> &'static str {
    match name {
        "string" => "text",
        "bool" => "true or false",
        "list" | "iterable" => "a list",
        "map" => "an object",
        "null_type" => "nothing",
        LONG => "a list that is too long",
        "number" | "int" => "a number",
        _ => "another kind of value",
    }
}
