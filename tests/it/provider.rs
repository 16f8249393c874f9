//! The world outside: a WhatsApp that does as it is told, a post office, connections in memory.

use async_trait::async_trait;
use harkara_domain::{StoreId, reference::StageRef};
use harkara_embedded::ManualClock;
use harkara_engine::port::{
    Clock, Http, HttpError, HttpRequest, HttpResponse, Mail, MailError, Mailer, Reach, Secrets, SecretsError,
};
use harkara_onebox::store_file::StoreFile;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex},
};

use crate::probe::Gate;

/// What WhatsApp does with a call.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Takes it.
    Accept,
    /// Answers with an HTTP status and a code of Meta's.
    Error(u16, i64),
    /// The same, in these words.
    Quoting(u16, i64, String),
    /// Answers with a bare status.
    Status(u16),
    /// Takes it, but the answer is lost.
    TakenAnswerLost,
    /// Never gets it, and nobody knows: the time limit passes.
    Timeout,
    /// Cannot be connected to.
    Refused,
    /// Holds the call, then does the other thing.
    Held(Gate, Box<Answer>),
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    pub(crate) authorization: String,
    pub(crate) body: Value,
    /// Its id at the provider, if that took it.
    pub(crate) wamid: Option<String>,
}

impl Call {
    pub(crate) fn reference(&self) -> StageRef {
        self.body["biz_opaque_callback_data"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn to(&self) -> &str {
        self.body["to"].as_str().unwrap()
    }

    /// Which template it is, or `free text`.
    pub(crate) fn what(&self) -> &str {
        self.body["template"]["name"].as_str().unwrap_or("free text")
    }

    /// The payloads of its buttons, in their order, whichever form it has.
    pub(crate) fn payloads(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let quick = list(&self.body["template"]["components"]);
        let quick = quick.iter().filter(|part| part["sub_type"] == "quick_reply");
        let reply = list(&self.body["interactive"]["action"]["buttons"]);
        quick
            .map(|part| text(&part["parameters"][0]["payload"]))
            .chain(reply.iter().map(|button| text(&button["reply"]["id"])))
            .collect()
    }
}

/// A call of somebody else: the shop's API, or an address of the shop's own.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    pub(crate) reach: Reach,
    pub(crate) headers: HashMap<&'static str, String>,
    pub(crate) body: Vec<u8>,
}

impl Elsewhere {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Scripted {
    elsewhere: Vec<Elsewhere>,
    elsewhere_script: VecDeque<Answer>,
    /// The codes that the shop has.
    codes: HashSet<String>,
    calls: Vec<Call>,
    script: VecDeque<Answer>,
    by_number: HashMap<String, Answer>,
    otherwise: Option<Answer>,
    taken: u32,
}

/// WhatsApp.
pub(crate) struct Provider {
    clock: Arc<ManualClock>,
    state: Mutex<Scripted>,
}

impl Provider {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// The answers to the next calls, before those of [`Provider::always`].
    pub(crate) fn next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().unwrap().script.extend(answers);
    }

    /// The answer to every call from now on.
    pub(crate) fn always(&self, answer: Answer) {
        self.state.lock().unwrap().otherwise = Some(answer);
    }

    /// The answer to every message to a number.
    pub(crate) fn to_number(&self, number: &str, answer: Answer) {
        self.state.lock().unwrap().by_number.insert(number.trim_start_matches('+').to_owned(), answer);
    }

    /// Holds the next call, then does `after`.
    pub(crate) fn hold(&self, after: Answer) -> Gate {
        let gate = Gate::default();
        self.next([Answer::Held(gate.clone(), Box::new(after))]);
        gate
    }

    /// The answers to the next calls of somebody else.
    pub(crate) fn next_elsewhere(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().unwrap().elsewhere_script.extend(answers);
    }

    pub(crate) fn elsewhere(&self) -> Vec<Elsewhere> {
        self.state.lock().unwrap().elsewhere.clone()
    }

    pub(crate) fn codes(&self) -> HashSet<String> {
        self.state.lock().unwrap().codes.clone()
    }

    async fn call_elsewhere(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = {
            let mut state = self.state.lock().unwrap();
            state.elsewhere.push(Elsewhere {
                at: self.clock.now(),
                url: request.url.clone(),
                reach: request.reach,
                headers: request.headers.into_iter().collect(),
                body: request.body.clone(),
            });
            state.elsewhere_script.pop_front().unwrap_or(Answer::Accept)
        };
        while let Answer::Held(gate, after) = answer {
            gate.pass().await;
            answer = *after;
        }
        let response =
            |status, body: Value| HttpResponse { status, retry_after: None, body: body.to_string().into() };
        match answer {
            Answer::Accept => Ok(response(200, self.taken(&request.url, &request.body))),
            Answer::TakenAnswerLost => {
                self.taken(&request.url, &request.body);
                Err(HttpError::AnswerLost("cut off".to_owned()))
            }
            Answer::Timeout => Err(HttpError::AnswerLost("too late".to_owned())),
            Answer::Refused => Err(HttpError::NotSent("connection refused".to_owned())),
            Answer::Status(status) | Answer::Error(status, _) | Answer::Quoting(status, ..) => {
                Ok(response(status, Value::Null))
            }
            Answer::Held(..) => unreachable!("held already"),
        }
    }

