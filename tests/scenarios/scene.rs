//! What a place has to be able to do for the scenarios.

use harkara_domain::fact::Choice;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde_json::{Value, json};

use crate::bodies::{self, Order};

/// A signed webhook, to be posted once or more often.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    /// From the address of the API on.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What WhatsApp does with a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// Takes it.
    Accept,
    /// Answers with an HTTP status and a code of Meta's.
    Error(u16, i64),
}

/// A request to WhatsApp.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) body: Value,
}

impl Sent {
    /// Which template it is, or `free text`.
    pub(crate) fn what(&self) -> String {
        self.body["template"]["name"].as_str().unwrap_or("free text").to_owned()
    }

    /// The payloads of its buttons, in their order.
    pub(crate) fn payloads(&self) -> Vec<String> {
        let parts = self.body["template"]["components"].as_array().into_iter().flatten();
        let replies = parts.filter(|part| part["sub_type"] == "quick_reply");
        replies.map(|part| part["parameters"][0]["payload"].as_str().unwrap().to_owned()).collect()
    }
}

/// A mail to the team.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// A place where Harkara runs, with the demo store and a clock that is moved by hand.
pub(crate) trait Scene {
    /// The time there.
    fn now(&self) -> Timestamp;

    /// Waits until nothing is left to be done now.
    async fn settle(&self);

    /// Lets time pass until then, from one moment at which something may happen to the next.
    async fn pass_to(&self, end: Timestamp);

    /// Another number for an order.
    fn number(&self) -> u64;

    /// A webhook of the shop, signed, about a happening of its own.
    fn shop_says(&self, topic: &str, body: &[u8]) -> Webhook;

    /// A webhook of WhatsApp, signed.
    fn whatsapp_says(&self, body: &[u8]) -> Webhook;

    /// Posts a webhook; the answer's status.
    async fn deliver(&self, webhook: &Webhook) -> u16;

    /// What WhatsApp answers to messages to an order's customer from now on.
    fn answer(&self, order: &Order, answer: Answer);

    /// What was asked of WhatsApp for an order, in the order in which it came.
    fn sent(&self, order: &Order) -> Vec<Sent>;

    /// The mails since the scene began.
    async fn mails(&self) -> Vec<Mail>;

    /// What is known of an order, as the JSON API tells it.
    async fn find(&self, order: &Order) -> Option<Value>;

    /// The dead letter of an order's stage, as the JSON API tells it.
    async fn letter(&self, order: &Order) -> Option<Value>;

    /// Runs a dead letter again, and waits until nothing is left to be done.
    async fn replay(&self, letter: &str);

    async fn story(&self, order: &Order) -> Value {
        self.find(order).await.expect("nothing is known of the order")
    }

    async fn pass(&self, span: SignedDuration) {
        self.pass_to(self.now() + span).await;
    }

    /// Lets time pass until the shop's clock shows this, such as `18:00`.
    async fn next(&self, time: &str) {
        let zoned = self.now().to_zoned(TimeZone::get("Asia/Karachi").unwrap());
        let time: civil::Time = time.parse().unwrap();
        let today = zoned.with().time(time).build().unwrap();
        let next =
            if today > zoned { today } else { today.tomorrow().unwrap().with().time(time).build().unwrap() };
        self.pass_to(next.timestamp()).await;
    }

    /// An order to be paid on delivery, placed now.
    fn order(&self) -> Order {
        Order::cod(self.number(), self.now())
    }

    /// A paid order, placed now.
    fn prepaid(&self) -> Order {
        Order::prepaid(self.number(), self.now())
    }

    /// Posts a webhook of the shop and waits until it has had its effect.
    async fn post(&self, topic: &str, body: &Value) {
        assert_eq!(self.deliver(&self.shop_says(topic, body.to_string().as_bytes())).await, 200, "{topic}");
        self.settle().await;
    }

    /// A new order comes in.
    async fn place(&self, order: &Order) {
        self.post("orders/create", &order.body(order.placed)).await;
    }

    /// The customer's tap on the last message about an order, as WhatsApp reports it.
    fn tap_webhook(&self, order: &Order, choice: Choice) -> Webhook {
        let asked = self.sent(order).pop().expect("no message to tap on");
        let button = format!("hk1:{}", choice.as_str());
        let payloads = asked.payloads();
        let payload = payloads.iter().find(|payload| payload.starts_with(&button));
        let content = json!({ "payload": payload.unwrap(), "text": choice.as_str() });
        let (id, from) = (format!("wamid.in.{}", self.number()), asked.body["to"].as_str().unwrap());
        let body = bodies::message(&id, from, self.now(), "button", &content);
        self.whatsapp_says(body.to_string().as_bytes())
    }

    async fn tap(&self, order: &Order, choice: Choice) {
        assert_eq!(self.deliver(&self.tap_webhook(order, choice)).await, 200);
        self.settle().await;
    }
}
