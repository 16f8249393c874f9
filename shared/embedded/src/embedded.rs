//! Opening and closing.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use harkara_engine::port::{Clock, PerQueue, Queue, QueueName, Scheduler, Table};
use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};

use crate::{
    clock::millis,
    query,
    queue::{Lane, Queues, Window},
    readers::Readers,
    scheduler::Schedules,
    schema::{self, OpenError},
    settings::Settings,
    shared::Shared,
    store::Store,
    writer::{Writer, mailbox::Mailbox, op::Op},
};

/// How often expired items are deleted, in real time.
const PURGE_EVERY: Duration = Duration::from_secs(60);

/// The ports on one SQLite file. Beside it are SQLite's `-wal` and `-shm`, and a `.lock`.
///
/// Dropping it closes it: what was asked before is still written, the log is folded into the file,
/// and the ports that were handed out fail from then on.
pub struct Embedded {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    clock: Arc<dyn Clock>,
    running: Mutex<Option<(JoinHandle<()>, File)>>,
}

impl Embedded {
    /// Opens the file, or makes it, and starts the writer.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, settings: Settings) -> Result<Self, OpenError> {
        let opened = schema::open(path, settings.max_bytes)?;
        let fault = |problem: String| OpenError::Failed { path: path.to_owned(), problem };
        let Settings { queues, window_messages, window_bytes, .. } = settings;
        let lane = |queue, own| {
            let total = count(&opened.writer, queue).map_err(|error| fault(error.to_string()))?;
            Ok(Lane::new(own, Window::new(window_messages, window_bytes, total)))
        };
        let lanes = PerQueue {
            events: lane(QueueName::Events, queues.events)?,
            stages: lane(QueueName::Stages, queues.stages)?,
            priority_stages: lane(QueueName::PriorityStages, queues.priority_stages)?,
            failures: lane(QueueName::Failures, queues.failures)?,
        };
        let readers = Arc::new(Readers::open(path)?);
        let shared = Arc::new(Shared {
            mailbox: Mailbox::default(),
            lanes,
            next_schedule: AtomicI64::new(i64::MAX),
            rescheduled: Notify::new(),
            commits: AtomicU64::new(0),
            ops: AtomicU64::new(0),
        });
        let (ready, started) = std::sync::mpsc::channel();
        let (for_writer, times) = (Arc::clone(&shared), Arc::clone(&clock));
        let writer = std::thread::Builder::new()
            .name("harkara-writer".to_owned())
            .spawn(move || write(opened.writer, times, for_writer, &ready))
            .map_err(|error| fault(error.to_string()))?;
        match started.recv() {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => return Err(fault(problem)),
            Err(_) => return Err(fault("the writer did not start".to_owned())),
        }
        Ok(Self { shared, readers, clock, running: Mutex::new(Some((writer, opened.lock))) })
    }

    /// The table port.
    pub fn table(&self) -> Arc<dyn Table> {
        Arc::new(Store::new(Arc::clone(&self.shared), Arc::clone(&self.readers), Arc::clone(&self.clock)))
    }

    /// The port to send to queues.
    pub fn queue(&self) -> Arc<dyn Queue> {
        Arc::new(self.queues())
    }

    /// Both sides of the queues.
    pub fn queues(&self) -> Queues {
        Queues::new(Arc::clone(&self.shared), Arc::clone(&self.readers), Arc::clone(&self.clock))
    }

    /// The scheduler port.
    pub fn scheduler(&self) -> Arc<dyn Scheduler> {
        Arc::new(self.schedules())
    }

    /// The scheduler with its ticker.
    pub fn schedules(&self) -> Schedules {
        Schedules::new(Arc::clone(&self.shared), Arc::clone(&self.clock))
    }

    /// Fires schedules and deletes expired items for as long as it is polled. Never returns.
    pub async fn run(&self) {
        let schedules = self.schedules();
        let purge = async {
            loop {
                tokio::time::sleep(PURGE_EVERY).await;
                if let Err(problem) = self.purge().await {
                    tracing::warn!(problem, "expired items could not be deleted");
                }
            }
        };
        tokio::join!(schedules.run(), purge);
    }

    /// Deletes items that have expired, some hundreds at a time. Reads hide them before that.
    pub async fn purge(&self) -> Result<(), String> {
        let now_ms = millis(self.clock.now());
        loop {
            let (reply, answer) = oneshot::channel();
            self.shared.mailbox.push(Op::Purge { now_ms, reply });
            if !answer.await.unwrap_or_else(|_| Err(Shared::CLOSED.to_owned()))? {
                return Ok(());
            }
        }
    }

    /// The partitions whose names begin so, in order.
    ///
    /// # Errors
    /// When the read fails.
    pub fn partitions(&self, prefix: &str) -> Result<Vec<String>, String> {
        self.readers.with(|conn| query::partitions(conn, prefix))
    }

    /// Makes pollers and the ticker look at the clock again. For a clock that is moved by hand.
    pub fn wake(&self) {
        self.queues().wake();
        self.schedules().wake();
    }

    /// How many transactions were committed since it was opened.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// How many operations those transactions did.
    pub fn operations(&self) -> u64 {
        self.shared.ops.load(Ordering::Relaxed)
    }

    /// Writes what was asked before, folds the log into the file and lets go of it. Blocks for as
    /// long as that takes; a second call does nothing.
    pub fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((writer, lock)) = running else { return };
        // Readers first: the last connection to close folds the log in, and they may not write.
        self.readers.close();
        self.shared.mailbox.close();
        if writer.join().is_err() {
            tracing::error!("the writer has panicked");
        }
        // Only now may another process have the file.
        drop(lock);
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.close();
    }
}

/// How many messages a queue has.
fn count(conn: &Connection, queue: QueueName) -> rusqlite::Result<u64> {
    let total: i64 =
        conn.query_row(&format!("SELECT count(*) FROM message_{queue}"), [], |row| row.get(0))?;
    Ok(total.unsigned_abs())
}

/// The writer's thread.
fn write(
    conn: Connection,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    ready: &std::sync::mpsc::Sender<Result<(), String>>,
) {
    match Writer::prepare(&conn, clock, shared) {
        Ok(mut writer) => {
            // Memory is filled before anyone looks at it: a ticker that saw no schedule would sleep.
            writer.fill();
            _ = ready.send(Ok(()));
            writer.run();
        }
        Err(error) => _ = ready.send(Err(error.to_string())),
    }
    if let Err((_, error)) = conn.close() {
        tracing::warn!(%error, "the database was not closed cleanly; the log is read at the next start");
    }
}
