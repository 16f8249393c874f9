//! Secrets that are handed out once: session cookies, links, API keys.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::PeopleError;

/// 256 random bits in 64 hexadecimal digits.
///
/// # Errors
/// [`PeopleError::Secret`] when the system gives none.
pub fn fresh() -> Result<String, PeopleError> {
    let mut bits = [0u8; 32];
    getrandom::fill(&mut bits).map_err(|error| PeopleError::Secret(error.to_string()))?;
    Ok(hex::encode(bits))
}

/// What is kept of a token. A plain digest is enough for 256 random bits: there is nothing to guess.
/// `purpose` keeps a token of one kind from passing as another.
pub fn digest(purpose: &str, token: &str) -> String {
    hex::encode(Sha256::digest(format!("{purpose}\n{token}")))
}

/// The token that forms of a session carry. It is derived from the session's own, which cannot be
/// had back from it.
pub fn form_token(session: &str) -> String {
    digest("form", session)
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_purposes_keep_apart() {
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert_ne!(digest("session", &one), digest("key", &one));
        assert!(same(&one, &one.clone()) && !same(&one, &other) && !same(&one, "") && !same("", &one));
    }
}
