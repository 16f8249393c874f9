//! What comes in: the shop's and WhatsApp's webhooks, late, twice and out of order, and what customers do.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::{Arrival, Incoming, World};
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

    pub(super) fn whatsapp_says(&mut self, at: Timestamp, body: &serde_json::Value) {
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
            let body = bodies::status(&wamid, status, at, &call.reference, None);
            self.whatsapp_says(at, &body);
        }
        let calls = self.outside.calls();
        let new: Vec<Call> =
            calls.iter().skip(self.seen).filter(|call| call.wamid.is_some()).cloned().collect();
        self.seen = calls.len();
        for call in new {
            let subject = call.stage.subject.to_string();
            let known = self.lives.iter().any(|life| life.order.key() == call.stage.subject.to_string());
            // Now and then somebody asks where it is, in their own words.
            if known && self.fate.below(4) == 0 {
                let at = call.at + self.fate.between(60_000, 86_400_000);
                let id = format!("wamid.asked.{}", call.wamid.as_deref().unwrap_or_default());
                let body =
                    bodies::message(&id, &call.to, at, "text", &json!({ "body": "mera parcel kahan hai?" }));
                self.whatsapp_says(at, &body);
            }
            let life = self.lives.iter_mut().find(|life| life.order.key() == subject);
            let Some(life) = life.filter(|_| !call.payloads.is_empty()) else { continue };
            for (number, (after, choice)) in std::mem::take(&mut life.taps).into_iter().enumerate() {
                let wanted = format!("hk1:{}", choice.as_str());
                let Some(payload) = call.payloads.iter().find(|payload| payload.starts_with(&wanted)) else {
                    continue;
                };
                let at = call.at + after;
                let id = format!("wamid.in.{subject}.{number}");
                let content = json!({ "payload": payload, "text": choice.as_str() });
                let body = bodies::message(&id, &call.to, at, "button", &content);
                self.whatsapp_says(at, &body);
            }
        }
    }
}
