//! Silences, and what is said of them.

use harkara_domain::{Rhythm, StoreId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Feed;
use crate::{
    keys,
    port::{Expect, Key, Query, Table, TableError, Write},
    record::{self, decode},
};

/// A feed from which nothing comes, or came for a while, that usually does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Which.
    pub feed: Feed,
    /// When something last came from it, to ten minutes.
    pub since: Timestamp,
    /// When it was noticed.
    pub noticed_at: Timestamp,
    /// How much would have been usual till then: slots of ten minutes in which something comes.
    pub usual: u32,
    /// What came and was refused instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
    /// Until when somebody is at the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) telling: Option<Timestamp>,
    /// When the team was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// When something came again, or nobody listened any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// Webhooks that were refused for their signature while none was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When the first was.
    pub since: Timestamp,
    /// At least so many.
    pub known: u64,
}

impl Silence {
    /// For how long it is remembered.
    const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 400);

    /// For how long after a try at the mail its job still comes again: well over a queue's visibility.
    const TRIED: SignedDuration = SignedDuration::from_mins(10);

    pub(super) fn new(feed: Feed, rhythm: &Rhythm, now: Timestamp) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it saturates
        let usual = rhythm.missed.round() as u32;
        let (since, noticed_at) = (rhythm.last + Rhythm::SLOT, now);
        Self { feed, since, noticed_at, usual, refused: None, telling: None, told_at: None, ended_at: None }
    }

    /// Its place among the store's silences.
    pub fn place(&self) -> String {
        keys::silence_place(self.since, self.feed.as_str())
    }

    pub(crate) fn put(&self, store: &StoreId, expect: Expect) -> Write {
        let mut item = record::item(Key::new(keys::silences(store), self.place()), self);
        item.expires_at = self.noticed_at.checked_add(Self::REMEMBERED).ok();
        Write::Put(item, expect)
    }

    /// Whether the team is still to hear of it: what is over by itself is no news any more.
    pub(crate) fn is_to_be_told(&self) -> bool {
        self.told_at.is_none() && self.ended_at.is_none()
    }

    /// Whether a job that is to tell of it is under way: another beside it would tell no better, and where
    /// mails cannot be sent at all they would become ever more.
    pub(super) fn is_tried(&self, now: Timestamp) -> bool {
        self.telling.is_some_and(|until| now < until + Self::TRIED)
    }
}

/// A store's latest silences, the newest first: those that go on and those that are over.
///
/// # Errors
/// When the table fails.
pub async fn silences(table: &dyn Table, store: &StoreId, most: usize) -> Result<Vec<Silence>, TableError> {
    let query = Query::partition(keys::silences(store)).newest_first().limit(most);
    let page = table.query(query).await?;
    page.items.iter().map(|item| Ok(decode::<Silence>(item)?.value)).collect()
}
