//! The reader's errors, in the words of somebody who writes flows.

use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter, budget::BudgetBreach};

/// What is wrong, without the place.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown("field", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is written twice"),
        Error::DuplicateMappingKey { .. } => "a field is written twice".to_owned(),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("expected {}, found {}", plain(expected), plain(unexpected))
        }
        Error::SerdeInvalidLength { len, expected, .. } => {
            format!("expected {}, found {len} of them", plain(expected))
        }
        Error::InvalidScalar { ty, .. } if ty.contains("bool") => "expected true or false".to_owned(),
        Error::UnexpectedValueForUnitEnumVariant { .. } => "takes no value; write the word alone".to_owned(),
        Error::Unexpected { expected, .. } => format!("expected {}", plain(expected)),
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => {
            "expected a word with its value after a colon; a list of conditions goes under `all:` or `any:`"
                .to_owned()
        }
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => {
            "only one of these can stand here; several conditions go into a list under `all:` or `any:`, \
             several actions into a list"
                .to_owned()
        }
        Error::MultipleDocuments { .. } => "a second flow begins here; write one flow at a time".to_owned(),
        Error::Eof { .. } => "the text ends before the flow does".to_owned(),
        Error::Budget { breach, .. } => budget(breach),
        Error::MergeKeyNotAllowed { .. } | Error::AliasError { .. } | Error::UnknownAnchor { .. } => {
            NO_ANCHORS.to_owned()
        }
        Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => TOO_DEEP.to_owned(),
        Error::ExternalMessage { msg, .. } => format!("cannot be read as YAML: {msg}"),
        other => UserMessageFormatter.format_message(other).into_owned(),
    }
}

const NO_ANCHORS: &str = "anchors (&), aliases (*) and merges (<<) are not part of the flow language";
const TOO_DEEP: &str = "is nested too deeply";

fn budget(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => TOO_DEEP.to_owned(),
        BudgetBreach::Aliases { .. } | BudgetBreach::Anchors { .. } => NO_ANCHORS.to_owned(),
        _ => "is too large for a flow".to_owned(),
    }
}

fn unknown(kind: &str, found: &str, expected: &[&str]) -> String {
    let list = expected.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match expected {
        [] => format!("unknown {kind} `{found}`; none is expected here"),
        [_] => format!("unknown {kind} `{found}`, expected {list}"),
        _ => format!("unknown {kind} `{found}`, expected one of {list}"),
    }
}

/// Serde and the reader speak of Rust's types.
fn plain(expected: &str) -> String {
    match expected {
        "struct Flow" => "a flow: fields such as `name`, `trigger` and `stages`".to_owned(),
        "struct Stage" => "a stage: fields such as `name`, `after` and `message`".to_owned(),
        "struct Message" => "a message: the fields `channels`, `template` and `buttons`".to_owned(),
        "a sequence" | "sequence" | "sequence start" => "a list".to_owned(),
        "a map" | "map" | "mapping start" => "fields with values".to_owned(),
        "string scalar" => "text".to_owned(),
        pair if pair.contains("Amount::Between") || pair == "a tuple of size 2" => {
            "two numbers, such as [1000, 5000]".to_owned()
        }
        other => other.to_owned(),
    }
}
