//! HMAC-SHA256 over a raw body: what both vendors sign with.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::BadSignature;

fn mac(secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes a key of any length, so `None` is out of reach.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    Some(mac)
}

/// The tag of a body.
pub(crate) fn tag(secret: &str, body: &[u8]) -> Vec<u8> {
    mac(secret, body).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// Whether any of the secrets made the tag. All are tried whatever the first ones say; an empty
/// one is left out, since anybody knows it.
pub(crate) fn check(secrets: &[String], body: &[u8], tag: &[u8]) -> Result<(), BadSignature> {
    let made_by = |secret: &String| {
        !secret.is_empty() && mac(secret, body).is_some_and(|mac| mac.verify_slice(tag).is_ok())
    };
    let hits = secrets.iter().filter(|secret| made_by(secret)).count();
    if hits > 0 { Ok(()) } else { Err(BadSignature) }
}
