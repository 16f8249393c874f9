//! Connections that read. They are used inline: a read takes microseconds, less than handing it to
//! another thread and back.

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rusqlite::Connection;

use crate::{
    schema::{self, OpenError},
    shared::Shared,
};

/// How many reads run side by side; more wait for one of these.
const READERS: usize = 3;

/// See the module.
pub(crate) struct Readers {
    slots: Vec<Mutex<Option<Connection>>>,
    next: AtomicUsize,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let open = |_| schema::reader(path).map(|conn| Mutex::new(Some(conn)));
        Ok(Self { slots: (0..READERS).map(open).collect::<Result<_, _>>()?, next: AtomicUsize::new(0) })
    }

    /// Reads on a free connection. The snapshot is that of the moment, so it has everything that was
    /// answered before.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        let slot = self.slot().ok_or(Shared::CLOSED)?;
        let conn = slot.as_ref().ok_or(Shared::CLOSED)?;
        read(conn).map_err(|error| error.to_string())
    }

    fn slot(&self) -> Option<MutexGuard<'_, Option<Connection>>> {
        for slot in &self.slots {
            match slot.try_lock() {
                Ok(guard) => return Some(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len().max(1);
        Some(self.slots.get(turn)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes them all; later reads fail.
    pub(crate) fn close(&self) {
        for slot in &self.slots {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
