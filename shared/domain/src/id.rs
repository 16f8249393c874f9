//! Identifiers. All are strings: what a vendor calls a number may not fit one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

use crate::phone::Phone;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident)*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Wraps a value that is already known to be this id.
            pub fn new(value: impl Into<Box<str>>) -> Self {
                Self(value.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::new(value)
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::new(value)
            }
        }
    )*};
}

id! {
    /// A store: one tenant, one shop.
    StoreId
    /// An order within its store: `<source>-<the source's id>`, for example `shopify-6100000000042`.
    OrderId
    /// A customer within its store; see [`CustomerId::of`].
    CustomerId
    /// A cart within its store: `<source>-<the source's id>`.
    CartId
    /// A parcel of an order: `<source>-<the source's id>`.
    ShipmentId
    /// A flow within its store: lower-case words joined by dashes.
    FlowId
    /// A run within its subject: `<flow>~<occurrence>`, so that a second creation collides.
    RunId
    /// A fact within its store, the same for every delivery of the same happening.
    FactId
    /// A person who signs in to the console.
    UserId
}

impl CustomerId {
    /// The customer behind a contact: by phone where there is one (the identity that WhatsApp and
    /// the couriers know, guest checkouts included), else by e-mail, else by the source's own id.
    /// A digest, so that keys and logs carry no phone or address.
    pub fn of(
        store: &StoreId,
        phone: Option<&Phone>,
        email: Option<&str>,
        source_id: Option<&str>,
    ) -> Option<Self> {
        let (kind, value) = match (phone, email, source_id) {
            (Some(phone), _, _) => ("phone", phone.as_str().to_owned()),
            (None, Some(email), _) if !email.trim().is_empty() => ("email", email.trim().to_lowercase()),
            (None, _, Some(id)) => ("source", id.to_owned()),
            _ => return None,
        };
        let digest = Sha256::digest(format!("{store}\n{kind}\n{value}"));
        Some(Self::new(hex::encode(digest.get(..12)?)))
    }
}

impl RunId {
    /// The one run of `flow` for an occurrence, by its key.
    pub fn of(flow: &FlowId, occurrence: &str) -> Self {
        Self::new(format!("{flow}~{occurrence}"))
    }
}

/// A name of 64 hexadecimal digits that is the same for the same text (SHA-256).
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
