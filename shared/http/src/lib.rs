//! Outgoing HTTP: one client with kept connections, for providers and for the cloud's own services.

mod no_answer;
mod pool;
mod provider;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use no_answer::NoAnswer;
use pool::Pool;

/// The client. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    pool: Arc<Pool>,
    limit: Duration,
}

impl HttpClient {
    /// How long a provider may take: well under a claim's lease.
    pub const LIMIT: Duration = Duration::from_secs(10);
    /// How long a connection may take to open, before TLS.
    pub const CONNECT_LIMIT: Duration = Duration::from_secs(3);

    /// A client that gives a provider [`HttpClient::LIMIT`].
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(Self::CONNECT_LIMIT));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Self { pool: Arc::new(Pool::new(connector, SystemTime::now())), limit: Self::LIMIT }
    }

    /// Sends a request as it is. Only connecting has a limit here ([`HttpClient::CONNECT_LIMIT`]):
    /// the caller bounds the answer and its body.
    ///
    /// # Errors
    /// [`NoAnswer`] when no answer's head came.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Incoming>, NoAnswer> {
        let client = self.pool.client(SystemTime::now());
        client.request(request.map(Full::new)).await.map_err(NoAnswer::from)
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}
