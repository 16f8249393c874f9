//! WhatsApp: a server that does as it is told.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::Instant,
};

use crate::scenarios::Answer;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) body: Value,
    pub(crate) came: Instant,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct WhatsApp {
    calls: Mutex<Vec<Call>>,
    answers: Mutex<HashMap<String, Answer>>,
}

impl WhatsApp {
    pub(crate) const NUMBER: &str = "310042001042";
    pub(crate) const TOKEN: &str = "a token";

    /// The one that the store knows, which runs as long as the tests.
    pub(crate) fn running(address: &str) -> Arc<Self> {
        static RUNNING: OnceLock<Arc<WhatsApp>> = OnceLock::new();
        let running = RUNNING.get_or_init(|| {
            let whatsapp = Arc::<Self>::default();
            let address: SocketAddr = address.trim_start_matches("http://").parse().unwrap();
            let (listener, served) = (std::net::TcpListener::bind(address).unwrap(), whatsapp.clone());
            // Not in the runtime of a test, which ends with it.
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(serve(listener, served));
            });
            whatsapp
        });
        running.clone()
    }

    /// The answer to every message to a number from now on.
    pub(crate) fn answer(&self, number: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(number.trim_start_matches('+').to_owned(), answer);
    }

    /// What came, from the one with this place on.
    pub(crate) fn calls_from(&self, place: usize) -> Vec<Call> {
        self.calls.lock().unwrap()[place..].to_vec()
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    fn take(&self, body: Value) -> (StatusCode, Value) {
        let number = body["to"].as_str().unwrap_or_default();
        let answer = self.answers.lock().unwrap().get(number).copied().unwrap_or(Answer::Accept);
        let mut calls = self.calls.lock().unwrap();
        calls.push(Call { body, came: Instant::now() });
        match answer {
            Answer::Accept => {
                let id = format!("wamid.{}", calls.len());
                (StatusCode::OK, json!({ "messaging_product": "whatsapp", "messages": [{ "id": id }] }))
            }
            Answer::Error(status, code) => {
                let error = json!({ "message": "told to refuse", "code": code, "fbtrace_id": "x" });
                (StatusCode::from_u16(status).unwrap(), json!({ "error": error }))
            }
        }
    }
}

async fn serve(listener: std::net::TcpListener, whatsapp: Arc<WhatsApp>) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let router = Router::new().route("/v23.0/{number}/messages", post(message)).with_state(whatsapp);
    axum::serve(listener, router).await.unwrap();
}

async fn message(
    State(whatsapp): State<Arc<WhatsApp>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let token = format!("Bearer {}", WhatsApp::TOKEN);
    if number != WhatsApp::NUMBER || headers.get("authorization").is_none_or(|given| *given != *token) {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "error": { "code": 190, "message": "who is it?" } })),
        );
    }
    let (status, answer) = whatsapp.take(body);
    (status, Json(answer))
}
