//! Outgoing HTTP: one client with kept connections and one time limit.

use async_trait::async_trait;
use bytes::Bytes;
use harkara_engine::port::{Http, HttpError, HttpRequest, HttpResponse};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::time::Duration;

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    limit: Duration,
}

impl HttpClient {
    /// How long a provider may take: well under a claim's lease.
    pub const LIMIT: Duration = Duration::from_secs(10);
    const MAX_BODY: usize = 64 * 1024;

    /// A client that gives a call [`HttpClient::LIMIT`].
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(Duration::from_secs(3)));
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(512)
            .build(connector);
        Self { client, limit: Self::LIMIT }
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Http for HttpClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut builder = http::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request = builder
            .body(Full::new(Bytes::from(request.body)))
            .map_err(|error| HttpError::NotSent(error.to_string()))?;
        let call = async {
            let response = self.client.request(request).await.map_err(|error| {
                let words = words(&error);
                if error.is_connect() { HttpError::NotSent(words) } else { HttpError::AnswerLost(words) }
            })?;
            let status = response.status().as_u16();
            let retry_after = response.headers().get(http::header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let body = Limited::new(response.into_body(), Self::MAX_BODY).collect().await;
            let body = body.map_err(|error| HttpError::AnswerLost(error.to_string()))?;
            Ok(HttpResponse { status, retry_after, body: body.to_bytes().to_vec() })
        };
        tokio::time::timeout(self.limit, call).await.unwrap_or_else(|_| {
            Err(HttpError::AnswerLost(format!("no answer in {} s", self.limit.as_secs())))
        })
    }
}

/// An error with its causes, which alone say what went wrong.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