    /// A shop takes a code once, as Shopify does; everybody else takes everything.
    fn taken(&self, url: &str, body: &[u8]) -> Value {
        if !url.contains(".myshopify.com/") {
            return Value::Null;
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        let code = body["variables"]["coupon"]["code"].as_str().unwrap().to_owned();
        let created = if self.state.lock().unwrap().codes.insert(code) {
            json!({ "codeDiscountNode": { "id": "gid://shopify/DiscountCodeNode/1" }, "userErrors": [] })
        } else {
            let error =
                json!({ "field": ["basicCodeDiscount", "code"], "code": "TAKEN", "message": "taken" });
            json!({ "codeDiscountNode": null, "userErrors": [error] })
        };
        json!({ "data": { "discountCodeBasicCreate": created } })
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    pub(crate) fn unused(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.script.len() + state.elsewhere_script.len()
    }

    fn answer(&self, place: usize, answer: &Answer) -> Result<HttpResponse, HttpError> {
        let response = |status: u16, body: Value| HttpResponse {
            status,
            retry_after: None,
            body: body.to_string().into(),
        };
        let take = || {
            let mut state = self.state.lock().unwrap();
            state.taken += 1;
            let id = format!("wamid.{}", state.taken);
            state.calls[place].wamid = Some(id.clone());
            id
        };
        match answer {
            Answer::Accept => Ok(response(200, json!({ "messages": [{ "id": take() }] }))),
            Answer::TakenAnswerLost => {
                take();
                Err(HttpError::AnswerLost("cut off".to_owned()))
            }
            Answer::Timeout => Err(HttpError::AnswerLost("too late".to_owned())),
            Answer::Refused => Err(HttpError::NotSent("connection refused".to_owned())),
            Answer::Status(status) => Ok(response(*status, Value::Null)),
            Answer::Error(status, code) => {
                let error = json!({ "message": "told to refuse", "code": code, "fbtrace_id": "x" });
                Ok(response(*status, json!({ "error": error })))
            }
            Answer::Quoting(status, code, words) => {
                let details = json!({ "details": words });
                let error = json!({ "message": words, "code": code, "error_data": details });
                Ok(response(*status, json!({ "error": error })))
            }
            Answer::Held(..) => unreachable!("held already"),
        }
    }
}

#[async_trait]
impl Http for Provider {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if !request.url.starts_with("https://graph.example/") {
            return self.call_elsewhere(request).await;
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let header =
            |name| request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let (place, mut answer) = {
            let mut state = self.state.lock().unwrap();
            let number = body["to"].as_str().unwrap_or_default();
            let fixed = state.by_number.get(number).cloned();
            let answer = fixed.or_else(|| state.script.pop_front()).or_else(|| state.otherwise.clone());
            state.calls.push(Call {
                at: self.clock.now(),
                url: request.url,
                authorization: header("authorization").unwrap_or_default(),
                body,
                wamid: None,
            });
            (state.calls.len() - 1, answer.unwrap_or(Answer::Accept))
        };
        while let Answer::Held(gate, after) = answer {
            gate.pass().await;
            answer = *after;
        }
        self.answer(place, &answer)
    }
}

/// A mail that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) at: Timestamp,
    pub(crate) mail: Mail,
}

/// The post office.
pub(crate) struct PostOffice {
    clock: Arc<ManualClock>,
    posted: Mutex<Vec<Posted>>,
    failures: Mutex<VecDeque<MailError>>,
}

impl PostOffice {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, posted: Mutex::default(), failures: Mutex::default() }
    }

    pub(crate) fn fail_next(&self, error: MailError) {
        self.failures.lock().unwrap().push_back(error);
    }

    /// From now on all go out.
    pub(crate) fn mend(&self) {
        self.failures.lock().unwrap().clear();
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }
}

#[async_trait]
impl Mailer for PostOffice {
    async fn send(&self, _: &StoreId, mail: Mail) -> Result<String, MailError> {
        if let Some(error) = self.failures.lock().unwrap().pop_front() {
            return Err(error);
        }
        let mut posted = self.posted.lock().unwrap();
        posted.push(Posted { at: self.clock.now(), mail });
        Ok(format!("mail.{}", posted.len()))
    }
}

/// The store that a test may have beside its own, with the same connections.
pub(crate) const NEXT_DOOR: &str = "next-door";

/// The connections of the demo store, and of [`NEXT_DOOR`].
pub(crate) struct Connections(pub(crate) Map<String, Value>);

#[async_trait]
impl Secrets for Connections {
    async fn get(&self, store: &str, connection: &str) -> Result<Option<String>, SecretsError> {
        let known = [StoreFile::DEMO, NEXT_DOOR].contains(&store);
        Ok(self.0.get(connection).filter(|_| known).map(Value::to_string))
    }
}
