//! The sentinel: knows how often facts usually come from each source, and notices when one goes quiet: a
//! webhook was switched off, a courier's feed is frozen. Nothing fails then, so nothing else would say so.
//!
//! It costs the road of an order nothing: what counted is in the journal anyway, and the sweep listens to a
//! store's journal every half an hour. A store that keeps no journal, or switched it off, is not watched.

mod journal;
mod silence;
mod watch;

use harkara_domain::StoreId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    fault::Fault,
    job::{Job, SilenceJob},
    keys,
    port::{Clock, Expect, Index, Item, Key, Outgoing, Query, Queue, QueueName, Table, Write, WriteError},
    record::{self, Stored, decode, expect, load, put, unless_raced},
    refusals::{self, Refused},
    settings::Settings,
};
pub use silence::{Refusal, Silence, silences};
pub use watch::{Feed, Watch};

/// Listens for what does not come.
pub(crate) struct Sentinel<'a> {
    pub(crate) table: &'a dyn Table,
    pub(crate) queue: &'a dyn Queue,
    pub(crate) clock: &'a dyn Clock,
}

/// A store in the list of those that are watched.
#[derive(Debug, Serialize, Deserialize)]
struct Watched {
    store: StoreId,
}

/// The entry in the list of watched stores, where some writes change what a store has set up: to be looked at
/// with the next sweep.
pub(crate) fn enlisted(store: &StoreId, writes: &[Write]) -> Option<Write> {
    let sets_up = |write: &Write| {
        let key = write.key();
        *key == keys::settings(store) || key.sk.starts_with(keys::FLOW)
    };
    writes.iter().any(sets_up).then(|| entered(store))
}

/// The entry of a store: to be looked at with the next sweep.
pub(crate) fn entered(store: &StoreId) -> Write {
    entry(store, Some(Timestamp::UNIX_EPOCH), Expect::Any)
}

/// A store's entry; out of the list where it is not to be looked at before its settings change.
fn entry(store: &StoreId, next: Option<Timestamp>, expect: Expect) -> Write {
    let mut item = record::item(keys::watched(store), &Watched { store: store.clone() });
    item.list = next.map(|next| keys::watched_list(store, next));
    Write::Put(item, expect)
}

