//! The rows of the scheduler.

use harkara_engine::port::QueueName;
use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::place::{Numbers, last_of};

/// A schedule whose time has come.
pub(crate) struct Due {
    pub(crate) place: i64,
    pub(crate) queue: QueueName,
    pub(crate) body: String,
}

/// The prepared statements of the schedule table.
pub(crate) struct Schedules<'c> {
    known: Statement<'c>,
    insert: Statement<'c>,
    cancel: Statement<'c>,
    delete: Statement<'c>,
    due: Statement<'c>,
    first: Statement<'c>,
}

impl<'c> Schedules<'c> {
    pub(crate) fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            known: conn.prepare("SELECT 1 FROM schedule WHERE name = ?1")?,
            insert: conn
                .prepare("INSERT INTO schedule (place, name, queue, body) VALUES (?1, ?2, ?3, ?4)")?,
            cancel: conn.prepare("DELETE FROM schedule WHERE name = ?1")?,
            delete: conn.prepare("DELETE FROM schedule WHERE place = ?1")?,
            due: conn.prepare(
                "SELECT place, queue, body FROM schedule WHERE place <= ?1 ORDER BY place LIMIT ?2",
            )?,
            first: conn.prepare("SELECT min(place) FROM schedule")?,
        })
    }

    /// Makes a schedule; gives its place, or `None` if the name is known.
    pub(crate) fn insert(
        &mut self,
        numbers: &mut Numbers,
        name: &str,
        (due_ms, queue): (i64, QueueName),
        body: &str,
    ) -> rusqlite::Result<Option<i64>> {
        if self.known.exists([name])? {
            return Ok(None);
        }
        // Unlike messages, schedules of one millisecond (a sale that ends at midnight) can be more
        // than there are numbers only beyond two million; the next millisecond then serves.
        let mut ms = due_ms;
        loop {
            let place = numbers.place(ms);
            match self.insert.execute(params![place, name, queue.as_str(), body]) {
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                    ms += 1;
                }
                done => return done.map(|_| Some(place)),
            }
        }
    }

    pub(crate) fn cancel(&mut self, name: &str) -> rusqlite::Result<()> {
        self.cancel.execute([name]).map(|_| ())
    }

    pub(crate) fn delete(&mut self, place: i64) -> rusqlite::Result<()> {
        self.delete.execute([place]).map(|_| ())
    }

    /// What is due by a time, earliest first.
    pub(crate) fn due(&mut self, now_ms: i64, limit: i64) -> rusqlite::Result<Vec<Due>> {
        let mut rows = self.due.query([last_of(now_ms), limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let name: String = row.get(1)?;
            let queue = QueueName::ALL.into_iter().find(|queue| queue.as_str() == name);
            // A queue that a later build made: whatever it is, nobody here can take it.
            found.push(Due {
                place: row.get(0)?,
                queue: queue.unwrap_or(QueueName::Failures),
                body: row.get(2)?,
            });
        }
        Ok(found)
    }

    /// The place of the earliest.
    pub(crate) fn first(&mut self) -> rusqlite::Result<Option<i64>> {
        self.first.query_row([], |row| row.get(0)).optional().map(Option::flatten)
    }
}
