//! The time machine: a flow, a draft or a file against what really happened in the last days. It goes
//! through the journal with the very code of the matcher and of the stage function, in virtual time, with
//! all flows that are active now and the asked one. Nothing is sent and nothing is written.

mod agenda;
mod answer;
mod dates;
mod near;
mod page;
mod question;
mod report;
mod script;
mod tally;
mod turn;
mod words;
mod world;

use futures::future::try_join_all;
use harkara_domain::{CustomerId, CustomerView, StoreId, customer::Contribution};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    catalog::{Catalog, LoadedFlow, Shelf},
    journal, keys,
    port::{Clock, Secrets, Table},
    record::load,
    rehearsal::{RehearsalError, Rehearser, Wish},
    stage::rehearse::Sender,
};
use dates::{Dates, Wanted};
pub use question::{Doing, Progress, Question, TimeMachineError};
pub use report::{
    Busiest, Collisions, Cost, Counted, Incomplete, Messages, Near, Priced, Report, Runs, StageReport,
};
use script::Script;
use tally::Tally;
use turn::Turn;
pub use turn::UnderWay;
use world::{Scenery, World};

/// Answers questions, one of each store at a time.
pub struct TimeMachine {
    /// Where the journal and the views lie.
    pub table: Arc<dyn Table>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// The connections of stores: whether there is a number to send from, and a key for buttons.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The stores that are at it.
    pub under_way: Arc<UnderWay>,
}

/// A journey through what happened: [`Journey::go`] until it has arrived.
pub struct Journey {
    table: Arc<dyn Table>,
    store: StoreId,
    shelf: Arc<Shelf>,
    asked: Asked,
    sender: Sender,
    leg: Leg,
    _turn: Turn,
}

/// The asked flow, and what of the journal is meant.
struct Asked {
    loaded: LoadedFlow,
    text: String,
    /// Whether the journal reaches back beyond the days that are counted.
    begin: Timestamp,
    from: Timestamp,
    to: Timestamp,
}

/// How far a journey has come.
pub enum Step {
    /// There is more to do.
    Under(Progress),
    /// The answer.
    Arrived(Box<Report>),
}

enum Leg {
    Reading { script: Script, day: Date, after: Option<String> },
    Customers(Seeding),
    Playing { world: Box<World>, about: About, events: usize },
    Arrived,
}

/// Customers as they were, as far as they are read.
struct Seeding {
    script: Script,
    dates: Dates,
    left: Vec<CustomerId>,
    of: usize,
    orders: HashMap<CustomerId, Vec<Contribution>>,
    known: HashMap<CustomerId, CustomerView>,
}

/// What the report says of the journal.
struct About {
    first: Option<Timestamp>,
    incomplete: Incomplete,
    facts: usize,
    done: u64,
}

impl TimeMachine {
    /// The most facts that are played.
    pub const MAX_FACTS: usize = 500_000;
    /// The most that happens: facts, stages, what time brings about.
    pub const MAX_EVENTS: usize = 10_000_000;
    /// How much of the journal before the counted days is played, too, where it is kept: what began then goes
    /// on in them.
    pub const WARM_UP_DAYS: u16 = 60;

    /// Sets out to answer a question.
    ///
    /// # Errors
    /// [`TimeMachineError`]: why it cannot be answered.
    pub async fn set_out(&self, store: &StoreId, question: &Question) -> Result<Journey, TimeMachineError> {
        let shelf = self.catalog.shelf(store).await?.ok_or(RehearsalError::NoStore)?;
        let kept = shelf.settings.journal_days;
        if question.days == 0 || question.days > kept {
            return Err(TimeMachineError::Question(match kept {
                0 => "the store keeps no journal: set journal_days".to_owned(),
                _ => format!("days are 1 to {kept}: the store keeps its journal for so long (journal_days)"),
            }));
        }
        let (flow, current, text) = (question.flow.clone(), question.current, question.text.clone());
        let rehearser = Rehearser {
            table: self.table.clone(),
            catalog: self.catalog.clone(),
            secrets: self.secrets.clone(),
            clock: self.clock.clone(),
        };
        let wish = Wish { flow, current, text, ..Wish::default() };
        let (loaded, text) = rehearser.flow(store, &wish).await?;
        let to = self.clock.now();
        let days = |days: u16| to - SignedDuration::from_hours(24 * i64::from(days));
        let begin = days(kept.min(question.days.saturating_add(Self::WARM_UP_DAYS)));
        let asked = Asked { loaded: loaded.clone(), text, begin, from: days(question.days), to };
        let turn = Turn::of(&self.under_way, store).ok_or(TimeMachineError::Busy)?;
        let sender = Sender::of(self.secrets.get(store.as_str(), "whatsapp").await?.as_deref());
        let shelf = Arc::new(shelf.with(loaded));
        let script = Script::new(store, &asked.loaded.head.id, &shelf);
        let leg = Leg::Reading { script, day: TimeZone::UTC.to_datetime(begin).date(), after: None };
        Ok(Journey {
            table: self.table.clone(),
            store: store.clone(),
            shelf,
            asked,
            sender,
            leg,
            _turn: turn,
        })
    }
}

impl Journey {
    /// Things that happen in one go: some tens of milliseconds.
    const AT_ONCE: usize = 500;
    /// Customers that are read at once.
    const CUSTOMERS: usize = 50;

