//! How a store is connected: whether that can be read, whether webhooks are told from forgeries, and what
//! vendors say of our credentials.

use harkara_channels::whatsapp::{
    self,
    health::{self, Health},
};
use harkara_domain::{StoreId, flow::Channel};
use harkara_sources::{Connection, Inbound, SOURCES, Source};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};

use super::{Check, Doctor, Finding};
use crate::{catalog::Shelf, trace::misfit};

/// A secret that is shorter can be guessed.
const SHORTEST_SECRET: usize = 16;
/// How long before a token ends it is told of.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Doctor {
    pub(super) async fn connections(&self, store: &StoreId, shelf: &Shelf) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut connected = 0;
        for source in SOURCES {
            let text = match self.secrets.get(store.as_str(), source.name()).await {
                Ok(Some(text)) => text,
                Ok(None) => continue,
                Err(error) => {
                    let todo = "see that the connections may be read, and look again";
                    found.push(Finding::trouble(
                        Check::Connections,
                        format!("{}: {error}", source.name()),
                        todo,
                    ));
                    continue;
                }
            };
            connected += 1;
            match serde_json::from_str::<Connection>(&text) {
                Ok(connection) => found.extend(self.signatures(*source, &connection)),
                Err(error) => found.push(self.malformed(source.name(), &error)),
            }
            if source.name() == "whatsapp" {
                found.extend(self.whatsapp(&text, shelf).await);
            }
        }
        if connected == 0 {
            let todo = format!("add the shop under `connections` in the store's file: `{} FILE`", self.put);
            found.push(Finding::warning(
                Check::Connections,
                "no source is connected: no webhook is taken in",
                todo,
            ));
        }
        found
    }

    fn malformed(&self, name: &str, error: &serde_json::Error) -> Finding {
        let todo =
            format!("correct `connections.{name}` in the store's file and put it again: `{} FILE`", self.put);
        Finding::trouble(Check::Connections, format!("{name} cannot be read: {}", misfit(error)), todo)
    }

    /// Whether each secret may be one, and signs; and whether what is signed by none is refused.
    fn signatures(&self, source: &dyn Source, connection: &Connection) -> Vec<Finding> {
        let name = source.name();
        let todo = format!(
            "take the secret from the vendor's page, and put it into `connections.{name}.secrets`: `{} FILE`",
            self.put
        );
        let secrets: Vec<&String> = connection.secrets.iter().filter(|secret| !secret.is_empty()).collect();
        let trouble = |what: String| Finding::trouble(Check::Signatures, what, todo.clone());
        let mut found = Vec::new();
        if secrets.is_empty() {
            return vec![trouble(format!("{name} has no secret: every webhook of it is refused"))];
        }
        if secrets.iter().any(|secret| is_guessable(secret)) {
            found
                .push(trouble(format!("{name} has a secret that anybody can guess: webhooks can be forged")));
        }
        let passes = |secret: &str| is_verified(source, connection, secret);
        if !secrets.iter().all(|secret| passes(secret)) {
            found.push(trouble(format!("{name} refuses what is signed with its own secret")));
        }
        if passes("not the secret of anybody") {
            found.push(trouble(format!("{name} takes in what is signed with a wrong secret")));
        }
        if found.is_empty() {
            let what = format!(
                "{name} takes in what is signed with its {}, and nothing else",
                match secrets.len() {
                    1 => "secret".to_owned(),
                    many => format!("{many} secrets"),
                }
            );
            found.push(Finding::ok(Check::Signatures, what));
        }
        found
    }

    async fn whatsapp(&self, text: &str, shelf: &Shelf) -> Vec<Finding> {
        let (check, mut found) = (Check::Credentials, Vec::new());
        let Ok(connection) = serde_json::from_str::<whatsapp::Connection>(text) else { return found };
        let Some(request) = health::number(&connection) else {
            if sends(shelf, Channel::Whatsapp) {
                let todo = format!(
                    "add `phone_number_id` and `access_token` to `connections.whatsapp`: `{} FILE`",
                    self.put
                );
                let what = "no WhatsApp number: its messages are kept in the outbox";
                found.push(Finding::warning(check, what, todo));
            }
            return found;
        };
        found.push(match self.http.call(request).await {
            Ok(answer) => standing(health::health(&answer)),
            Err(error) => {
                let todo = "see that this machine reaches graph.facebook.com, or `api_url`";
                Finding::trouble(check, format!("WhatsApp cannot be asked: {error}"), todo)
            }
        });
        found.extend(self.token_ends(&connection).await);
        found
    }

    async fn token_ends(&self, connection: &whatsapp::Connection) -> Option<Finding> {
        let answer = self.http.call(health::token(connection)?).await.ok()?;
        ending(health::token_ends(&answer)?, self.clock.now())
    }
}

