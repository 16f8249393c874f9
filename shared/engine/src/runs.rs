//! Reading and changing one run, against whatever else is at it.

use harkara_domain::{Run, RunId, StoreId, Subject};

use crate::{
    fault::Fault,
    keys,
    matching::put_run,
    port::{Expect, Table, Write, WriteError},
    record::{MAX_ROUNDS, Stored, load, unless_raced},
};

/// The place of a run.
#[derive(Clone, Copy, Debug)]
pub struct RunPlace<'a> {
    /// Whose.
    pub store: &'a StoreId,
    /// What it works on.
    pub subject: &'a Subject,
    /// The run.
    pub run: &'a RunId,
}

/// Changes a run, starting from what the caller holds of it, if anything. `change` is given the run as it is
/// now, and again when another write came between; it says what else to write with it, or `None` to leave
/// all as it is. Returns the run as written, or `None` where there is no such run or nothing was changed.
///
/// # Errors
/// A [`Fault`]; nothing was written then.
pub async fn change(
    table: &dyn Table,
    place: RunPlace<'_>,
    mut held: Option<Stored<Run>>,
    mut change: impl FnMut(&mut Run) -> Option<Vec<Write>> + Send,
) -> Result<Option<Run>, Fault> {
    let key = keys::run(place.store, place.subject, place.run);
    for _ in 0..MAX_ROUNDS {
        let stored = match held.take() {
            Some(stored) => Some(stored),
            None => load::<Run>(table, &key).await?,
        };
        let Some(Stored { value: mut run, version }) = stored else { return Ok(None) };
        let Some(more) = change(&mut run) else { return Ok(None) };
        let mut writes = vec![put_run(&run, Expect::Version(version))];
        writes.extend(more);
        if unless_raced(table.write(writes).await)? {
            return Ok(Some(run));
        }
    }
    Err(WriteError::Conflict.into())
}