    /// Goes on for a moment. Whoever runs others beside it lets them have their turn in between.
    ///
    /// # Errors
    /// [`TimeMachineError`]; it goes no further then.
    pub async fn go(&mut self) -> Result<Step, TimeMachineError> {
        let leg = std::mem::replace(&mut self.leg, Leg::Arrived);
        let (leg, step) = match leg {
            Leg::Reading { script, day, after } => self.read(script, day, after).await?,
            Leg::Customers(seeding) => self.seed(seeding).await?,
            Leg::Playing { world, about, events } => self.play(world, about, events)?,
            Leg::Arrived => return Err(TimeMachineError::Question("it has been answered".to_owned())),
        };
        self.leg = leg;
        Ok(step)
    }

    async fn read(
        &self,
        mut script: Script,
        day: Date,
        after: Option<String>,
    ) -> Result<(Leg, Step), TimeMachineError> {
        let Asked { begin, to, .. } = &self.asked;
        let (entries, next) = journal::page(&*self.table, &self.store, day, after).await?;
        for entry in entries.into_iter().filter(|entry| (*begin..=*to).contains(&entry.at)) {
            script.take(entry, &self.shelf);
        }
        if script.facts > TimeMachine::MAX_FACTS {
            return Err(TimeMachineError::TooMuch(format!("more than {} facts", TimeMachine::MAX_FACTS)));
        }
        let utc = |at: &Timestamp| TimeZone::UTC.to_datetime(*at).date();
        let days = |from: Date, to: Date| u64::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(0);
        let done = days(utc(begin), day) + u64::from(next.is_none());
        let step = Step::Under(Progress { doing: Doing::Reading, done, of: days(utc(begin), utc(to)) + 1 });
        let tomorrow = day.tomorrow().ok().filter(|tomorrow| *tomorrow <= utc(to));
        let leg = match (next, tomorrow) {
            (Some(after), _) => Leg::Reading { script, day, after: Some(after) },
            (None, Some(day)) => Leg::Reading { script, day, after: None },
            (None, None) => Leg::Customers(self.seeding(script).await?),
        };
        Ok((leg, step))
    }

    async fn seeding(&self, mut script: Script) -> Result<Seeding, TimeMachineError> {
        let Asked { begin, to, .. } = self.asked;
        let begin = script.first.map_or(begin, |first| first.max(begin));
        let wanted = Wanted { table: &*self.table, store: &self.store, shelf: &self.shelf, begin, end: to };
        let dates = Dates::of(&wanted, &script.entries).await?;
        let mut customers: BTreeSet<CustomerId> = std::mem::take(&mut script.customers);
        customers.extend(dates.customers().cloned());
        let orders = script.contributions();
        let (of, left) = (customers.len(), customers.into_iter().collect());
        Ok(Seeding { script, dates, left, of, orders, known: HashMap::new() })
    }

    async fn seed(&self, mut seeding: Seeding) -> Result<(Leg, Step), TimeMachineError> {
        let some = seeding.left.split_off(seeding.left.len().saturating_sub(Self::CUSTOMERS));
        let held = try_join_all(
            some.iter()
                .map(async |id| load::<CustomerView>(&*self.table, &keys::customer(&self.store, id)).await),
        );
        let since = seeding.script.since();
        for (id, held) in some.iter().zip(held.await?) {
            if let Some(held) = held {
                let orders = seeding.orders.remove(id).unwrap_or_default();
                seeding.known.insert(id.clone(), script::before(held.value, since, &orders));
            }
        }
        let (of, left) = (seeding.of, seeding.left.len());
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let step = Step::Under(Progress { doing: Doing::Customers, done: count(of - left), of: count(of) });
        if left > 0 {
            return Ok((Leg::Customers(seeding), step));
        }
        Ok((self.stage(seeding), step))
    }

    /// All is there: it can be played.
    fn stage(&self, seeding: Seeding) -> Leg {
        let Seeding { script, dates, known, .. } = seeding;
        let loaded = &self.asked.loaded;
        let tally = Tally::new(&loaded.head.id, &loaded.flow, self.asked.from, &self.shelf);
        let scenery = Scenery {
            store: self.store.clone(),
            shelf: self.shelf.clone(),
            sender: self.sender.clone(),
            since: script.since(),
        };
        let Script { entries, facts, first, incomplete, .. } = script;
        let mut world = Box::new(World::new(scenery, known, entries.into(), tally));
        dates.put(&self.store, &mut world);
        Leg::Playing { world, about: About { first, incomplete, facts, done: 0 }, events: 0 }
    }

    fn play(
        &self,
        mut world: Box<World>,
        mut about: About,
        events: usize,
    ) -> Result<(Leg, Step), TimeMachineError> {
        let events = events + Self::AT_ONCE;
        if events > TimeMachine::MAX_EVENTS {
            return Err(TimeMachineError::TooMuch(format!("more than {} events", TimeMachine::MAX_EVENTS)));
        }
        for _ in 0..Self::AT_ONCE {
            match world.next(self.asked.to) {
                Some(facts) => about.done += facts,
                None => return Ok((Leg::Arrived, Step::Arrived(Box::new(self.answer(&world, about))))),
            }
        }
        let of = u64::try_from(about.facts).unwrap_or(u64::MAX);
        let step = Step::Under(Progress { doing: Doing::Playing, done: about.done, of });
        Ok((Leg::Playing { world, about, events }, step))
    }
}
