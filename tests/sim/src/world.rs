//! The world of one seed: Harkara's functions over ports that fail, a shop with its customers, and time.

mod inbox;
mod tasks;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use anyhow::Context;
use harkara_domain::{StoreId, Subject};
use harkara_engine::{
    port::{Clock, Item, Key, QueueName},
    replay::Filter,
    sweep::Sweeper,
};
use harkara_onebox::{
    store_file::StoreFile,
    world::{Ports, World as Harkara},
};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use crate::{
    fate::{Fate, Odds, Sabotage},
    ledger::Ledger,
    outside::Outside,
    queues::Queues,
    shop::{Life, TeamDeed},
    steps::{Running, TaskId},
    stores::Kind,
    table::MemoryTable,
};
use tasks::{Task, What};

/// How many of a function work at once.
const AT_ONCE: usize = 3;
/// Where a shop's own programs tell.
const TRACK: &str = "/v1/track";
/// Between two sweeps.
const SWEEP: SignedDuration = SignedDuration::from_mins(2);
/// The most that happens in a world; far above what a life takes.
const MAX_EVENTS: u64 = 400_000;

/// Stores that are set up, as their tables hold them.
static SET_UP: [OnceLock<Vec<Item>>; Kind::COUNT] = [const { OnceLock::new() }; Kind::COUNT];

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
    /// Until when the sweep has to look for dates, and how often.
    dates: Option<(Timestamp, SignedDuration)>,
    pub(crate) ledger: Ledger,
    /// Webhooks that were answered with 200.
    pub(crate) taken: Vec<Arrival>,
    pub(crate) violations: Vec<String>,
    pub(crate) events: u64,
    /// What the customers have seen already, in WhatsApp's calls.
    seen: usize,
}

impl World {
    /// A world at its beginning, set up, with nothing going wrong yet.
    pub(crate) fn new(fate: Fate, kind: Kind, echoes: bool) -> anyhow::Result<Self> {
        // What a store sets up takes longer to read than its orders to live, and is the same in every world.
        let set_up = SET_UP.get(kind.place()).context("a kind without a place")?;
        if set_up.get().is_none() {
            let mut first = Self::empty(Fate::of(0, fate.now(), Odds::NONE, false), kind, true)?;
            let (harkara, file) = (first.harkara.clone(), kind.store()?);
            first.alone(async move { file.put(&harkara.setup).await })?;
            _ = set_up.set(first.table.items());
        }
        let world = Self::empty(fate, kind, echoes)?;
        world.table.restore(set_up.get().map(Vec::as_slice).unwrap_or_default());
        Ok(world)
    }

    fn empty(fate: Fate, kind: Kind, echoes: bool) -> anyhow::Result<Self> {
        let (file, ledger) = (kind.store()?, Ledger::default());
        let table = MemoryTable::new(fate.clone());
        let queues = Queues::new(fate.clone(), ledger.clone());
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
            dates: kind.dates().map(|(span, every)| (fate.now() + span, every)),
            ledger,
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
        if sweeping || self.fate.is_off(Sabotage::Sweep) {
            return None;
        }
        // A clock may be two seconds behind.
        let due = self.table.first_due().map(|due| due + Sweeper::GRACE + SignedDuration::from_secs(3));
        let due = due.map(|due| due.max(self.swept + SWEEP));
        let dates = self.dates.map(|(until, every)| (until, self.swept + every));
        let dates = dates.filter(|(until, next)| next < until).map(|(_, next)| next);
        due.into_iter().chain(dates).min()
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
        // Dates that came to light just now are looked for as well.
        self.dates = self.dates.map(|(_, every)| (self.fate.now() + every * 2, every));
        self.run();
        Ok(total as u64)
    }

    /// A record as it is now.
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        serde_json::from_slice(&self.table.item(key)?.body).ok()
    }

    /// Whom an order's messages are for, as WhatsApp names them.
    pub(crate) fn phone_of(&self, subject: &Subject) -> Option<&str> {
        let subject = subject.to_string();
        let life = self.lives.iter().find(|life| life.order.key() == subject)?;
        Some(life.order.phone.as_deref()?.trim_start_matches('+'))
    }

    /// The one store.
    pub(crate) fn store() -> StoreId {
        StoreFile::DEMO.into()
    }
}
