//! Parameter Store, by script.

use harkara_aws::{ParameterStore, Service};
use harkara_engine::port::{Clock, Secrets};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering::Relaxed},
};

use crate::server::{Reply, Server};

/// A clock that is moved by hand.
struct Hand(Mutex<Timestamp>);

impl Hand {
    fn pass(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A store over a server whose status is set by the test; its value counts the requests.
struct Bench {
    server: Server,
    clock: Arc<Hand>,
    status: Arc<AtomicU16>,
    secrets: ParameterStore,
}

impl Bench {
    async fn new() -> Self {
        let status = Arc::new(AtomicU16::new(200));
        let said = Arc::clone(&status);
        let server = Server::start(move |n, _| match said.load(Relaxed) {
            200 => Reply::Says(200, json!({ "Parameter": { "Value": format!("secret-{n}") } }).to_string()),
            404 => Reply::Says(400, json!({ "__type": "ParameterNotFound" }).to_string()),
            403 => {
                let message = "User: arn is not authorized to perform: ssm:GetParameter on resource: x";
                let denied = json!({ "__type": "AccessDeniedException", "message": message });
                Reply::Says(400, denied.to_string())
            }
            0 => Reply::Hangs,
            _ => Reply::Says(500, "{}".to_owned()),
        })
        .await;
        let clock = Arc::new(Hand(Mutex::new(Timestamp::now())));
        let client = aws_sdk_ssm::Client::new(&server.sdk(Service::Ssm));
        let port: Arc<dyn Clock> = Arc::<Hand>::clone(&clock);
        Self { secrets: ParameterStore::new(client, "/harkara/prod", port), server, clock, status }
    }

    async fn get(&self) -> Result<Option<String>, String> {
        self.secrets.get("chadar", "whatsapp").await.map_err(|error| error.to_string())
    }

    fn calls(&self) -> usize {
        self.server.seen().len()
    }
}

fn value(n: usize) -> Result<Option<String>, String> {
    Ok(Some(format!("secret-{n}")))
}

#[tokio::test]
async fn a_connection_is_read_decrypted_and_held_for_a_minute() {
    let bench = Bench::new().await;
    assert_eq!(bench.get().await, value(0));
    assert_eq!(
        bench.server.seen()[0].json(),
        json!({ "Name": "/harkara/prod/chadar/whatsapp", "WithDecryption": true })
    );
    bench.clock.pass(59);
    assert_eq!(bench.get().await, value(0));
    bench.clock.pass(1);
    assert_eq!(bench.get().await, value(1));
    // Another is another.
    assert_eq!(bench.secrets.get("chadar", "shopify").await.unwrap().as_deref(), Some("secret-2"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nothing_for_ever() {
    let bench = Bench::new().await;
    assert_eq!(bench.get().await, value(0));
    bench.clock.pass(-3600);
    assert_eq!(bench.get().await, value(1));
}

#[tokio::test]
async fn many_at_once_make_one_call() {
    let bench = Bench::new().await;
    let all = futures::future::join_all((0..50).map(|_| bench.get())).await;
    assert!(all.iter().all(|one| *one == value(0)));
    assert_eq!(bench.calls(), 1);
    bench.status.store(403, Relaxed);
    bench.clock.pass(3600);
    let all = futures::future::join_all((0..50).map(|_| bench.get())).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!(bench.calls(), 2, "a failure is shared too");
}

#[tokio::test]
async fn an_older_value_is_used_on_for_ten_minutes() {
    let bench = Bench::new().await;
    bench.get().await.unwrap();
    bench.status.store(403, Relaxed);
    bench.clock.pass(61);
    assert_eq!(bench.get().await, value(0));
    assert_eq!(bench.get().await, value(0));
    assert_eq!(bench.calls(), 2, "the failure stands for a moment");
    bench.clock.pass(2);
    assert_eq!(bench.get().await, value(0));
    assert_eq!(bench.calls(), 3);
    bench.clock.pass(600);
    bench.get().await.unwrap_err();
    bench.status.store(200, Relaxed);
    bench.clock.pass(2);
    assert_eq!(bench.get().await, value(4));
}

#[tokio::test]
async fn a_slow_answer_holds_no_webhook_up() {
    let bench = Bench::new().await;
    bench.get().await.unwrap();
    bench.status.store(0, Relaxed);
    bench.clock.pass(61);
    let start = std::time::Instant::now();
    assert_eq!(bench.get().await, value(0));
    assert!(start.elapsed().as_millis() < 2500, "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_is_not_there_is_looked_for_again_soon() {
    let bench = Bench::new().await;
    bench.status.store(404, Relaxed);
    assert_eq!(bench.get().await, Ok(None));
    bench.clock.pass(14);
    assert_eq!(bench.get().await, Ok(None));
    assert_eq!(bench.calls(), 1);
    bench.status.store(200, Relaxed);
    bench.clock.pass(1);
    assert_eq!(bench.get().await, value(1));
    // One that was taken away is gone, and no older value comes back for it.
    bench.status.store(404, Relaxed);
    bench.clock.pass(60);
    assert_eq!(bench.get().await, Ok(None));
    bench.status.store(403, Relaxed);
    bench.clock.pass(15);
    bench.get().await.unwrap_err();
}

#[tokio::test]
async fn an_error_names_action_and_parameter_and_no_secret() {
    let bench = Bench::new().await;
    bench.get().await.unwrap();
    assert!(!format!("{:?}", bench.secrets).contains("secret-0"));
    bench.status.store(403, Relaxed);
    bench.clock.pass(3600);
    assert_eq!(
        bench.get().await.unwrap_err(),
        "the secret could not be read: GetParameter of /harkara/prod/chadar/whatsapp: AccessDeniedException: \
         User: arn is not authorized to perform: ssm:GetParameter on resource: x"
    );
}

#[tokio::test]
async fn no_name_leads_out_of_the_prefix() {
    let bench = Bench::new().await;
    let long = "x".repeat(65);
    for odd in ["", "a/b", "../x", "a b", "é", "a\n", "/", long.as_str()] {
        assert_eq!(bench.secrets.get(odd, "whatsapp").await.unwrap(), None, "{odd:?}");
        assert_eq!(bench.secrets.get("chadar", odd).await.unwrap(), None, "{odd:?}");
    }
    assert_eq!(bench.calls(), 0);
}
