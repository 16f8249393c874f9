//! `cargo bench -p harkara-embedded`: operations a second and CPU time an operation, at 64 callers.
//!
//! An argument picks measurements whose name has it; the file goes to the folder that `TMPDIR` names,
//! which should be on a real disk.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use harkara_embedded::{Embedded, Settings, consume};
use harkara_engine::port::{
    Expect, IndexKey, Item, Key, Outgoing, Query, QueueName, SystemClock, Unprocessed, Write,
};

const CALLERS: u64 = 64;

/// CPU time of this process so far, user and system; the finest that Linux tells without a system
/// call of its own is the scheduler's sum over the threads, in nanoseconds.
fn cpu() -> Duration {
    let mut nanos = 0;
    let threads = std::fs::read_dir("/proc/self/task").map(|dir| dir.flatten().collect::<Vec<_>>());
    for thread in threads.unwrap_or_default() {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    }
    Duration::from_nanos(nanos)
}

fn writer_cpu() -> Duration {
    let mut nanos = 0;
    let threads = std::fs::read_dir("/proc/self/task").map(|dir| dir.flatten().collect::<Vec<_>>());
    for thread in threads.unwrap_or_default() {
        let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        if name.trim() == "harkara-writer" {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            nanos += text.split(' ').next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Duration::from_nanos(nanos)
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

struct Bench {
    name: &'static str,
    /// Rows that one operation writes; 0 for a read.
    rows: u32,
    operations: u64,
}

async fn measure<F, Fut>(store: &Arc<Embedded>, bench: Bench, work: F)
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    if std::env::args().skip(1).any(|arg| !arg.starts_with('-') && !bench.name.contains(&arg)) {
        return;
    }
    let work = Arc::new(work);
    let next = Arc::new(AtomicU64::new(0));
    let worst = Arc::new(AtomicU64::new(0));
    let (cpu0, writer0, commits0, began) = (cpu(), writer_cpu(), store.commits(), Instant::now());
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        let (work, next, worst) = (Arc::clone(&work), Arc::clone(&next), Arc::clone(&worst));
        callers.push(tokio::spawn(async move {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= bench.operations {
                    return;
                }
                let began = Instant::now();
                work(turn).await;
                let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                worst.fetch_max(took, Ordering::Relaxed);
            }
        }));
    }
    for caller in callers {
        _ = caller.await;
    }
    let (took, used, writer) = (began.elapsed(), cpu() - cpu0, writer_cpu() - writer0);
    report(store, &bench, (took, used, writer), commits0, worst.load(Ordering::Relaxed));
}

#[allow(clippy::print_stdout, clippy::cast_precision_loss)]
fn report(
    store: &Embedded,
    bench: &Bench,
    (took, used, writer): (Duration, Duration, Duration),
    commits0: u64,
    worst: u64,
) {
    let operations = bench.operations as f64;
    let commits = (store.commits() - commits0).max(1);
    let rows = if bench.rows == 0 {
        String::new()
    } else {
        format!(", writer {:.2} µs/row", writer.as_secs_f64() * 1e6 / operations / f64::from(bench.rows))
    };
    println!(
        "{:<34} {:>8.0}/s  {:>6.1} µs CPU/op{rows}, {:.1} ops/commit, worst {:.1} ms, {} MB resident",
        bench.name,
        operations / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / operations,
        operations / commits as f64,
        worst as f64 / 1e3,
        resident_mb(),
    );
}

