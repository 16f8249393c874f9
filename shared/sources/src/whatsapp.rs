//! WhatsApp Cloud API webhooks (Meta, "Webhooks": `messages` payloads and status reports): customers'
//! replies, and receipts for our messages.
//!
//! A tapped button counts as an answer about an order only where its payload bears our signature for
//! this store; what else a customer taps or writes is kept as words. All other content is left alone
//! and named in [`Parsed::ignored`].

mod model;
mod receipt;
mod reply;

use harkara_domain::{Fact, FactBody, FactId};
use jiff::Timestamp;
use serde_json::value::RawValue;
use subtle::ConstantTimeEq;

use crate::{
    BadSignature, Connection, Context, Inbound, Malformed, Parsed, Source,
    json::{Text, read, read_part},
    limits, signature,
};

/// Names the header with the signature; [`sign`] makes its value.
pub const SIGNATURE: &str = "x-hub-signature-256";

const NAME: &str = "whatsapp";

/// The value of [`SIGNATURE`] for a body: `sha256=` and the hex of its HMAC-SHA256.
pub fn sign(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(signature::tag(secret, body)))
}

/// The WhatsApp source, named `whatsapp`.
#[derive(Clone, Copy, Debug)]
pub struct WhatsApp;

/// What a part of a body is read with.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    connection: &'a Connection,
    context: Context<'a>,
}

impl Delivery<'_> {
    fn fact(&self, id: String, occurred_at: Timestamp, body: FactBody) -> Fact {
        Fact {
            id: FactId::new(id),
            store: self.context.store.clone(),
            source: NAME.into(),
            occurred_at,
            received_at: self.context.received_at,
            body,
        }
    }
}

impl Source for WhatsApp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn secret_shown(&self) -> &'static str {
        "the app secret under App settings → Basic in Meta's App Dashboard"
    }

    /// Echoes `hub.challenge` (at most 256 bytes) to who knows the token.
    fn handshake(&self, request: Inbound<'_>, connection: &Connection) -> Option<String> {
        let parameter = |name: &str| {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value)
        };
        let token = connection.verify_token.as_deref().filter(|token| !token.is_empty())?;
        let known: bool = parameter("hub.verify_token")?.as_bytes().ct_eq(token.as_bytes()).into();
        let subscribes = parameter("hub.mode")? == "subscribe";
        let challenge = parameter("hub.challenge").filter(|challenge| challenge.len() <= 256)?;
        (known && subscribes).then(|| challenge.into_owned())
    }

    fn verify(&self, request: Inbound<'_>, connection: &Connection) -> Result<(), BadSignature> {
        let given = request.header(SIGNATURE).and_then(|value| value.strip_prefix("sha256="));
        // Meta writes lower case; a signature in any other form was not made by it.
        let given = given.filter(|hex| !hex.bytes().any(|byte| byte.is_ascii_uppercase()));
        let tag = hex::decode(given.ok_or(BadSignature)?).map_err(|_| BadSignature)?;
        signature::check(&connection.secrets, request.body, &tag)
    }

    fn parse(
        &self,
        context: Context<'_>,
        request: Inbound<'_>,
        connection: &Connection,
    ) -> Result<Parsed, Malformed> {
        let body: model::Body<'_> = read("the webhook", request.body)?;
        let delivery = Delivery { connection, context };
        let mut parsed = Parsed::default();
        if &*body.object != "whatsapp_business_account" {
            parsed.ignore("object", &body.object);
            return Ok(parsed);
        }
        for change in body.entry.iter().flat_map(|entry| entry.changes.as_deref().unwrap_or_default()) {
            match (change.field.as_deref(), change.value) {
                (Some("messages"), Some(value)) => take_messages(delivery, value, &mut parsed)?,
                (field, _) => parsed.ignore("field", field.unwrap_or("none")),
            }
        }
        Ok(parsed)
    }
}

fn take_messages(delivery: Delivery<'_>, value: &RawValue, parsed: &mut Parsed) -> Result<(), Malformed> {
    let value: model::Messages<'_> = read_part("the value of messages", value)?;
    // Contacts come beside the messages, not in them: only a single one is surely the sender.
    let contact = match value.contacts.as_deref().unwrap_or_default() {
        [contact] => contact.wa_id.as_deref(),
        _ => None,
    };
    let (messages, statuses) = (value.messages.unwrap_or_default(), value.statuses.unwrap_or_default());
    if messages.is_empty() && statuses.is_empty() {
        parsed.ignore("value", "empty");
    }
    for raw in messages {
        reply::take(delivery, raw, contact, parsed);
    }
    for raw in statuses {
        receipt::take(delivery, raw, parsed);
    }
    Ok(())
}

/// Seconds since 1970, as text or as a number. What has no time is no fact: the time of receipt
/// would make another fact of every redelivery.
fn time(text: &Option<Text<'_>>) -> Option<Timestamp> {
    let at = Timestamp::from_second(text.as_deref()?.trim().parse().ok()?).ok()?;
    limits::in_reach(at).then_some(at)
}

/// The id of a message, which goes into keys.
fn message_id<'t>(id: &'t Option<Text<'_>>) -> Option<&'t str> {
    let id = id.as_deref()?;
    let sound =
        (1..=limits::MESSAGE_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    sound.then_some(id)
}
