//! How people are reached, and where they are.

use harkara_domain::Phone;
use serde_json::{Value, json};

use super::text_as;
use crate::{
    limits::{self, LINK},
    phone,
    track::shape::{Path, Reader, Schemas, Shape},
};

/// A phone number with its country.
pub(in crate::track) struct Number(pub(in crate::track) Phone);

impl Shape for Number {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^\\+[0-9 ()-]+$", "minLength": 7, "maxLength": 30 })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be a phone number that exists, with its country: +92 300 1234567";
        text_as((value, 30), at, reader, wanted, |text| {
            let digits = text.strip_prefix('+')?;
            let sound = text.len() >= 7 && digits.bytes().all(|b| b.is_ascii_digit() || b" ()-".contains(&b));
            phone::normalise(text, None).filter(|_| sound).map(Self)
        })
    }
}

/// An e-mail address.
pub(in crate::track) struct Email(pub(in crate::track) String);

impl Shape for Email {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^.+@.+$", "maxLength": limits::EMAIL })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be an e-mail address";
        // Blanks around it are the sender's slip: another reader might keep them.
        let of = |text: &str| limits::email(text).filter(|email| email == text);
        text_as((value, limits::EMAIL), at, reader, wanted, of).map(Self)
    }
}

/// The address of a page.
pub(in crate::track) struct Page(pub(in crate::track) String);

impl Shape for Page {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^ ]+$", "maxLength": LINK })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let wanted = "is to be the address of a page, http:// or https://";
        let of = |text: &str| limits::link(text).filter(|link| link == text);
        text_as((value, LINK), at, reader, wanted, of).map(Self)
    }
}

/// A language by its BCP 47 tag.
pub(in crate::track) struct Language(pub(in crate::track) String);

impl Shape for Language {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$", "maxLength": 35 })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let of = |text: &str| limits::language(text).filter(|tag| tag == text);
        text_as((value, 35), at, reader, "is to be the tag of a language: ur, en-PK", of).map(Self)
    }
}

/// A country by its ISO 3166-1 alpha-2 code.
pub(in crate::track) struct Country(pub(in crate::track) String);

impl Shape for Country {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z]{2}$" })
    }

    fn read(value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Self> {
        let sound = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
        let of = |text: &str| sound(text).then(|| Self(text.to_ascii_uppercase()));
        text_as((value, 2), at, reader, "is to be a country of two letters: PK", of)
    }
}
