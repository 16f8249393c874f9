//! What an action's effects outside are known by.

use harkara_domain::{RunId, StoreId, id::digest};

/// One action of a stage of a run: the same, however often the stage is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionRef<'a> {
    /// The store.
    pub store: &'a StoreId,
    /// What the run is about: the id of its order, customer or cart.
    pub subject: &'a str,
    /// The run.
    pub run: &'a RunId,
    /// The stage's place in its flow, from 0.
    pub stage: u16,
    /// The action's place in its stage, from 0.
    pub action: u16,
}

impl ActionRef<'_> {
    /// All of it, one part a line: parts are single lines, so no two actions read the same.
    pub(crate) fn text(&self) -> String {
        let Self { store, subject, run, stage, action } = self;
        format!("{store}\n{subject}\n{run}\n{stage}\n{action}")
    }

    /// A name of 48 hexadecimal digits, which tells nothing of whom it is about.
    pub(crate) fn name(&self) -> String {
        let mut name = digest(&self.text());
        name.truncate(48);
        name
    }
}
