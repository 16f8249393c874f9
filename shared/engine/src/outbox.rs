//! The outbox of a store without credentials: messages are kept instead of sent, and a visitor can
//! press their buttons, which comes in through the real webhook, signed.

use async_trait::async_trait;
use harkara_channels::{HttpRequest, OutgoingMessage, Reach};
use harkara_domain::{StoreId, fact::Choice, flow::Channel, reference::StageRef};
use harkara_sources::Connection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{
    keys,
    port::{Clock, Expect, Key, Mail, MailError, Mailer, Table, WriteError},
    record::put,
};

/// A message that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its place in the outbox.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// How it would have gone.
    pub channel: Channel,
    /// To whom: a phone or addresses.
    pub to: String,
    /// Which stage sent it; `None` for mail to the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageRef>,
    /// One line, of mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
    /// Its buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<KeptButton>,
}

/// A button of a kept message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptButton {
    /// What it means.
    pub choice: Choice,
    /// The words on it.
    pub title: String,
    /// What it sends.
    pub payload: String,
}

/// Keeps a message to a customer.
///
/// # Errors
/// When the table fails.
pub async fn keep(
    table: &dyn Table,
    store: &StoreId,
    channel: Channel,
    message: &OutgoingMessage,
    now: Timestamp,
) -> Result<String, WriteError> {
    let address = match channel {
        Channel::Whatsapp => message.to.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        Channel::Email => message.to.email.clone(),
    };
    let buttons = message.buttons.iter().map(|button| KeptButton {
        choice: button.choice,
        title: button.title.clone(),
        payload: button.payload.clone(),
    });
    let kept = Kept {
        id: format!("{}#{}", keys::stamp(now), message.reference),
        at: now,
        channel,
        to: address.unwrap_or_default(),
        stage: Some(message.reference.clone()),
        subject: message.content.subject.clone(),
        text: message.content.text.clone(),
        buttons: buttons.collect(),
    };
    table.write(vec![put(Key::new(keys::outbox(store), &kept.id), &kept, Expect::Any)]).await?;
    Ok(format!("outbox.{}", kept.id))
}

/// The webhook that WhatsApp would send when the customer pressed a button of a kept message, signed
/// as Meta signs; post it to the store's own webhook. `None` if the message has no such button, or
/// the connection no secret.
pub fn tap(
    kept: &Kept,
    choice: Choice,
    connection: &Connection,
    to: &str,
    now: Timestamp,
) -> Option<HttpRequest> {
    let button = kept.buttons.iter().find(|button| button.choice == choice)?;
    let phone = kept.to.trim_start_matches('+');
    // Meta's shape of a template's quick reply; the id is the same for the same tap in one second.
    let message = serde_json::json!({
        "from": phone,
        "id": format!("wamid.outbox.{}", harkara_domain::id::digest(&format!("{}{}{}", kept.id, choice.as_str(), now.as_second()))),
        "timestamp": now.as_second().to_string(),
        "type": "button",
        "button": { "payload": button.payload, "text": button.title },
    });
    let value = serde_json::json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "0", "phone_number_id": "outbox" },
        "contacts": [{ "wa_id": phone, "profile": { "name": "" } }],
        "messages": [message],
    });
    let body = serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "outbox", "changes": [{ "field": "messages", "value": value }] }],
    })
    .to_string()
    .into_bytes();
    let signature = harkara_sources::whatsapp::sign(connection.secrets.first()?, &body);
    Some(HttpRequest {
        method: "POST",
        url: to.to_owned(),
        reach: Reach::Anywhere,
        headers: vec![("content-type", "application/json".to_owned()), ("x-hub-signature-256", signature)],
        body,
    })
}

/// Mail that is kept in the outbox.
pub struct OutboxMailer {
    /// Where it is kept.
    pub table: Arc<dyn Table>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Mailer for OutboxMailer {
    async fn send(&self, store: &StoreId, mail: Mail) -> Result<String, MailError> {
        let now = self.clock.now();
        let to = mail.to.join(", ");
        let tag = harkara_domain::id::digest(&format!("{to}\n{}\n{}", mail.subject, mail.text));
        let kept = Kept {
            id: format!("{}#mail.{}", keys::stamp(now), tag.get(..16).unwrap_or_default()),
            at: now,
            channel: Channel::Email,
            to,
            stage: mail.reference.as_deref().and_then(|reference| reference.parse().ok()),
            subject: Some(mail.subject),
            text: mail.text,
            buttons: Vec::new(),
        };
        let write = put(Key::new(keys::outbox(store), &kept.id), &kept, Expect::Any);
        self.table.write(vec![write]).await.map_err(|error| MailError::Failed(error.to_string()))?;
        Ok(format!("outbox.{}", kept.id))
    }
}
