//! The gap that a restored backup leaves: from the backup to when what it was made of was lost, messages went
//! out of which nothing here knows. What came due within the gap may have been done, so it is held for a
//! person; what comes due after it goes on as ever.

use harkara_domain::{
    Run, StoreId,
    run::{RunStatus, StageRun},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    keys,
    port::{Expect, Index, Query, Table, TableError, Write, WriteError},
    record::{decode, put},
};

/// From a backup to the loss of what it was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When the backup was made.
    pub from: Timestamp,
    /// Until when somebody may have gone on from there.
    pub until: Timestamp,
}

impl Gap {
    /// What came about so shortly before the backup may not have been worked on when it was made.
    const UNDER_WAY: SignedDuration = SignedDuration::from_mins(5);

    /// As of when a stage is to be looked at: what was due within the gap as of then, so that all that follows
    /// keeps its times, and is known to lie within the gap, too, or behind it.
    pub fn moment(&self, state: Option<&StageRun>, now: Timestamp) -> Timestamp {
        let Some((state, due)) = state.and_then(|state| Some((state, state.due?))) else { return now };
        // Whoever had it is gone: nobody waits for the end of the claim.
        let claimed = state.claim.as_ref().map_or(due, |claim| claim.until);
        if due <= self.until { due.max(claimed).min(now) } else { now }
    }

    /// Whether a stage may have been done within the gap: it was due, or the receipt that would tell what
    /// became of a try came to somebody else.
    pub fn covers(&self, state: &StageRun) -> bool {
        let tried = state.attempts.last().filter(|_| state.is_ambiguous());
        state.due.is_some_and(|due| due <= self.until) || tried.is_some_and(|try_| try_.at <= self.until)
    }

    /// As of when a run begins that something starts which came about at `at` and was heard of at `received`:
    /// within the gap it may have begun before.
    pub fn beginning(&self, at: Timestamp, received: Timestamp, now: Timestamp) -> Timestamp {
        let heard = received <= self.until;
        if at > self.until || (at < self.from - Self::UNDER_WAY && !heard) {
            return now;
        }
        if heard { at.max(received) } else { at }
    }
}

/// Notes the gap of a store, and counts the change, so that every shelf is read again.
///
/// # Errors
/// As [`Table::write`].
pub async fn mark(table: &dyn Table, store: &StoreId, gap: Gap) -> Result<(), WriteError> {
    let counted = Write::Add { key: keys::changes(store), field: "changes", by: 1 };
    table.write(vec![put(keys::gap(store), &gap, Expect::Any), counted]).await
}

/// How many stages, of all stores, are due by a time.
///
/// # Errors
/// When the table fails, or holds what is no run.
pub async fn due(table: &dyn Table, by: Timestamp) -> Result<usize, TableError> {
    let mut found = 0;
    for shard in 0..keys::DUE_SHARDS {
        let mut query = Query::index(Index::Due, keys::due_partition(shard));
        query.to = Some(keys::stamp(by + SignedDuration::from_millis(1)));
        let mut after = None;
        loop {
            let page = table.query(query.clone().after(after)).await?;
            for item in page.items.iter().filter(|item| keys::subject_of(&item.key).is_none()) {
                let run = decode::<Run>(item)?.value;
                let due =
                    run.stages.iter().filter(|state| state.is_open() && state.due.is_some_and(|d| d <= by));
                found += if run.status == RunStatus::Running { due.count() } else { 0 };
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harkara_domain::run::{Attempt, Claim, Outcome};

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24) + SignedDuration::from_mins(minute)
    }

    fn due(minute: i64) -> StageRun {
        StageRun { due: Some(at(minute)), ..StageRun::waiting() }
    }

    const NOW: i64 = 200;

    fn gap() -> Gap {
        Gap { from: at(60), until: at(120) }
    }

    #[test]
    fn what_was_due_in_the_gap_is_looked_at_as_of_then() {
        let moment = |state: &StageRun| gap().moment(Some(state), at(NOW));
        assert_eq!([moment(&due(90)), moment(&due(120))], [at(90), at(120)]);
        assert_eq!([moment(&due(121)), moment(&due(300)), moment(&StageRun::waiting())], [at(NOW); 3]);
        let claim = Some(Claim { at: at(90), until: at(91) });
        assert_eq!(moment(&StageRun { claim, ..due(90) }), at(91));
        let claim = Some(Claim { at: at(90), until: at(300) });
        assert_eq!(moment(&StageRun { claim, ..due(90) }), at(NOW));
        assert_eq!(gap().moment(None, at(NOW)), at(NOW));
    }

    #[test]
    fn what_may_have_been_done_is_covered() {
        assert!(gap().covers(&due(10)) && gap().covers(&due(120)));
        assert!(!gap().covers(&due(121)) && !gap().covers(&StageRun::waiting()));
        let tried = |minute, outcome| {
            let attempt = Attempt { number: 1, at: at(minute), channel: None, outcome };
            StageRun { attempts: vec![attempt], ..due(150) }
        };
        assert!(gap().covers(&tried(59, Outcome::Ambiguous)));
        assert!(!gap().covers(&tried(130, Outcome::Ambiguous)));
        assert!(!gap().covers(&tried(59, Outcome::NotSent("no template".to_owned()))));
    }

    #[test]
    fn what_began_in_the_gap_begins_as_of_then() {
        let begins = |came, heard| gap().beginning(at(came), at(heard), at(NOW));
        // Came about in the gap; heard of again after it.
        assert_eq!([begins(60, NOW), begins(120, NOW), begins(58, NOW)], [at(60), at(120), at(58)]);
        // Was in a queue when the backup was made.
        assert_eq!([begins(10, 59), begins(59, 59)], [at(59), at(59)]);
        // Handed on before, to a time within the gap, and behind it.
        assert_eq!([begins(90, 30), begins(130, 30)], [at(90), at(NOW)]);
        // Long before, and only now heard of; after the gap.
        assert_eq!([begins(10, NOW), begins(121, NOW)], [at(NOW), at(NOW)]);
    }
}
