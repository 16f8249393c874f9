//! WhatsApp Cloud API (Meta): `POST /{phone number id}/messages`.
//!
//! There is no idempotency key. What stands in for one is `biz_opaque_callback_data`: status webhooks
//! echo it, so a send whose answer was lost is found again by its receipt.

pub mod health;
mod verdict;

use std::fmt;

use harkara_domain::fact::Contact;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Button, HttpRequest, OutgoingMessage, Reach, Unsendable, text::one_line};

pub use verdict::{receipt_policy, verdict};

/// The most buttons of a message. (Interactive reply buttons, Cloud API reference.)
pub const MAX_BUTTONS: usize = 3;
/// The most characters on a button.
pub const MAX_BUTTON_TITLE: usize = 20;
/// The most characters that a button carries back.
pub const MAX_BUTTON_ID: usize = 256;
/// The most characters of a text with buttons.
pub const MAX_INTERACTIVE_BODY: usize = 1_024;
/// The most characters of a plain text.
pub const MAX_TEXT: usize = 4_096;
/// The most characters of a template's body as registered, and as filled in where it has buttons.
pub const MAX_TEMPLATE_BODY: usize = 1_024;
/// The most characters of the reference that webhooks echo.
pub const MAX_CALLBACK_DATA: usize = 512;

/// A store's WhatsApp number. Read from the store's WhatsApp settings, which hold more (the source's
/// secrets among it): unknown fields are passed over.
#[derive(Clone, Deserialize)]
pub struct Connection {
    #[serde(default)]
    phone_number_id: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default = "graph")]
    api_url: String,
}

fn graph() -> String {
    "https://graph.facebook.com/v23.0".to_owned()
}

impl Default for Connection {
    /// Without credentials.
    fn default() -> Self {
        Self { phone_number_id: None, access_token: None, api_url: graph() }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("phone_number_id", &self.phone_number_id)
            .field("api_url", &self.api_url)
            .finish_non_exhaustive()
    }
}

/// What a send needs.
#[derive(Clone, Copy)]
pub struct Credentials<'c> {
    /// Meta's id of the number that sends.
    pub phone_number_id: &'c str,
    /// Secret.
    pub access_token: &'c str,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.phone_number_id)
    }
}

impl Connection {
    /// What to send with; `None` while the store has no number, and its messages go to the outbox.
    pub fn credentials(&self) -> Option<Credentials<'_>> {
        let given = |value: &'_ Option<String>| value.as_deref().is_some_and(|text| !text.trim().is_empty());
        if !given(&self.phone_number_id) || !given(&self.access_token) {
            return None;
        }
        Some(Credentials {
            phone_number_id: self.phone_number_id.as_deref()?.trim(),
            access_token: self.access_token.as_deref()?.trim(),
        })
    }
}

/// The request that sends a message: free text (with buttons, where there are any) inside the 24-hour
/// window, the registered template otherwise or when `as_template` asks for it.
///
/// # Errors
/// [`Unsendable::NoAddress`] without a phone; [`Unsendable::Content`] over a limit, or when the
/// connection has no credentials (ask [`Connection::credentials`] first).
pub fn request(
    message: &OutgoingMessage,
    connection: &Connection,
    as_template: bool,
) -> Result<HttpRequest, Unsendable> {
    let Some(credentials) = connection.credentials() else {
        return Err(Unsendable::Content("the store's WhatsApp number is not connected".to_owned()));
    };
    let body = body(message, as_template)?;
    Ok(HttpRequest {
        method: "POST",
        url: format!("{}/{}/messages", connection.api_url.trim_end_matches('/'), credentials.phone_number_id),
        reach: Reach::Anywhere,
        headers: vec![
            ("authorization", format!("Bearer {}", credentials.access_token)),
            ("content-type", "application/json".to_owned()),
        ],
        body: body.to_string().into_bytes(),
    })
}

/// The request's body alone: what the outbox keeps.
///
/// # Errors
/// As [`request`], but for the credentials.
pub fn body(message: &OutgoingMessage, as_template: bool) -> Result<Value, Unsendable> {
    let to = recipient(&message.to)?;
    let reference = message.reference.to_string();
    within("reference", &reference, MAX_CALLBACK_DATA)?;
    check_buttons(&message.buttons)?;
    let (kind, content) = if as_template || !message.window_open {
        ("template", template(message)?)
    } else if message.buttons.is_empty() {
        within("text", &message.content.text, MAX_TEXT)?;
        ("text", json!({ "body": message.content.text }))
    } else {
        ("interactive", interactive(message)?)
    };
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": kind,
        "biz_opaque_callback_data": reference,
    });
    if let Some(fields) = body.as_object_mut() {
        fields.insert(kind.to_owned(), content);
    }
    Ok(body)
}

fn recipient(contact: &Contact) -> Result<&str, Unsendable> {
    contact.phone.as_ref().map(|phone| phone.digits()).ok_or(Unsendable::NoAddress)
}

fn interactive(message: &OutgoingMessage) -> Result<Value, Unsendable> {
    within("text", &message.content.text, MAX_INTERACTIVE_BODY)?;
    let buttons: Vec<Value> = message
        .buttons
        .iter()
        .map(|button| json!({ "type": "reply", "reply": { "id": button.payload, "title": button.title } }))
        .collect();
    Ok(json!({
        "type": "button",
        "body": { "text": message.content.text },
        "action": { "buttons": buttons },
    }))
}

fn template(message: &OutgoingMessage) -> Result<Value, Unsendable> {
    let content = &message.content;
    // Meta's documents differ on a body without buttons; what a plain text may have is safe.
    let max = if message.buttons.is_empty() { MAX_TEXT } else { MAX_TEMPLATE_BODY };
    within("text", &content.text, max)?;
    let mut components = Vec::new();
    if !content.parameters.is_empty() {
        let mut parameters = Vec::with_capacity(content.parameters.len());
        for parameter in &content.parameters {
            let text = one_line(parameter);
            within("parameter", &text, max)?;
            parameters.push(json!({ "type": "text", "text": text }));
        }
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    for (index, button) in message.buttons.iter().enumerate() {
        components.push(json!({
            "type": "button",
            "sub_type": "quick_reply",
            "index": index.to_string(),
            "parameters": [{ "type": "payload", "payload": button.payload }],
        }));
    }
    Ok(json!({
        "name": content.template,
        "language": { "code": content.meta_language },
        "components": components,
    }))
}

fn check_buttons(buttons: &[Button]) -> Result<(), Unsendable> {
    if buttons.len() > MAX_BUTTONS {
        let message = format!("{} buttons; WhatsApp takes {MAX_BUTTONS}", buttons.len());
        return Err(Unsendable::Content(message));
    }
    for button in buttons {
        within("button title", &button.title, MAX_BUTTON_TITLE)?;
        within("button payload", &button.payload, MAX_BUTTON_ID)?;
    }
    Ok(())
}

/// Something, but no more than `max` characters of it.
fn within(what: &str, text: &str, max: usize) -> Result<(), Unsendable> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        Err(Unsendable::Content(format!("an empty {what}")))
    } else if length > max {
        Err(Unsendable::Content(format!("a {what} of {length} characters; WhatsApp takes {max}")))
    } else {
        Ok(())
    }
}
