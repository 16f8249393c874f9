//! The SDK's errors in one line: AWS's code and message, or why there was no answer. Nothing of what
//! was sent is in it.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// The longest message of AWS that is kept, in characters: a refusal for want of a permission names the
/// role, the action and the resource, each ARN about a hundred long.
const MAX_MESSAGE: usize = 400;
/// The longest word: longer ones are values of the request that AWS repeats.
const MAX_WORD: usize = 120;

/// Why a request failed.
pub(crate) fn words<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(context) => told(context.err()),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) => format!("not reached: {}", causes(error)),
            None => "not reached".to_owned(),
        },
        SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
        _ => "the request could not be made".to_owned(),
    }
}

/// AWS's code and message.
pub(crate) fn told(error: &impl ProvideErrorMetadata) -> String {
    let code = error.code().unwrap_or("an error without a code");
    match error.message().map(clean).filter(|message| !message.is_empty()) {
        Some(message) => format!("{code}: {message}"),
        None => code.to_owned(),
    }
}

/// A message without mail addresses and long values, on one line.
fn clean(message: &str) -> String {
    let words = message.split_whitespace().map(|word| {
        let hidden = word.contains('@') || word.len() > MAX_WORD;
        if hidden { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_MESSAGE).collect()
}

/// The innermost cause, which alone says what went wrong.
fn causes(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    clean(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::error::ErrorMetadata;

    #[test]
    fn messages_lose_addresses_and_long_values() {
        let long = "x".repeat(MAX_WORD + 1);
        let error = ErrorMetadata::builder()
            .code("MessageRejected")
            .message(format!("Email address is not verified:\n<ayesha@example.com>, '{long}'"))
            .build();
        assert_eq!(told(&error), "MessageRejected: Email address is not verified: … …");
        assert_eq!(told(&ErrorMetadata::builder().build()), "an error without a code");
    }
}
