//! The world of one seed: Harkara's functions over ports that fail, a shop with its customers, and time.

mod inbox;
mod tasks;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use harkara_domain::StoreId;
use harkara_engine::{
    port::{Clock, Item, QueueName},
    replay::Filter,
    sweep::Sweeper,
};
use harkara_onebox::{
    store_file::StoreFile,
    world::{Ports, World as Harkara},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    fate::{Fate, Odds, Sabotage},
    outside::Outside,
    queues::Queues,
    shop::{Life, TeamDeed},
    steps::{Running, TaskId},
    table::MemoryTable,
};
use tasks::{Task, What};

/// How many of a function work at once.
const AT_ONCE: usize = 3;
/// Between two sweeps.
const SWEEP: SignedDuration = SignedDuration::from_mins(2);
/// The most that happens in a world; far above what a life takes.
const MAX_EVENTS: u64 = 400_000;

/// A store that is set up, as its table holds it.
static SET_UP: OnceLock<Vec<Item>> = OnceLock::new();

/// A webhook on its way.
#[derive(Clone)]
pub(crate) struct Arrival {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// When it was answered with 200.
    taken: Timestamp,
    tries: u32,
}

enum Incoming {
    Webhook(Arrival),
    Team(TeamDeed, u32),
    Storm(Timestamp),
    Calm,
}

struct SimClock(Fate);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.seen()
    }
}

/// See the module.
pub(crate) struct World {
    pub(crate) fate: Fate,
    pub(crate) table: MemoryTable,
    pub(crate) queues: Queues,
    pub(crate) outside: Outside,
    pub(crate) harkara: Arc<Harkara>,
    secrets: BTreeMap<&'static str, String>,
    tasks: BTreeMap<TaskId, Task>,
    made: u64,
    inbox: BTreeMap<(Timestamp, u64), Incoming>,
    lives: Vec<Life>,
    swept: Timestamp,
    /// Webhooks that were answered with 200.
    pub(crate) taken: Vec<Arrival>,
    pub(crate) violations: Vec<String>,
    pub(crate) events: u64,
    /// What the customers have seen already, in WhatsApp's calls.
    seen: usize,
}

/// Each time a customer asks, and asking leaves nothing in a view by which a repetition could be known.
const ANSWERS: &str = "
name: Where is it
trigger: { message_received: { intent: where_is_it } }
re_entry: always
stages:
  - name: Take note
    workflow: [{ log_event: They ask where it is }]
";

/// The demo store, with a number and with secrets that are the same every time.
fn store() -> anyhow::Result<StoreFile> {
    let mut file = StoreFile::demo("https://shop.example")?;
    file.connections.insert("shopify".to_owned(), json!({ "secrets": ["shop-secret"], "region": "PK" }));
    let whatsapp = json!({
        "secrets": ["meta-secret"], "verify_token": "token", "region": "PK",
        "reference_key": "0123456789abcdef0123456789abcdef", "phone_number_id": "310042001042",
        "access_token": "token", "api_url": "https://graph.example/v23.0",
    });
    file.connections.insert("whatsapp".to_owned(), whatsapp);
    file.flows.push(ANSWERS.to_owned());
    Ok(file)
}

impl World {
    /// A world at its beginning, set up, with nothing going wrong yet.
    pub(crate) fn new(fate: Fate, echoes: bool) -> anyhow::Result<Self> {
        // What a store sets up takes longer to read than its orders to live, and is the same in every world.
        if SET_UP.get().is_none() {
            let mut first = Self::empty(Fate::of(0, fate.now(), Odds::NONE, false), true)?;
            let (harkara, file) = (first.harkara.clone(), store()?);
            first.alone(async move { file.put(&harkara.setup).await })?;
            _ = SET_UP.set(first.table.items());
        }
        let world = Self::empty(fate, echoes)?;
        world.table.restore(SET_UP.get().map(Vec::as_slice).unwrap_or_default());
        Ok(world)
    }

    fn empty(fate: Fate, echoes: bool) -> anyhow::Result<Self> {
        let file = store()?;
        let table = MemoryTable::new(fate.clone());
        let queues = Queues::new(fate.clone());
        let outside = Outside::new(fate.clone(), file.connections, echoes);
        let harkara = Arc::new(Harkara::new(Ports {
            table: Arc::new(table.clone()),
            queue: Arc::new(queues.clone()),
            scheduler: Arc::new(queues.clone()),
            clock: Arc::new(SimClock(fate.clone())),
            http: Arc::new(outside.clone()),
            mailer: Arc::new(outside.clone()),
            secrets: Arc::new(outside.clone()),
        }));
        let world = Self {
            swept: fate.now(),
            fate,
            table,
            queues,
            outside,
            harkara,
            secrets: [("shopify", "shop-secret".to_owned()), ("whatsapp", "meta-secret".to_owned())].into(),
            tasks: BTreeMap::new(),
            made: 0,
            inbox: BTreeMap::new(),
            lives: Vec::new(),
            taken: Vec::new(),
            violations: Vec::new(),
            events: 0,
            seen: 0,
        };
        Ok(world)
    }

