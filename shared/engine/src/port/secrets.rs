//! Secrets: Parameter Store, or a file beside the database. Adapters cache.

use async_trait::async_trait;

/// A secret that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the secret could not be read: {0}")]
pub struct SecretsError(pub String);

/// Reads the connections of stores.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The connection of a store to a source or channel: JSON, `None` where it is not configured.
    async fn get(&self, store: &str, connection: &str) -> Result<Option<String>, SecretsError>;
}
