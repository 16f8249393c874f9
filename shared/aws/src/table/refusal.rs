//! What DynamoDB's refusals mean to the engine.

use std::error::Error as _;

use aws_sdk_dynamodb::{Error, error::ProvideErrorMetadata, types::CancellationReason};
use harkara_engine::port::WriteError;

use super::{
    attribute::{Attributes, NONCE},
    nonce::Nonce,
};

/// What a refusal is told as when an item that was put is counted.
const NOT_COUNTED: &str = "an item that was put cannot be counted";

/// What came of a write by itself. `counts`: it is an addition.
pub(super) fn of_one(error: &Error, nonce: Nonce, counts: bool) -> Result<(), WriteError> {
    match error {
        Error::ConditionalCheckFailedException(refused) if is_ours(refused.item(), nonce) => Ok(()),
        Error::ConditionalCheckFailedException(_) if counts => {
            Err(WriteError::Failed(NOT_COUNTED.to_owned()))
        }
        Error::ConditionalCheckFailedException(_) => Err(WriteError::Expectation(vec![0])),
        error => Err(meaning(error.code(), error.message()).unwrap_or_else(|| failed(error))),
    }
}

/// An answer was lost, and what stands in the way of the second try is the first.
fn is_ours(found: Option<&Attributes>, nonce: Nonce) -> bool {
    found.and_then(|item| item.get(NONCE)) == Some(&nonce.value())
}

/// What came of a transaction. `counts`: for each of its parts whether it is an addition.
pub(super) fn of_transaction(error: &Error, counts: &[bool]) -> WriteError {
    match error {
        Error::TransactionCanceledException(cancelled) => {
            of_reasons(cancelled.cancellation_reasons(), counts).unwrap_or_else(|| failed(error))
        }
        error => meaning(error.code(), error.message()).unwrap_or_else(|| failed(error)),
    }
}

/// A lost expectation goes before everything else, since trying again as it is cannot help; then what
/// is as lost, then what passes.
fn of_reasons(reasons: &[CancellationReason], counts: &[bool]) -> Option<WriteError> {
    let counts = |place: usize| counts.get(place).copied().unwrap_or(false);
    let unmet: Vec<usize> = reasons
        .iter()
        .enumerate()
        .filter(|(place, reason)| reason.code() == Some("ConditionalCheckFailed") && !counts(*place))
        .map(|(place, _)| place)
        .collect();
    if !unmet.is_empty() {
        return Some(WriteError::Expectation(unmet));
    }
    let told = reasons.iter().filter(|reason| !matches!(reason.code(), None | Some("None")));
    let told = told.map(|reason| {
        meaning(reason.code(), reason.message()).unwrap_or_else(|| {
            WriteError::Failed(match reason.code() {
                Some("ConditionalCheckFailed") => NOT_COUNTED.to_owned(),
                code => words(code, reason.message()),
            })
        })
    });
    told.min_by_key(|error| match error {
        WriteError::Expectation(_) => 0,
        WriteError::TooLarge(_) => 1,
        WriteError::Failed(_) => 2,
        WriteError::Throttled => 3,
        WriteError::Conflict => 4,
    })
}

/// Codes of errors, and of the reasons of a cancelled transaction.
fn meaning(code: Option<&str>, message: Option<&str>) -> Option<WriteError> {
    Some(match code? {
        "TransactionConflict"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => WriteError::Conflict,
        "ThrottlingError"
        | "ThrottlingException"
        | "ProvisionedThroughputExceeded"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded" => WriteError::Throttled,
        code @ ("ItemCollectionSizeLimitExceeded" | "ItemCollectionSizeLimitExceededException") => {
            WriteError::TooLarge(words(Some(code), message))
        }
        code @ ("ValidationError" | "ValidationException") if message.is_some_and(is_about_size) => {
            WriteError::TooLarge(words(Some(code), message))
        }
        _ => return None,
    })
}

/// Such as "Item size to update has exceeded the maximum allowed size".
fn is_about_size(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("size") && message.contains("exceed")
}

fn failed(error: &Error) -> WriteError {
    WriteError::Failed(describe(error))
}

/// An error in words, with those of its causes. Debug forms stay out of it: they show items.
pub(super) fn describe(error: &Error) -> String {
    if error.code().is_some() {
        return words(error.code(), error.message());
    }
    let (mut told, mut cause) = (String::new(), error.source());
    while let Some(error) = cause {
        if !told.is_empty() {
            told.push_str(": ");
        }
        told.push_str(&error.to_string());
        cause = error.source();
    }
    if told.is_empty() { "an unknown error".to_owned() } else { told }
}

