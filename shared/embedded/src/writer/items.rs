//! Items: expectations are checked first, then everything is applied, so nothing is ever undone.

use harkara_engine::port::{Expect, IndexKey, Item, Key, Write, WriteError};
use rusqlite::{Connection, Row, Statement, params, types::ValueRef};
use serde_json::{Map, Value};

/// The prepared statements of the item table.
pub(crate) struct Items<'c> {
    find: Statement<'c>,
    find_body: Statement<'c>,
    insert: Statement<'c>,
    update_body: Statement<'c>,
    update_due: Statement<'c>,
    update_all: Statement<'c>,
    delete: Statement<'c>,
    expired: Statement<'c>,
}

/// An item as it is on disk before a write.
#[derive(Clone, Copy, Debug)]
struct Found {
    id: i64,
    version: i64,
    /// It has expired: writes take it as absent, since reads hide it.
    expired: bool,
    /// The list place and the expiry are those of the item to be put.
    same_list: bool,
    /// The due place is that of the item to be put.
    same_due: bool,
}

/// What a part of a write will do, once every expectation holds.
enum Plan {
    Insert,
    Update(Found),
    Delete(i64),
    Replace { id: Option<i64>, version: i64, body: Vec<u8> },
    Nothing,
}

impl<'c> Items<'c> {
    pub(crate) fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            find: conn.prepare(
                "SELECT id, version, expires_ms, list_pk, list_sk, due_pk, due_sk
                 FROM item WHERE pk = ?1 AND sk = ?2",
            )?,
            find_body: conn.prepare("SELECT body FROM item WHERE id = ?1")?,
            insert: conn.prepare(
                "INSERT INTO item (pk, sk, version, list_pk, list_sk, due_pk, due_sk, expires_ms, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            // Only what is set is maintained in the indexes.
            update_body: conn.prepare("UPDATE item SET version = ?2, body = ?3 WHERE id = ?1")?,
            update_due: conn
                .prepare("UPDATE item SET version = ?2, body = ?3, due_pk = ?4, due_sk = ?5 WHERE id = ?1")?,
            update_all: conn.prepare(
                "UPDATE item SET version = ?2, body = ?3, due_pk = ?4, due_sk = ?5,
                        list_pk = ?6, list_sk = ?7, expires_ms = ?8 WHERE id = ?1",
            )?,
            delete: conn.prepare("DELETE FROM item WHERE id = ?1")?,
            expired: conn.prepare(
                "DELETE FROM item WHERE id IN
                 (SELECT id FROM item WHERE expires_ms IS NOT NULL AND expires_ms <= ?1 LIMIT ?2)",
            )?,
        })
    }

    /// Checks and applies one write. `Ok(Some(_))` is a refusal: nothing was changed.
    pub(crate) fn write(&mut self, writes: &[Write], now_ms: i64) -> rusqlite::Result<Option<WriteError>> {
        let mut plans = Vec::with_capacity(writes.len());
        let mut unmet = Vec::new();
        for (position, write) in writes.iter().enumerate() {
            match self.plan(write, now_ms)? {
                Ok(Some(plan)) => plans.push(plan),
                Ok(None) => unmet.push(position),
                Err(refusal) => return Ok(Some(refusal)),
            }
        }
        if !unmet.is_empty() {
            return Ok(Some(WriteError::Expectation(unmet)));
        }
        for (write, plan) in writes.iter().zip(plans) {
            self.apply(write, plan)?;
        }
        Ok(None)
    }

    /// `Ok(None)`: the expectation does not hold.
    fn plan(&mut self, write: &Write, now_ms: i64) -> rusqlite::Result<Result<Option<Plan>, WriteError>> {
        let item = if let Write::Put(item, _) = write { Some(item) } else { None };
        let found = self.look(write.key(), item, now_ms)?;
        let live = found.filter(|found| !found.expired);
        let expect = match write {
            Write::Put(_, expect) | Write::Delete(_, expect) => *expect,
            Write::Add { .. } => Expect::Any,
        };
        let holds = match expect {
            Expect::Any => true,
            Expect::Absent => live.is_none(),
            Expect::Version(wanted) => {
                live.is_some_and(|found| u64::try_from(found.version).is_ok_and(|there| there == wanted))
            }
        };
        if !holds {
            return Ok(Ok(None));
        }
        Ok(Ok(Some(match (write, found) {
            (Write::Put(..), None) => Plan::Insert,
            (Write::Put(..), Some(found)) => Plan::Update(found),
            (Write::Delete(..), Some(found)) => Plan::Delete(found.id),
            (Write::Delete(..), None) => Plan::Nothing,
            (Write::Add { field, by, .. }, found) => {
                let body = match live {
                    Some(live) => self.find_body.query_row([live.id], |row| row.get(0))?,
                    None => b"{}".to_vec(),
                };
                match add(&body, field, *by) {
                    Ok(body) => {
                        let version = live.map_or(1, |live| live.version + 1);
                        Plan::Replace { id: found.map(|found| found.id), version, body }
                    }
                    Err(problem) => return Ok(Err(WriteError::Failed(problem))),
                }
            }
        })))
    }

    fn look(&mut self, key: &Key, item: Option<&Item>, now_ms: i64) -> rusqlite::Result<Option<Found>> {
        let mut rows = self.find.query([&key.pk, &key.sk])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let expires: Option<i64> = row.get(2)?;
        let (same_list, same_due) = match item {
            Some(item) => (
                same(row, 3, 4, item.list.as_ref())? && expires == expiry(item),
                same(row, 5, 6, item.due.as_ref())?,
            ),
            None => (true, true),
        };
        let expired = expires.is_some_and(|at| at <= now_ms);
        Ok(Some(Found { id: row.get(0)?, version: row.get(1)?, expired, same_list, same_due }))
    }

    fn apply(&mut self, write: &Write, plan: Plan) -> rusqlite::Result<()> {
        match (write, plan) {
            (Write::Put(item, _), Plan::Insert) => {
                let (list, due) = (parts(item.list.as_ref()), parts(item.due.as_ref()));
                self.insert.execute(params![
                    item.key.pk,
                    item.key.sk,
                    1,
                    list.0,
                    list.1,
                    due.0,
                    due.1,
                    expiry(item),
                    item.body
                ])?;
            }
            (Write::Put(item, _), Plan::Update(found)) => self.update(item, found)?,
            (_, Plan::Delete(id)) => {
                self.delete.execute([id])?;
            }
            (_, Plan::Replace { id: Some(id), version, body }) => {
                self.update_body.execute(params![id, version, body])?;
                if version == 1 {
                    // It had expired, and begins anew.
                    let none: Option<&str> = None;
                    self.update_all.execute(params![id, version, body, none, none, none, none, none])?;
                }
            }
            (write, Plan::Replace { id: None, version, body }) => {
                let (key, none): (_, Option<&str>) = (write.key(), None);
                self.insert.execute(params![key.pk, key.sk, version, none, none, none, none, none, body])?;
            }
            _ => {}
        }
        Ok(())
    }

    fn update(&mut self, item: &Item, found: Found) -> rusqlite::Result<()> {
        let version = if found.expired { 1 } else { found.version + 1 };
        let due = parts(item.due.as_ref());
        if found.same_list && found.same_due {
            self.update_body.execute(params![found.id, version, item.body])?;
        } else if found.same_list {
            self.update_due.execute(params![found.id, version, item.body, due.0, due.1])?;
        } else {
            let list = parts(item.list.as_ref());
            self.update_all.execute(params![
                found.id,
                version,
                item.body,
                due.0,
                due.1,
                list.0,
                list.1,
                expiry(item)
            ])?;
        }
        Ok(())
    }

    /// Deletes up to `limit` items that expired by `now_ms`; gives how many.
    pub(crate) fn purge(&mut self, now_ms: i64, limit: i64) -> rusqlite::Result<usize> {
        self.expired.execute([now_ms, limit])
    }
}

