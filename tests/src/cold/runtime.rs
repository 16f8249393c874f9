//! Lambda's side of a function: the Runtime API.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};

use super::wire::{Message, Port, Reply, serve};

/// How long a function may take to anything.
const LIMIT: Duration = Duration::from_secs(30);
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:bench";
const ROOT: &str = "/2018-06-01/runtime/";

/// The stub. One process at a time talks to it.
pub(crate) struct Runtime {
    pub(crate) port: Port,
    current: Arc<Mutex<Arc<Line>>>,
}

/// The function's end of the talk.
struct Line {
    told: Sender<Told>,
    events: Mutex<Receiver<Vec<u8>>>,
}

/// What a function did.
#[derive(Debug)]
enum Told {
    /// It asked for an event.
    Next(Instant),
    /// It got one.
    Given(Instant),
    /// It answered.
    Answer(Instant, Vec<u8>),
    /// It failed, to begin or to answer.
    Failed(String),
}

/// The talk with one process.
pub(crate) struct Talk {
    told: Receiver<Told>,
    events: Sender<Vec<u8>>,
}

/// One event, answered.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Just before the event was written to the function.
    pub(crate) given: Instant,
    /// When the last byte of its answer was here.
    pub(crate) answered: Instant,
    pub(crate) answer: Vec<u8>,
}

impl Runtime {
    /// Listens.
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) fn start(port: Port) -> Result<Self> {
        let current = Arc::new(Mutex::new(Arc::new(line().0)));
        let lines = Arc::clone(&current);
        serve(port, move || {
            let line = Arc::clone(&lines.lock().unwrap_or_else(PoisonError::into_inner));
            move |request| line.answer(request)
        })?;
        Ok(Self { port, current })
    }

    /// Begins to talk with another process, and ends the talk with the one before.
    pub(crate) fn talk(&self) -> Talk {
        let (line, talk) = line();
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(line);
        talk
    }
}

fn line() -> (Line, Talk) {
    let (told, heard) = channel();
    let (events, given) = channel();
    (Line { told, events: Mutex::new(given) }, Talk { told: heard, events })
}

impl Line {
    fn answer(&self, request: Message) -> Option<Reply> {
        let (_, path) = request.asked();
        let (at, path) = (request.at, path.strip_prefix(ROOT)?.to_owned());
        if path == "invocation/next" {
            self.told.send(Told::Next(at)).ok()?;
            // Ends with the talk.
            let event = self.events.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
            let mut reply = Reply::new(200, "application/json", event);
            reply.headers.extend(context());
            self.told.send(Told::Given(Instant::now())).ok()?;
            return Some(reply);
        }
        let told = if path.ends_with("/response") {
            Told::Answer(at, request.body)
        } else {
            Told::Failed(String::from_utf8_lossy(&request.body).into_owned())
        };
        self.told.send(told).ok()?;
        Some(Reply::new(202, "application/json", "{\"status\":\"OK\"}"))
    }
}

/// What Lambda says with an event.
fn context() -> Vec<(String, String)> {
    let deadline = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + LIMIT;
    let fields = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", ARN.to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

impl Talk {
    /// When the function first asks for an event.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn ready(&self) -> Result<Instant> {
        match self.hear()? {
            Told::Next(at) => Ok(at),
            Told::Failed(problem) => bail!("it cannot begin: {problem}"),
            told => bail!("it began with {told:?}"),
        }
    }

    /// Gives an event to a function that waits for one, and waits until it asks for the next.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn invoke(&self, event: Vec<u8>) -> Result<Invocation> {
        self.events.send(event).context("giving an event")?;
        let Told::Given(given) = self.hear()? else { bail!("it talks out of turn") };
        let (answered, answer) = match self.hear()? {
            Told::Answer(at, answer) => (at, answer),
            Told::Failed(problem) => bail!("it failed: {problem}"),
            told => bail!("instead of an answer: {told:?}"),
        };
        self.ready().context("after its answer")?;
        Ok(Invocation { given, answered, answer })
    }

    fn hear(&self) -> Result<Told> {
        self.told.recv_timeout(LIMIT).context("nothing was heard of the function")
    }
}
