//! The store under load: twenty flows, of which two take every generated order.

use serde_json::{Value, json};

use super::body::CITIES;
use super::client::Loopback;

/// Its id.
pub(crate) const NAME: &str = "load";
/// Signs its Shopify webhooks. It guards nothing: the store lives for one measurement on loopback.
pub(crate) const SHOPIFY_SECRET: &str = "load-shopify-secret-of-one-measurement";
/// Signs its WhatsApp webhooks, as little guarded.
pub(crate) const WHATSAPP_SECRET: &str = "load-whatsapp-secret-of-one-measurement";
/// Meta's version and the number's id in the addresses of the mock provider.
pub(crate) const MESSAGES_PATH: &str = "/v23.0/1/messages";
/// The ids of the flows that take every generated order.
pub(crate) const MATCHING: [&str; 2] = ["load-01", "load-11"];

/// How many flows there are.
const FLOWS: usize = 20;

const TEMPLATE: &str = "\
name: load_question
category: utility
texts:
  roman-ur: |
    Assalam o alaikum {{ customer.first_name | default: \"dost\" }}! {{ store.name }} se order ka shukriya.

    Order {{ order.name }}: {{ order.items | default: \"aap ka saman\" }}
    Total: {{ order.total }}, cash on delivery
    Shehar: {{ order.city | default: \"jaisa aap ne likha\" }}

    Kya hum ye order bhej dein?
  en: |
    Hello {{ customer.first_name | default: \"there\" }}! Thank you for shopping at {{ store.name }}.

    Order {{ order.name }}: {{ order.items | default: \"your items\" }}
    Total: {{ order.total }}, cash on delivery
    City: {{ order.city | default: \"as you wrote it\" }}

    Shall we send it?
labels:
  confirm: { roman-ur: \"Ji, bhej dein\", en: \"Yes, send it\" }
  cancel: { roman-ur: \"Cancel kar dein\", en: \"Cancel it\" }
";

/// The connections: Shopify, and WhatsApp with the mock at `mock` in Meta's place. How fast harkara is shall be
/// seen, not how fast a source may speak.
pub(crate) fn connections(mock: Loopback) -> Value {
    let rate = json!({ "per_second": 1_000_000, "burst": 1_000_000 });
    json!({
        "shopify": { "secrets": [SHOPIFY_SECRET], "region": "PK", "rate": rate },
        "whatsapp": {
            "secrets": [WHATSAPP_SECRET],
            "rate": rate,
            "verify_token": "load-verify-token",
            "region": "PK",
            "reference_key": "load-reference-key-0123456789abcdef",
            "phone_number_id": "1",
            "access_token": "load-access-token",
            "api_url": format!("http://{mock}/v23.0"),
        },
    })
}

/// The twenty flows, as YAML. Those that do not match fail at each of the five conditions in turn.
/// With `later`, the first of the matching ones has a second stage, due so many seconds after.
pub(crate) fn flows(later: Option<u32>) -> Vec<String> {
    let matching = |number: usize| number % 10 == 1;
    (1..=FLOWS)
        .map(|number| {
            let fails_at = if matching(number) { None } else { Some(number % 5) };
            flow(number, fails_at, later.filter(|_| number == 1))
        })
        .collect()
}

fn flow(number: usize, fails_at: Option<usize>, later: Option<u32>) -> String {
    let or = |place: usize, holds: &str, fails: &str| {
        if fails_at == Some(place) { fails.to_owned() } else { holds.to_owned() }
    };
    let conditions = [
        or(0, "payment_method: { is: cod }", "payment_method: { is: prepaid }"),
        or(
            1,
            &format!("city: {{ in: [{}] }}", CITIES.join(", ")),
            "city: { in: [Quetta, Peshawar, Gilgit] }",
        ),
        or(2, "order_total: { at_least: 1000 }", "order_total: { at_least: 250000 }"),
        or(3, "first_time_customer: true", "confirmation: { is: confirmed }"),
        or(4, "order_status: { is: pending }", "order_status: { in: [delivered, returned] }"),
    ];
    let conditions: String = conditions.iter().map(|condition| format!("    - {condition}\n")).collect();
    let mut stages = stage("Ask", "0m");
    if let Some(seconds) = later {
        stages += &stage("Ask again", &format!("{seconds}s"));
    }
    format!(
        "name: Load {number:02}\ntrigger: order_created\nconditions:\n  all:\n{conditions}stages:\n{stages}"
    )
}

fn stage(name: &str, after: &str) -> String {
    let message = "{ channels: [whatsapp], template: load_question, buttons: [confirm, cancel] }";
    format!("  - name: {name}\n    after: {after}\n    message: {message}\n")
}

/// The messages that each order must bring: run and stage, in the reference's words.
pub(crate) fn messages(later: Option<u32>) -> Vec<String> {
    let mut messages: Vec<String> = MATCHING.iter().map(|flow| format!("{flow}~order_created/0")).collect();
    if later.is_some() {
        messages.extend(MATCHING.first().map(|flow| format!("{flow}~order_created/1")));
    }
    messages
}

/// The whole store, as `harkara store put` reads it.
pub(crate) fn file(mock: Loopback, later: Option<u32>) -> Value {
    json!({
        "store": NAME,
        "settings": {
            "name": "Load",
            "timezone": "Asia/Karachi",
            "languages": ["roman-ur", "en"],
            "teams": { "ops": ["ops@example.com"] },
        },
        "connections": connections(mock),
        "templates": [TEMPLATE],
        "flows": flows(later),
        "activate": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use harkara_domain::{Point, RunId, flow::parse};

    #[test]
    fn the_later_stage_is_a_third_message() {
        for later in [None, Some(5)] {
            let mut named = Vec::new();
            for text in flows(later) {
                let flow = parse::flow(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
                if MATCHING.contains(&flow.id().as_str()) {
                    let run = RunId::of(&flow.id(), Point::Created.as_str());
                    named.extend((0..flow.stages.len()).map(|stage| format!("{run}/{stage}")));
                }
            }
            let mut expected = messages(later);
            expected.sort();
            assert_eq!(named, expected);
        }
    }
}
