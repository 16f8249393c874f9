//! AWS's side of a conversation, by script: a local server, so that the clients are the real ones.

use bytes::Bytes;
use harkara_aws::Service;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::TcpListener;

use crate::emulator::session;

/// What the server answers.
pub(crate) enum Reply {
    /// A status and a body.
    Says(u16, String),
    /// Nothing: the connection ends once the request was read.
    Breaks,
    /// Nothing, ever.
    Hangs,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that answers by a script: what to say to the n-th request.
pub(crate) struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, script) = (Arc::<Mutex<Vec<Seen>>>::default(), Arc::new(script));
        let list = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, list) = (Arc::clone(&script), Arc::clone(&list));
                let service =
                    service_fn(move |request| answer(request, Arc::clone(&script), Arc::clone(&list)));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, seen, task }
    }

    /// The same answer to everything.
    pub(crate) async fn saying(status: u16, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::start(move |_, _| Reply::Says(status, body.clone())).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn sdk(&self, service: Service) -> aws_types::SdkConfig {
        session(&self.url).sdk(service)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address at which nobody listens.
pub(crate) async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn answer<F>(
    request: Request<Incoming>,
    script: Arc<F>,
    list: Arc<Mutex<Vec<Seen>>>,
) -> io::Result<Response<Full<Bytes>>>
where
    F: Fn(usize, &Seen) -> Reply,
{
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let body = String::from_utf8_lossy(&body).into_owned();
    let seen = Seen { method: head.method.to_string(), path, body };
    let reply = {
        let mut list = list.lock().unwrap();
        list.push(seen.clone());
        script(list.len() - 1, &seen)
    };
    match reply {
        Reply::Says(status, body) => Ok(Response::builder().status(status).body(body.into()).unwrap()),
        Reply::Breaks => Err(io::Error::other("as the script says")),
        Reply::Hangs => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Err(io::Error::other("hung"))
        }
    }
}
