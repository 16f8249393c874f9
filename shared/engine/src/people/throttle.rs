//! Waits after failed sign-ins, for an e-mail address and for where the request came from.

use harkara_domain::StoreId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{People, PeopleError, token};
use crate::{
    keys,
    port::{Expect, Key, Write, WriteError},
    record::{expect, item, load, unless_raced},
};

/// What is kept of failed sign-ins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Failures {
    count: u32,
    last: Timestamp,
    until: Timestamp,
}

/// Whether somebody may try to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// They may, and it counts as failed until [`People::succeeded`] says otherwise.
    Allowed,
    /// Not before so long, in real time.
    Wait(SignedDuration),
}

impl People {
    /// Failures without a wait.
    pub const FREE_FAILURES: u32 = 5;
    /// The longest wait, in real time. It bounds what somebody can do to an owner by failing on purpose.
    pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
    const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
    /// After so long without a failure it begins anew.
    const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);
    const MAX_ROUNDS: u32 = 8;

    /// Counts an attempt before the password is looked at, so that many at once do not slip through.
    /// `whom` are the e-mail address and where the request came from, known or not.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn attempt(&self, store: &StoreId, whom: &[String]) -> Result<Attempt, PeopleError> {
        for _ in 0..Self::MAX_ROUNDS {
            let (now, mut writes) = (self.clock.now(), Vec::new());
            for key in places(store, whom) {
                let stored = load::<Failures>(&*self.table, &key).await?;
                let held = stored.as_ref().map(|stored| stored.value).unwrap_or_default();
                if held.until > now {
                    let wait = held.until.duration_since(now);
                    let scale = i32::try_from(self.clock.scale().max(1)).unwrap_or(i32::MAX);
                    return Ok(Attempt::Wait(wait / scale));
                }
                writes.push(self.counted(key, held, now, expect(stored.as_ref())));
            }
            if unless_raced(self.table.write(writes).await)? {
                return Ok(Attempt::Allowed);
            }
        }
        // So many at once are not people.
        Ok(Attempt::Wait(Self::FIRST_WAIT))
    }

    fn counted(&self, key: Key, held: Failures, now: Timestamp, expect: Expect) -> Write {
        let forgotten = self.ends_after(Self::FORGET_AFTER);
        let lasting = forgotten.duration_since(now);
        let before = if now.duration_since(held.last) > lasting { 0 } else { held.count };
        let count = before.saturating_add(1);
        let over = count.saturating_sub(Self::FREE_FAILURES);
        let until = if count < Self::FREE_FAILURES {
            now
        } else {
            let wait = Self::FIRST_WAIT.checked_mul(1 << over.min(10)).unwrap_or(Self::LONGEST_WAIT);
            self.ends_after(wait.min(Self::LONGEST_WAIT))
        };
        let mut item = item(key, &Failures { count, last: now, until });
        item.expires_at = Some(forgotten);
        Write::Put(item, expect)
    }

    /// The attempt was no failure: it is forgotten for the e-mail address, the first of `whom`, and
    /// taken back for the others, since a team shares one.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn succeeded(&self, store: &StoreId, whom: &[String]) -> Result<(), PeopleError> {
        for (place, key) in places(store, whom).into_iter().enumerate() {
            if place == 0 {
                self.table.write(vec![Write::Delete(key, Expect::Any)]).await?;
                continue;
            }
            let Some(stored) = load::<Failures>(&*self.table, &key).await? else { continue };
            let Failures { count, last, .. } = stored.value;
            let mut item = item(key, &Failures { count: count.saturating_sub(1), last, until: last });
            item.expires_at = Some(self.ends_after(Self::FORGET_AFTER));
            match self.table.write(vec![Write::Put(item, Expect::Version(stored.version))]).await {
                // Somebody else failed from there meanwhile: the count stands one too high, which does no harm.
                Ok(()) | Err(WriteError::Expectation(_) | WriteError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn places(store: &StoreId, whom: &[String]) -> Vec<Key> {
    let place = |who: &String| keys::failed_sign_ins(store, &token::digest("sign-in", who));
    let mut places: Vec<Key> = Vec::new();
    for key in whom.iter().map(place) {
        if !places.contains(&key) {
            places.push(key);
        }
    }
    places
}
