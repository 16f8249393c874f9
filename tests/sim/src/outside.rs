//! The world outside: a WhatsApp with bad days, a post office, connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use harkara_domain::{StoreId, reference::StageRef};
use harkara_engine::port::{
    Http, HttpError, HttpRequest, HttpResponse, Mail, MailError, Mailer, Secrets, SecretsError,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::fate::Fate;

/// A call that WhatsApp got.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// When it came.
    pub(crate) at: Timestamp,
    /// Its reference, as it echoes it.
    pub(crate) reference: String,
    /// What stage it is for.
    pub(crate) stage: StageRef,
    pub(crate) to: String,
    /// The payloads of its buttons.
    pub(crate) payloads: Vec<String>,
    /// Its id, where it was taken.
    pub(crate) wamid: Option<String>,
    /// Whether whoever called was told so.
    pub(crate) told: bool,
    /// The error of one that was taken and fails on its way.
    pub(crate) fails: Option<i64>,
}

impl Call {
    /// Whether its message gets there.
    pub(crate) fn arrives(&self) -> bool {
        self.wamid.is_some() && self.fails.is_none()
    }
}

#[derive(Default)]
struct Held {
    calls: Vec<Call>,
    /// What is to be reported of messages, and when.
    reports: Vec<(Timestamp, Call, &'static str)>,
    mails: Vec<(Timestamp, Mail)>,
}

/// All of it.
#[derive(Clone)]
pub(crate) struct Outside {
    held: Arc<Mutex<Held>>,
    fate: Fate,
    connections: Arc<Map<String, Value>>,
    /// WhatsApp echoes our reference in what it reports.
    echoes: bool,
}

/// What WhatsApp does with a call: whether it takes it, and what of that comes back.
enum Answer {
    Taken,
    TakenAndLost,
    Lost,
    Refused,
    Status(u16, bool),
    Error(u16, i64),
}

/// Meta's code for a customer without WhatsApp.
const UNREACHABLE: i64 = 131_026;
/// What the messages that fail on their way fail of: one to try again, one that goes another way, one for good.
const ON_ITS_WAY: [i64; 3] = [131_000, UNREACHABLE, 130_472];

impl Outside {
    /// One with a store's connections.
    pub(crate) fn new(fate: Fate, connections: Map<String, Value>, echoes: bool) -> Self {
        Self { held: Arc::default(), fate, connections: Arc::new(connections), echoes }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether WhatsApp echoes our reference in what it reports.
    pub(crate) fn echoes(&self) -> bool {
        self.echoes
    }

    /// What WhatsApp got so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.held().calls.clone()
    }

    /// What it got after so many calls.
    pub(crate) fn calls_after(&self, seen: usize) -> Vec<Call> {
        self.held().calls.get(seen..).unwrap_or_default().to_vec()
    }

    /// The mails so far.
    pub(crate) fn mails(&self) -> Vec<(Timestamp, Mail)> {
        self.held().mails.clone()
    }

    /// The reports that have to be made from now on, taken out.
    pub(crate) fn reports(&self) -> Vec<(Timestamp, Call, &'static str)> {
        std::mem::take(&mut self.held().reports)
    }

    fn answer(&self) -> Answer {
        let odds = |odds: &crate::fate::Odds| odds.provider / 6;
        if self.fate.strikes("provider took it, and the answer is lost", odds) {
            Answer::TakenAndLost
        } else if self.fate.strikes("provider never answers", odds) {
            Answer::Lost
        } else if self.fate.strikes("provider refuses connections", odds) {
            Answer::Refused
        } else if self.fate.strikes("provider answers 502", odds) {
            Answer::Status(502, self.fate.below(2) == 0)
        } else if self.fate.strikes("provider answers 500", odds) {
            Answer::Error(500, 131_000)
        } else if self.fate.strikes("provider says slow down", odds) {
            Answer::Error(429, 130_429)
        } else if self.fate.happens("provider cannot reach the customer", odds) {
            Answer::Error(400, UNREACHABLE)
        } else {
            Answer::Taken
        }
    }

