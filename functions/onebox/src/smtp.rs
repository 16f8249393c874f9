//! Mail by SMTP for stores that have a connection `smtp`, and into the outbox for the others.

use async_trait::async_trait;
use harkara_domain::StoreId;
use harkara_engine::{
    outbox::OutboxMailer,
    port::{Mail, MailError, Mailer, Secrets},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::authentication::Credentials,
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

    fn transport(&self, text: String) -> Result<(Transport, Mailbox), String> {
        let mut transports = self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = transports.get(&text) {
            return Ok(held.clone());
        }
        let connection: Connection = serde_json::from_str(&text).map_err(|error| error.to_string())?;
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
        match sent {
            Ok(response) => Ok(response.message().collect::<Vec<_>>().join(" ")),
            Err(error) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
            Err(error) => Err(MailError::Failed(error.to_string())),
        }
    }
}

fn message(from: &Mailbox, mail: &Mail) -> Result<Message, String> {
    let mut builder = Message::builder().from(from.clone()).subject(&mail.subject);
    for to in &mail.to {
        builder = builder.to(to.parse().map_err(|error| format!("to: {error}"))?);
    }
    if let Some(reference) = &mail.reference {
        let name = HeaderName::new_from_ascii_str("X-Harkara-Reference");
        builder = builder.raw_header(HeaderValue::new(name, reference.clone()));
    }
    let built = match &mail.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone())),
        None => builder.body(mail.text.clone()),
    };
    built.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_both_forms_and_our_reference() {
        let mail = Mail {
            to: vec!["ops@example.com".to_owned()],
            subject: "Two failed — دیکھیں".to_owned(),
            text: "plain".to_owned(),
            html: Some("<p>html</p>".to_owned()),
            reference: Some("shopify-1/cod~order_created/0/1".to_owned()),
        };
        let built = message(&"Shop <shop@example.com>".parse().unwrap(), &mail).unwrap();
        let text = String::from_utf8(built.formatted()).unwrap();
        assert!(text.contains("X-Harkara-Reference: shopify-1/cod~order_created/0/1"), "{text}");
        assert!(text.contains("multipart/alternative"));
        let bad = Mail { to: vec!["nobody".to_owned()], ..mail };
        assert!(message(&"shop@example.com".parse().unwrap(), &bad).is_err());
    }
}
