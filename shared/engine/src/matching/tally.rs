//! What became of facts, each counted once for every time that it was given to the matcher.

use crate::count::{Counters, Fate, Source};

/// What became of the facts of one delivery. Those that are in none of these come again with their message,
/// or are filed with it as a dead letter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// They changed something, or are kept for their own sake, and are in a timeline or in a run.
    pub(super) applied: usize,
    /// They said nothing that was not known.
    pub(super) duplicate: usize,
    /// They are about nobody and nothing that Harkara knows.
    pub(super) ignored: usize,
}

impl Tally {
    /// Counts what has become of `given` facts of a source.
    pub(super) fn count(self, counters: &Counters, source: Source, given: usize) {
        let Self { applied, duplicate, ignored } = self;
        let again = given.saturating_sub(applied + duplicate + ignored);
        for (fate, count) in [
            (Fate::Given, given),
            (Fate::Applied, applied),
            (Fate::Duplicate, duplicate),
            (Fate::Ignored, ignored),
            (Fate::Again, again),
        ] {
            counters.facts.add_many((source, fate), count);
        }
    }
}
