//! AWS's side, and WhatsApp's: every request is answered at once, and its time is booked. The table is
//! dynoxide, behind this stub; its time counts as AWS's.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::Result;
use serde_json::{Value, json};

use super::wire::{Connection, Message, Port, Reply, serve};

const JSON: &str = "application/x-amz-json-1.0";

/// The stub.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) port: Port,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    parameters: HashMap<String, String>,
    /// Bodies, by the last part of their queue's URL.
    queues: HashMap<String, Vec<String>>,
    /// Bodies that schedules would send.
    scheduled: Vec<String>,
    /// When each request was whole, and when its answer was ready; and what it was.
    booked: Vec<(Instant, Instant, String)>,
}

impl Cloud {
    /// Listens, with dynoxide at `table`.
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) fn start(port: Port, table: Port) -> Result<Self> {
        let cloud = Self { port, state: Arc::default() };
        let served = cloud.clone();
        serve(port, move || {
            let (cloud, mut table) = (served.clone(), Connection::open(table).ok());
            move |request| {
                let (operation, reply) = cloud.answer(&request, table.as_mut())?;
                cloud.lock().booked.push((request.at, Instant::now(), operation));
                Some(reply)
            }
        })?;
        Ok(cloud)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent into a queue since the last look.
    pub(crate) fn take(&self, queue: &str) -> Vec<String> {
        self.lock().queues.remove(queue).unwrap_or_default()
    }

    /// What was scheduled since the last look.
    pub(crate) fn take_scheduled(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().scheduled)
    }

    /// What was asked since the last look.
    pub(crate) fn take_booked(&self) -> Booked {
        Booked(std::mem::take(&mut self.lock().booked))
    }

    fn answer(&self, request: &Message, table: Option<&mut Connection>) -> Option<(String, Reply)> {
        let (method, path) = request.asked();
        let Some(target) = request.header("x-amz-target") else {
            return self.answer_rest(method, path, request);
        };
        let (service, operation) = target.split_once('.')?;
        let reply = match service {
            "DynamoDB_20120810" => forward(request, target, table?)?,
            _ => {
                let answer = self.answer_json(operation, &serde_json::from_slice(&request.body).ok()?);
                let status = if answer.get("__type").is_some() { 400 } else { 200 };
                Reply::new(status, JSON, answer.to_string())
            }
        };
        Some((operation.to_owned(), reply))
    }

    fn answer_json(&self, operation: &str, asked: &Value) -> Value {
        let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let queue = text("QueueUrl").rsplit('/').next().unwrap_or_default().to_owned();
        let mut state = self.lock();
        match operation {
            "PutParameter" => {
                state.parameters.insert(text("Name"), text("Value"));
                json!({ "Version": 1 })
            }
            "GetParameter" => match state.parameters.get(&text("Name")) {
                Some(value) => json!({ "Parameter": {
                    "Name": text("Name"), "Type": "SecureString", "Value": value, "Version": 1,
                } }),
                None => json!({ "__type": "ParameterNotFound" }),
            },
            "SendMessage" => {
                state.queues.entry(queue).or_default().push(text("MessageBody"));
                json!({ "MessageId": ID, "MD5OfMessageBody": "" })
            }
            "SendMessageBatch" => {
                let entries = asked.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
                let taken = entries
                    .iter()
                    .map(|entry| json!({ "Id": entry.get("Id"), "MessageId": ID, "MD5OfMessageBody": "" }));
                let taken: Vec<Value> = taken.collect();
                let bodies = entries
                    .iter()
                    .filter_map(|entry| entry.get("MessageBody").and_then(Value::as_str).map(str::to_owned));
                state.queues.entry(queue).or_default().extend(bodies);
                json!({ "Successful": taken, "Failed": [] })
            }
            "ChangeMessageVisibility" => json!({}),
            other => json!({ "__type": "UnknownOperationException", "message": other }),
        }
    }

    /// Scheduler and SES, which name their operation in another way; and WhatsApp.
    fn answer_rest(&self, method: &str, path: &str, request: &Message) -> Option<(String, Reply)> {
        let (operation, reply) = match (method, path) {
            ("POST", path) if path.starts_with("/schedules/") => {
                let asked: Value = serde_json::from_slice(&request.body).ok()?;
                let body = asked.pointer("/Target/Input").and_then(Value::as_str);
                self.lock().scheduled.extend(body.map(str::to_owned));
                let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/harkara/x";
                (
                    "CreateSchedule",
                    Reply::new(200, "application/json", json!({ "ScheduleArn": arn }).to_string()),
                )
            }
            ("DELETE", path) if path.starts_with("/schedules/") => {
                ("DeleteSchedule", Reply::new(200, "application/json", "{}"))
            }
            ("POST", path) if path.ends_with("/messages") => {
                let answer = json!({
                    "messaging_product": "whatsapp",
                    "contacts": [{ "input": "923000000000", "wa_id": "923000000000" }],
                    "messages": [{ "id": "wamid.HBgMOTIzMDAwMDAwMDAwFQIAERgS" }],
                });
                ("WhatsApp", Reply::new(200, "application/json", answer.to_string()))
            }
            ("POST", "/") => ("SendRawEmail", Reply::new(200, "text/xml", MAILED)),
            _ => return None,
        };
        Some((operation.to_owned(), reply))
    }
}

const ID: &str = "5fea7756-0ea4-451a-a703-a558b933e274";
const MAILED: &str = "<SendRawEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\">\
    <SendRawEmailResult><MessageId>000001271b15238a</MessageId></SendRawEmailResult>\
    <ResponseMetadata><RequestId>fd3ae762</RequestId></ResponseMetadata></SendRawEmailResponse>";

fn forward(request: &Message, target: &str, table: &mut Connection) -> Option<Reply> {
    let value = |name| request.header(name).unwrap_or_default();
    let (sign, date) = (("authorization", value("authorization")), ("x-amz-date", value("x-amz-date")));
    let headers = [("x-amz-target", target), ("content-type", JSON), sign, date];
    let answer = table.post("/", &headers, &request.body).ok()?;
    let kept = ["content-type", "x-amz-crc32", "x-amzn-requestid"];
    let status = answer.status();
    let headers = answer.headers.into_iter().filter(|(name, _)| kept.contains(&name.as_str())).collect();
    Some(Reply { status, headers, body: answer.body })
}

/// Requests and their times.
#[derive(Debug, Default)]
pub(crate) struct Booked(pub(crate) Vec<(Instant, Instant, String)>);

impl Booked {
    /// How often each operation was asked for.
    pub(crate) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (_, _, operation) in &self.0 {
            *counts.entry(operation.as_str()).or_default() += 1;
        }
        counts
    }

    /// How long between two times at least one request was being answered, in seconds.
    pub(crate) fn answering(&self, from: Instant, to: Instant) -> f64 {
        let mut spans: Vec<_> =
            self.0.iter().map(|(begin, end, _)| ((*begin).max(from), (*end).min(to))).collect();
        spans.sort_unstable();
        let (mut seen, mut answering) = (from, 0.0);
        for (begin, end) in spans {
            answering += end.saturating_duration_since(begin.max(seen)).as_secs_f64();
            seen = seen.max(end);
        }
        answering
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn requests_at_once_are_not_counted_twice() {
        let from = Instant::now();
        let at = |ms| from + Duration::from_millis(ms);
        let spans = [(1, 4), (2, 3), (3, 6), (8, 20)];
        let booked = Booked(spans.map(|(begin, end)| (at(begin), at(end), String::new())).into());
        assert!((booked.answering(from, at(10)) - 0.007).abs() < 1e-9);
    }
}
