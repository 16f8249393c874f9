//! The console at the address that it is called by.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::ConnectInfo,
    http::{Request, Response, StatusCode},
};
use harkara_aws::function::Caller;
use harkara_console::Console;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tower::ServiceExt;

/// Lambda's largest answer, in bytes.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// The console's pages.
///
/// An API's own address is made with it, so the function that it calls cannot be told of it
/// beforehand. Unless an address is set, it is the domain that the API was called by, which API
/// Gateway says and no caller can.
pub(crate) struct Site {
    make: Box<dyn Fn(String) -> Console + Send + Sync>,
    address: Option<String>,
    /// The pages of the address of the last request.
    pages: Mutex<Option<(String, Router)>>,
}

impl Site {
    /// A site of the consoles that `make` makes, at this address if any.
    pub(crate) fn new(
        make: impl Fn(String) -> Console + Send + Sync + 'static,
        address: Option<String>,
    ) -> Self {
        Self { make: Box::new(make), address, pages: Mutex::default() }
    }

    /// Answers a request.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Bytes>) -> Response<Bytes> {
        let caller = request.extensions().get::<Caller>().cloned().unwrap_or_default();
        let mut request = request.map(Body::from);
        if let Some(address) = caller.address {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
        }
        let Ok(response) = self.pages(caller.domain).oneshot(request).await;
        let (head, body) = response.into_parts();
        match to_bytes(body, MAX_ANSWER).await {
            Ok(body) => Response::from_parts(head, body),
            Err(error) => {
                tracing::error!(%error, "a page cannot be sent");
                let mut failed = Response::new(Bytes::new());
                *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                failed
            }
        }
    }

    fn pages(&self, domain: Option<String>) -> Router {
        let address = self.address.clone();
        let address = address.unwrap_or_else(|| format!("https://{}", domain.unwrap_or_default()));
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        match &*pages {
            Some((known, router)) if *known == address => router.clone(),
            _ => {
                let console = (self.make)(address.clone());
                let router = harkara_console::router(Arc::new(console));
                *pages = Some((address, router.clone()));
                router
            }
        }
    }
}
