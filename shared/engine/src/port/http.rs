//! Outgoing HTTP to providers.

use async_trait::async_trait;

pub use harkara_channels::{HttpRequest, HttpResponse, Reach};

/// A call without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The request never left: name resolution, connection or TLS failed.
    #[error("no connection: {0}")]
    NotSent(String),
    /// The request was not sent, and never will be while its address leads there: it is for public
    /// addresses alone ([`Reach::Public`]).
    #[error("{0}")]
    NotPublic(String),
    /// It may have arrived: the answer is late or was cut off.
    #[error("the answer was lost: {0}")]
    AnswerLost(String),
}

/// Calls providers, over one client with kept connections and one time limit.
#[async_trait]
pub trait Http: Send + Sync {
    /// Performs a request. Any status is an answer; a redirection is not followed.
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}
