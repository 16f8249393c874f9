//! The embedded twin as a world for the contract.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use harkara_embedded::{Embedded, ManualClock, QueueSettings, Settings};
use harkara_engine::port::{Clock, Delivery, Queue, QueueName, Scheduler, Table, Unprocessed};
use jiff::Timestamp;
use tempfile::TempDir;

use harkara_contract::{Tables, World};

pub(crate) struct Twin {
    pub(crate) store: Arc<Embedded>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) path: PathBuf,
    dir: Arc<TempDir>,
    ticker: tokio::task::JoinHandle<()>,
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    let failures = Some(QueueName::Failures);
    settings.queues.events =
        QueueSettings { visibility: Duration::from_secs(30), max_receives: 5, redrive_to: failures };
    settings.queues.stages = settings.queues.events.clone();
    settings
}

impl Twin {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::at(Arc::new(dir), settings, "2026-11-22T10:00:00Z".parse().unwrap())
    }

    fn at(dir: Arc<TempDir>, settings: Settings, now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let path = dir.path().join("harkara.db");
        let store = Arc::new(Embedded::open(&path, clock.clone(), settings).unwrap());
        let runs = Arc::clone(&store);
        let ticker = tokio::spawn(async move { runs.run().await });
        Self { store, clock, path, dir, ticker }
    }

    /// Closes and opens again.
    pub(crate) fn reopen(self, settings: Settings) -> Self {
        let now = self.clock.now();
        self.ticker.abort();
        self.store.close();
        Self::at(Arc::clone(&self.dir), settings, now)
    }

    /// What a machine finds that lost its power now: the file and its log as they are on disk.
    pub(crate) fn after_crash(&self, settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let name = format!("harkara.db{suffix}");
            let from = self.path.with_file_name(&name);
            if from.exists() {
                std::fs::copy(from, dir.path().join(&name)).unwrap();
            }
        }
        Self::at(Arc::new(dir), settings, self.clock.now())
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.ticker.abort();
    }
}

impl Tables for Twin {
    fn table(&self) -> Arc<dyn Table> {
        self.store.table()
    }
}

#[async_trait]
impl World for Twin {
    fn queue(&self) -> Arc<dyn Queue> {
        self.store.queue()
    }

    fn scheduler(&self) -> Arc<dyn Scheduler> {
        self.store.scheduler()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
        self.store.wake();
    }

    async fn receive(&self, queue: QueueName) -> Vec<Delivery> {
        let queues = self.store.queues();
        let wait = |span| tokio::time::timeout(Duration::from_millis(span), queues.receive(queue, 10));
        if let Ok(batch) = wait(100).await {
            return batch;
        }
        // A slow disk is no answer. Whatever the writer has been asked (to fire a schedule, then to
        // redrive what failed) is done when it answers something asked later.
        for _ in 0..2 {
            self.store.scheduler().cancel("nothing").await.unwrap();
        }
        let patience = if queues.depth(queue).unwrap().visible > 0 { 10_000 } else { 50 };
        wait(patience).await.unwrap_or_default()
    }

    async fn settle(&self, queue: QueueName, batch: &[Delivery], unprocessed: &Unprocessed) {
        let receipts: Vec<String> = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
        self.store.queues().settle(queue, &receipts, unprocessed);
    }

    fn visibility(&self) -> Duration {
        Duration::from_secs(30)
    }
}

harkara_contract::suite!(table, Twin::new());
harkara_contract::suite!(queue, Twin::new());
harkara_contract::suite!(scheduler, Twin::new());
