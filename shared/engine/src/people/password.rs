//! Passwords. Both functions take tens of milliseconds and 19 MiB: call them where blocking is
//! allowed, and only a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use super::PeopleError;

/// The fewest characters of a password.
pub const MIN_CHARS: usize = 10;
/// The most bytes of one: hashing more would only cost time.
pub const MAX_BYTES: usize = 256;

/// A hash of nothing, with the same costs as a real one. Who is not known is checked against it, so
/// that the answer takes as long as for somebody who is.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password may be chosen.
///
/// # Errors
/// [`PeopleError::Invalid`] for one that is too short or too long.
pub fn check(password: &str) -> Result<(), PeopleError> {
    if password.chars().count() < MIN_CHARS {
        return Err(PeopleError::Invalid("The password needs at least 10 characters."));
    }
    if password.len() > MAX_BYTES {
        return Err(PeopleError::Invalid("The password is too long."));
    }
    Ok(())
}

/// Hashes a password with argon2id at OWASP's costs (19 MiB, 2 passes, 1 lane) and a random salt.
///
/// # Errors
/// [`PeopleError::Secret`] when the system gives no salt.
pub fn hash(password: &str) -> Result<String, PeopleError> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| PeopleError::Secret(error.to_string()))
}

/// Whether the password is the one that was hashed; `None` for nobody's takes as long and is false.
pub fn verify(password: &str, hashed: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hashed.unwrap_or(NOBODYS)) else { return false };
    let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    right && hashed.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_passes_and_nobodys_hash_is_a_real_one() {
        let hashed = hash("a long enough one").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("a long enough one", Some(&hashed)));
        assert!(!verify("a long enough on", Some(&hashed)));
        assert!(!verify("a long enough one", Some("not a hash")));
        assert!(!verify("", None));
        assert!(PasswordHash::new(NOBODYS).is_ok());
        assert!(check("123456789").is_err() && check("1234567890").is_ok());
    }
}