impl Sentinel<'_> {
    /// Between two looks at a store.
    pub(crate) const EVERY: SignedDuration = SignedDuration::from_mins(30);
    /// The most stores that one sweep looks at; the others come with the next.
    const STORES: usize = 200;
    /// Facts that counted are in the journal well before that.
    const LAG: SignedDuration = SignedDuration::from_mins(2);
    /// How far back it listens when a store is new to it.
    const LOOK_BACK: SignedDuration = SignedDuration::from_hours(28 * 24);

    /// Looks at every store whose time has come; says how many silences began.
    pub(crate) async fn look(&self) -> Result<usize, Fault> {
        let mut query = Query::index(Index::List, keys::WATCHED).limit(Self::STORES);
        query.to = Some(Query::end_of(&keys::stamp(self.clock.now())));
        let (mut began, mut failed) = (0, None);
        for item in self.table.query(query).await?.items {
            match self.store(&item).await {
                Ok(silences) => began += silences,
                // One store's trouble is not another's.
                Err(error) => {
                    tracing::error!(store = item.key.sk, problem = %error.logged(), "not listened to");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(began), Err)
    }

    /// Listens to what has come to one store since the last look. The entry in the list is written last: after
    /// a crash in between the next sweep looks again.
    async fn store(&self, place: &Item) -> Result<usize, Fault> {
        let (now, Stored { value: Watched { store }, version }) =
            (self.clock.now(), decode::<Watched>(place)?);
        let (store, next) = (&store, |next| self.next(&store, version, next));
        let settings = load::<Settings>(self.table, &keys::settings(store)).await?;
        let held = load::<Watch>(self.table, &keys::watch(store)).await?;
        let Some(settings) = settings.map(|held| held.value).filter(Settings::is_watched) else {
            return if self.leave(store, held, now).await? { next(None).await.map(|()| 0) } else { Ok(0) };
        };
        let to = watch::slot_of(now - Self::LAG);
        let kept = SignedDuration::from_hours(24 * i64::from(settings.journal_days));
        let earliest = watch::slot_of(now - kept.min(Self::LOOK_BACK));
        let mut watch = held.as_ref().map_or_else(|| Watch::from(earliest), |held| held.value.clone());
        watch.heard_to = watch.heard_to.max(earliest);
        let heard = journal::heard(self.table, store, watch.heard_to, to).await?;
        let all_heard = heard.to == to;
        watch.pass(&heard, &settings, now);
        let changes = match all_heard {
            true => self.judged(store, &mut watch, &settings, now).await?,
            false => Vec::new(),
        };
        let began = changes.iter().filter(|(_, begins)| *begins).count();
        let mut writes = vec![put(keys::watch(store), &watch, expect(held.as_ref()))];
        writes.extend(changes.into_iter().map(|(write, _)| write));
        match self.table.write(writes).await {
            Ok(()) => {}
            // Another sweep is at it, too, or the team is just being told: the next sweep looks again.
            Err(WriteError::Expectation(_) | WriteError::Conflict) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        for place in watch.silent() {
            self.tell(store, place).await?;
        }
        // What is much is listened to a part at a time.
        next(Some(if all_heard { now + Self::EVERY } else { now })).await?;
        Ok(began)
    }

    /// Says when to look next. An entry that was written meanwhile says it better: the settings have changed.
    async fn next(&self, store: &StoreId, version: u64, next: Option<Timestamp>) -> Result<(), Fault> {
        let entry = entry(store, next, Expect::Version(version));
        unless_raced(self.table.write(vec![entry]).await)?;
        Ok(())
    }

    /// Forgets a store that is not to be watched: of a silence that nobody listens to, nothing is known.
    /// `false` when somebody else was at it.
    async fn leave(
        &self,
        store: &StoreId,
        held: Option<Stored<Watch>>,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let Some(Stored { value: watch, version }) = held else { return Ok(true) };
        // The sweep deletes nothing.
        let nothing = Watch::from(Timestamp::UNIX_EPOCH);
        let mut writes = vec![put(keys::watch(store), &nothing, Expect::Version(version))];
        for place in watch.silent() {
            if let Some(held) = load::<Silence>(self.table, &Key::new(keys::silences(store), place)).await? {
                let silence = Silence { ended_at: Some(now), ..held.value };
                writes.push(silence.put(store, Expect::Version(held.version)));
            }
        }
        Ok(unless_raced(self.table.write(writes).await)?)
    }

    /// Has the team told of a silence, unless it was or somebody is at it.
    async fn tell(&self, store: &StoreId, place: &str) -> Result<(), Fault> {
        let (key, now) = (Key::new(keys::silences(store), place), self.clock.now());
        let silence = load::<Silence>(self.table, &key).await?.map(|held| held.value);
        if silence.is_some_and(|silence| silence.is_to_be_told() && !silence.is_tried(now)) {
            let job = SilenceJob { store: store.clone(), silence: place.to_owned() };
            self.queue.send(QueueName::Failures, vec![Outgoing::now(Job::Silence(job).body())]).await?;
        }
        Ok(())
    }

    /// The silences that begin and end by now: writes, and whether each begins one.
    async fn judged(
        &self,
        store: &StoreId,
        watch: &mut Watch,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Vec<(Write, bool)>, Fault> {
        let mut writes = Vec::new();
        for ended in watch.ended() {
            let key = Key::new(keys::silences(store), &ended.place);
            if let Some(held) = load::<Silence>(self.table, &key).await? {
                let silence = Silence { ended_at: Some(ended.at), ..held.value };
                tracing::info!(%store, feed = %silence.feed, "facts come again");
                writes.push((silence.put(store, Expect::Version(held.version)), false));
            }
        }
        // Sooner than their rhythms would say so, and instead.
        let mut begun = Vec::new();
        let lately = now - self.clock.real(Refused::LATELY);
        for refused in refusals::refused(self.table, store, lately, now).await? {
            if refused.goes_on(now, self.clock) {
                begun.extend(watch.refused(&refused, settings, now));
            }
        }
        begun.extend(watch.begun(now));
        for silence in begun {
            tracing::warn!(%store, feed = %silence.feed, since = %silence.since, "nothing comes any more");
            // One that had been taken for over goes on: whoever was told of it knows.
            let held = load::<Silence>(self.table, &Key::new(keys::silences(store), silence.place())).await?;
            let expected = expect(held.as_ref());
            let silence = held.map_or(silence, |held| Silence { ended_at: None, ..held.value });
            writes.push((silence.put(store, expected), true));
        }
        Ok(writes)
    }
}
