//! Mail by SMTP for stores that have a connection `smtp`, and into the outbox for the others.

use async_trait::async_trait;
use harkara_domain::StoreId;
use harkara_engine::{
    outbox::OutboxMailer,
    port::{Mail, MailError, Mailer, Secrets},
    trace::misfit,
};
use harkara_mime::{Mailbox, message};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{self, authentication::Credentials},
};
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How a store sends mail: a URL such as `smtps://mail.example.com` or
/// `smtp://127.0.0.1:2525`, a sender, and credentials where the server wants them.
#[derive(Clone, Deserialize)]
struct Connection {
    url: String,
    from: String,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    password: Option<String>,
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends by SMTP where a store is connected, else keeps.
pub struct SmtpOrOutbox {
    /// Where connections are read from.
    secrets: Arc<dyn Secrets>,
    /// For stores without one.
    outbox: OutboxMailer,
    /// By the connection's text, so that a changed one is opened anew.
    transports: Mutex<HashMap<String, (Transport, Mailbox)>>,
}

impl SmtpOrOutbox {
    /// How long a mail server may take for one mail: well under a claim's lease.
    const LIMIT: Duration = Duration::from_secs(20);

    /// Mail over these.
    pub fn new(secrets: Arc<dyn Secrets>, outbox: OutboxMailer) -> Self {
        Self { secrets, outbox, transports: Mutex::default() }
    }

    /// Greets a store's mail server with its credentials, and sends nothing; `false` for a store that has none.
    ///
    /// # Errors
    /// What is wrong with the connection, or what the server says.
    pub async fn greet(&self, store: &StoreId) -> Result<bool, String> {
        let connection = self.secrets.get(store.as_str(), "smtp").await;
        let Some(text) = connection.map_err(|error| error.to_string())? else { return Ok(false) };
        let (transport, _) = self.transport(text)?;
        match tokio::time::timeout(Self::LIMIT, transport.test_connection()).await {
            Ok(Ok(true)) => Ok(true),
            Ok(Ok(false)) => Err("the mail server hung up".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the mail server said nothing in {} s", Self::LIMIT.as_secs())),
        }
    }

    fn transport(&self, text: String) -> Result<(Transport, Mailbox), String> {
        let mut transports = self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = transports.get(&text) {
            return Ok(held.clone());
        }
        let connection: Connection = serde_json::from_str(&text).map_err(|error| misfit(&error))?;
        let from: Mailbox = connection.from.parse().map_err(|error| format!("from: {error}"))?;
        let mut builder = Transport::from_url(&connection.url).map_err(|error| format!("url: {error}"))?;
        if let (Some(user), Some(password)) = (connection.user, connection.password) {
            builder = builder.credentials(Credentials::new(user, password));
        }
        let opened = (builder.build(), from);
        transports.clear();
        transports.insert(text, opened.clone());
        Ok(opened)
    }
}

#[async_trait]
impl Mailer for SmtpOrOutbox {
    async fn send(&self, store: &StoreId, mail: Mail) -> Result<String, MailError> {
        let connection = self.secrets.get(store.as_str(), "smtp").await;
        let Some(text) = connection.map_err(|error| MailError::Failed(error.to_string()))? else {
            return self.outbox.send(store, mail).await;
        };
        let (transport, from) = self.transport(text).map_err(MailError::Failed)?;
        let message = message(&from, &mail).map_err(MailError::Refused)?;
        let Ok(sent) = tokio::time::timeout(Self::LIMIT, transport.send(message)).await else {
            return Err(MailError::AnswerLost(format!("no answer in {} s", Self::LIMIT.as_secs())));
        };
        sent.map(|response| response.message().collect::<Vec<_>>().join(" ")).map_err(|error| fault(&error))
    }
}

/// A server that hangs up may have taken the mail before: only what it answered, or that there was no connection
/// at all, tells otherwise.
fn fault(error: &smtp::Error) -> MailError {
    let words = error.to_string();
    if error.is_permanent() {
        return MailError::Refused(words);
    }
    // Lettre tells a failed connection from a broken one by its words alone.
    let connected = !words.starts_with("Connection error");
    if connected && error.status().is_none() && !error.is_client() && !error.is_tls() {
        return MailError::AnswerLost(words);
    }
    MailError::Failed(words)
}

#[cfg(test)]
mod tests;
