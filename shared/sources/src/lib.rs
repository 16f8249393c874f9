//! Where facts come from: one file a vendor, each verifying a webhook over its raw body and parsing
//! it into facts. Pure: bytes and configuration in, facts out. Past this crate no vendor JSON exists.

use harkara_domain::{Fact, StoreId, reference::ReferenceKey};
use jiff::Timestamp;
use serde::Deserialize;

/// A request as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    /// Its headers.
    pub headers: &'a http::HeaderMap,
    /// What stood behind the question mark, undecoded.
    pub query: &'a str,
    /// Its raw body: signatures are over these very bytes.
    pub body: &'a [u8],
}

/// How a store is connected to a source. Fields that a source does not know are another's.
#[derive(Clone, Debug, Deserialize)]
pub struct Connection {
    /// Secrets that may have signed; two while one is rotated.
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
    /// Kinds of content that are knowingly left alone, such as a topic nobody asked for.
    pub ignored: Vec<String>,
}

/// The signature is missing or wrong. It never says which, or how.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the signature is missing or wrong")]
pub struct BadSignature;

/// The body is not what it says it is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the body cannot be read: {0}")]
pub struct Malformed(pub String);

/// A vendor's webhooks.
pub trait Source: Sync {
    /// Its name in addresses, facts and configuration.
    fn name(&self) -> &'static str;

    /// The answer to a GET with which the vendor checks the address; `None` refuses it.
    fn handshake(&self, _request: Inbound<'_>, _connection: &Connection) -> Option<String> {
        None
    }

    /// Checks the signature over the raw body, in constant time, with each secret in turn.
    ///
    /// # Errors
    /// [`BadSignature`], whatever was wrong.
    fn verify(&self, request: Inbound<'_>, connection: &Connection) -> Result<(), BadSignature>;

    /// Parses a verified request.
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
pub static SOURCES: &[&dyn Source] = &[];

/// The source of that name.
pub fn source(name: &str) -> Option<&'static dyn Source> {
    SOURCES.iter().copied().find(|source| source.name() == name)
}
