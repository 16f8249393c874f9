//! The rows of one queue.

use harkara_engine::port::QueueName;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Statement, params};

use crate::{
    place::{Numbers, first_of, last_of},
    queue::Held,
};

/// The prepared statements of a queue's table.
pub(crate) struct Messages<'c> {
    insert: Statement<'c>,
    relocate: Statement<'c>,
    delete: Statement<'c>,
    body: Statement<'c>,
    after: Statement<'c>,
    highest: Statement<'c>,
}

impl<'c> Messages<'c> {
    pub(crate) fn prepare(conn: &'c Connection, queue: QueueName) -> rusqlite::Result<Self> {
        let table = format!("message_{queue}");
        let prepare = |sql: &str| conn.prepare(&sql.replace("{table}", &table));
        Ok(Self {
            insert: prepare("INSERT INTO {table} (place, id, receives, body) VALUES (?1, NULL, 0, ?2)")?,
            relocate: prepare(
                "UPDATE {table} SET place = ?2, id = ifnull(id, place), receives = ?3 WHERE place = ?1",
            )?,
            delete: prepare("DELETE FROM {table} WHERE place = ?1")?,
            body: prepare("SELECT body FROM {table} WHERE place = ?1")?,
            after: prepare(
                "SELECT place, ifnull(id, place), receives, body FROM {table}
                 WHERE place > ?1 ORDER BY place LIMIT ?2",
            )?,
            highest: prepare("SELECT max(place) FROM {table} WHERE place BETWEEN ?1 AND ?2")?,
        })
    }

    /// Adds a message; gives its place.
    pub(crate) fn insert(&mut self, numbers: &mut Numbers, due_ms: i64, body: &str) -> rusqlite::Result<i64> {
        let place = numbers.place(due_ms);
        match self.insert.execute(params![place, body]) {
            Err(error) if is_taken(&error) => {
                let place = self.free_place(due_ms)?;
                self.insert.execute(params![place, body])?;
                Ok(place)
            }
            done => done.map(|_| place),
        }
    }

    /// Moves a message to another due time; gives its new place, or `None` if it is not there.
    pub(crate) fn relocate(
        &mut self,
        numbers: &mut Numbers,
        from: i64,
        due_ms: i64,
        receives: u32,
    ) -> rusqlite::Result<Option<i64>> {
        let place = numbers.place(due_ms);
        let (place, moved) = match self.relocate.execute(params![from, place, receives]) {
            Err(error) if is_taken(&error) => {
                let place = self.free_place(due_ms)?;
                (place, self.relocate.execute(params![from, place, receives])?)
            }
            done => (place, done?),
        };
        Ok((moved > 0).then_some(place))
    }

    pub(crate) fn delete(&mut self, place: i64) -> rusqlite::Result<bool> {
        Ok(self.delete.execute([place])? > 0)
    }

    pub(crate) fn body(&mut self, place: i64) -> rusqlite::Result<Option<String>> {
        self.body.query_row([place], |row| row.get(0)).optional()
    }

    /// The first messages behind a place: at most `count`, and about `bytes` of bodies. The flag says
    /// whether there is more behind them.
    pub(crate) fn after(
        &mut self,
        place: i64,
        count: usize,
        bytes: usize,
    ) -> rusqlite::Result<(Vec<(i64, Held)>, bool)> {
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let mut rows = self.after.query([place, limit])?;
        let (mut found, mut size) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let held = Held { id: row.get(1)?, receives: row.get(2)?, body: row.get(3)? };
            size += held.body.len();
            found.push((row.get(0)?, held));
            if size >= bytes {
                return Ok((found, true));
            }
        }
        let more = found.len() >= count;
        Ok((found, more))
    }

    /// A free place for a time whose next number is taken: behind all others of that millisecond, or
    /// of the first one after it with room.
    fn free_place(&mut self, due_ms: i64) -> rusqlite::Result<i64> {
        let mut ms = due_ms;
        loop {
            let highest: Option<i64> =
                self.highest.query_row([first_of(ms), last_of(ms)], |row| row.get(0))?;
            match highest {
                None => return Ok(first_of(ms)),
                Some(place) if place < last_of(ms) => return Ok(place + 1),
                Some(_) => ms += 1,
            }
        }
    }
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
