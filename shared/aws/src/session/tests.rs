use super::*;
use aws_sdk_sqs::{config::Builder, error::SdkError};
use harkara_engine::port::{Http, HttpRequest, Reach};
use http_body_util::{BodyExt, Full};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Instant,
};
use tokio::net::TcpListener;

const ANSWER: &str = r#"{"MessageId":"m","MD5OfMessageBody":"4124bc0a9335c27f086f24ba207a4912"}"#;

/// A stand-in for AWS.
#[derive(Default)]
struct Server {
    connections: AtomicU32,
    requests: AtomicU32,
    /// So many connections are closed before they are answered.
    broken: u32,
    /// Requests are never answered.
    silent: bool,
}

impl Server {
    async fn start(self) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(self);
        tokio::spawn(server.clone().accept(listener));
        (server, url)
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if self.connections.fetch_add(1, Relaxed) < self.broken {
                continue;
            }
            let server = self.clone();
            let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let server = server.clone();
                async move {
                    request.into_body().collect().await.unwrap();
                    server.requests.fetch_add(1, Relaxed);
                    if server.silent {
                        std::future::pending::<()>().await;
                    }
                    Ok::<_, Infallible>(http::Response::new(Full::<bytes::Bytes>::from(ANSWER)))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    }

    fn seen(&self) -> (u32, u32) {
        (self.connections.load(Relaxed), self.requests.load(Relaxed))
    }
}

fn variables(changes: &[(&str, &str)]) -> Config {
    let usual = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "key"), ("AWS_REGION", "us-east-1")];
    let all = usual.iter().chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::of(all.collect::<BTreeMap<_, _>>())
}

fn session(url: &str) -> Session {
    Session::start(variables(&[("AWS_ENDPOINT_URL_SQS", url)])).unwrap()
}

async fn send(session: &Session, attempt: Duration) -> Result<(), String> {
    let client = aws_sdk_sqs::Client::new(&session.sdk(Service::Sqs));
    let request =
        client.send_message().queue_url("https://sqs/123456789012/q").message_body("[]").customize();
    let limits = TimeoutConfig::builder().operation_attempt_timeout(attempt).build();
    let sent = request.config_override(Builder::new().timeout_config(limits)).send().await;
    sent.map(drop).map_err(|error| match error {
        SdkError::DispatchFailure(failure) => format!("{:?}", failure.as_connector_error().unwrap()),
        other => format!("{other:?}"),
    })
}

#[tokio::test]
async fn connections_are_kept_and_shared_with_providers() {
    let (server, url) = Server::default().start().await;
    let session = session(&url);
    for _ in 0..3 {
        send(&session, Session::ATTEMPT).await.unwrap();
    }
    let reach = Reach::Anywhere;
    let request = HttpRequest { method: "POST", url, reach, headers: vec![], body: b"{}".to_vec() };
    assert_eq!(session.http().call(request).await.unwrap().status, 200);
    assert_eq!(server.seen(), (1, 4));
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again() {
    let (server, url) = Server { broken: 2, ..Server::default() }.start().await;
    send(&session(&url), Session::ATTEMPT).await.unwrap();
    assert_eq!(server.seen(), (3, 1));
}

#[tokio::test]
async fn tries_end() {
    let (server, url) = Server { broken: 99, ..Server::default() }.start().await;
    let error = send(&session(&url), Session::ATTEMPT).await.unwrap_err();
    assert!(error.contains("kind: Io"), "{error}");
    assert_eq!(server.seen(), (Session::TRIES, 0));
}

#[tokio::test]
async fn a_refused_connection_is_told_in_the_sdks_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let began = Instant::now();
    let error = send(&session(&url), Session::ATTEMPT).await.unwrap_err();
    for words in ["kind: Io", "NeverConnected", "ConnectionRefused"] {
        assert!(error.contains(words), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_its_try_and_is_tried_again() {
    let (server, url) = Server { silent: true, ..Server::default() }.start().await;
    let began = Instant::now();
    assert!(send(&session(&url), Duration::from_millis(50)).await.is_err());
    assert_eq!(server.seen(), (Session::TRIES, Session::TRIES));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn limits_nest() {
    assert!(HttpClient::CONNECT_LIMIT < Session::ATTEMPT && Session::ATTEMPT < Session::OPERATION);
    let sdk = session("http://127.0.0.1:1").sdk(Service::Sqs);
    let limits = sdk.timeout_config().unwrap();
    assert_eq!(limits.operation_timeout(), Some(Session::OPERATION));
    assert_eq!(limits.operation_attempt_timeout(), Some(Session::ATTEMPT));
    assert_eq!(limits.connect_timeout(), Some(HttpClient::CONNECT_LIMIT));
    assert_eq!(sdk.retry_config().unwrap().max_attempts(), Session::TRIES);
}

#[test]
fn a_service_has_its_own_address_before_the_common_one() {
    let endpoint = |changes: &[(&str, &str)], service| {
        let sdk = Session::start(variables(changes)).unwrap().sdk(service);
        sdk.endpoint_url().map(str::to_owned)
    };
    let both = [("AWS_ENDPOINT_URL", "http://all:1"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://own:2")];
    assert_eq!(endpoint(&both, Service::DynamoDb).as_deref(), Some("http://own:2"));
    assert_eq!(endpoint(&both, Service::Ssm).as_deref(), Some("http://all:1"));
    assert_eq!(endpoint(&[], Service::Ssm), None);
}

#[test]
fn a_cold_start_that_lacks_something_says_so_in_a_line() {
    let missing = |changes: &[(&str, &str)]| Session::start(variables(changes)).unwrap_err().to_string();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        assert_eq!(missing(&[(name, "")]), format!("{name} is not set as it must be: it is missing"));
    }
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SES"] {
        for wrong in ["localhost:4566", "ftp://x", "http//x", "http://a b", "::"] {
            let words = missing(&[(name, wrong)]);
            assert!(words.starts_with(&format!("{name} is not set as it must be: it is no")), "{words}");
            assert!(!words.contains('\n'));
        }
    }
}
