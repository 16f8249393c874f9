//! The shapes of WhatsApp Cloud API webhooks, cut to what is used. Each message and status is left
//! raw until its turn, so that one in a shape nobody knows does not take its neighbours with it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::Text;

#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) object: Text<'a>,
    pub(super) entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) changes: Option<Vec<Change<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) field: Option<Text<'a>>,
    /// Its shape depends on the field, which may stand behind it.
    pub(super) value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Messages<'a> {
    #[serde(borrow)]
    pub(super) contacts: Option<Vec<Contact<'a>>>,
    pub(super) messages: Option<Vec<&'a RawValue>>,
    pub(super) statuses: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) wa_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    pub(super) from: Option<Text<'a>>,
    pub(super) timestamp: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    pub(super) text: Option<Written<'a>>,
    pub(super) button: Option<Button<'a>>,
    pub(super) interactive: Option<Interactive<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Written<'a> {
    #[serde(borrow)]
    pub(super) body: Option<Text<'a>>,
}

/// A tapped quick reply of a template.
#[derive(Deserialize)]
pub(super) struct Button<'a> {
    #[serde(borrow)]
    pub(super) payload: Option<Text<'a>>,
    pub(super) text: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Interactive<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    pub(super) button_reply: Option<ButtonReply<'a>>,
}

/// A tapped button of a free message.
#[derive(Deserialize)]
pub(super) struct ButtonReply<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    pub(super) title: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    pub(super) status: Option<Text<'a>>,
    pub(super) timestamp: Option<Text<'a>>,
    pub(super) biz_opaque_callback_data: Option<Text<'a>>,
    pub(super) errors: Option<Vec<Fault<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Fault<'a> {
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
    pub(super) title: Option<Text<'a>>,
    pub(super) message: Option<Text<'a>>,
    pub(super) error_data: Option<FaultData<'a>>,
}

#[derive(Deserialize)]
pub(super) struct FaultData<'a> {
    #[serde(borrow)]
    pub(super) details: Option<Text<'a>>,
}
