//! Outgoing HTTP: one client with kept connections, for providers and for the cloud's own services.

mod guard;
mod no_answer;
mod pool;
mod provider;

use bytes::Bytes;
use harkara_domain::web;
use harkara_engine::port::Reach;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use no_answer::NoAnswer;
use pool::{Pool, Schemes};

/// The client. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    anywhere: Arc<Pool>,
    /// Apart, so that no request rides on a connection that it might not have opened.
    public: Arc<Pool>,
    limit: Duration,
}

impl HttpClient {
    /// How long a provider may take: well under a claim's lease.
    pub const LIMIT: Duration = Duration::from_secs(10);
    /// How long a connection may take to open, before TLS.
    pub const CONNECT_LIMIT: Duration = Duration::from_secs(3);

    /// A client that gives a provider [`HttpClient::LIMIT`]. Requests with [`Reach::Public`] go by HTTPS
    /// alone, and only to addresses that [are public](web::is_public).
    pub fn new() -> Self {
        Self::of(web::is_public, Schemes::HttpsOnly)
    }

    /// A client with another rule for [`Reach::Public`], which then may go by HTTP: for tests with servers
    /// of their own. No setting leads here.
    pub fn with_rule(public: fn(IpAddr) -> bool) -> Self {
        Self::of(public, Schemes::HttpsOrHttp)
    }

    fn of(public: fn(IpAddr) -> bool, schemes: Schemes) -> Self {
        let now = SystemTime::now();
        Self {
            anywhere: Arc::new(Pool::new(|_| true, Schemes::HttpsOrHttp, now)),
            public: Arc::new(Pool::new(public, schemes, now)),
            limit: Self::LIMIT,
        }
    }

    /// Sends a request as it is, anywhere. Only connecting has a limit here
    /// ([`HttpClient::CONNECT_LIMIT`]): the caller bounds the answer and its body.
    ///
    /// # Errors
    /// [`NoAnswer`] when no answer's head came.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Incoming>, NoAnswer> {
        self.reach(Reach::Anywhere, request).await
    }

    async fn reach(&self, reach: Reach, request: Request<Bytes>) -> Result<Response<Incoming>, NoAnswer> {
        let pool = match reach {
            Reach::Anywhere => &self.anywhere,
            Reach::Public => &self.public,
        };
        pool.client(SystemTime::now()).request(request.map(Full::new)).await.map_err(NoAnswer::from)
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}
