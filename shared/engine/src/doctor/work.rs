//! What is under way: what should have been done, what failed, what does not come.

use harkara_domain::{Run, StoreId, run::RunStatus};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Check, Doctor, Finding};
use crate::{
    bury::DeadLetter,
    catalog::Shelf,
    keys,
    port::{Index, Item, Query, TableError},
    record::{decode, load},
    sentinel::{Watch, silences},
    sweep::Sweeper,
};

/// The most that is read of each list.
const LOOKED_AT: usize = 1000;
/// Letters that failed before are old news: whoever wanted to has run them again.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Beyond its grace the sweep has had several turns by now.
const TURNS: SignedDuration = SignedDuration::from_mins(10);
/// After so long without a look, the sweep does not run.
const STOOD_STILL: SignedDuration = SignedDuration::from_hours(2);
/// Clocks may differ by so much: the seconds that a function takes.
const AHEAD: SignedDuration = SignedDuration::from_secs(30);

impl Doctor {
    /// What the sweep should have handed on by now.
    pub(super) async fn overdue(&self, store: &StoreId) -> Result<Vec<Finding>, TableError> {
        let before = self.clock.now() - Sweeper::GRACE - TURNS;
        let (mut count, mut first) = (0, None);
        for shard in 0..keys::DUE_SHARDS {
            let mut query = Query::index(Index::Due, keys::due_partition(shard)).limit(LOOKED_AT);
            query.to = Some(keys::stamp(before));
            for item in self.table.query(query).await?.items {
                let due = item.due.as_ref().and_then(|place| keys::unstamp(&place.sk));
                if is_of(&item, store)? {
                    count += 1;
                    first = due.into_iter().chain(first).min();
                }
            }
        }
        let Some(first) = first else { return Ok(vec![Finding::ok(Check::Overdue, "nothing is overdue")]) };
        let what = format!("{count} runs and waits are overdue, the first since {first}");
        let todo = "see that the sweep runs (the server, or the function sweep and its log), and that the \
                    queues are worked on";
        Ok(vec![Finding::trouble(Check::Overdue, what, todo)])
    }

    pub(super) async fn dead_letters(&self, store: &StoreId) -> Result<Vec<Finding>, TableError> {
        let query = Query::partition(keys::dead_letters(store)).newest_first().limit(LOOKED_AT);
        let page = self.table.query(query).await?;
        let letters = page.items.iter().map(|item| Ok(decode::<DeadLetter>(item)?.value));
        let letters = letters.collect::<Result<Vec<_>, TableError>>()?;
        let open: Vec<_> = letters.iter().filter(|letter| letter.replayed.is_none()).collect();
        let since = self.clock.now() - self.clock.real(LATELY);
        let lately = open.iter().filter(|letter| letter.at >= since).count();
        let todo = "look at them in the console under Dead letters; once the cause is mended run them again \
                    there, or with `harkara replay`";
        Ok(vec![match (lately, open.len()) {
            (0, 0) => Finding::ok(Check::DeadLetters, "no dead letter waits for anybody"),
            (0, old) => Finding::warning(
                Check::DeadLetters,
                format!("{old} dead letters are older than a week"),
                todo,
            ),
            (lately, _) => Finding::trouble(
                Check::DeadLetters,
                format!("{lately} dead letters of the last week wait"),
                todo,
            ),
        }])
    }

    pub(super) async fn silence(&self, store: &StoreId, shelf: &Shelf) -> Result<Vec<Finding>, TableError> {
        let check = Check::Silence;
        if shelf.settings.journal_days == 0 {
            let todo = "set `journal_days` to 1 or more in the store's settings";
            return Ok(vec![Finding::warning(
                check,
                "without a journal nobody notices that a source went quiet",
                todo,
            )]);
        }
        if shelf.settings.watch.off {
            let todo = "take `watch.off` out of the store's settings, unless it is meant so";
            return Ok(vec![Finding::warning(
                check,
                "the sentinel is switched off: nobody notices that a source went quiet",
                todo,
            )]);
        }
        let quiet = silences(&*self.table, store, LOOKED_AT).await?;
        let mut found: Vec<Finding> = quiet
            .iter()
            .filter(|silence| silence.ended_at.is_none())
            .map(|silence| {
                let what = format!("nothing has come from {} since {}", silence.feed, silence.since);
                let todo = format!(
                    "look whether {}'s webhooks are switched on and lead here, and whether its app works",
                    silence.feed.source()
                );
                Finding::trouble(check, what, todo)
            })
            .collect();
        match load::<Watch>(&*self.table, &keys::watch(store)).await?.map(|held| held.value) {
            None => {
                let todo = format!(
                    "it begins with the sweep after the next fact; if it does not, put the store again: `{} FILE`",
                    self.put
                );
                found.push(Finding::warning(check, "the sentinel has not looked at this store yet", todo));
            }
            Some(watch) => {
                let looked = watch.looked_at.unwrap_or(watch.heard_to);
                if self.clock.now().duration_since(looked) > self.clock.real(STOOD_STILL) {
                    let todo = "see that the server, or the function sweep and its schedule, runs";
                    found.push(Finding::trouble(
                        check,
                        format!("the sweep has not been here since {looked}"),
                        todo,
                    ));
                } else if found.is_empty() {
                    let what =
                        format!("{} feeds are listened to, and come as they usually do", watch.feeds.len());
                    found.push(Finding::ok(check, what));
                }
            }
        }
        Ok(found)
    }

    /// Whether something was written in our future: a clock that is ahead sends too early.
    pub(super) async fn clocks(&self, store: &StoreId) -> Result<Vec<Finding>, TableError> {
        let now = self.clock.now();
        let mut latest: Option<Timestamp> = None;
        // Around midnight of UTC the future may be tomorrow.
        for at in [now, now + SignedDuration::from_hours(1)] {
            let day = TimeZone::UTC.to_datetime(at).date();
            let query = Query::partition(keys::journal_day(store, day)).newest_first().limit(1);
            let page = self.table.query(query).await?;
            latest = latest.max(page.items.first().and_then(|item| keys::unstamp(&item.key.sk)));
        }
        let ahead = latest.map_or(SignedDuration::ZERO, |latest| latest.duration_since(now));
        if ahead <= AHEAD {
            return Ok(vec![Finding::ok(Check::Clock, "nothing was written in the future")]);
        }
        let what = format!("something was written {} s ahead of this clock", ahead.as_secs());
        let todo = "set this machine's clock and the server's by NTP: schedules and signatures go by them";
        Ok(vec![Finding::trouble(Check::Clock, what, todo)])
    }
}

/// Whether something in the index of what is due is a store's, and not over.
fn is_of(item: &Item, store: &StoreId) -> Result<bool, TableError> {
    if let Some((whose, _)) = keys::subject_of(&item.key) {
        return Ok(whose == *store);
    }
    let run = decode::<Run>(item)?.value;
    Ok(run.store == *store && run.status == RunStatus::Running)
}
