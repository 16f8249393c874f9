//! Whatever comes in, nothing panics, and what is said does not depend on the time of receipt.

use harkara_sources::{Context, Inbound, Parsed, SOURCES};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::world::{connection, event, headers, store};

const TOPICS: [&str; 13] = [
    "orders/create",
    "orders/updated",
    "orders/paid",
    "orders/cancelled",
    "orders/fulfilled",
    "orders/partially_fulfilled",
    "fulfillments/create",
    "fulfillments/update",
    "fulfillment_events/create",
    "refunds/create",
    "carts/update",
    "checkouts/create",
    "orders/unheard_of",
];

const EVENTS: [&str; 8] = [
    "shopify/orders_paid.json",
    "shopify/orders_cancelled.json",
    "shopify/fulfillments_update.json",
    "shopify/fulfillment_events_create_delivered.json",
    "shopify/refunds_create.json",
    "whatsapp/message_text.json",
    "whatsapp/button_template.json",
    "whatsapp/status_failed.json",
];

/// Values that vendors did send, or might, where others were meant.
const ODD: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "18446744073709551616",
    "9223372036854775807",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[null]",
    "\"2026-11-22T14:05:09+05:00\"",
    "\"+92\"",
    "\"9999-12-31T23:59:59Z\"",
];

/// Hands a body to every source under every guise; returns what was parsed.
fn feed(topic: &str, signature: &str, query: &str, body: &[u8], received_at: &str) -> Vec<Option<Parsed>> {
    let (store, connection) = (store(), connection());
    let mut headers = headers(&[("X-Shopify-Topic", topic)]);
    if let Ok(value) = http::HeaderValue::from_bytes(signature.as_bytes()) {
        for name in
            ["x-shopify-hmac-sha256", "x-hub-signature-256", "x-shopify-event-id", "x-shopify-triggered-at"]
        {
            headers.insert(name, value.clone());
        }
    }
    let request = Inbound { headers: &headers, query, body };
    let context = Context { store: &store, received_at: received_at.parse().unwrap() };
    SOURCES
        .iter()
        .map(|source| {
            assert!(source.verify(request, &connection).is_err(), "nobody guesses a tag");
            let _ = source.handshake(request, &connection);
            source.parse(context, request, &connection).ok()
        })
        .collect()
}

fn steady(topic: &str, signature: &str, query: &str, body: &[u8]) -> Result<(), TestCaseError> {
    let first = feed(topic, signature, query, body, "2026-11-22T09:05:12Z");
    let again = feed(topic, signature, query, body, "2026-11-22T10:05:12Z");
    let said = |parsed: &[Option<Parsed>]| {
        let mut parsed = parsed.to_vec();
        for fact in parsed.iter_mut().flatten().flat_map(|parsed| &mut parsed.facts) {
            fact.received_at = fact.occurred_at;
        }
        parsed
    };
    prop_assert_eq!(said(&first), said(&again));
    for parsed in first.iter().flatten() {
        for kind in &parsed.ignored {
            prop_assert!(kind.len() <= 80 && kind.bytes().all(|b| b.is_ascii_graphic()), "{}", kind);
        }
        // What parses can be queued and read back.
        for fact in &parsed.facts {
            let text = serde_json::to_string(fact).unwrap();
            prop_assert_eq!(&serde_json::from_str::<harkara_domain::Fact>(&text).unwrap(), fact);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(
        topic in select(TOPICS.to_vec()), signature in "\\PC{0,80}", query in "\\PC{0,80}", body in vec(any::<u8>(), 0..300),
    ) {
        steady(topic, &signature, &query, &body)?;
    }

    #[test]
    fn any_brackets_are_survived(topic in select(TOPICS.to_vec()), body in "[\\[\\]{}\",:0a\\\\]{0,300}") {
        steady(topic, "", "", body.as_bytes())?;
    }

    #[test]
    fn any_slip_of_a_byte_is_survived(
        topic in select(TOPICS.to_vec()), name in select(EVENTS.to_vec()),
        slips in vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut body = event(name).into_bytes();
        for (at, byte, how) in slips {
            let at = at.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
        }
        steady(topic, "", "", &body)?;
    }

    #[test]
    fn any_odd_value_is_survived(
        topic in select(TOPICS.to_vec()), name in select(EVENTS.to_vec()),
        swaps in vec((any::<prop::sample::Index>(), select(ODD.to_vec())), 1..4),
    ) {
        // Our events are laid out one value a line: `  "key": value,`.
        let mut lines: Vec<String> = event(name).lines().map(str::to_owned).collect();
        for (at, odd) in swaps {
            let at = at.index(lines.len());
            let line = &mut lines[at];
            if let Some((key, value)) = line.clone().split_once(": ").filter(|(_, value)| !value.ends_with(['{', '['])) {
                *line = format!("{key}: {odd}{}", if value.ends_with(',') { "," } else { "" });
            }
        }
        steady(topic, "", "", lines.join("\n").as_bytes())?;
    }

    #[test]
    fn any_text_is_survived_as_a_phone(text in "\\PC{0,70}", digits in "[+0-9() -]{0,30}", region in "[A-Za-z]{2}") {
        for text in [text, digits] {
            if let Some(phone) = harkara_sources::phone::normalise(&text, Some(&region)) {
                prop_assert_eq!(harkara_sources::phone::normalise(phone.as_str(), None), Some(phone));
            }
        }
    }
}
