//! A world in one process: the demo store over the embedded ports, with a clock that is moved by hand.

use bytes::Bytes;
use harkara_domain::{
    Fact, FactBody, FactId, FlowId, OrderId, Run, RunId, StoreId, Subject,
    fact::Choice,
    run::{RunStatus, StageRun, StageStatus},
};
use harkara_embedded::{Backup, Embedded, ManualClock, Queues, Restore, Settings};
use harkara_engine::{
    bury::{Content, DeadLetter},
    count::{Fate, Source},
    gap::{self, Gap},
    job::{FactsJob, Job},
    keys,
    port::{Clock, Delivery, Index, Outgoing, Query, Queue, QueueName, Table, Unprocessed},
    read::{OrderStory, RunFilter},
    sweep::Sweeper,
};
use harkara_onebox::{
    secrets_file::SecretsFile,
    store_file::StoreFile,
    world::{Ports, World},
};
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{
    bodies::{self, Order},
    cost::Capacity,
    emulator, grants,
    probe::Probe,
    provider::{Call, Connections, NEXT_DOOR, PostOffice, Posted, Provider},
    schema,
};

/// A time of the shop's clock: `2026-11-22T14:05`.
pub(crate) fn karachi(time: &str) -> Timestamp {
    let time: civil::DateTime = time.parse().unwrap();
    time.to_zoned(TimeZone::get("Asia/Karachi").unwrap()).unwrap().timestamp()
}

pub(crate) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// A signed webhook, to be posted once or more often.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// See the module.
pub(crate) struct TestWorld {
    pub(crate) world: Arc<World>,
    pub(crate) probe: Arc<Probe>,
    pub(crate) whatsapp: Arc<Provider>,
    pub(crate) post_office: Arc<PostOffice>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) embedded: Arc<Embedded>,
    /// As it is without the probe.
    pub(crate) table: Arc<dyn Table>,
    /// Where the table lies, if not with the queues.
    elsewhere: Option<Arc<dyn Table>>,
    /// What it has billed there.
    pub(crate) capacity: Option<Capacity>,
    queues: Queues,
    file: StoreFile,
    dir: TempDir,
    events: AtomicU64,
    swept: std::sync::Mutex<Timestamp>,
    /// The test has brought a double about on purpose: a lost answer, resent by the flow's policy.
    pub(crate) doubles: AtomicBool,
}

/// A table of its own at `HARKARA_TEST_DYNAMODB`, where that is set: the same tests, on the adapter.
async fn on_dynamodb() -> Option<(Arc<dyn Table>, Capacity)> {
    let endpoint = std::env::var(emulator::DYNAMODB).ok().filter(|endpoint| !endpoint.is_empty())?;
    let name = emulator::create_table(&emulator::dynamodb(&endpoint)).await;
    let capacity = Capacity::default();
    let client = capacity.listen(&emulator::session(&endpoint));
    Some((Arc::new(harkara_aws::DynamoTable::new(client, name)), capacity))
}

/// The demo store with a WhatsApp number.
fn demo() -> StoreFile {
    let mut file = StoreFile::demo("https://shop.example").unwrap();
    let whatsapp = file.connections["whatsapp"].as_object_mut().unwrap();
    whatsapp.insert("phone_number_id".to_owned(), json!("310042001042"));
    whatsapp.insert("access_token".to_owned(), json!("token"));
    whatsapp.insert("api_url".to_owned(), json!("https://graph.example/v23.0"));
    file
}

impl TestWorld {
    /// The demo store at a time of its clock.
    pub(crate) async fn at(time: &str) -> Self {
        Self::with(time, |_| {}).await
    }