/// When an item may vanish, in milliseconds since 1970.
fn expiry(item: &Item) -> Option<i64> {
    item.expires_at.map(crate::clock::millis)
}

fn parts(key: Option<&IndexKey>) -> (Option<&str>, Option<&str>) {
    (key.map(|key| key.pk.as_str()), key.map(|key| key.sk.as_str()))
}

/// Whether two columns of a row are an index place.
fn same(row: &Row<'_>, pk: usize, sk: usize, wanted: Option<&IndexKey>) -> rusqlite::Result<bool> {
    Ok(match (row.get_ref(pk)?, row.get_ref(sk)?, wanted) {
        (ValueRef::Null, _, None) => true,
        (ValueRef::Text(pk), ValueRef::Text(sk), Some(key)) => {
            pk == key.pk.as_bytes() && sk == key.sk.as_bytes()
        }
        _ => false,
    })
}

/// The body with `by` added to `field`.
fn add(body: &[u8], field: &str, by: i64) -> Result<Vec<u8>, String> {
    let mut object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| "a counter's item is no JSON object".to_owned())?;
    let before = match object.get(field) {
        None => 0,
        Some(value) => value.as_i64().ok_or_else(|| format!("the field {field} is no whole number"))?,
    };
    let after = before.checked_add(by).ok_or_else(|| format!("the field {field} ran over"))?;
    object.insert(field.to_owned(), after.into());
    serde_json::to_vec(&object).map_err(|error| error.to_string())
}
