//! Tasks: what flows ask people of the team to do.

use harkara_domain::{StoreId, Subject, id::digest, reference::StageRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{
    fault::Fault,
    keys,
    port::{Clock, Expect, Index, Query, Table, TableError, Write, WriteError},
    read::Listed,
    record::{MAX_ROUNDS, decode, item, load, unless_raced},
};

/// Something that a person of the team is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its place among the store's tasks.
    pub id: String,
    /// What.
    pub title: String,
    /// Which team is to do it.
    pub team: String,
    /// What it is about.
    pub subject: Subject,
    /// The flow that asks for it, by name.
    pub by: String,
    /// Since when.
    pub made_at: Timestamp,
    /// Until when; whenever, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it was done, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<(Timestamp, String)>,
}

/// The id of an action's task: the same, however often its stage is repeated.
pub(crate) fn id(stage: &StageRef, action: u16) -> String {
    let mut id = digest(&format!("{stage}\n{action}"));
    id.truncate(24);
    id
}

/// A put of a task that is not there yet.
pub(crate) fn new(store: &StoreId, task: &Task) -> Write {
    put(store, task, Expect::Absent)
}

fn put(store: &StoreId, task: &Task, expect: Expect) -> Write {
    let mut item = item(keys::task(store, &task.id), task);
    // Open ones by the time that they are due, and those without one after all that have one.
    let at = task.done.as_ref().map_or(task.due.unwrap_or(Timestamp::MAX), |(at, _)| *at);
    item.list = Some(keys::task_list(store, task.done.is_some(), at, &task.id));
    Write::Put(item, expect)
}

/// The tasks of stores.
#[derive(Clone)]
pub struct Tasks {
    /// Where they lie.
    pub table: Arc<dyn Table>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Tasks {
    /// Those that are open, the one that is due first before the others; or those that are done, the
    /// latest first.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn list(
        &self,
        store: &StoreId,
        done: bool,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<Task>, TableError> {
        let query = Query::index(Index::List, keys::task_list_partition(store, done));
        let query = if done { query.newest_first() } else { query };
        let page = self.table.query(query.limit(limit).after(after)).await?;
        let entries: Result<Vec<Task>, TableError> =
            page.items.iter().map(|item| Ok(decode::<Task>(item)?.value)).collect();
        Ok(Listed { entries: entries?, next: page.next })
    }

    /// Marks a task done, or open again; the task then, `None` where there is none. One that is done
    /// already stays as it was: whoever did it first did it.
    ///
    /// # Errors
    /// When a read or the write fails.
    pub async fn mark(&self, store: &StoreId, id: &str, done: bool, by: &str) -> Result<Option<Task>, Fault> {
        let key = keys::task(store, id);
        for _ in 0..MAX_ROUNDS {
            let Some(held) = load::<Task>(&*self.table, &key).await? else { return Ok(None) };
            let mut task = held.value;
            if task.done.is_some() == done {
                return Ok(Some(task));
            }
            task.done = done.then(|| (self.clock.now(), by.to_owned()));
            if unless_raced(self.table.write(vec![put(store, &task, Expect::Version(held.version))]).await)? {
                return Ok(Some(task));
            }
        }
        Err(WriteError::Conflict.into())
    }
}
