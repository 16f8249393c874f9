//! The pages, one file each: what is read for it, and what its template is given.

pub(crate) mod activation;
pub(crate) mod audit;
pub(crate) mod editor;
pub(crate) mod flow;
pub(crate) mod flows;
pub(crate) mod form;
pub(crate) mod letters;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod outbox;
pub(crate) mod overview;
pub(crate) mod rehearsal;
pub(crate) mod replays;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod tasks;
pub(crate) mod templates;
pub(crate) mod time_machine;
pub(crate) mod why;
