//! References that leave the house and come back: in a message's callback data, in a button.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

use crate::{
    fact::Choice,
    id::{RunId, StoreId},
    subject::Subject,
};

/// One attempt at one stage of a run: what `biz_opaque_callback_data` carries, and what a status
/// webhook echoes. Text form: `<subject>/<run>/<stage>/<attempt>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StageRef {
    /// What the run works on.
    pub subject: Subject,
    /// The run.
    pub run: RunId,
    /// The stage's place in its flow, from 0.
    pub stage: u16,
    /// Which attempt at it, from 1.
    pub attempt: u32,
}

/// The text is not a stage reference.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a stage reference")]
pub struct BadStageRef;

impl fmt::Display for StageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.subject, self.run, self.stage, self.attempt)
    }
}

impl std::str::FromStr for StageRef {
    type Err = BadStageRef;

    fn from_str(text: &str) -> Result<Self, BadStageRef> {
        let mut parts = text.split('/');
        let mut next = || parts.next().filter(|part| !part.is_empty()).ok_or(BadStageRef);
        let (subject, run) = (Subject::from(next()?), RunId::new(next()?));
        let stage = next()?.parse().map_err(|_| BadStageRef)?;
        let attempt = next()?.parse().map_err(|_| BadStageRef)?;
        if parts.next().is_some() { Err(BadStageRef) } else { Ok(Self { subject, run, stage, attempt }) }
    }
}

impl TryFrom<String> for StageRef {
    type Error = BadStageRef;
    fn try_from(text: String) -> Result<Self, BadStageRef> {
        text.parse()
    }
}

impl From<StageRef> for String {
    fn from(stage: StageRef) -> Self {
        stage.to_string()
    }
}

/// The store's key for the references in its buttons. Its `Debug` form shows nothing.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReferenceKey(String);

impl fmt::Debug for ReferenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReferenceKey(…)")
    }
}

impl ReferenceKey {
    /// A key of at least 16 random bytes, in any text form.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    fn sign(&self, store: &StoreId, choice: Choice, subject: &Subject) -> String {
        // HMAC takes a key of any length, so this cannot fail; an empty tag would match nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else { return String::new() };
        mac.update(format!("{store}\n{}\n{subject}", choice.as_str()).as_bytes());
        let tag = mac.finalize().into_bytes();
        hex::encode(tag.get(..16).unwrap_or_default())
    }

    /// 256 bits for a purpose and a text, which only the key's owner can tell: the same ones every time.
    pub fn derive(&self, purpose: &str, text: &str) -> [u8; 32] {
        // As in `sign`. No store has an empty name, so no button's tag is among these.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else { return [0; 32] };
        mac.update(format!("\n{purpose}\n{text}").as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// What a button carries: `hk1:<choice>:<subject>:<tag>`, with a tag of 128 bits.
    pub fn payload(&self, store: &StoreId, choice: Choice, subject: &Subject) -> String {
        format!("hk1:{}:{subject}:{}", choice.as_str(), self.sign(store, choice, subject))
    }

    /// What a tapped button means, if this key signed it for this store.
    pub fn verify(&self, store: &StoreId, payload: &str) -> Option<(Choice, Subject)> {
        let (choice, rest) = payload.strip_prefix("hk1:")?.split_once(':')?;
        let (subject, tag) = rest.rsplit_once(':')?;
        let (choice, subject) = (Choice::parse(choice)?, Subject::from(subject));
        let expected = self.sign(store, choice, &subject);
        let same: bool = expected.as_bytes().ct_eq(tag.as_bytes()).into();
        (same && !expected.is_empty()).then_some((choice, subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_understood_only_by_the_store_and_key_that_made_it() {
        let (store, order) = (StoreId::new("demo"), Subject::from("shopify-1"));
        let key = ReferenceKey::new("0123456789abcdef");
        let payload = key.payload(&store, Choice::Confirm, &order);
        assert!(payload.len() <= 256);
        assert_eq!(key.verify(&store, &payload), Some((Choice::Confirm, order)));
        assert_eq!(key.verify(&StoreId::new("other"), &payload), None);
        assert_eq!(ReferenceKey::new("another").verify(&store, &payload), None);
        assert_eq!(key.verify(&store, &payload.replace("confirm", "cancel")), None);
        assert_eq!(key.verify(&store, "callback_data"), None);
    }

    #[test]
    fn a_button_can_be_about_a_customer_and_old_ones_still_hold() {
        let (store, key) = (StoreId::new("demo"), ReferenceKey::new("0123456789abcdef"));
        let customer = Subject::Customer("9f2c".into());
        let payload = key.payload(&store, Choice::Satisfied, &customer);
        assert!(payload.starts_with("hk1:satisfied:customer:9f2c:"), "{payload}");
        assert_eq!(key.verify(&store, &payload), Some((Choice::Satisfied, customer)));
        assert_eq!(key.verify(&store, &payload.replace("customer:", "")), None);
        // Sent when only orders had buttons.
        let old = "hk1:confirm:shopify-1:e998bddd2a48f8f3dbf15021ee90c434";
        assert_eq!(key.verify(&store, old), Some((Choice::Confirm, Subject::from("shopify-1"))));
    }

    #[test]
    fn a_stage_reference_survives_the_round_trip() {
        let text = "shopify-1/cod-confirmation~order_created/0/2";
        let parsed: StageRef = text.parse().unwrap();
        assert_eq!(parsed.to_string(), text);
        for bad in ["", "a/b/c/d", "a/b/0", "a/b/0/1/2", "//0/1"] {
            assert_eq!(bad.parse::<StageRef>(), Err(BadStageRef), "{bad}");
        }
    }
}
