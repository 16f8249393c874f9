//! Ids, and references to what Harkara keeps.

use harkara_domain::reference::StageRef;
use serde_json::{Value, json};

use super::text_as;
use crate::{
    limits::{self, ID},
    track::shape::{Path, Reader, Schemas, Shape},
};

/// A key of the sender's.
pub(in crate::track) struct Key(pub(in crate::track) String);

impl Shape for Key {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "minLength": 1, "maxLength": ID })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be of letters, digits, dashes and underscores";
        text_as((value, ID), at, reader, wanted, |text| limits::is_id(text).then(|| text.to_owned()))
            .map(Self)
    }
}

/// An id as the API shows it, of an order, a cart or a parcel: `<platform>-<the platform's id>`.
pub(in crate::track) struct Reference(pub(in crate::track) String);

impl Reference {
    const MAX: usize = ID + 16;
}

impl Shape for Reference {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[a-z]+-[A-Za-z0-9_-]+$", "minLength": 3, "maxLength": Self::MAX })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be <platform>-<id>, such as shopify-5840012301042 or custom-A17";
        text_as((value, Self::MAX), at, reader, wanted, |text| {
            let (platform, id) = text.split_once('-')?;
            let sound = !platform.is_empty() && platform.bytes().all(|b| b.is_ascii_lowercase());
            (sound && limits::is_id(id)).then(|| Self(text.to_owned()))
        })
    }
}

/// One of our messages.
pub(in crate::track) struct MessageReference(pub(in crate::track) StageRef);

impl Shape for MessageReference {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[^/]+/[^/]+/\\d+/\\d+$", "maxLength": limits::MESSAGE_ID })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be the reference of a message: shopify-1/cod-confirmation~order_created/0/1";
        text_as((value, limits::MESSAGE_ID), at, reader, wanted, |text| {
            let numbers = text.rsplit('/').take(2).all(|part| part.bytes().all(|b| b.is_ascii_digit()));
            let sound = numbers && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
            text.parse().ok().filter(|_| sound).map(Self)
        })
    }
}

/// The id of an order that the sender itself keeps: `custom-<id>`.
pub(in crate::track) struct OwnId(pub(in crate::track) String);

/// The platform of orders that are told here.
const OWN: &str = "custom-";

impl Shape for OwnId {
    fn schema(_: &mut Schemas) -> Value {
        let pattern = format!("^{OWN}[A-Za-z0-9_-]+$");
        json!({ "type": "string", "pattern": pattern, "minLength": 8, "maxLength": Reference::MAX })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be custom-<your id>; orders of a platform with a source come from there";
        text_as((value, Reference::MAX), at, reader, wanted, |text| {
            let id = text.strip_prefix(OWN)?;
            limits::is_id(id).then(|| Self(text.to_owned()))
        })
    }
}
