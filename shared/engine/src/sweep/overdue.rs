//! What is overdue, handed on again. What cannot be mended stays overdue for ever, in front of all else: so the
//! items behind the first take turns, and none of them holds others off.

use harkara_domain::{Run, StoreId, Subject, run::RunStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sweeper;
use crate::{
    clocks,
    count::Found,
    fault::Fault,
    hand_on::Onward,
    keys,
    matching::open_stages,
    port::{Index, Item, Page, Query, TableError},
    record::{decode, expect, load, put, unless_raced},
    trace,
    views::View,
};

/// How far a partition of what is due has been gone through, behind its first items. Kept only where there are
/// more of them than one sweep looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Reached {
    /// The last place that was looked at; none, to begin anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Sweeper {
    /// The most runs and views that one sweep looks at in each partition of its index: so many of the first,
    /// and as many of those behind them.
    const AT_ONCE: usize = 250;

    /// Hands on what is overdue; says how much it was.
    pub(super) async fn overdue(&self) -> Result<usize, Fault> {
        let (mut found, mut failed) = (0, None);
        for shard in 0..keys::DUE_SHARDS {
            match self.shard(shard).await {
                Ok(some) => found += some,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(found), Err)
    }

    async fn shard(&self, shard: u8) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut query = Query::index(Index::Due, keys::due_partition(shard)).limit(Self::AT_ONCE);
        query.to = Some(keys::stamp(now - Self::GRACE));
        let first = self.table.query(query.clone()).await?;
        let mut found = self.again(&first.items, now).await?;
        let Some(front) = end_of(&first) else { return Ok(found) };
        let place = keys::overdue(shard);
        let held = load::<Reached>(&*self.table, &place).await?;
        let after = held.as_ref().and_then(|held| held.value.after.clone());
        // No key has a character before the blank.
        query.from = Some(format!("{} ", after.filter(|after| *after > front).unwrap_or(front)));
        let next = self.table.query(query).await?;
        found += self.again(&next.items, now).await?;
        let reached = Reached { after: end_of(&next) };
        if held.as_ref().map(|held| &held.value) != Some(&reached) {
            // Another sweep was at it, too: either place is as good.
            unless_raced(self.table.write(vec![put(place, &reached, expect(held.as_ref()))]).await)?;
        }
        Ok(found)
    }

    async fn again(&self, items: &[Item], now: Timestamp) -> Result<usize, Fault> {
        let mut found = 0;
        for item in items {
            let handed_on = match keys::subject_of(&item.key) {
                Some(of) => self.overdue_facts((&of.0, &of.1), item, now).await,
                None => self.overdue_stages(item, now).await,
            };
            found += match handed_on {
                Ok(some) => some,
                // One that cannot be read is a person's to mend; the others are not to wait for that.
                Err(Fault::Table(error @ TableError::Failed(_))) => {
                    tracing::error!(pk = %item.key.pk, %error, "what is overdue cannot be read");
                    self.counters.sweep_finds.add(Found::Unreadable);
                    0
                }
                Err(error) => return Err(error),
            };
        }
        Ok(found)
    }

    async fn overdue_stages(&self, item: &Item, now: Timestamp) -> Result<usize, Fault> {
        let run = decode::<Run>(item)?.value;
        if run.status != RunStatus::Running {
            return Ok(0);
        }
        let mut overdue = open_stages(&run, now);
        overdue.retain(|(_, due)| *due <= now - Self::GRACE);
        self.onward().stages(&run, &overdue).await?;
        if !overdue.is_empty() {
            let span = trace::of_subject(&run.store, Some(&run.subject));
            span.in_scope(
                || tracing::info!(run = %run.id, stages = overdue.len(), "overdue, handed on again"),
            );
        }
        Ok(overdue.len())
    }

    /// What time was to bring about for a subject: whether it has is for the matcher to say.
    async fn overdue_facts(
        &self,
        (store, subject): (&StoreId, &Subject),
        item: &Item,
        now: Timestamp,
    ) -> Result<usize, Fault> {
        let view = View::decode(subject, item)?.value;
        let mut found = 0;
        for awaited in view.awaits().iter().filter(|awaited| awaited.at <= now) {
            self.onward().fact(clocks::fact(store, subject, awaited, now), now).await?;
            found += 1;
        }
        Ok(found)
    }

    fn onward(&self) -> Onward<'_> {
        Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock }
    }
}

/// The last place of a page that is not the last one.
fn end_of(page: &Page) -> Option<String> {
    page.next.as_ref()?;
    Some(page.items.last()?.due.as_ref()?.sk.clone())
}
