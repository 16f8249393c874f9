//! How messages leave: one file a provider, each turning a message into a request and the response
//! into a verdict. Pure: the engine performs the request.

mod action;
pub mod coupon;
pub mod email;
pub mod policy;
pub mod template;
mod text;
pub mod webhook;
pub mod whatsapp;

use harkara_domain::{
    fact::{Choice, Contact, ProviderError},
    reference::StageRef,
    web,
};

pub use action::ActionRef;
pub use policy::Policy;
pub use template::Rendered;

/// Where a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere: its address is among the operator's own settings.
    Anywhere,
    /// Only to public addresses, whatever its name resolves to: somebody typed it.
    Public,
}

/// A request to perform.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `POST`, `GET`.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Where that may lead.
    pub reach: Reach,
    /// Names in lower case; values may be secret, so the `Debug` form hides them.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What somebody typed may carry a key in its path.
        let shown = match self.reach {
            Reach::Anywhere => self.url.as_str(),
            Reach::Public => web::target(&self.url).map_or("…", |target| target.host),
        };
        write!(f, "{} {shown} ({} bytes)", self.method, self.body.len())
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The `retry-after` header in seconds, where there was one.
    pub retry_after: Option<u32>,
    /// The body, cut to 64 KB.
    pub body: Vec<u8>,
}

/// A message on its way to one customer, through whichever channel. Its `Debug` form shows neither the
/// customer nor the words.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Whom it is for.
    pub to: Contact,
    /// What it says, filled in.
    pub content: Rendered,
    /// Answers to offer.
    pub buttons: Vec<Button>,
    /// The customer wrote within the last 24 hours, so WhatsApp takes free text.
    pub window_open: bool,
    /// What the provider is to echo in its receipts.
    pub reference: StageRef,
}

impl std::fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutgoingMessage({}, {:?})", self.reference, self.content)
    }
}

/// An answer to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it means.
    pub choice: Choice,
    /// The words on it, in the message's language.
    pub title: String,
    /// What comes back when it is tapped: signed, at most 256 characters.
    pub payload: String,
}

/// What a provider's response means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It took the message, under this id.
    Accepted(String),
    /// It did not, and this is what to do about it.
    Refused(ProviderError, Policy),
    /// It answered, but the answer does not tell whether it took the message. To be treated like an
    /// answer that was lost: settled by a receipt, and only then sent again or held.
    Unclear(ProviderError),
}

/// The channel cannot carry this message to this customer: no address, or over a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The customer has no address for it.
    #[error("no address")]
    NoAddress,
    /// The content is over the provider's limits.
    #[error("{0}")]
    Content(String),
}