/// Scatters numbers, as vendors' ids are.
fn scatter(turn: u64) -> u64 {
    turn.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn order(turn: u64, part: u32) -> Item {
    placed(scatter(turn), turn, part)
}

fn placed(id: u64, turn: u64, part: u32) -> Item {
    let key = Key::new(format!("store-1#order-{id:020}"), format!("part-{part}"));
    let mut item = Item::new(key, vec![b'x'; 1000]);
    if part == 0 {
        item.list = Some(IndexKey { pk: "orders#store-1".into(), sk: format!("{turn:020}") });
    }
    if part == 1 {
        item.due = Some(IndexKey { pk: "due".into(), sk: format!("{:020}", turn + scatter(turn) % 1000) });
    }
    item
}

#[allow(clippy::unwrap_used)]
async fn table(store: &Arc<Embedded>) {
    let table = store.table();
    let ports = Arc::clone(&table);
    measure(store, Bench { name: "conditional put, new", rows: 1, operations: 100_000 }, move |turn| {
        let table = Arc::clone(&ports);
        async move { table.write(vec![Write::Put(order(turn, 0), Expect::Absent)]).await.unwrap() }
    })
    .await;
    let ports = Arc::clone(&table);
    measure(store, Bench { name: "conditional put, changed", rows: 1, operations: 100_000 }, move |turn| {
        let table = Arc::clone(&ports);
        async move { table.write(vec![Write::Put(order(turn, 0), Expect::Version(1))]).await.unwrap() }
    })
    .await;
    let ports = Arc::clone(&table);
    measure(store, Bench { name: "transaction of five parts", rows: 5, operations: 50_000 }, move |turn| {
        let table = Arc::clone(&ports);
        let parts = (0..5).map(|part| Write::Put(order(turn + 1_000_000, part), Expect::Absent)).collect();
        async move { table.write(parts).await.unwrap() }
    })
    .await;
    let ports = Arc::clone(&table);
    measure(store, Bench { name: "five parts, keys in order", rows: 5, operations: 50_000 }, move |turn| {
        let table = Arc::clone(&ports);
        let turn = turn + 2_000_000;
        let parts = (0..5).map(|part| Write::Put(placed(turn, turn, part), Expect::Absent)).collect();
        async move { table.write(parts).await.unwrap() }
    })
    .await;
    let ports = Arc::clone(&table);
    measure(store, Bench { name: "get", rows: 0, operations: 200_000 }, move |turn| {
        let table = Arc::clone(&ports);
        async move { _ = table.get(&order(turn % 100_000, 0).key).await.unwrap() }
    })
    .await;
    let ports = Arc::clone(&table);
    measure(store, Bench { name: "put, then get and query", rows: 1, operations: 50_000 }, move |turn| {
        let table = Arc::clone(&ports);
        let item = order(turn + 3_000_000, 0);
        async move {
            let key = item.key.clone();
            table.write(vec![Write::Put(item, Expect::Absent)]).await.unwrap();
            _ = table.get(&key).await.unwrap();
            _ = table.query(Query::partition(key.pk)).await.unwrap();
        }
    })
    .await;
}

#[allow(clippy::unwrap_used)]
async fn queues(store: &Arc<Embedded>) {
    for (name, pollers) in [("send, receive, settle (1 poller)", 1), ("send, receive, settle (8 pollers)", 8)]
    {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let seen = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&seen);
        let handler = move |batch: Vec<harkara_engine::port::Delivery>| {
            counter.fetch_add(u64::try_from(batch.len()).unwrap_or(0), Ordering::Relaxed);
            async { Unprocessed::default() }
        };
        let consumer = tokio::spawn(consume(store.queues(), QueueName::Stages, pollers, handler, stopped));
        let queue = store.queue();
        measure(store, Bench { name, rows: 2, operations: 100_000 }, move |_| {
            let queue = Arc::clone(&queue);
            async move { queue.send(QueueName::Stages, vec![Outgoing::now("x".repeat(500))]).await.unwrap() }
        })
        .await;
        stop.send(true).unwrap();
        consumer.await.unwrap();
    }
}

fn main() {
    let dir = tempfile::tempdir().unwrap_or_else(|error| unreachable!("no folder: {error}"));
    let store = Embedded::open(&dir.path().join("bench.db"), Arc::new(SystemClock), Settings::default())
        .unwrap_or_else(|error| unreachable!("{error}"));
    let store = Arc::new(store);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap_or_else(|error| unreachable!("{error}"));
    runtime.block_on(async {
        table(&store).await;
        queues(&store).await;
    });
    drop(runtime);
    drop(store);
}
