//! The rows of one queue.

use harkara_engine::{job, port::QueueName};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Statement, params};

use crate::{
    place::{Numbers, first_of, last_of},
    queue::Held,
};

/// The most rows that one load looks at: the writer does nothing else meanwhile.
const LOOKED: i64 = 20_000;

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

    /// The first messages behind a place that are `wanted` by their group and place: at most `count`, and
    /// about `bytes` of bodies. With them the place up to which it has looked, `i64::MAX` for the end.
    pub(crate) fn after(
        &mut self,
        (place, count, bytes): (i64, usize, usize),
        wanted: impl Fn(&str, i64) -> bool,
    ) -> rusqlite::Result<(Vec<(i64, Held)>, i64)> {
        let mut rows = self.after.query([place, LOOKED])?;
        let (mut found, mut size, mut looked) = (Vec::new(), 0, 0);
        while let Some(row) = rows.next()? {
            looked += 1;
            let (place, body) = (row.get(0)?, row.get_ref(3)?.as_str()?);
            let group = job::group(body);
            if wanted(&group, place) {
                size += body.len();
                let (group, body) = (group.into(), body.to_owned());
                found.push((place, Held { id: row.get(1)?, receives: row.get(2)?, group, body }));
            }
            if found.len() >= count || size >= bytes || looked >= LOOKED {
                return Ok((found, place));
            }
        }
        Ok((found, i64::MAX))
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
