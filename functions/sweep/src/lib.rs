//! Every few minutes: whatever is due but was never picked up.

use harkara_engine::{fault::Fault, sweep::Sweeper};

/// Sweeps once; says how many stages were handed on again.
///
/// # Errors
/// When the table, the queue or the scheduler fails; the next sweep begins anew.
pub async fn handle(sweeper: &Sweeper) -> Result<usize, Fault> {
    sweeper.sweep().await
}
