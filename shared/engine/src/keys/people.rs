//! The keys of people, their links, keys and sessions.

use harkara_domain::StoreId;

use crate::port::Key;

/// The sort key of views, and of what has a partition of its own.
pub const VIEW: &str = "v";

/// The partition of a store's people, their invitations and the API keys.
pub fn people(store: &StoreId) -> String {
    format!("u#{store}")
}

/// A person, by the digest of their e-mail address.
pub fn person(store: &StoreId, digest: &str) -> Key {
    Key::new(people(store), format!("{PERSON}{digest}"))
}

/// How people's sort keys begin.
pub const PERSON: &str = "p#";

/// An invitation, by the digest of its token.
pub fn invitation(store: &StoreId, digest: &str) -> Key {
    Key::new(people(store), format!("{INVITATION}{digest}"))
}

/// How invitations' sort keys begin.
pub const INVITATION: &str = "l#";

/// An API key, by its digest.
pub fn api_key(store: &StoreId, digest: &str) -> Key {
    Key::new(people(store), format!("{API_KEY}{digest}"))
}

/// How API keys' sort keys begin.
pub const API_KEY: &str = "k#";

/// The link that makes the first owner.
pub fn first_link(store: &StoreId) -> Key {
    Key::new(people(store), "setup")
}

/// A session, by the digest of its token. Each has a partition of its own, so that none gets hot.
pub fn session(store: &StoreId, digest: &str) -> Key {
    Key::new(format!("n#{store}#{digest}"), VIEW)
}

/// Failed sign-ins of one address, by its digest.
pub fn failed_sign_ins(store: &StoreId, digest: &str) -> Key {
    Key::new(format!("w#{store}#{digest}"), VIEW)
}
