//! Small words: what parses is written and parsed again as the same.

use harkara_domain::{
    Currency, Money, Phone, Subject,
    flow::{Delay, TimeOfDay},
    reference::{ReferenceKey, StageRef},
    web,
};
use harkara_sources::phone::normalise;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use std::{fmt::Display, str::FromStr};

use crate::sample::{KEY, STORE, now};

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    again::<Currency>(text);
    again::<StageRef>(text);
    again::<TimeOfDay>(text);
    if let Some(delay) = again::<Delay>(text) {
        assert!(delay.nominal().as_hours() <= 24 * Delay::MAX_DAYS, "{delay} is too long");
        assert!(delay.from(now(), &TimeZone::UTC) >= now(), "{delay} leads back");
    }
    phone(text);
    money(text);
    link(text);
    let subject = Subject::from(text);
    assert!(Subject::from(subject.to_string()) == subject, "{subject}");
    let key = ReferenceKey::new(KEY);
    if let Some((choice, subject)) = key.verify(&STORE, text) {
        assert!(key.payload(&STORE, choice, &subject) == text, "another text is taken for our payload");
    }
}

fn again<T: FromStr + Display + PartialEq>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let written = value.to_string();
    assert!(
        written.parse().ok().as_ref() == Some(&value),
        "{text:?} is written as {written:?}, which is another"
    );
    Some(value)
}

fn phone(text: &str) {
    for region in [Some("PK"), None] {
        let Some(phone) = normalise(text, region) else { continue };
        assert!(Phone::e164(phone.as_str()).as_ref() == Ok(&phone), "{phone:?} is no number");
        assert!(
            normalise(phone.as_str(), None).as_ref() == Some(&phone),
            "{text:?} is normalised to no number"
        );
        let shown = format!("{phone:?}");
        assert!(!shown.contains(phone.digits()), "a log line would show a number");
    }
}

fn money(text: &str) {
    let Some((currency, amount)) = text.split_once(' ') else { return };
    let (Ok(currency), Ok(amount)) = (currency.parse(), Decimal::from_str_exact(amount)) else { return };
    let money = Money { amount, currency };
    let text = serde_json::to_string(&money).expect("money can be written");
    assert!(serde_json::from_str::<Money>(&text).ok() == Some(money), "{text} is another amount");
    assert!(money.to_string().len() <= 64, "{money}");
}

fn link(text: &str) {
    let Ok(target) = web::target(text) else { return };
    assert!(text.starts_with("https://") && !target.host.is_empty());
    assert!(target.port == 443 || target.port >= 1024, "port {}", target.port);
    if let Ok(address) = target.host.trim_matches(['[', ']']).parse() {
        assert!(web::is_public(address), "{address} is inside");
    }
}
