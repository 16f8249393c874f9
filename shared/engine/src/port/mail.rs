//! Mail: SES, SMTP, or the outbox.

use async_trait::async_trait;
use harkara_domain::StoreId;

pub use harkara_channels::email::Mail;

/// A mail that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It never will be: a bad address.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// It may be later.
    #[error("the mail could not be sent: {0}")]
    Failed(String),
    /// It may have been taken: the answer is late.
    #[error("the mail server's answer was lost: {0}")]
    AnswerLost(String),
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail of a store; returns the provider's id of it.
    async fn send(&self, store: &StoreId, mail: Mail) -> Result<String, MailError>;
}
