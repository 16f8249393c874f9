//! An item as attributes, and back.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use harkara_engine::port::{IndexKey, Item, Key};
use jiff::Timestamp;

use super::{
    attribute::{
        Attributes, BODY, COUNTER, DUE, EARLIER, EXPIRY, LIST, NONCE, PACKED, PK, SK, VERSION, number, size,
    },
    body,
    nonce::Nonce,
};

/// The attributes of a key.
pub(super) fn key_attributes(key: Key) -> Attributes {
    [(PK, key.pk), (SK, key.sk)]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
        .collect()
}

/// All attributes of an item but its key and version.
pub(super) fn content(item: &Item, nonce: Nonce) -> Attributes {
    let mut attributes = Attributes::from([(NONCE.to_owned(), nonce.value())]);
    for ((pk, sk), place) in [(LIST, &item.list), (DUE, &item.due)] {
        let Some(place) = place else { continue };
        attributes.insert(pk.to_owned(), AttributeValue::S(place.pk.clone()));
        attributes.insert(sk.to_owned(), AttributeValue::S(place.sk.clone()));
    }
    if let Some(at) = item.expires_at {
        let (seconds, earlier) = expiry(at);
        attributes.insert(EXPIRY.to_owned(), number(seconds));
        if earlier > 0 {
            attributes.insert(EARLIER.to_owned(), number(earlier));
        }
    }
    let key = PK.len() + SK.len() + item.key.pk.len() + item.key.sk.len();
    let version = VERSION.len() + 4;
    let (name, value) = body::pack(&item.body, key + version + size(&attributes));
    attributes.insert(name.to_owned(), value);
    attributes
}

/// A time in seconds, rounded up, and the milliseconds by which it is earlier.
fn expiry(at: Timestamp) -> (i64, i64) {
    let ms = at.as_millisecond();
    let seconds = ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) > 0);
    (seconds, seconds * 1000 - ms)
}

/// The item of these attributes. The error says which one it is, and nothing of what is in it.
pub(super) fn decode(mut attributes: Attributes) -> Result<Item, String> {
    let key = take_key(&mut attributes)?;
    let (pk, sk) = (key.pk.clone(), key.sk.clone());
    decode_rest(key, attributes).map_err(|problem| format!("the item {pk} / {sk} cannot be read: {problem}"))
}

/// Takes the key out of attributes.
pub(super) fn take_key(attributes: &mut Attributes) -> Result<Key, String> {
    match (text(attributes.remove(PK)), text(attributes.remove(SK))) {
        (Some(pk), Some(sk)) => Ok(Key { pk, sk }),
        _ => Err("an item without a key cannot be read".to_owned()),
    }
}

fn decode_rest(key: Key, mut attributes: Attributes) -> Result<Item, String> {
    let version = whole(attributes.remove(VERSION))?.ok_or("it has no version")?;
    let version = u64::try_from(version).map_err(|_| "its version is negative")?;
    let list = place(&mut attributes, LIST);
    let due = place(&mut attributes, DUE);
    let seconds = whole(attributes.remove(EXPIRY))?;
    let earlier = whole(attributes.remove(EARLIER))?.unwrap_or(0);
    let expires_at = match seconds {
        None => None,
        Some(seconds) => {
            let ms = seconds.checked_mul(1000).and_then(|ms| ms.checked_sub(earlier));
            let at = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
            Some(at.ok_or("its expiry is no time")?)
        }
    };
    Ok(Item { key, version, list, due, body: body_of(attributes)?, expires_at })
}

fn body_of(mut attributes: Attributes) -> Result<Vec<u8>, String> {
    match (attributes.remove(BODY), attributes.remove(PACKED)) {
        (Some(AttributeValue::S(text)), None) => Ok(text.into_bytes()),
        (Some(AttributeValue::B(bytes)), None) => Ok(bytes.into_inner()),
        (None, Some(AttributeValue::B(packed))) => body::unpack(packed.as_ref()),
        (None, None) => counted(attributes),
        _ => Err("its body is of a wrong type".to_owned()),
    }
}

/// The body of an item that was counted: its counters, as a flat object.
fn counted(attributes: Attributes) -> Result<Vec<u8>, String> {
    let mut counters = BTreeMap::new();
    for (name, value) in attributes {
        let Some(field) = name.strip_prefix(COUNTER) else { continue };
        let value = whole(Some(value))?.ok_or("a counter is empty")?;
        counters.insert(field.to_owned(), value);
    }
    if counters.is_empty() {
        return Err("it has neither body nor counters".to_owned());
    }
    serde_json::to_vec(&counters).map_err(|error| error.to_string())
}

