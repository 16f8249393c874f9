//! A mark that tells a write of this process from any other.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

/// The mark of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonce([u8; 8]);

impl Nonce {
    /// As an attribute.
    pub(super) fn value(self) -> AttributeValue {
        AttributeValue::B(Blob::new(self.0))
    }
}

/// Gives out marks: a random beginning, then one after the other.
#[derive(Clone, Debug)]
pub(super) struct Nonces(Arc<AtomicU64>);

impl Nonces {
    pub(super) fn new() -> Self {
        // The keys of a `RandomState` come from the operating system.
        let random = RandomState::new().build_hasher().finish();
        Self(Arc::new(AtomicU64::new(random)))
    }

    pub(super) fn next(&self) -> Nonce {
        Nonce(self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let (here, there) = (Nonces::new(), Nonces::new());
        let shared = here.clone();
        let given = [here.next(), shared.next(), here.next(), there.next()];
        for (place, nonce) in given.iter().enumerate() {
            assert!(!given[..place].contains(nonce), "{given:?}");
        }
    }
}
