//! The deployed store as a scene: webhooks, the JSON API and the command line go in, and what WhatsApp and
//! the post office get comes out.

use bytes::Bytes;
use harkara_http::HttpClient;
use http::{Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::MutexGuard;

use crate::{
    bodies::Order,
    clock::Clock,
    operator::{self, Known},
    queues::Peeked,
    scenarios::{Answer, Mail, Scene, Sent, Webhook},
    schema,
    stack::{Stack, WHATSAPP, variable},
    whatsapp::{Call, WhatsApp},
};

/// One stack and one clock, so one test at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How long the cloud may take for what is to be done at one moment.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an answer may take: the API gives up after 30 s.
const ANSWER: Duration = Duration::from_secs(35);

/// See the module.
pub(crate) struct Cloud {
    pub(crate) stack: Stack,
    pub(crate) clock: Clock,
    pub(crate) whatsapp: Arc<WhatsApp>,
    pub(crate) known: Known,
    http: HttpClient,
    /// Where this test's calls, mails and lines of the log begin.
    calls: usize,
    mails: usize,
    log: usize,
    /// The times at which calls were first seen.
    seen: Mutex<Vec<Timestamp>>,
    numbers: AtomicU64,
    _turn: MutexGuard<'static, ()>,
}

impl Cloud {
    /// The stack with its store, where there is one.
    pub(crate) async fn begin() -> Option<Self> {
        let stack = Stack::find()?;
        let address = variable(WHATSAPP)?;
        let turn = TURN.lock().await;
        let clock = Clock::of(&stack.file("clock"));
        let whatsapp = WhatsApp::running(&address);
        let known = operator::set_up(&stack)?;
        let mut cloud = Self {
            calls: whatsapp.count(),
            mails: 0,
            log: stack.log().len(),
            seen: Mutex::default(),
            numbers: AtomicU64::new(stack.turn() * 1000),
            http: HttpClient::new(),
            stack,
            clock,
            whatsapp,
            known,
            _turn: turn,
        };
        cloud.mails = cloud.all_mails().await.len();
        Some(cloud)
    }

    // How it is spoken to.

    pub(crate) async fn call(
        &self,
        method: &str,
        url: String,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Response<Bytes> {
        let mut request = Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(body)).unwrap();
        let answer = tokio::time::timeout(ANSWER, async {
            let (head, body) = self.http.exchange(request).await?.into_parts();
            Ok::<_, harkara_http::NoAnswer>(Response::from_parts(
                head,
                body.collect().await.unwrap().to_bytes(),
            ))
        });
        let answer = answer.await.unwrap_or_else(|_| panic!("{url}: no answer within {ANSWER:?}"));
        answer.unwrap_or_else(|error| panic!("{url}: {error:?}"))
    }

    /// Something of the JSON API; `None` where there is no such thing.
    pub(crate) async fn api(&self, path: &str) -> Option<Value> {
        let key = vec![("authorization", format!("Bearer {}", self.known.key))];
        let answer = self.call("GET", format!("{}/api/v1/{path}", self.stack.api), key, Vec::new()).await;
        if answer.status() == 404 {
            return None;
        }
        assert_eq!(answer.status(), 200, "{path}: {}", words(&answer));
        Some(serde_json::from_slice(answer.body()).unwrap())
    }

    /// All entries of a list of the JSON API.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let (mut entries, mut after) = (Vec::new(), String::new());
        loop {
            let part = self.api(&format!("{path}limit=200{after}")).await.unwrap();
            entries.extend(part["entries"].as_array().unwrap().iter().cloned());
            match part["next"].as_str() {
                Some(next) => after = format!("&after={}", encoded(next)),
                None => return entries,
            }
        }
    }

    /// Something of the emulator's own.
    pub(crate) async fn peek(&self, path: &str) -> Value {
        let answer =
            self.call("GET", format!("{}/_ministack/{path}", self.stack.aws), Vec::new(), Vec::new());
        let answer = answer.await;
        assert_eq!(answer.status(), 200, "{path}: {}", words(&answer));
        serde_json::from_slice(answer.body()).unwrap()
    }

    async fn all_mails(&self) -> Vec<Value> {
        let told = self.peek("ses/messages").await;
        told["messages"].as_object().unwrap().values().flat_map(|of| of.as_array().unwrap().clone()).collect()
    }

    // What is to be done.

    /// The stages that wait for their time, as the JSON API tells.
    async fn open_stages(&self) -> Vec<(String, Timestamp)> {
        let runs = self.list("runs?status=running&").await;
        let mut open = Vec::new();
        for run in &runs {
            for stage in run["run"]["stages"].as_array().unwrap() {
                if let Some(due) = stage["due"].as_str() {
                    let place = format!("{} of {}", run["run"]["id"], run["run"]["order"]);
                    open.push((place, due.parse().unwrap()));
                }
            }
        }
        open
    }

    /// What there is to be done now, if anything.
    async fn business(&self) -> Option<String> {
        let now = self.now();
        for Peeked { queue, visible_at, receives, body, .. } in self.messages().await {
            let held = receives > 0 && visible_at == now.as_second() + 180;
            if visible_at <= now.as_second() || held {
                return Some(format!("in {queue}, received {receives} times: {body}"));
            }
        }
        let overdue = self.open_stages().await.into_iter().find(|(_, due)| *due <= now);
        overdue.map(|(place, due)| format!("{place} is due since {due}"))
    }

    async fn next_moment(&self) -> Option<Timestamp> {
        let now = self.now();
        let hidden = self.messages().await.into_iter();
        let hidden = hidden.map(|message| Timestamp::from_second(message.visible_at).unwrap());
        let stages = self.open_stages().await.into_iter().map(|(_, due)| due);
        hidden.chain(stages).filter(|moment| *moment > now).min()
    }

    fn since_begin(&self) -> Vec<Call> {
        self.whatsapp.calls_from(self.calls)
    }

    /// Gives the calls that came since the clock last moved its time.
    fn note_calls(&self) {
        let count = self.since_begin().len();
        self.seen.lock().unwrap().resize(count, self.now());
    }

    /// What must hold at the end of every test.
    pub(crate) async fn finish(self) {
        self.settle().await;
        let mut references = BTreeSet::new();
        for call in self.since_begin() {
            let faults = schema::faults(&call.body);
            assert!(faults.is_empty(), "WhatsApp would refuse {:#}: {faults:?}", call.body);
            let reference = call.body["biz_opaque_callback_data"].as_str().unwrap().to_owned();
            assert!(references.insert(reference.clone()), "{reference} was used twice");
        }
        let unfiled = self.messages_in("FailuresDeadQueue").await;
        assert!(unfiled.is_empty(), "not even filed: {unfiled:?}");
        let log = &self.stack.log()[self.log..];
        let wrong: Vec<&str> = log.lines().filter(|line| is_wrong(line)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// A function that failed as a whole, or panicked: no test brings that about.
fn is_wrong(line: &str) -> bool {
    line.contains("failed processing SQS batch") || line.contains("a panic") || line.contains("cannot run")
}

/// An answer's body.
pub(crate) fn words(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

impl Scene for Cloud {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn settle(&self) {
        let begun = Instant::now();
        while let Some(business) = self.business().await {
            assert!(begun.elapsed() < PATIENCE, "still to be done at {}: {business}", self.now());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.note_calls();
    }

    async fn pass_to(&self, end: Timestamp) {
        self.settle().await;
        while self.now() < end {
            let next = self.next_moment().await.map_or(end, |next| next.min(end));
            self.clock.set(next);
            self.settle().await;
        }
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn shop_says(&self, topic: &str, body: &[u8]) -> Webhook {
        let secret = self.known.file.connections["shopify"]["secrets"][0].as_str().unwrap();
        shop_says(&self.known.file.store.to_string(), secret, self.number(), topic, body)
    }

    fn whatsapp_says(&self, body: &[u8]) -> Webhook {
        let secret = self.known.file.connections["whatsapp"]["secrets"][0].as_str().unwrap();
        let headers = vec![("x-hub-signature-256", harkara_sources::whatsapp::sign(secret, body))];
        Webhook { path: "/webhooks/demo/whatsapp".to_owned(), headers, body: body.to_vec() }
    }

    async fn deliver(&self, webhook: &Webhook) -> u16 {
        let Webhook { path, headers, body } = webhook.clone();
        self.call("POST", format!("{}{path}", self.stack.api), headers, body).await.status().as_u16()
    }

    fn answer(&self, order: &Order, answer: Answer) {
        self.whatsapp.answer(order.phone.as_deref().unwrap(), answer);
    }

    fn sent(&self, order: &Order) -> Vec<Sent> {
        let about = format!("{}/", order.key());
        let is_about =
            |call: &Call| call.body["biz_opaque_callback_data"].as_str().unwrap().starts_with(&about);
        let calls = self.since_begin().into_iter().zip(self.seen.lock().unwrap().clone());
        let calls = calls.filter(|(call, _)| is_about(call));
        calls.map(|(call, at)| Sent { at, body: call.body }).collect()
    }

    async fn mails(&self) -> Vec<Mail> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mail = |mail: Value| Mail {
            to: mail["To"].as_array().unwrap().iter().map(text).collect(),
            subject: text(&mail["Subject"]),
            text: text(&mail["BodyText"]),
        };
        self.all_mails().await.split_off(self.mails).into_iter().map(mail).collect()
    }

    async fn find(&self, order: &Order) -> Option<Value> {
        self.api(&format!("orders/{}", order.key())).await
    }

    async fn letter(&self, order: &Order) -> Option<Value> {
        let letters = self.list("dead-letters?").await;
        letters.into_iter().find(|letter| letter["content"]["stage"]["job"]["order"] == order.key())
    }

    async fn replay(&self, letter: &str) {
        let arguments = ["replay", "--id", letter, "--yes", "--url", &self.stack.api];
        let key = [("HARKARA_KEY", self.known.key.as_str())];
        let said = operator::told(&operator::harkara(&self.stack, &arguments, &key).unwrap());
        assert!(said.contains("[########################################] 1/1"), "{said}");
        self.settle().await;
    }
}

/// A webhook of a shop, signed.
pub(crate) fn shop_says(store: &str, secret: &str, event: u64, topic: &str, body: &[u8]) -> Webhook {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-shopify-topic", topic.to_owned()),
        ("x-shopify-event-id", format!("event-{event}")),
        ("x-shopify-hmac-sha256", harkara_sources::shopify::sign(secret, body)),
    ];
    Webhook { path: format!("/webhooks/{store}/shopify"), headers, body: body.to_vec() }
}