    /// Takes a message, and plans what is reported of it.
    fn take(&self, place: usize) -> String {
        let now = self.fate.now();
        let fails = self.fate.happens("message fails on its way", |odds| odds.provider / 6);
        let fails = fails.then(|| ON_ITS_WAY.get(self.fate.below(ON_ITS_WAY.len())).copied()).flatten();
        let mut held = self.held();
        let id = format!("wamid.{place}");
        let Some(call) = held.calls.get_mut(place) else { return id };
        (call.wamid, call.fails) = (Some(id.clone()), fails);
        let mut told = call.clone();
        if !self.echoes {
            told.reference = String::new();
        }
        let mut at = now;
        let ends: &[&str] = if fails.is_some() { &["failed"] } else { &["delivered", "read"] };
        for status in ["sent"].iter().chain(ends).copied() {
            at += self.fate.between(300, 40_000);
            held.reports.push((at, told.clone(), status));
        }
        id
    }
}

fn payloads(body: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let quick = list(&body["template"]["components"]);
    let quick = quick.iter().filter(|part| part["sub_type"] == "quick_reply");
    let reply = list(&body["interactive"]["action"]["buttons"]);
    let quick = quick.filter_map(|part| text(&part["parameters"][0]["payload"]));
    quick.chain(reply.iter().filter_map(|button| text(&button["reply"]["id"]))).collect()
}

#[async_trait]
impl Http for Outside {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = |status: u16, body: Value| {
            Ok(HttpResponse { status, retry_after: None, body: body.to_string().into() })
        };
        self.fate.step().await;
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let reference = body["biz_opaque_callback_data"].as_str().unwrap_or_default().to_owned();
        let Ok(stage) = reference.parse::<StageRef>() else { return response(200, Value::Null) };
        let place = {
            let mut held = self.held();
            held.calls.push(Call {
                at: self.fate.now(),
                to: body["to"].as_str().unwrap_or_default().to_owned(),
                payloads: payloads(&body),
                reference,
                stage,
                wamid: None,
                told: false,
                fails: None,
            });
            held.calls.len() - 1
        };
        let answer = self.answer();
        if matches!(answer, Answer::Taken | Answer::TakenAndLost | Answer::Status(_, true)) {
            let id = self.take(place);
            self.fate.note(|| format!("WhatsApp takes {id}"));
        }
        // The longest that a caller waits.
        if matches!(answer, Answer::TakenAndLost | Answer::Lost) {
            self.fate.steps.stop(self.fate.now() + SignedDuration::from_secs(10)).await;
        }
        self.fate.step().await;
        if matches!(answer, Answer::Taken)
            && let Some(call) = self.held().calls.get_mut(place)
        {
            call.told = true;
        }
        match answer {
            Answer::Taken => response(200, json!({ "messages": [{ "id": format!("wamid.{place}") }] })),
            Answer::TakenAndLost | Answer::Lost => Err(HttpError::AnswerLost("too late".to_owned())),
            Answer::Refused => Err(HttpError::NotSent("connection refused".to_owned())),
            Answer::Status(status, _) => response(status, Value::Null),
            Answer::Error(status, code) => response(
                status,
                json!({ "error": { "message": "told to", "code": code, "fbtrace_id": "x" } }),
            ),
        }
    }
}

#[async_trait]
impl Mailer for Outside {
    async fn send(&self, _: &StoreId, mail: Mail) -> Result<String, MailError> {
        self.fate.step().await;
        let odds = |odds: &crate::fate::Odds| odds.provider / 3;
        if self.fate.strikes("mail not taken", odds) {
            return Err(MailError::Failed("the simulation says no".to_owned()));
        }
        let place = {
            let now = self.fate.now();
            let mut held = self.held();
            held.mails.push((now, mail));
            held.mails.len()
        };
        if self.fate.strikes("mail's answer lost", odds) {
            return Err(MailError::AnswerLost("too late".to_owned()));
        }
        self.fate.step().await;
        Ok(format!("mail.{place}"))
    }
}

#[async_trait]
impl Secrets for Outside {
    async fn get(&self, _: &str, connection: &str) -> Result<Option<String>, SecretsError> {
        self.fate.step().await;
        if self.fate.strikes("secrets not to be had", |odds| odds.failed / 4) {
            return Err(SecretsError("the simulation says no".to_owned()));
        }
        Ok(self.connections.get(connection).map(Value::to_string))
    }
}