fn words(code: Option<&str>, message: Option<&str>) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(told), None) | (None, Some(told)) => told.to_owned(),
        (None, None) => "an unknown error".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        error::ErrorMetadata,
        operation::put_item::PutItemError,
        types::error::{ConditionalCheckFailedException, TransactionCanceledException},
    };

    use super::{super::nonce::Nonces, *};

    fn cancelled(codes: &[&str]) -> WriteError {
        let mut error = TransactionCanceledException::builder().message("cancelled");
        for code in codes {
            let (code, message) = code.split_once(':').unwrap_or((code, "told"));
            error =
                error.cancellation_reasons(CancellationReason::builder().code(code).message(message).build());
        }
        let counts = codes.iter().map(|code| code.ends_with(":count")).collect::<Vec<_>>();
        of_transaction(&Error::TransactionCanceledException(error.build()), &counts)
    }

    fn refused(code: &str, message: &str) -> WriteError {
        let meta = ErrorMetadata::builder().code(code).message(message).build();
        let error = Error::from(PutItemError::generic(meta));
        of_one(&error, Nonces::new().next(), false).unwrap_err()
    }

    #[test]
    fn reasons_are_told_apart() {
        const LOST: &str = "ConditionalCheckFailed";
        assert_eq!(cancelled(&["None", LOST, "None", LOST]), WriteError::Expectation(vec![1, 3]));
        assert_eq!(cancelled(&["None", "TransactionConflict"]), WriteError::Conflict);
        assert_eq!(cancelled(&["ThrottlingError"]), WriteError::Throttled);
        assert_eq!(cancelled(&["ProvisionedThroughputExceeded"]), WriteError::Throttled);
        let size = "ValidationError:Item size to update has exceeded the maximum allowed size";
        assert!(matches!(cancelled(&["None", size]), WriteError::TooLarge(_)));
        assert!(matches!(cancelled(&["ItemCollectionSizeLimitExceeded"]), WriteError::TooLarge(_)));
        assert!(matches!(cancelled(&["ValidationError:Type mismatch"]), WriteError::Failed(_)));
        assert!(matches!(cancelled(&["SomethingNew"]), WriteError::Failed(_)));
        assert!(matches!(cancelled(&[]), WriteError::Failed(_)));
        // The graver one wins; a lost expectation is the gravest.
        assert_eq!(cancelled(&["TransactionConflict", "ThrottlingError"]), WriteError::Throttled);
        let all = ["TransactionConflict", "ThrottlingError", size, "SomethingNew", LOST];
        assert_eq!(cancelled(&all), WriteError::Expectation(vec![4]));
        // An addition expects nothing that the caller knows of.
        let count = "ConditionalCheckFailed:count";
        assert_eq!(cancelled(&["None", count]), WriteError::Failed(NOT_COUNTED.into()));
        assert_eq!(cancelled(&[LOST, count]), WriteError::Expectation(vec![0]));
    }

    #[test]
    fn errors_are_told_apart() {
        assert_eq!(refused("TransactionConflictException", ""), WriteError::Conflict);
        assert_eq!(refused("TransactionInProgressException", ""), WriteError::Conflict);
        assert_eq!(refused("ThrottlingException", ""), WriteError::Throttled);
        assert_eq!(refused("RequestLimitExceeded", ""), WriteError::Throttled);
        let size = "Item size has exceeded the maximum allowed size";
        assert!(matches!(refused("ValidationException", size), WriteError::TooLarge(_)));
        let told = WriteError::Failed("AccessDeniedException: not you".into());
        assert_eq!(refused("AccessDeniedException", "not you"), told);
    }

    #[test]
    fn our_own_first_try_is_no_refusal() {
        let nonces = Nonces::new();
        let (ours, other) = (nonces.next(), nonces.next());
        let refused = |found: Option<Nonce>| {
            let item = found.map(|nonce| Attributes::from([(NONCE.to_owned(), nonce.value())]));
            let error = ConditionalCheckFailedException::builder().set_item(item).build();
            of_one(&Error::ConditionalCheckFailedException(error), ours, false)
        };
        assert_eq!(refused(Some(ours)), Ok(()));
        assert_eq!(refused(Some(other)), Err(WriteError::Expectation(vec![0])));
        assert_eq!(refused(None), Err(WriteError::Expectation(vec![0])));
    }
}
