//! Which addresses are connected to.
//!
//! A name that somebody typed can lead anywhere, and elsewhere the next moment. So the guard is not in
//! front of the connection but inside it: a name is resolved once, and only those of its addresses that
//! the rule takes are ever tried.

use http::Uri;
use hyper_util::client::legacy::connect::{
    HttpConnector,
    dns::{GaiResolver, Name},
};
use std::{
    error::Error,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    vec,
};
use tower_service::Service;

use crate::HttpClient;

/// Whether an address may be connected to.
pub(crate) type Rule = fn(IpAddr) -> bool;

type Failure = Box<dyn Error + Send + Sync>;
type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;

/// The rule takes none of a host's addresses. The addresses are not told: whoever typed a name would
/// learn how the inside is built.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” does not lead to a public address")]
pub(crate) struct NotPublic(String);

/// A resolver that leaves out what the rule does not take.
#[derive(Clone, Debug)]
pub(crate) struct Guarded<R> {
    resolver: R,
    rule: Rule,
}

impl<R> Service<Name> for Guarded<R>
where
    R: Service<Name>,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<Failure>,
    R::Future: Send + 'static,
{
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Failure;
    type Future = Coming<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.resolver.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (rule, host) = (self.rule, name.to_string());
        let resolving = self.resolver.call(name);
        Box::pin(async move {
            let (taken, left): (Vec<_>, Vec<_>) =
                resolving.await.map_err(Into::into)?.partition(|address| rule(address.ip()));
            if taken.is_empty() && !left.is_empty() {
                return Err(NotPublic(host).into());
            }
            Ok(taken.into_iter())
        })
    }
}

/// Opens connections to what the rule takes.
#[derive(Clone, Debug)]
pub(crate) struct Connector<R = GaiResolver> {
    tcp: HttpConnector<Guarded<R>>,
    rule: Rule,
}

impl<R> Connector<R> {
    /// A connector for either scheme; TLS is not its business.
    pub(crate) fn new(resolver: R, rule: Rule) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Guarded { resolver, rule });
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(HttpClient::CONNECT_LIMIT));
        Self { tcp, rule }
    }
}