    /// The demo store, changed.
    pub(crate) async fn with(time: &str, change: impl FnOnce(&mut StoreFile)) -> Self {
        let mut file = demo();
        change(&mut file);
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(karachi(time)));
        let (whatsapp, post_office) =
            (Arc::new(Provider::new(clock.clone())), Arc::new(PostOffice::new(clock.clone())));
        let world = Self::open(dir, clock, whatsapp, post_office, file, on_dynamodb().await);
        let secrets = SecretsFile::in_folder(world.dir.path());
        secrets.put(world.file.store.as_str(), &world.file.connections).unwrap();
        world.file.put(&world.world.setup).await.unwrap();
        world.probe.counted();
        world.probe.meter(std::mem::take);
        if let Some(capacity) = &world.capacity {
            capacity.taken();
        }
        world
    }

    fn open(
        dir: TempDir,
        clock: Arc<ManualClock>,
        whatsapp: Arc<Provider>,
        post_office: Arc<PostOffice>,
        file: StoreFile,
        elsewhere: Option<(Arc<dyn Table>, Capacity)>,
    ) -> Self {
        let embedded = Embedded::open(&dir.path().join("harkara.db"), clock.clone(), Settings::default());
        let embedded = Arc::new(embedded.unwrap());
        let (elsewhere, capacity) = elsewhere.unzip();
        let table = elsewhere.clone().unwrap_or_else(|| embedded.table());
        let (queue, scheduler) = (embedded.queue(), embedded.scheduler());
        let probe = Arc::new(Probe::new(table.clone(), queue, scheduler, clock.clone()));
        let world = World::new(Ports {
            table: probe.clone(),
            queue: probe.clone(),
            scheduler: probe.clone(),
            clock: clock.clone(),
            http: whatsapp.clone(),
            mailer: post_office.clone(),
            secrets: Arc::new(Connections(file.connections.clone())),
        });
        Self {
            world: Arc::new(world),
            probe,
            whatsapp,
            post_office,
            swept: std::sync::Mutex::new(clock.now()),
            clock,
            queues: embedded.queues(),
            embedded,
            table,
            elsewhere,
            capacity,
            file,
            dir,
            events: AtomicU64::new(0),
            doubles: AtomicBool::new(false),
        }
    }

    /// The machine loses its power, and another goes on with what is on the disk.
    pub(crate) fn after_power_loss(self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let name = format!("harkara.db{suffix}");
            let (from, to): (PathBuf, PathBuf) = (self.dir.path().join(&name), dir.path().join(&name));
            std::fs::copy(from, to).unwrap();
        }
        let elsewhere = self.elsewhere.zip(self.capacity);
        Self {
            events: self.events,
            ..Self::open(dir, self.clock, self.whatsapp, self.post_office, self.file, elsewhere)
        }
    }

    /// The database.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("harkara.db")
    }

    /// Whether the table lies in the file, with the queues.
    pub(crate) fn is_in_one_file(&self) -> bool {
        self.elsewhere.is_none()
    }

    /// Writes a backup of all that is in the file.
    pub(crate) fn backup(&self, to: &std::path::Path) {
        let backup = Backup { made_at: self.now(), files: Vec::new() };
        backup.write(&self.dir.path().join("harkara.db"), to, false).unwrap();
    }

    /// The machine is lost, and another goes on from a backup, with the gap noted or not; how many stages were due.
    pub(crate) async fn restored(self, backup: &std::path::Path, gap: Option<Gap>) -> (Self, usize) {
        let dir = tempfile::tempdir().unwrap();
        let (restore, _) = Restore::begin(backup, &dir.path().join("harkara.db"), false).unwrap();
        let embedded = Embedded::open(restore.path(), self.clock.clone(), Settings::default()).unwrap();
        let until = gap.map_or(self.now(), |gap| gap.until);
        let due = gap::due(&*embedded.table(), until).await.unwrap();
        if let Some(gap) = gap {
            assert_eq!(embedded.partitions(keys::STORE).unwrap(), ["s#demo"]);
            gap::mark(&*embedded.table(), &Self::store(), gap).await.unwrap();
        }
        embedded.close();
        drop(embedded);
        restore.finish("old").unwrap();
        let whole = Self::open(dir, self.clock, self.whatsapp, self.post_office, self.file, None);
        (Self { events: self.events, ..whole }, due)
    }

    /// A second store, set up as the demo store is.
    pub(crate) async fn moves_in_next_door(&self) {
        let file = StoreFile { store: NEXT_DOOR.into(), ..demo() };
        file.put(&self.world.setup).await.unwrap();
    }

    pub(crate) fn store() -> StoreId {
        StoreFile::DEMO.into()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    // What comes in.

    fn secret(&self, source: &str) -> &str {
        self.file.connections[source]["secrets"][0].as_str().unwrap()
    }

    /// What a vendor must present to have its address checked.
    pub(crate) fn verify_token(&self) -> &str {
        self.file.connections["whatsapp"]["verify_token"].as_str().unwrap()
    }

    /// What the store's buttons are signed with.
    pub(crate) fn reference_key(&self) -> harkara_domain::reference::ReferenceKey {
        serde_json::from_value(self.file.connections["whatsapp"]["reference_key"].clone()).unwrap()
    }

    /// A webhook of the shop, signed, about a happening of its own.
    pub(crate) fn shop_says(&self, topic: &str, body: &[u8]) -> Webhook {
        let event = self.events.fetch_add(1, Ordering::Relaxed);
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-event-id", format!("event-{event}")),
            ("x-shopify-hmac-sha256", harkara_sources::shopify::sign(self.secret("shopify"), body)),
        ];
        Webhook { path: "/webhooks/demo/shopify".to_owned(), headers, body: body.to_vec() }
    }

    /// A webhook of WhatsApp, signed.
    pub(crate) fn whatsapp_says(&self, body: &[u8]) -> Webhook {
        let signature = harkara_sources::whatsapp::sign(self.secret("whatsapp"), body);
        let headers = vec![("x-hub-signature-256", signature)];
        Webhook { path: "/webhooks/demo/whatsapp".to_owned(), headers, body: body.to_vec() }
    }

    pub(crate) async fn deliver(&self, webhook: &Webhook) -> StatusCode {
        let mut request = Request::post(&webhook.path);
        for (name, value) in &webhook.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Bytes::from(webhook.body.clone())).unwrap();
        self.probe.meter(|meter| meter.woken("ingest", 0));
        grants::acting("IngestRole", harkara_ingest::handle(&self.world.ingest, &request)).await.status()
    }

    /// Posts a webhook of the shop and lets it work.
    pub(crate) async fn post(&self, topic: &str, body: &Value) {
        assert_eq!(self.deliver(&self.shop_says(topic, body.to_string().as_bytes())).await, 200, "{topic}");
        self.run().await;
    }

    /// Posts a webhook of WhatsApp and lets it work.
    pub(crate) async fn post_whatsapp(&self, body: &Value) {
        assert_eq!(self.deliver(&self.whatsapp_says(body.to_string().as_bytes())).await, 200);
        self.run().await;
    }

    /// How the shop tells of a new order.
    pub(crate) fn new_order(&self, order: &Order) -> Webhook {
        self.shop_says("orders/create", order.body(order.placed).to_string().as_bytes())
    }

    /// A new order comes in.
    pub(crate) async fn place(&self, order: &Order) {
        self.post("orders/create", &order.body(order.placed)).await;
    }

    /// Something that no source of the demo store brings becomes known.
    pub(crate) async fn learns(&self, body: FactBody) {
        let fact = Fact {
            id: FactId::new(harkara_domain::id::digest(&format!("{} {body:?}", self.now()))),
            store: Self::store(),
            source: "track".into(),
            occurred_at: self.now(),
            received_at: self.now(),
            body,
        };
        let body = Job::Facts(FactsJob { facts: vec![fact] }).body();
        self.probe.send(QueueName::Events, vec![Outgoing::now(body)]).await.unwrap();
        self.run().await;
    }

    /// The customer's tap on the last message about an order, as WhatsApp reports it.
    pub(crate) fn tap_webhook(&self, order: &Order, choice: Choice) -> Webhook {
        let call = self.calls_of(order).pop().expect("no message to tap on");
        let payloads = call.payloads();
        let payload =
            payloads.iter().find(|payload| payload.starts_with(&format!("hk1:{}", choice.as_str())));
        let id = format!("wamid.in.{}", self.events.fetch_add(1, Ordering::Relaxed));
        let content = json!({ "payload": payload.unwrap(), "text": choice.as_str() });
        let body = bodies::message(&id, call.to(), self.now(), "button", &content);
        self.whatsapp_says(body.to_string().as_bytes())
    }

    pub(crate) async fn tap(&self, order: &Order, choice: Choice) {
        assert_eq!(self.deliver(&self.tap_webhook(order, choice)).await, 200);
        self.run().await;
    }

    /// WhatsApp's report on a call; `wamid` as the provider would give it, taken or not.
    pub(crate) async fn receipt(&self, call: &Call, status: &str, code: Option<i64>) {
        let wamid = call.wamid.clone().unwrap_or_else(|| "wamid.unheard".to_owned());
        let reference = call.reference().to_string();
        self.post_whatsapp(&bodies::status(&wamid, status, self.now(), &reference, code)).await;
    }

    // What drives it.

    /// One batch of a queue, if anything is visible there.
    pub(crate) async fn work(&self, queue: QueueName) -> bool {
        let batch = self.take(queue).await;
        if batch.is_empty() {
            return false;
        }
        self.handle(queue, &batch).await;
        true
    }

    /// Everything visible in one queue, and nothing else.
    pub(crate) async fn drain(&self, queue: QueueName) {
        while self.work(queue).await {}
    }

    /// Takes a batch; whoever does must settle it, or it comes again after its visibility.
    pub(crate) async fn take(&self, queue: QueueName) -> Vec<Delivery> {
        // The writer does things in their order: after this, what was asked before is done.
        self.embedded.schedules().fire().await.unwrap();
        let batch = self.queues.try_receive(queue, 10);
        if !batch.is_empty() {
            self.probe.alarm(self.now() + SignedDuration::from_secs(180));
        }
        batch
    }

    /// Has a queue's function handle a batch beside the test, and never settles it.
    pub(crate) fn beside(&self, queue: QueueName, batch: &[Delivery]) -> JoinHandle<Unprocessed> {
        let (world, batch) = (self.world.clone(), batch.to_vec());
        tokio::spawn(async move { handled(&world, queue, &batch).await })
    }

    pub(crate) async fn handle(&self, queue: QueueName, batch: &[Delivery]) {
        let function = match queue {
            QueueName::Events => "matcher",
            QueueName::Stages | QueueName::PriorityStages => "stage",
            QueueName::Failures => "dead-letter",
        };
        self.probe.meter(|meter| meter.woken(function, batch.len()));
        let unprocessed = handled(&self.world, queue, batch).await;
        let receipts: Vec<String> = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
        self.queues.settle(queue, &receipts, &unprocessed);
    }

    /// Works until nothing is visible.
    pub(crate) async fn run(&self) {
        loop {
            let mut worked = false;
            for queue in QueueName::ALL {
                worked |= self.work(queue).await;
            }
            if !worked {
                return;
            }
        }
    }

    pub(crate) async fn sweep(&self) -> usize {
        *self.swept.lock().unwrap() = self.now();
        let losing = self.probe.lose(false);
        let found = grants::acting("SweepRole", harkara_sweep::handle(&self.world.sweeper)).await.unwrap();
        self.probe.lose(losing);
        self.run().await;
        found
    }

    /// The clock moves, and nobody works: what a stall or an outage of ours is.
    pub(crate) fn stall(&self, span: SignedDuration) {
        self.clock.set(self.now() + span);
        self.embedded.wake();
    }

    /// Lets time pass. It goes from one moment at which something may happen to the next.
    pub(crate) async fn advance(&self, span: SignedDuration) {
        self.advance_to(self.now() + span).await;
    }

    pub(crate) async fn advance_to(&self, end: Timestamp) {
        self.run().await;
        while self.now() < end {
            let next = self.next_moment().await.min(end);
            self.clock.set(next);
            self.embedded.wake();
            self.run().await;
            let last = *self.swept.lock().unwrap();
            if next.duration_since(last) >= minutes(2) {
                self.sweep().await;
            }
        }
    }

    /// The next time at which something may happen by itself, or the sweep may find something.
    async fn next_moment(&self) -> Timestamp {
        let now = self.now();
        let mut next = self.probe.next_alarm(now).unwrap_or(Timestamp::MAX);
        for due in self.overdue_or_due().await {
            let swept = due + Sweeper::GRACE;
            // What is overdue and was swept in vain is looked at again with the next sweep.
            let moment = if due > now {
                due
            } else if swept > now {
                swept
            } else {
                now + minutes(2)
            };
            next = next.min(moment);
        }
        next
    }

    async fn overdue_or_due(&self) -> Vec<Timestamp> {
        let table = &self.table;
        let mut all = Vec::new();
        for shard in 0..keys::DUE_SHARDS {
            let page = table.query(Query::index(Index::Due, keys::due_partition(shard))).await.unwrap();
            all.extend(page.items.iter().filter_map(|item| keys::unstamp(&item.due.as_ref()?.sk)));
        }
        all
    }

    // What is seen.

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.whatsapp.calls()
    }

    pub(crate) fn calls_of(&self, order: &Order) -> Vec<Call> {
        let key = Subject::from(order.key());
        self.calls().into_iter().filter(|call| call.reference().subject == key).collect()
    }

    /// What was asked of WhatsApp for an order: which templates, when, as minutes since it was placed.
    pub(crate) fn sent(&self, order: &Order) -> Vec<(String, i64)> {
        let minute = |call: &Call| call.at.duration_since(order.placed).as_mins();
        self.calls_of(order).iter().map(|call| (call.what().to_owned(), minute(call))).collect()
    }

    pub(crate) fn mails(&self) -> Vec<Posted> {
        self.post_office.posted()
    }

    /// The mails that tell of dead letters.
    pub(crate) fn alerts(&self) -> Vec<Posted> {
        let told = |posted: &Posted| posted.mail.text.contains("run again from the console");
        self.mails().into_iter().filter(told).collect()
    }

    pub(crate) async fn story(&self, order: &Order) -> OrderStory {
        let story = self.world.reader.order(&Self::store(), &OrderId::new(order.key())).await.unwrap();
        story.expect("nothing is known of the order")
    }

    pub(crate) async fn run_of(&self, order: &Order, flow: &str) -> Option<Run> {
        let story = self.story(order).await;
        story.runs.into_iter().map(|story| story.run).find(|run| run.flow.as_str() == flow)
    }

    /// The state of a stage, by the names that the team gave.
    pub(crate) async fn stage(&self, order: &Order, flow: &str, stage: &str) -> StageRun {
        let story = self.story(order).await;
        let run = story.runs.iter().find(|run| run.run.flow.as_str() == flow).expect("no such run");
        let place = run.stages.iter().position(|name| name == stage).expect("no such stage");
        run.run.stages[place].clone()
    }

    /// A stage's status and reason, in words.
    pub(crate) async fn outcome(&self, order: &Order, flow: &str, stage: &str) -> (StageStatus, String) {
        let state = self.stage(order, flow, stage).await;
        (state.status, state.reason.map_or_else(String::new, |reason| reason.to_string()))
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.world.reader.dead_letters(&Self::store(), 1000, None).await.unwrap().entries
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.world.counters.all().get(name).copied().unwrap_or_default()
    }

    /// What became of facts, of all sources.
    pub(crate) fn facts(&self, fate: Fate) -> u64 {
        Source::ALL.iter().map(|source| self.world.counters.facts.get((*source, fate))).sum()
    }

    pub(crate) async fn runs(&self) -> Vec<Run> {
        let (mut runs, mut after) = (Vec::new(), None);
        loop {
            let page =
                self.world.reader.runs(&Self::store(), &RunFilter::default(), 500, after).await.unwrap();
            runs.extend(page.entries.into_iter().map(|story| story.run));
            after = page.next;
            if after.is_none() {
                return runs;
            }
        }
    }

    // What must hold at the end of every test.

    /// Fails on whatever is left over.
    pub(crate) async fn finish(self) {
        self.run().await;
        let runs = self.runs().await;
        self.check_runs(&runs);
        self.check_queues(&runs).await;
        self.check_letters(&runs).await;
        self.check_calls();
        assert_eq!(self.whatsapp.unused(), 0, "answers that nobody asked for");
        for name in ["put_aside.matcher.bad_job", "put_aside.stage.bad_job"] {
            assert_eq!(self.counter(name), 0, "{name}");
        }
    }

    fn check_runs(&self, runs: &[Run]) {
        let now = self.now();
        for run in runs {
            let place = format!("{} of {}", run.id, run.subject);
            let open: Vec<&StageRun> = run.stages.iter().filter(|stage| stage.is_open()).collect();
            assert_eq!(run.status == RunStatus::Running, !open.is_empty(), "{place}: {run:#?}");
            if let Some(due) = run.next_due() {
                assert!(due > now - Sweeper::GRACE, "{place} is stuck: {run:#?}");
            } else {
                assert!(open.is_empty(), "{place} runs without a time: {run:#?}");
            }
            for stage in &run.stages {
                assert!(stage.claim.is_none(), "a claim is left at {place}: {run:#?}");
                let reason = stage.reason.as_ref().map_or_else(String::new, ToString::to_string);
                let bare = matches!(stage.status, StageStatus::Queued | StageStatus::Sent);
                assert!(bare || !reason.is_empty(), "{place} ended without a reason: {run:#?}");
                assert_eq!(stage.ended_at.is_some(), !stage.is_open(), "{place}: {run:#?}");
            }
        }
    }

    async fn check_queues(&self, runs: &[Run]) {
        self.embedded.schedules().fire().await.unwrap();
        let depth = |queue| self.queues.depth(queue).unwrap();
        let all = QueueName::ALL.map(depth);
        assert!(all.iter().all(|depth| depth.visible == 0), "messages are left: {all:?}");
        let [events, stages, priority, failures] = all;
        assert_eq!((events.delayed, events.in_flight, failures.in_flight), (0, 0, 0), "{all:?}");
        // A message in flight is a stage's that waits for its next try.
        let retried = runs.iter().flat_map(|run| &run.stages).filter(|s| s.is_open() && s.tries > 0).count();
        assert!(
            stages.in_flight + priority.in_flight <= retried as u64,
            "{all:?}, {retried} stages to be tried again"
        );
        // A delayed failure is the alert of an open window.
        let window = self.table.get(&keys::alert(&Self::store())).await.unwrap();
        assert!(failures.delayed <= u64::from(window.is_some()), "{all:?}");
    }

    async fn check_letters(&self, runs: &[Run]) {
        let (letters, alerts) = (self.dead_letters().await, self.alerts());
        let last = alerts.last().map(|posted| posted.at);
        for letter in &letters {
            assert!(last.is_some_and(|at| at >= letter.at), "nobody was told of {letter:?}");
        }
        for run in runs {
            let failed =
                run.stages.iter().enumerate().filter(|(_, stage)| stage.status == StageStatus::Failed);
            for (place, stage) in failed {
                let filed = letters.iter().any(|letter| match &letter.content {
                    Content::Stage { job, .. } => {
                        (&job.subject, &job.run, usize::from(job.stage), job.series)
                            == (&run.subject, &run.id, place, stage.series)
                    }
                    Content::Message { .. } => false,
                });
                assert!(filed, "no dead letter for stage {place} of {run:#?}");
            }
        }
    }

    fn check_calls(&self) {
        let mut taken: BTreeMap<(String, RunId, u16), u32> = BTreeMap::new();
        let mut references = BTreeSet::new();
        for call in self.calls() {
            let faults = schema::faults(&call.body);
            assert!(faults.is_empty(), "WhatsApp would refuse {:#}: {faults:?}", call.body);
            let reference = call.reference();
            if call.wamid.is_some() {
                assert!(references.insert(reference.to_string()), "{reference} was used for two messages");
                *taken.entry((reference.subject.to_string(), reference.run, reference.stage)).or_default() +=
                    1;
            }
        }
        if !self.doubles.load(Ordering::Relaxed) {
            let doubled: Vec<_> = taken.iter().filter(|(_, count)| **count > 1).collect();
            assert!(doubled.is_empty(), "sent twice: {doubled:?}");
        }
    }
}

