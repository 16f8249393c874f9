//! A world of the contract in the local cloud (`tests/aws/cloud.sh`), whose clock stands still but for
//! what a test lets pass.

use async_trait::async_trait;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use harkara_aws::{EventBridge, QueueUrls, Service, SqsQueue, queue_arns};
use harkara_contract::World;
use harkara_engine::port::{Clock, Delivery, Queue, QueueName, Scheduler, Unprocessed};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::MutexGuard;

use crate::emulator::{AWS, endpoint, session, unique};

/// The file of the local cloud's clock.
const CLOCK: &str = "HARKARA_TEST_CLOCK";
const VISIBILITY: Duration = Duration::from_secs(180);
/// The local cloud looks at its schedules once a second.
const TICK: Duration = Duration::from_millis(1300);
const ROLE: &str = "arn:aws:iam::000000000000:role/schedules";

/// One clock, so one test at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Queues and a schedule group of a test's own, and the cloud's clock.
pub(crate) struct Cloud {
    sqs: aws_sdk_sqs::Client,
    pub(crate) urls: QueueUrls,
    queue: Arc<SqsQueue>,
    scheduler: Arc<EventBridge>,
    clock: Arc<Frozen>,
    /// What came while only looking after another queue.
    stash: Mutex<HashMap<QueueName, Vec<Delivery>>>,
    /// Whether there may be schedules to wait for.
    timed: AtomicBool,
    _turn: MutexGuard<'static, ()>,
}

/// The clock, in libfaketime's file.
struct Frozen {
    file: PathBuf,
    now: Mutex<Timestamp>,
}

impl Frozen {
    fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
        self.write(&now.strftime("%Y-%m-%d %H:%M:%S").to_string());
    }

    /// At once for whoever reads: never half a line.
    fn write(&self, line: &str) {
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{line}\n")).unwrap();
        fs::rename(&next, &self.file).unwrap();
    }
}

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.clock.write("+0");
    }
}

impl Cloud {
    /// A world, where there is a local cloud with a clock; else says that the test is skipped.
    pub(crate) async fn world() -> Option<Self> {
        let (url, file) = (endpoint(AWS)?, endpoint(CLOCK)?);
        let turn = TURN.lock().await;
        let session = session(&url);
        let sqs = aws_sdk_sqs::Client::new(&session.sdk(Service::Sqs));
        let schedules = aws_sdk_scheduler::Client::new(&session.sdk(Service::Scheduler));
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let clock = Arc::new(Frozen { file: file.into(), now: Mutex::new(now) });
        clock.set(now);
        let name = unique("world");
        let urls = make_queues(&sqs, &name).await;
        schedules.create_schedule_group().name(&name).send().await.unwrap();
        let arns = queue_arns(&urls, "us-east-1", ROLE).unwrap();
        let port: Arc<dyn Clock> = Arc::<Frozen>::clone(&clock);
        Some(Self {
            queue: Arc::new(SqsQueue::new(sqs.clone(), urls.clone())),
            scheduler: Arc::new(EventBridge::new(schedules, name, ROLE, arns, port)),
            sqs,
            urls,
            clock,
            stash: Mutex::default(),
            timed: AtomicBool::new(false),
            _turn: turn,
        })
    }

    async fn poll(&self, queue: QueueName) -> Vec<Delivery> {
        let request = self.sqs.receive_message().queue_url(self.urls.of(queue)).max_number_of_messages(10);
        let count = MessageSystemAttributeName::ApproximateReceiveCount;
        let polled = request.message_system_attribute_names(count.clone()).send().await.unwrap();
        let messages = polled.messages.unwrap_or_default().into_iter();
        let deliveries = messages.map(|message| Delivery {
            receives: message.attributes.as_ref().unwrap()[&count].parse().unwrap(),
            id: message.message_id.unwrap(),
            receipt: message.receipt_handle.unwrap(),
            body: message.body.unwrap(),
        });
        deliveries.collect()
    }
}

#[async_trait]
impl World for Cloud {
    fn queue(&self) -> Arc<dyn Queue> {
        Arc::<SqsQueue>::clone(&self.queue)
    }

    fn scheduler(&self) -> Arc<dyn Scheduler> {
        self.timed.store(true, Relaxed);
        Arc::<EventBridge>::clone(&self.scheduler)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: Duration) {
        self.clock.set(self.clock.now() + span);
        if self.timed.load(Relaxed) {
            tokio::time::sleep(TICK).await;
        }
    }

    async fn receive(&self, queue: QueueName) -> Vec<Delivery> {
        if queue == QueueName::Failures {
            // SQS redrives when a queue is polled, which an event source does all the time.
            let polled = self.poll(QueueName::Events).await;
            self.stash.lock().unwrap().entry(QueueName::Events).or_default().extend(polled);
        }
        let stashed = self.stash.lock().unwrap().remove(&queue).filter(|stashed| !stashed.is_empty());
        match stashed {
            Some(stashed) => stashed,
            None => self.poll(queue).await,
        }
    }

    async fn settle(&self, queue: QueueName, batch: &[Delivery], unprocessed: &Unprocessed) {
        for delivery in batch.iter().filter(|delivery| !unprocessed.0.contains(&delivery.id)) {
            let request = self.sqs.delete_message().queue_url(self.urls.of(queue));
            request.receipt_handle(&delivery.receipt).send().await.unwrap();
        }
    }

    fn visibility(&self) -> Duration {
        VISIBILITY
    }

    fn keeps_order(&self) -> bool {
        false
    }

    fn tardiness(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// The failures queue, and the others with their redrive into it, as the template makes them.
async fn make_queues(sqs: &aws_sdk_sqs::Client, name: &str) -> QueueUrls {
    let failures = make_queue(sqs, &format!("{name}-failures"), None).await;
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}-failures");
    let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 5 }).to_string();
    QueueUrls {
        events: make_queue(sqs, &format!("{name}-events"), Some(&redrive)).await,
        stages: make_queue(sqs, &format!("{name}-stages"), Some(&redrive)).await,
        priority_stages: make_queue(sqs, &format!("{name}-priority"), Some(&redrive)).await,
        failures,
    }
}

async fn make_queue(sqs: &aws_sdk_sqs::Client, name: &str, redrive: Option<&str>) -> String {
    let mut request = sqs
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY.as_secs().to_string())
        .attributes(QueueAttributeName::MaximumMessageSize, (256 * 1024).to_string());
    if let Some(redrive) = redrive {
        request = request.attributes(QueueAttributeName::RedrivePolicy, redrive);
    }
    request.send().await.unwrap().queue_url.unwrap()
}