impl<R> Service<Uri> for Connector<R>
where
    HttpConnector<Guarded<R>>: Service<Uri, Error: Into<Failure>, Future: Send + 'static>,
{
    type Response = <HttpConnector<Guarded<R>> as Service<Uri>>::Response;
    type Error = Failure;
    type Future = Coming<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // An address in the place of a name is not resolved, so the resolver's guard does not see it.
        if let Some(host) = uri.host().filter(|host| address(host).is_some_and(|ip| !(self.rule)(ip))) {
            let refused = NotPublic(host.to_owned());
            return Box::pin(async { Err(refused.into()) });
        }
        let connecting = self.tcp.call(uri);
        Box::pin(async { connecting.await.map_err(Into::into) })
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use harkara_domain::web;
    use http_body_util::Full;
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    use std::{
        collections::VecDeque,
        io,
        sync::{Arc, Mutex},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// Gives one answer after the other; an empty list of them fails.
    #[derive(Clone)]
    struct Answers(Arc<Mutex<VecDeque<Vec<IpAddr>>>>);

    impl Answers {
        fn new<const N: usize>(answers: [&str; N]) -> Self {
            let addresses = |answer: &str| answer.split_whitespace().map(|ip| ip.parse().unwrap()).collect();
            Self(Arc::new(Mutex::new(answers.into_iter().map(addresses).collect())))
        }

        fn left(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    impl Service<Name> for Answers {
        type Response = vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = std::future::Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let answer = self.0.lock().unwrap().pop_front();
            std::future::ready(answer.ok_or_else(|| io::Error::other("no such name")).map(|addresses| {
                addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect::<Vec<_>>().into_iter()
            }))
        }
    }

    /// What the rule leaves of an answer; `None` when it refuses the name.
    async fn left_of(answer: &str, rule: Rule) -> Option<Vec<String>> {
        let mut guarded = Guarded { resolver: Answers::new([answer]), rule };
        match guarded.call("hooks.example.com".parse().unwrap()).await {
            Ok(addresses) => Some(addresses.map(|address| address.ip().to_string()).collect()),
            Err(error) => {
                assert!(error.is::<NotPublic>(), "{error}");
                None
            }
        }
    }

    #[tokio::test]
    async fn only_what_the_rule_takes_is_left_of_a_name() {
        for inside in [
            "127.0.0.1",
            "169.254.169.254",
            "10.1.2.3",
            "100.64.1.1",
            "0.0.0.0",
            "::1",
            "::",
            "fd00:ec2::254",
            "fe80::1",
            "::ffff:169.254.169.254",
            "::ffff:93.184.215.14",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:7f00:1::",
            "ff02::1",
            "224.0.0.1",
            "255.255.255.255",
            "10.0.0.1 fd00::1 127.0.0.1",
        ] {
            assert_eq!(left_of(inside, web::is_public).await, None, "{inside}");
        }
        for (answer, left) in [
            ("93.184.215.14", vec!["93.184.215.14"]),
            ("2606:4700::1111 1.1.1.1", vec!["2606:4700::1111", "1.1.1.1"]),
            ("127.0.0.1 93.184.215.14 10.0.0.1 2606:4700::1111", vec!["93.184.215.14", "2606:4700::1111"]),
            ("", vec![]),
        ] {
            let left = left.into_iter().map(str::to_owned).collect();
            assert_eq!(left_of(answer, web::is_public).await, Some(left), "{answer}");
        }
        assert_eq!(left_of("127.0.0.1", |_| true).await, Some(vec!["127.0.0.1".to_owned()]));
    }

    /// A name that leads outside when it is looked at, and inside when it is used.
    #[tokio::test]
    async fn a_name_is_resolved_once_and_what_it_leads_to_is_what_is_judged() {
        let listener = TcpListener::bind("127.0.0.9:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connected = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 1024];
            assert!(stream.read(&mut read).await.unwrap() > 0);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
            assert!(
                tokio::time::timeout(std::time::Duration::from_millis(300), listener.accept()).await.is_err()
            );
        });
        let answers = Answers::new(["127.0.0.9", "127.0.0.8", "127.0.0.8 127.0.0.9"]);
        // One loopback address plays the outside, another the inside.
        let rule: Rule = |address| address.to_string() == "127.0.0.9";
        let client: Client<_, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).build(Connector::new(answers.clone(), rule));
        let url: Uri = format!("http://hooks.example.com:{port}/").parse().unwrap();
        assert_eq!(client.get(url.clone()).await.unwrap().status(), 200);
        assert_eq!(answers.left(), 2, "one connection, one answer");
        let error = crate::NoAnswer::from(client.get(url).await.unwrap_err());
        assert_eq!(
            error.not_public().unwrap().to_string(),
            "“hooks.example.com” does not lead to a public address"
        );
        assert!(!error.connected);
        assert!(!error.to_string().contains("127.0.0"), "{error}");
        connected.await.unwrap();
    }

    #[tokio::test]
    async fn an_address_in_the_place_of_a_name_is_judged_too() {
        let mut connector = Connector::new(Answers::new([]), web::is_public);
        for host in ["169.254.169.254", "[::1]", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "10.0.0.1:8443"] {
            let error = connector.call(format!("https://{host}/").parse().unwrap()).await.unwrap_err();
            assert!(error.is::<NotPublic>(), "{host}: {error}");
        }
        // Not a literal to either: the resolver is asked, whose guard it is then.
        let error = connector.call("https://127.1/".parse().unwrap()).await.unwrap_err();
        assert!(!error.is::<NotPublic>() && error.to_string().contains("dns"), "{error}");
    }
}
