//! `cargo bench -p harkara-embedded --bench million`: a queue in which a million stages of one flow wait,
//! and how soon a stage of another flow is out of it.
//!
//! The file goes to the folder that `TMPDIR` names, which should be on a real disk.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)] // a report; what fails here ends it

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use harkara_embedded::{Embedded, Settings};
use harkara_engine::{
    job,
    port::{Outgoing, QueueName, SystemClock, Unprocessed},
};

const STAGES: QueueName = QueueName::Stages;
const MILLION: usize = 1_000_000;
const CONFIRMATIONS: usize = 1_000;

fn stage(flow: &str, n: usize) -> Outgoing {
    let fields =
        format!(r#""order":"shopify-{n}","run":"{flow}~customer_inactive~{n}","stage":0,"series":0"#);
    Outgoing::now(format!(r#"{{"v":1,"job":"stage","store":"demo",{fields},"failed":0}}"#))
}

fn open(path: &Path) -> Embedded {
    Embedded::open(path, Arc::new(SystemClock), Settings::default()).unwrap()
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn fill(store: &Embedded) {
    let (queue, began) = (store.queue(), Instant::now());
    for first in (0..MILLION).step_by(1000) {
        queue.send(STAGES, (first..first + 1000).map(|n| stage("win_back", n)).collect()).await.unwrap();
    }
    println!(
        "{MILLION} stages sent in {:.1} s, {} MB resident",
        began.elapsed().as_secs_f64(),
        resident_mb()
    );
}

/// A stage of another flow comes in, and batches are taken until it is out.
async fn confirmation(store: &Embedded, n: usize) -> (Duration, usize) {
    let (queues, began) = (store.queues(), Instant::now());
    store.queue().send(STAGES, vec![stage("cod_confirm", n)]).await.unwrap();
    for batches in 1.. {
        let batch = queues.receive(STAGES, 10).await;
        let found = batch.iter().any(|delivery| job::group(&delivery.body) == "demo/cod_confirm");
        let receipts: Vec<String> = batch.into_iter().map(|delivery| delivery.receipt).collect();
        queues.settle(STAGES, &receipts, &Unprocessed::default());
        if found {
            return (began.elapsed(), batches);
        }
    }
    unreachable!("batches without end")
}

async fn confirmations(store: &Embedded, state: &str) {
    let (mut took, mut most) = (Vec::new(), 0);
    for n in 0..CONFIRMATIONS {
        let (time, batches) = confirmation(store, n).await;
        took.push(time);
        most = most.max(batches);
    }
    let first = took[0];
    took.sort_unstable();
    println!(
        "{state}: {CONFIRMATIONS} confirmations out after p50 {:.1?}, p99 {:.1?}, worst {:.1?} (the first {:.1?}), \
         in at most {most} batches; {} MB resident",
        took[CONFIRMATIONS / 2],
        took[CONFIRMATIONS * 99 / 100],
        took[CONFIRMATIONS - 1],
        first,
        resident_mb()
    );
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("million.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(&path);
        fill(&store).await;
        confirmations(&store, "with a million behind them").await;
        store.close();
        let began = Instant::now();
        let store = open(&path);
        println!("opened again in {:.2} s", began.elapsed().as_secs_f64());
        confirmations(&store, "after a start").await;
        store.close();
    });
}
