//! Where facts come from: one file a vendor, each verifying a webhook over its raw body and parsing
//! it into facts. Pure: bytes and configuration in, facts out. Past this crate no vendor JSON exists.

mod json;
pub mod limits;
pub mod phone;
mod rate;
pub mod shopify;
mod signature;
pub mod track;
pub mod whatsapp;

use harkara_domain::{Fact, StoreId, reference::ReferenceKey};
use jiff::Timestamp;
use serde::Deserialize;
use std::fmt;

pub use rate::{Bucket, Rate};

/// A request as it came in. Its `Debug` form shows neither headers nor body: they hold signatures
/// and customers' data.
#[derive(Clone, Copy)]
pub struct Inbound<'a> {
    /// Its headers.
    pub headers: &'a http::HeaderMap,
    /// What stood behind the question mark, undecoded.
    pub query: &'a str,
    /// Its raw body: signatures are over these very bytes.
    pub body: &'a [u8],
}

impl fmt::Debug for Inbound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({} headers, {} bytes)", self.headers.len(), self.body.len())
    }
}

impl Inbound<'_> {
    /// The first value of a header, where it is text.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// How a store is connected to a source. Fields that a source does not know are another's. Its
/// `Debug` form hides the secrets.
#[derive(Clone, Deserialize)]
pub struct Connection {
    /// Secrets that may have signed; two while one is rotated. An empty one is never tried.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// What a handshake must present.
    #[serde(default)]
    pub verify_token: Option<String>,
    /// ISO 3166-1 alpha-2 of phone numbers written without a country.
    #[serde(default)]
    pub region: Option<String>,
    /// The key of the references in our buttons.
    #[serde(default)]
    pub reference_key: Option<ReferenceKey>,
    /// How fast the source may speak; [`Rate::USUAL`] if absent.
    #[serde(default)]
    pub rate: Option<Rate>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("secrets", &self.secrets.len())
            .field("verify_token", &self.verify_token.is_some())
            .field("region", &self.region)
            .field("reference_key", &self.reference_key.is_some())
            .field("rate", &self.rate)
            .finish()
    }
}

/// Whose request it is, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The store.
    pub store: &'a StoreId,
    /// Now.
    pub received_at: Timestamp,
}

/// What a request said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// What has happened.
    pub facts: Vec<Fact>,
    /// Kinds of content that are knowingly left alone, as `<what>/<kind>`: `topic/carts/create`,
    /// `message/image`. Printable ASCII of at most [`limits::KIND`] characters, so fit for a log.
    pub ignored: Vec<String>,
}

impl Parsed {
    fn ignore(&mut self, what: &str, kind: &str) {
        self.ignored.push(limits::kind(&format!("{what}/{kind}")));
    }
}

/// The signature is missing or wrong. It never says which, or how.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the signature is missing or wrong")]
pub struct BadSignature;

/// The body is not what it says it is. The text says what and where, never a value of the body: it
/// goes to logs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the body cannot be read: {0}")]
pub struct Malformed(pub String);

/// A vendor's webhooks.
pub trait Source: Sync {
    /// Its name in addresses, facts and configuration.
    fn name(&self) -> &'static str;

    /// Where the vendor shows the secret that it signs with, to be read after “compare it with”.
    fn secret_shown(&self) -> &'static str;

    /// The answer to a GET with which the vendor checks the address; `None` refuses it.
    fn handshake(&self, _request: Inbound<'_>, _connection: &Connection) -> Option<String> {
        None
    }

    /// Checks the signature over the raw body, in constant time, with each secret in turn.
    ///
    /// # Errors
    /// [`BadSignature`], whatever was wrong.
    fn verify(&self, request: Inbound<'_>, connection: &Connection) -> Result<(), BadSignature>;

    /// Parses a verified request. The same request parses into the same facts, their `received_at`
    /// aside, however often it is delivered.
    ///
    /// # Errors
    /// [`Malformed`] when the body is not what its topic says.
    fn parse(
        &self,
        context: Context<'_>,
        request: Inbound<'_>,
        connection: &Connection,
    ) -> Result<Parsed, Malformed>;
}

/// Every source. A new one is its file and its line here.
pub static SOURCES: &[&dyn Source] = &[&shopify::Shopify, &whatsapp::WhatsApp];

/// The source of that name.
pub fn source(name: &str) -> Option<&'static dyn Source> {
    SOURCES.iter().copied().find(|source| source.name() == name)
}
