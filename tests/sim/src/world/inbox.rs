//! What comes in: the shop's and WhatsApp's webhooks, late, twice and out of order, and what customers do.

use std::collections::BTreeSet;

use harkara_domain::fact::Choice;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Arrival, Incoming, TRACK, World};
use crate::{
    bodies,
    fate::{Odds, Sabotage},
    outside::Call,
    shop::{Deed, Truth},
};

impl World {
    pub(super) fn put(&mut self, at: Timestamp, incoming: Incoming) {
        self.made += 1;
        self.inbox.insert((at, self.made), incoming);
    }

    /// All that truly happens, with webhooks that come late, twice, or in another order.
    pub(crate) fn begin(&mut self, truth: Truth) {
        for (at, deed) in truth.deeds {
            match deed {
                Deed::Told { topic, body } => {
                    let body = body.to_string().into_bytes();
                    let mut headers = vec![
                        ("content-type", "application/json".to_owned()),
                        ("x-shopify-topic", topic.to_owned()),
                        ("x-shopify-event-id", format!("event-{}-{topic}", at.as_millisecond())),
                    ];
                    let secret = self.secrets.get("shopify").map(String::as_str).unwrap_or_default();
                    headers.push(("x-shopify-hmac-sha256", harkara_sources::shopify::sign(secret, &body)));
                    self.arrives(at, "/webhooks/demo/shopify", headers, body);
                }
                Deed::Tracked(fields) => {
                    let headers = vec![("content-type", "application/json".to_owned())];
                    self.arrives(at, TRACK, headers, fields.to_string().into_bytes());
                }
                Deed::Team(deed) => self.put(at, Incoming::Team(deed, 0)),
            }
        }
        self.lives = truth.lives;
    }

    /// Webhooks as another world took them in, at the same times and once each.
    pub(crate) fn repeat(&mut self, taken: &[Arrival]) {
        let mut repeated = BTreeSet::new();
        for arrival in taken {
            if repeated.insert(&arrival.body) {
                self.put(arrival.taken, Incoming::Webhook(Arrival { tries: 0, ..arrival.clone() }));
            }
        }
    }

    /// Between the two things go wrong; storms come on top.
    pub(crate) fn rough(&mut self, odds: Odds, until: Timestamp) {
        let now = self.fate.now();
        for _ in 0..self.fate.below(3) {
            let span = until.duration_since(now).as_millis();
            let at = now + self.fate.between(0, i64::try_from(span).unwrap_or(0));
            let end = at + self.fate.between(10_000, 15 * 60_000);
            self.put(at, Incoming::Storm(end));
        }
        self.put(until, Incoming::Calm);
        self.fate.set(odds);
    }

    pub(super) fn arrives(
        &mut self,
        at: Timestamp,
        path: &'static str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) {
        let arrival = Arrival { path, headers, body, taken: at, tries: 0 };
        let late = self.fate.happens("webhook late", |odds| odds.webhook);
        let come = if late { at + self.fate.between(500, 3_600_000) } else { at };
        if self.fate.happens("webhook twice", |odds| odds.webhook) {
            let again = come + self.fate.between(0, 600_000);
            self.put(again, Incoming::Webhook(arrival.clone()));
        }
        self.put(come, Incoming::Webhook(arrival));
    }

    pub(super) fn whatsapp_says(&mut self, at: Timestamp, body: &Value) {
        let body = body.to_string().into_bytes();
        let secret = self.secrets.get("whatsapp").map(String::as_str).unwrap_or_default();
        let headers = vec![("x-hub-signature-256", harkara_sources::whatsapp::sign(secret, &body))];
        self.arrives(at, "/webhooks/demo/whatsapp", headers, body);
    }

    /// What WhatsApp reports, and what customers do with what they got.
    pub(super) fn outside_goes_on(&mut self) {
        let mut reports = self.outside.reports();
        reports.retain(|_| !self.fate.is_off(Sabotage::Reconciliation));
        for (at, call, status) in reports {
            let wamid = call.wamid.clone().unwrap_or_default();
            let error = call.fails.filter(|_| status == "failed");
            let body = bodies::status(&wamid, status, at, &call.reference, error);
            self.whatsapp_says(at, &body);
        }
        let calls = self.outside.calls_after(self.seen);
        self.seen += calls.len();
        let new: Vec<Call> = calls.into_iter().filter(Call::arrives).collect();
        for call in new {
            self.asks(&call);
            self.answers(&call);
        }
    }

    /// What a customer writes in their own words.
    fn asks(&mut self, call: &Call) {
        let wamid = call.wamid.clone().unwrap_or_default();
        let is = |phone: &Option<String>| {
            phone.as_deref().is_some_and(|phone| phone.trim_start_matches('+') == call.to)
        };
        let life = self.lives.iter_mut().find(|life| is(&life.order.phone));
        let mut words = life.map(|life| std::mem::take(&mut life.words)).unwrap_or_default();
        let subject = call.stage.subject.to_string();
        let known = self.lives.iter().any(|life| life.order.key() == subject);
        if known && self.fate.below(4) == 0 {
            words.push((self.fate.between(60_000, 86_400_000), "mera parcel kahan hai?"));
        }
        for (number, (after, text)) in words.into_iter().enumerate() {
            let (at, id) = (call.at + after, format!("wamid.asked.{number}.{wamid}"));
            let body = bodies::message(&id, &call.to, at, "text", &json!({ "body": text }));
            self.whatsapp_says(at, &body);
        }
    }

    /// What a customer taps on, of what there is.
    fn answers(&mut self, call: &Call) {
        let subject = call.stage.subject.to_string();
        let Some(life) = self.lives.iter_mut().find(|life| life.order.key() == subject) else { return };
        let payload = |choice: &Choice| {
            let wanted = format!("hk1:{}", choice.as_str());
            call.payloads.iter().find(|payload| payload.starts_with(&wanted)).cloned()
        };
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut life.taps).into_iter().partition(|(_, choice)| payload(choice).is_some());
        life.taps = later;
        let mut said = Vec::new();
        for (after, choice) in now {
            let Some(payload) = payload(&choice) else { continue };
            let (at, id) = (call.at + after, format!("wamid.in.{subject}.{}", choice.as_str()));
            let content = json!({ "payload": payload, "text": choice.as_str() });
            said.push((at, bodies::message(&id, &call.to, at, "button", &content)));
        }
        // What comes within a second may come in one webhook.
        if said.len() > 1 && self.fate.below(2) == 0 {
            said = together(said);
        }
        for (at, body) in said {
            self.whatsapp_says(at, &body);
        }
    }
}

/// Several messages in one webhook, as the last of them comes.
fn together(said: Vec<(Timestamp, Value)>) -> Vec<(Timestamp, Value)> {
    const MESSAGES: &str = "/entry/0/changes/0/value/messages";
    let list = |body: &Value| body.pointer(MESSAGES).and_then(Value::as_array).cloned().unwrap_or_default();
    let messages: Vec<Value> = said.iter().flat_map(|(_, body)| list(body)).collect();
    let mut last: Vec<_> = said.into_iter().last().into_iter().collect();
    for (_, body) in &mut last {
        body.pointer_mut(MESSAGES).into_iter().for_each(|list| *list = json!(messages));
    }
    last
}