/// A flow of one stage, which asks at once.
pub(crate) const JUST_ASK: &str = "
name: Just ask
trigger: order_created
stages:
  - name: Ask
    message: { channels: [whatsapp], template: cod_confirmation, buttons: [confirm, cancel] }
";

/// The demo store with these flows only.
pub(crate) async fn with_flows(time: &str, flows: &[&str]) -> TestWorld {
    let flows = flows.iter().map(|flow| (*flow).to_owned()).collect();
    TestWorld::with(time, |file| file.flows = flows).await
}

/// What a queue's function makes of a batch.
pub(crate) async fn handled(world: &World, queue: QueueName, batch: &[Delivery]) -> Unprocessed {
    let work = async {
        match queue {
            QueueName::Events => harkara_matcher::handle(&world.matcher, batch).await,
            QueueName::Stages | QueueName::PriorityStages => {
                harkara_stage::handle(&world.stages, queue, batch).await
            }
            QueueName::Failures => harkara_dead_letter::handle(&world.undertaker, batch).await,
        }
    };
    grants::acting(grants::role_of(queue), work).await
}

pub(crate) fn flow_id(name: &str) -> FlowId {
    FlowId::new(name)
}

/// The items of the table whose partition begins so.
pub(crate) async fn partition(world: &TestWorld, pk: &str) -> usize {
    world.table.query(Query::partition(pk)).await.unwrap().items.len()
}
