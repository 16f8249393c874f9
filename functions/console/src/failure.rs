//! What a request can come to other than what it asked for. [`crate::dress`] puts it in a page or in JSON.

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use harkara_engine::{
    fault::Fault,
    people::PeopleError,
    port::{QueueError, SecretsError, TableError, WriteError},
    setup::SetupError,
};

use crate::{dress::usual, words::capital};

/// A request that was refused or failed, in words for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) words: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    /// 400: what was sent cannot be taken.
    pub(crate) fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// 403.
    pub(crate) fn forbidden(words: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, words)
    }

    /// 404.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// 500. The words of `error` go to the log only.
    pub(crate) fn fault(error: impl std::fmt::Display) -> Self {
        tracing::error!(problem = %error, "the console could not answer");
        let words = "Something went wrong here. Please try again in a moment.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, words)
    }
}

/// A status with its usual words.
impl From<StatusCode> for Failure {
    fn from(status: StatusCode) -> Self {
        Self::new(status, usual(status))
    }
}

/// After how many seconds to ask again where something of ours failed: a restart takes a few.
const AGAIN: HeaderValue = HeaderValue::from_static("10");

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, AGAIN);
        }
        response.extensions_mut().insert(self);
        response
    }
}

macro_rules! faults {
    ($($error:ty)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::fault(error)
            }
        }
    )*};
}

faults! { WriteError QueueError SecretsError askama::Error }

impl From<Fault> for Failure {
    fn from(error: Fault) -> Self {
        Self::fault(error.logged())
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Cursor => Self::bad("There is no such place in this list."),
            TableError::Failed(_) => Self::fault(error),
        }
    }
}

impl From<PeopleError> for Failure {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Invalid(words) => Self::bad(words),
            PeopleError::Gone => Self::new(StatusCode::GONE, "This link is not valid any more."),
            PeopleError::Taken => {
                Self::new(StatusCode::CONFLICT, "Somebody with this e-mail address is in the team already.")
            }
            PeopleError::LastOwner => Self::new(
                StatusCode::CONFLICT,
                "The last owner cannot be removed: nobody could manage the store.",
            ),
            PeopleError::Secret(_) | PeopleError::Table(_) | PeopleError::Write(_) => Self::fault(error),
        }
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::NoFlow => Self::missing("flow"),
            SetupError::NoVersion => Self::missing("version"),
            SetupError::Problems(problems) => Self::bad(problems.join("; ")),
            SetupError::Bundle(_) => Self::bad(error.to_string()),
            SetupError::NotNow { .. } | SetupError::Full(_) => {
                Self::new(StatusCode::CONFLICT, format!("{}.", capital(&error.to_string())))
            }
            SetupError::Changed | SetupError::Write(WriteError::Expectation(_)) => {
                Self::new(StatusCode::CONFLICT, "Somebody changed it just now. Please look again.")
            }
            SetupError::Audit(_) | SetupError::Table(_) | SetupError::Write(_) => Self::fault(error),
        }
    }
}
