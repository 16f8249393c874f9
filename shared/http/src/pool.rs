//! Kept connections, and when not to trust them.

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::dns::GaiResolver},
    rt::{TokioExecutor, TokioTimer},
};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use crate::guard::{Connector, Rule};

/// A client of hyper's, over our TLS.
pub(crate) type Inner = Client<HttpsConnector<Connector>, Full<Bytes>>;

/// The schemes that a pool speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schemes {
    /// `https`.
    HttpsOnly,
    /// `https` and `http`.
    HttpsOrHttp,
}

/// The kept connections of a client.
///
/// Between two events a Lambda function is frozen, and so are the timers that would close what idles;
/// whoever is at the other end has gone meanwhile. A request that is sent into such a connection gets
/// no answer, and a message whose answer is lost may not simply be sent again. So connections that
/// have rested by the wall's clock, which goes on, are left.
#[derive(Debug)]
pub(crate) struct Pool {
    connector: HttpsConnector<Connector>,
    held: Mutex<(Inner, SystemTime)>,
}

impl Pool {
    /// How long a connection may rest: less than any server waits.
    const REST: Duration = Duration::from_secs(20);

    /// No connections yet; later ones only to addresses that the rule takes.
    pub(crate) fn new(rule: Rule, schemes: Schemes, now: SystemTime) -> Self {
        let tls = HttpsConnectorBuilder::new().with_webpki_roots();
        let tls = match schemes {
            Schemes::HttpsOnly => tls.https_only(),
            Schemes::HttpsOrHttp => tls.https_or_http(),
        };
        let connector = tls.enable_http1().wrap_connector(Connector::new(GaiResolver::new(), rule));
        let held = Mutex::new((fresh(&connector), now));
        Self { connector, held }
    }

    /// The client for a request that is sent now.
    pub(crate) fn client(&self, now: SystemTime) -> Inner {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back tells nothing of how long they rested.
        let rested = now.duration_since(held.1).unwrap_or(Duration::MAX);
        if rested > Self::REST {
            held.0 = fresh(&self.connector);
        }
        held.1 = now;
        held.0.clone()
    }
}

fn fresh(connector: &HttpsConnector<Connector>) -> Inner {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Pool::REST)
        .pool_max_idle_per_host(512)
        .build(connector.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A server that counts connections.
    async fn server(connections: &'static AtomicU32) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut read = [0; 1024];
                    while stream.read(&mut read).await.is_ok_and(|read| read > 0) {
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                    }
                });
            }
        });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn a_connection_that_has_rested_is_left() {
        static CONNECTIONS: AtomicU32 = AtomicU32::new(0);
        let url = server(&CONNECTIONS).await;
        let begun = SystemTime::now();
        let pool = Pool::new(|_| true, Schemes::HttpsOrHttp, begun);
        for (seconds, opened) in [(0, 1), (20, 1), (41, 2), (50, 2), (10, 3)] {
            let client = pool.client(begun + Duration::from_secs(seconds));
            let request = http::Request::get(&url).body(Full::default()).unwrap();
            let response = client.request(request).await.unwrap();
            http_body_util::BodyExt::collect(response.into_body()).await.unwrap();
            // The connection goes back to the pool when its task has seen the end of the body.
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert_eq!(CONNECTIONS.load(Ordering::SeqCst), opened, "at {seconds} s");
        }
    }
}