    /// Lets one task run to its end, with nothing beside it.
    pub(crate) fn alone<T>(&mut self, future: impl Future<Output = T> + 'static) -> T {
        let mut running: Running<T> = Box::pin(future);
        self.made += 1;
        let task = self.made;
        let mut done = self.fate.steps.poll(task, &mut running);
        loop {
            if let Some(done) = done {
                return done;
            }
            for (at, gate, _) in self.fate.steps.waiting() {
                self.fate.advance_to(at);
                done = done.or(self.fate.steps.open(gate, task, &mut running));
            }
        }
    }

    /// The queues that have something and a function to work on it, by when.
    fn workable(&self) -> Vec<(Timestamp, QueueName)> {
        let busy = |queue: QueueName| {
            let of = |task: &&Task| matches!(&task.what, What::Batch(at, _) if *at == queue);
            self.tasks.values().filter(of).count()
        };
        self.queues
            .next()
            .into_iter()
            .filter(|(queue, _)| busy(*queue) < AT_ONCE)
            .map(|(q, at)| (at, q))
            .collect()
    }

    /// When the sweep has something to look at.
    fn next_sweep(&self) -> Option<Timestamp> {
        let sweeping = self.tasks.values().any(|task| matches!(task.what, What::Sweep));
        let due = self.table.first_due().filter(|_| !sweeping && !self.fate.is_off(Sabotage::Sweep))?;
        // A clock may be two seconds behind.
        Some((due + Sweeper::GRACE + SignedDuration::from_secs(3)).max(self.swept + SWEEP))
    }

    /// Lets one thing happen. `false` when nothing is left to happen.
    pub(crate) fn happen(&mut self) -> bool {
        self.outside_goes_on();
        let gates = self.fate.steps.waiting();
        let workable = self.workable();
        let (schedule, sweep) = (self.queues.next_schedule(), self.next_sweep());
        let earliest = [
            gates.first().map(|(at, ..)| *at),
            self.inbox.keys().next().map(|(at, _)| *at),
            workable.iter().map(|(at, _)| *at).min(),
            schedule,
            sweep,
        ];
        let Some(now) = earliest.into_iter().flatten().min() else { return false };
        self.fate.advance_to(now);
        self.events += 1;
        let now = self.fate.now();
        if schedule.is_some_and(|at| at <= now) {
            self.queues.fire();
            return true;
        }
        let arrived = self.inbox.keys().next().copied().filter(|(at, _)| *at <= now);
        let open: Vec<_> = gates.iter().filter(|(at, ..)| *at <= now).collect();
        let workable: Vec<_> = workable.iter().filter(|(at, _)| *at <= now).collect();
        let sweeps = usize::from(sweep.is_some_and(|at| at <= now));
        let mut drawn =
            self.fate.below(open.len() + workable.len() + usize::from(arrived.is_some()) + sweeps);
        if let Some((_, gate, task)) = open.get(drawn) {
            self.go_on(*task, Some(*gate));
            return true;
        }
        drawn -= open.len();
        if let Some((_, queue)) = workable.get(drawn) {
            self.work(*queue);
        } else if let Some(incoming) = arrived.and_then(|key| self.inbox.remove(&key)) {
            self.comes(incoming);
        } else {
            self.sweep();
        }
        true
    }

    /// Lets everything happen.
    pub(crate) fn run(&mut self) {
        while self.happen() {
            if self.events > MAX_EVENTS {
                self.violations.push(format!("the world is not quiet after {MAX_EVENTS} events"));
                return;
            }
        }
    }

    /// Runs every dead letter again, now that all is well.
    pub(crate) fn replay(&mut self) -> anyhow::Result<u64> {
        let replayer = self.harkara.replayer.clone();
        let started =
            self.alone(async move { replayer.start(&Self::store(), Filter::default(), "team").await });
        let total = started?.total;
        self.run();
        Ok(total as u64)
    }

    /// The one store.
    pub(crate) fn store() -> StoreId {
        StoreFile::DEMO.into()
    }
}