/// The place of an item in an index.
pub(super) fn place(attributes: &mut Attributes, (pk, sk): (&str, &str)) -> Option<IndexKey> {
    Some(IndexKey { pk: text(attributes.remove(pk))?, sk: text(attributes.remove(sk))? })
}

fn text(value: Option<AttributeValue>) -> Option<String> {
    match value {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn whole(value: Option<AttributeValue>) -> Result<Option<i64>, String> {
    match value {
        None => Ok(None),
        Some(AttributeValue::N(digits)) => {
            digits.parse().map(Some).map_err(|_| "a number is not a whole one".to_owned())
        }
        Some(_) => Err("a number is of a wrong type".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;

    use super::{super::nonce::Nonces, *};

    fn full() -> Item {
        let mut item = Item::new(Key::new("p", "s"), b"{}".to_vec());
        item.list = Some(IndexKey { pk: "l".into(), sk: "1".into() });
        item.due = Some(IndexKey { pk: "d".into(), sk: "2".into() });
        item.expires_at = Some("2027-01-01T00:00:00.25Z".parse().unwrap());
        item
    }

    fn stored(item: &Item) -> Attributes {
        let mut attributes = content(item, Nonces::new().next());
        attributes.extend(key_attributes(item.key.clone()));
        attributes.insert(VERSION.to_owned(), number(7));
        attributes
    }

    #[test]
    fn an_item_comes_back_whole() {
        for body in [&b"{}"[..], b"", &[0, 255], "é".repeat(5000).as_bytes()] {
            let item = Item { body: body.to_vec(), ..full() };
            assert_eq!(decode(stored(&item)), Ok(Item { version: 7, ..item }));
        }
    }

    #[test]
    fn nothing_expires_before_its_time() {
        let at = |text: &str| expiry(text.parse().unwrap());
        assert_eq!(at("1970-01-01T00:00:10Z"), (10, 0));
        assert_eq!(at("1970-01-01T00:00:10.001Z"), (11, 999));
        assert_eq!(at("1969-12-31T23:59:59.999Z"), (0, 1));
        let mut item = full();
        for text in ["2027-01-01T00:00:00Z", "2027-01-01T00:00:00.999Z", "1969-12-31T23:59:58.5Z"] {
            item.expires_at = Some(text.parse().unwrap());
            assert_eq!(decode(stored(&item)).unwrap().expires_at, item.expires_at);
        }
    }

    #[test]
    fn all_but_the_body_and_the_keys_keeps_to_what_the_limits_allow_for() {
        let item = full();
        let mut attributes = stored(&item);
        attributes.insert(VERSION.to_owned(), number(u64::MAX));
        let keys = item.key.pk.len() + item.key.sk.len() + 4;
        let others = size(&attributes) - keys - item.body.len();
        assert!(others <= harkara_engine::port::limits::NAMES, "{others}");
    }

    #[test]
    fn counters_are_a_flat_object() {
        let mut attributes = key_attributes(Key::new("p", "s"));
        attributes.extend([("v".to_owned(), number(2)), ("n_sent".to_owned(), number(40))]);
        attributes.insert("n_failed".to_owned(), number(-20));
        assert_eq!(decode(attributes).unwrap().body, br#"{"failed":-20,"sent":40}"#);
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_content() {
        let broken: [(&str, Option<AttributeValue>); 9] = [
            ("v", None),
            ("v", Some(AttributeValue::N("1.5".into()))),
            ("v", Some(number(-1))),
            ("v", Some(AttributeValue::S("secret".into()))),
            ("b", None),
            ("b", Some(number(1))),
            ("z", Some(AttributeValue::B(Blob::new("secret")))),
            ("x", Some(number(i64::MAX))),
            ("xm", Some(AttributeValue::Bool(true))),
        ];
        for (name, value) in broken {
            let mut attributes = stored(&full());
            attributes.remove(name);
            attributes.extend(value.map(|value| (name.to_owned(), value)));
            let error = decode(attributes).unwrap_err();
            assert!(error.starts_with("the item p / s cannot be read: "), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let mut packed = stored(&full());
        packed.remove("b");
        packed.insert("z".to_owned(), AttributeValue::B(Blob::new("secret")));
        assert!(decode(packed).unwrap_err().contains("cannot be unpacked"));
        assert!(decode(Attributes::new()).unwrap_err().contains("without a key"));
    }
}
