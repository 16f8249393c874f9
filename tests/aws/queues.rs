//! The queues of the stack, as their owner sees them.

use aws_sdk_sqs::Client;
use harkara_aws::{Config, Service, Session};

use crate::cloud::{Cloud, words};

/// A message of a queue, looked at without touching it.
#[derive(Clone, Debug)]
pub(crate) struct Peeked {
    /// The name in the template.
    pub(crate) queue: String,
    pub(crate) body: String,
    /// Unix, seconds.
    pub(crate) visible_at: i64,
    pub(crate) receives: u64,
}

/// The queues whose messages somebody works on.
pub(crate) const WORKED_ON: [&str; 4] = ["EventsQueue", "StagesQueue", "PriorityQueue", "FailuresQueue"];

impl Cloud {
    pub(crate) fn session(&self) -> Session {
        Session::start(Config::of(self.stack.environment())).unwrap()
    }

    /// What lies in the queues.
    pub(crate) async fn messages(&self) -> Vec<Peeked> {
        let told = self.peek("sqs/messages").await;
        let mut messages = Vec::new();
        for queue in WORKED_ON {
            messages.extend(self.of(&told, queue));
        }
        messages
    }

    /// What lies in one queue.
    pub(crate) async fn messages_in(&self, queue: &str) -> Vec<Peeked> {
        self.of(&self.peek("sqs/messages").await, queue)
    }

    fn of(&self, told: &serde_json::Value, queue: &str) -> Vec<Peeked> {
        let name = self.stack.output(queue).rsplit('/').next().unwrap();
        let regions =
            told["messages"].as_object().unwrap().values().flat_map(|of| of.as_object().unwrap().values());
        let queues = regions.flat_map(|of| of.as_object().unwrap());
        let ours = queues.filter(|(url, _)| url.rsplit('/').next() == Some(name));
        let messages = ours.flat_map(|(_, messages)| messages.as_array().unwrap());
        let peeked = messages.map(|message| Peeked {
            queue: queue.to_owned(),
            body: message["Body"].as_str().unwrap().to_owned(),
            visible_at: message["VisibleAt"].as_i64().unwrap(),
            receives: message["ReceiveCount"].as_u64().unwrap(),
        });
        peeked.collect()
    }

    /// Puts a message into a queue, past everything of ours.
    pub(crate) async fn put(&self, queue: &str, body: &str) {
        let client = Client::new(&self.session().sdk(Service::Sqs));
        client.send_message().queue_url(self.stack.output(queue)).message_body(body).send().await.unwrap();
    }

    /// Lets Lambda take messages of a queue, or not.
    pub(crate) async fn feed(&self, queue: &str, enabled: bool) {
        let source = self.stack.event_source(queue);
        let url = format!("{}/2015-03-31/event-source-mappings/{source}", self.stack.aws);
        let body = serde_json::json!({ "Enabled": enabled }).to_string().into_bytes();
        let answer = self.call("PUT", url, vec![("content-type", "application/json".to_owned())], body).await;
        assert!(answer.status().is_success(), "{}", words(&answer));
    }
}
