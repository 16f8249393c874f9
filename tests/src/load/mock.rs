//! WhatsApp's place in the measurement: takes every message after a set delay, and remembers which
//! reference came when.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::client::{Answer, Connection, Loopback, length};
use super::measure::unix_micros;
use super::store::MESSAGES_PATH;

const MAX_REQUEST: usize = 1 << 20;

/// What it has seen.
#[derive(Debug, Default)]
struct Seen {
    /// When each message came (Unix, microseconds) and its reference.
    arrivals: Vec<(i64, Box<str>)>,
    in_flight: u64,
    bad: u64,
}

/// Totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// Messages that came.
    pub(crate) messages: usize,
    /// Messages that wait for their answer.
    pub(crate) in_flight: u64,
    /// Requests that were not messages.
    pub(crate) bad: u64,
}

/// A request, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
struct Asked<'a> {
    get: bool,
    path: &'a str,
    body: &'a [u8],
    /// Bytes of the request.
    whole: usize,
}

/// A message, as far as it matters.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    biz_opaque_callback_data: &'a str,
}

/// Serves until it is killed or, `with_parent`, until standard input ends.
///
/// # Errors
/// When the port is taken.
pub(crate) async fn serve(port: Loopback, delay: Duration, with_parent: bool) -> Result<()> {
    let listener = TcpListener::bind(port.address()).await.with_context(|| format!("listening on {port}"))?;
    if with_parent {
        // The pipe ends with the parent, however it ends.
        std::thread::spawn(|| {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            std::process::exit(0);
        });
    }
    let seen = Arc::new(Mutex::new(Seen::default()));
    loop {
        let (stream, _) = listener.accept().await?;
        let seen = seen.clone();
        tokio::spawn(async move {
            // A caller that goes away, killed perhaps, is part of the measurement.
            let _ = converse(stream, &seen, delay).await;
        });
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(mut stream: TcpStream, seen: &Mutex<Seen>, delay: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut buffer, mut answer) = (Vec::with_capacity(8192), Vec::with_capacity(512));
    loop {
        while let Some(asked) = read_request(&buffer)? {
            let message = respond(&asked, seen, &mut answer);
            let whole = asked.whole;
            if message {
                let _in_flight = InFlight::begin(seen);
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                stream.write_all(&answer).await?;
            } else {
                stream.write_all(&answer).await?;
            }
            buffer.drain(..whole);
        }
        if buffer.len() > MAX_REQUEST || stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// Counts a message as in flight for as long as it lives.
struct InFlight<'a>(&'a Mutex<Seen>);

impl<'a> InFlight<'a> {
    fn begin(seen: &'a Mutex<Seen>) -> Self {
        lock(seen).in_flight += 1;
        Self(seen)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        lock(self.0).in_flight -= 1;
    }
}

/// The first request in `buffer`; `None` while it is not whole.
fn read_request(buffer: &[u8]) -> io::Result<Option<Asked<'_>>> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(buffer).map_err(io::Error::other)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let get = request.method == Some("GET");
    let length = match length(request.headers) {
        Some(length) if length <= MAX_REQUEST => length,
        None if get => 0,
        _ => return Err(io::Error::other("a body of unknown length")),
    };
    let path = request.path.unwrap_or_default();
    let body = buffer.get(head..head + length);
    Ok(body.map(|body| Asked { get, path, body, whole: head + length }))
}

/// Writes the answer to a request; whether the request was a message.
fn respond(asked: &Asked<'_>, seen: &Mutex<Seen>, answer: &mut Vec<u8>) -> bool {
    if asked.get {
        let (path, query) = asked.path.split_once('?').unwrap_or((asked.path, ""));
        let text = match path {
            "/count" => serde_json::to_vec(&count(&lock(seen))).unwrap_or_default(),
            "/arrivals" => arrivals(&lock(seen), query),
            _ => return write_answer(answer, "404 Not Found", b""),
        };
        return write_answer(answer, "200 OK", &text);
    }
    let at = unix_micros();
    let message =
        serde_json::from_slice::<Message<'_>>(asked.body).ok().filter(|_| asked.path == MESSAGES_PATH);
    let mut seen = lock(seen);
    let Some(message) = message else {
        seen.bad += 1;
        return write_answer(
            answer,
            "400 Bad Request",
            br#"{"error":{"code":100,"message":"not a message"}}"#,
        );
    };
    seen.arrivals.push((at, message.biz_opaque_callback_data.into()));
    let id = seen.arrivals.len();
    drop(seen);
    let text = format!(r#"{{"messaging_product":"whatsapp","messages":[{{"id":"wamid.LOAD{id:012}"}}]}}"#);
    write_answer(answer, "200 OK", text.as_bytes());
    true
}

fn write_answer(answer: &mut Vec<u8>, status: &str, body: &[u8]) -> bool {
    answer.clear();
    // Writing into memory does not fail.
    let _ = write!(
        answer,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    answer.extend_from_slice(body);
    false
}

fn count(seen: &Seen) -> Count {
    Count { messages: seen.arrivals.len(), in_flight: seen.in_flight, bad: seen.bad }
}

/// Lines of time and reference, from the message whose number the query gives.
fn arrivals(seen: &Seen, query: &str) -> Vec<u8> {
    let from = query.strip_prefix("from=").and_then(|from| from.parse().ok()).unwrap_or_default();
    let mut text = Vec::new();
    for (at, reference) in seen.arrivals.get(from..).unwrap_or_default() {
        let _ = writeln!(text, "{at} {reference}");
    }
    text
}

/// Asks a running mock.
pub(crate) struct Asker(Connection);

impl Asker {
    /// Connects.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) async fn open(mock: Loopback) -> Result<Self> {
        Ok(Self(Connection::open(mock).await.context("the mock provider does not run")?))
    }

    /// What has come so far.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn count(&mut self) -> Result<Count> {
        Ok(serde_json::from_slice(&self.get("/count").await?.body)?)
    }

    /// Times (Unix, microseconds) and references of the messages from number `from`, in the order in
    /// which they came.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn arrivals(&mut self, from: usize) -> Result<Vec<(i64, String)>> {
        let answer = self.get(&format!("/arrivals?from={from}")).await?;
        let text = String::from_utf8(answer.body)?;
        let line = |line: &str| {
            let (at, reference) = line.split_once(' ').context("a line of the mock's")?;
            Ok((at.parse()?, reference.to_owned()))
        };
        text.lines().map(line).collect()
    }

    async fn get(&mut self, path: &str) -> Result<Answer> {
        Ok(self.0.get(path, None).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str, body: &str) -> Vec<u8> {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .into_bytes()
    }

    #[test]
    fn a_request_is_taken_when_it_is_whole() {
        let mut text = post("/p", "{}");
        for part in 0..text.len() {
            assert_eq!(read_request(&text[..part]).unwrap(), None, "{part} bytes");
        }
        let whole = text.len();
        text.extend_from_slice(b"GET /count HTTP/1.1\r\n\r\n");
        assert_eq!(read_request(&text).unwrap(), Some(Asked { get: false, path: "/p", body: b"{}", whole }));
        let next = read_request(&text[whole..]).unwrap().unwrap();
        assert_eq!((next.get, next.path, next.body), (true, "/count", &b""[..]));
        assert!(read_request(b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn messages_are_remembered_with_their_times_and_the_rest_is_counted() {
        let port = Loopback::free().unwrap();
        let server = tokio::spawn(serve(port, Duration::from_millis(20), false));
        let mut connection = loop {
            match Connection::open(port).await {
                Ok(connection) => break connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let begun = unix_micros();
        for attempt in 1..=2 {
            let body = format!(
                r#"{{"to":"92","biz_opaque_callback_data":"shopify-1/f~order_created/0/{attempt}"}}"#
            );
            let answer = connection.send(&post(MESSAGES_PATH, &body)).await.unwrap();
            assert_eq!(answer.status, 200);
            let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(answer["messages"][0]["id"], format!("wamid.LOAD{attempt:012}"));
        }
        assert!(unix_micros() - begun >= 40_000, "the delay was not kept");
        assert_eq!(connection.send(&post("/elsewhere", "{}")).await.unwrap().status, 400);
        assert_eq!(connection.send(&post(MESSAGES_PATH, "{}")).await.unwrap().status, 400);
        let mut asker = Asker::open(port).await.unwrap();
        assert_eq!(asker.count().await.unwrap(), Count { messages: 2, in_flight: 0, bad: 2 });
        let all = asker.arrivals(0).await.unwrap();
        assert_eq!(
            all.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
            ["shopify-1/f~order_created/0/1", "shopify-1/f~order_created/0/2"]
        );
        assert!(begun <= all[0].0 && all[0].0 + 20_000 <= all[1].0);
        assert_eq!(asker.arrivals(1).await.unwrap(), all[1..]);
        server.abort();
    }
}