/// What Meta's word on a number comes to.
fn standing(health: Health) -> Finding {
    let check = Check::Credentials;
    match health {
        Health::Good => Finding::ok(check, "WhatsApp knows the number and takes the token"),
        Health::Warned(state) => {
            let todo = "look into WhatsApp Manager: what customers block or report lowers what may be sent";
            Finding::warning(check, format!("WhatsApp says of the number: {state}"), todo)
        }
        Health::BadToken => {
            Finding::trouble(check, "WhatsApp does not take the token: nothing can be sent", NEW_TOKEN)
        }
        Health::NoSuchNumber => {
            let todo =
                "compare `phone_number_id` with WhatsApp Manager, and give the token's user that account";
            Finding::trouble(check, "WhatsApp knows no such number, or not for this token", todo)
        }
        Health::Off(state) => {
            let todo = "look into WhatsApp Manager for why, and have it lifted";
            Finding::trouble(check, format!("the WhatsApp number is {state}"), todo)
        }
        Health::Unclear(status) => {
            let todo = "look again in a while; see https://metastatus.com";
            Finding::warning(check, format!("WhatsApp answered {status}"), todo)
        }
    }
}

fn ending(ends: Timestamp, now: Timestamp) -> Option<Finding> {
    if ends <= now {
        return Some(Finding::trouble(
            Check::Credentials,
            format!("WhatsApp's token ended at {ends}"),
            NEW_TOKEN,
        ));
    }
    let what = format!("WhatsApp's token ends at {ends}");
    (ends <= now + SOON).then(|| Finding::warning(Check::Credentials, what, NEW_TOKEN))
}

const NEW_TOKEN: &str = "make a system user's token with whatsapp_business_messaging in Meta's business \
                         settings, and put it into `connections.whatsapp`";

/// Whether an active flow sends by a channel.
fn sends(shelf: &Shelf, channel: Channel) -> bool {
    let active = shelf.flows.iter().filter(|loaded| loaded.head.is_active());
    active.flat_map(|loaded| loaded.flow.messages()).any(|(_, message)| message.channels.contains(&channel))
}

/// Short, of one letter, or a word that stands in examples.
fn is_guessable(secret: &str) -> bool {
    const WORDS: [&str; 8] =
        ["secret", "changeme", "change-me", "example", "password", "demo", "test", "your_"];
    let lower = secret.to_ascii_lowercase();
    let one_letter = secret.chars().next().is_some_and(|first| secret.chars().all(|other| other == first));
    secret.len() < SHORTEST_SECRET || one_letter || WORDS.iter().any(|word| lower.starts_with(word))
}

/// Whether the source takes in a body that is signed with a secret.
fn is_verified(source: &dyn Source, connection: &Connection, secret: &str) -> bool {
    const BODY: &[u8] = br#"{"looked":"over"}"#;
    let (name, value) = match source.name() {
        "whatsapp" => (harkara_sources::whatsapp::SIGNATURE, harkara_sources::whatsapp::sign(secret, BODY)),
        _ => (harkara_sources::shopify::SIGNATURE, harkara_sources::shopify::sign(secret, BODY)),
    };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static(name), value);
    }
    source.verify(Inbound { headers: &headers, query: "", body: BODY }, connection).is_ok()
}
