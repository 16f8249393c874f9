//! The port for calls over real connections: where requests may go, and how much of an answer is read.

// clippy.toml frees tests of these, but not what helps them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use harkara_domain::web;
use harkara_engine::port::{Http, HttpError, HttpRequest, HttpResponse, Reach};
use harkara_http::HttpClient;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A server that gives every request the same answer, and counts connections.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicU32>,
}

impl Server {
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicU32::new(0));
        let (count, answer) = (connections.clone(), answer.into());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut read = [0; 4096];
                    while stream.read(&mut read).await.is_ok_and(|read| read > 0) {
                        if stream.write_all(&answer).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { address, connections }
    }

    async fn ok() -> Self {
        Self::answering("HTTP/1.1 204 No Content\r\n\r\n").await
    }

    fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }

    fn at(&self, host: &str) -> String {
        format!("//{host}:{}/", self.address.port())
    }
}

async fn call(client: &HttpClient, url: String, reach: Reach) -> Result<HttpResponse, HttpError> {
    client.call(HttpRequest { method: "POST", url, reach, headers: vec![], body: b"{}".to_vec() }).await
}

#[tokio::test]
async fn what_somebody_typed_does_not_reach_the_machine_itself() {
    let server = Server::ok().await;
    let refused =
        |host: &str| Err(HttpError::NotPublic(format!("“{host}” does not lead to a public address")));
    let client = HttpClient::new();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]"] {
        let answer = call(&client, format!("https:{}", server.at(host)), Reach::Public).await;
        assert_eq!(answer, refused(host));
    }
    // What a resolver takes for an address, and TLS for no name.
    let client = HttpClient::with_rule(web::is_public);
    for host in ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost"] {
        let answer = call(&client, format!("http:{}", server.at(host)), Reach::Public).await;
        assert_eq!(answer, refused(host));
    }
    assert_eq!(server.connections(), 0, "not even knocked");
    assert_eq!(
        call(&client, format!("http:{}", server.at("127.0.0.1")), Reach::Anywhere).await.unwrap().status,
        204,
        "it is there"
    );
}

#[tokio::test]
async fn a_connection_that_another_request_opened_is_not_ridden_on() {
    let server = Server::ok().await;
    let client = HttpClient::with_rule(web::is_public);
    let url = format!("http:{}", server.at("127.0.0.1"));
    assert!(call(&client, url.clone(), Reach::Anywhere).await.is_ok());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(matches!(call(&client, url.clone(), Reach::Public).await, Err(HttpError::NotPublic(_))));
    assert!(call(&client, url, Reach::Anywhere).await.is_ok());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_test_may_say_that_its_own_server_is_public() {
    let server = Server::ok().await;
    let client = HttpClient::with_rule(|address| address.is_loopback());
    for host in ["127.0.0.1", "localhost"] {
        let answer = call(&client, format!("http:{}", server.at(host)), Reach::Public).await;
        assert_eq!(answer.unwrap().status, 204);
    }
    let elsewhere = call(&client, "http://169.254.169.254/".to_owned(), Reach::Public).await;
    assert!(matches!(elsewhere, Err(HttpError::NotPublic(_))), "{elsewhere:?}");
}

#[tokio::test]
async fn what_somebody_typed_is_not_sent_in_the_clear() {
    // Documentation's address, taken for public by nobody: refused for its scheme, before all else.
    let refused = call(&HttpClient::new(), "http://203.0.113.7/".to_owned(), Reach::Public).await;
    assert!(matches!(&refused, Err(HttpError::NotSent(why)) if why.contains("scheme http")), "{refused:?}");
}

#[tokio::test]
async fn a_redirection_is_an_answer() {
    let inside = Server::ok().await;
    let answer = format!("HTTP/1.1 307 Elsewhere\r\nlocation: http:{}\r\n\r\n", inside.at("127.0.0.1"));
    let server = Server::answering(answer.replace("\r\n\r\n", "\r\ncontent-length: 0\r\n\r\n")).await;
    let client = HttpClient::with_rule(|address| address.is_loopback());
    let answer = call(&client, format!("http:{}", server.at("127.0.0.1")), Reach::Public).await.unwrap();
    assert_eq!(answer.status, 307);
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_long_answer_is_cut() {
    for length in [0, 1, 65_536, 65_537, 4_000_000] {
        let mut answer =
            format!("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        answer.resize(answer.len() + length, b'x');
        let server = Server::answering(answer).await;
        let url = format!("http:{}", server.at("127.0.0.1"));
        let answer = call(&HttpClient::new(), url, Reach::Anywhere).await.unwrap();
        assert_eq!((answer.status, answer.retry_after), (503, Some(7)));
        assert_eq!(answer.body.len(), length.min(65_536));
    }
    let endless = b"HTTP/1.1 200 OK\r\n\r\n".iter().copied().chain([b'x'; 200_000]).collect::<Vec<u8>>();
    let server = Server::answering(endless).await;
    let url = format!("http:{}", server.at("127.0.0.1"));
    assert_eq!(call(&HttpClient::new(), url, Reach::Anywhere).await.unwrap().body.len(), 65_536);
}

#[tokio::test]
async fn a_cut_off_answer_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = [0; 1024];
        assert!(stream.read(&mut read).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegun").await.unwrap();
    });
    let lost = call(&HttpClient::new(), url, Reach::Anywhere).await;
    assert!(matches!(lost, Err(HttpError::AnswerLost(_))), "{lost:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    /// What is judged as text is what is called: no address leads elsewhere than its text was read to.
    #[test]
    fn an_address_is_read_alike_by_who_judges_it_and_who_calls_it(
        url in r"https://[a-zA-Z0-9._@:/?#\[\]%\\!$&'()*+,;=~ -]{0,12}(example\.com|8\.8\.8\.8|\[2606:4700::1\]|)[a-zA-Z0-9._@:/?#\[\]%\\!$&'()*+,;=~^`|{}-]{0,12}",
    ) {
        if let Ok(target) = web::target(&url) {
            let uri: http::Uri = url.parse().unwrap();
            prop_assert_eq!(uri.scheme_str(), Some("https"));
            prop_assert_eq!(uri.host(), Some(target.host));
            prop_assert_eq!(uri.port_u16().unwrap_or(443), target.port);
        }
    }
}
