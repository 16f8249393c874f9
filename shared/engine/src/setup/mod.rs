//! Setting a store up: settings, templates, flows and what becomes of them.

mod apply;
mod compare;
mod flows;
mod history;
mod lifecycle;
mod preview;
mod templates;
mod words;

use harkara_channels::template;
use harkara_domain::{Flow, FlowId, StoreId, flow::parse::Problem};
use jiff::tz::TimeZone;
use std::sync::Arc;

use crate::{
    catalog::{Catalog, FlowHead},
    keys,
    ownership::{FileProblem, FlowState, Full, plan},
    people::{People, PeopleError},
    port::{Clock, Expect, Query, Table, TableError, Write, WriteError},
    record::{Stored, all, decode, load, put},
    settings::Settings,
};

pub use history::{AllInFlight, Which};
pub use words::read_flow as read;

/// Sets stores up. What people do to flows and templates is written down in the audit log, in the
/// transaction that does it.
pub struct Setup {
    /// Where it is kept.
    pub table: Arc<dyn Table>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whose shelves are forgotten on a change.
    pub catalog: Arc<Catalog>,
}

/// What was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The text has problems, each with its line and field.
    #[error("{}", .0.join("\n"))]
    Problems(Vec<String>),
    /// A bundle has problems, each with its file; nothing of it was done.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Bundle(Vec<FileProblem>),
    /// There is no such flow.
    #[error("there is no such flow")]
    NoFlow,
    /// There is no such version of the flow, or no draft.
    #[error("there is no such version of this flow")]
    NoVersion,
    /// A flow in this state cannot be brought into that one.
    #[error("a flow that is {from} cannot become {to}")]
    NotNow {
        /// Its state.
        from: FlowState,
        /// What it was to become.
        to: FlowState,
    },
    /// There is no room for another active flow.
    #[error(transparent)]
    Full(#[from] Full),
    /// Somebody changed the flow since it was looked at.
    #[error("somebody changed this flow since it was looked at")]
    Changed,
    /// What was done could not be written down.
    #[error(transparent)]
    Audit(#[from] PeopleError),
    /// A read failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A write failed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

fn problems<P: ToString>(problems: impl AsRef<[P]>) -> SetupError {
    SetupError::Problems(problems.as_ref().iter().map(ToString::to_string).collect())
}

/// Reads a flow's text.
fn read_flow(text: &str) -> Result<Flow, SetupError> {
    words::read_flow(text).map_err(problems)
}

impl Setup {
    /// The most flows of a store that are not archived. Whoever works on an order reads them all when the
    /// store changes, a few kilobytes each.
    pub const MAX_FLOWS: usize = 1000;
    /// The most active flows of one trigger.
    pub const MAX_OF_A_TRIGGER: usize = plan::MAX_OF_A_TRIGGER;

    /// Saves settings. Flows that are active stay so under a smaller plan; it has no room for another until
    /// they are fewer.
    ///
    /// # Errors
    /// [`SetupError::Problems`], all of them, for an unknown time zone, a store without languages, or rules
    /// that cannot be meant.
    pub async fn settings(&self, store: &StoreId, settings: &Settings) -> Result<(), SetupError> {
        let mut told = Vec::new();
        if TimeZone::get(&settings.timezone).is_err() {
            told.push(format!("timezone: {} is not an IANA time zone", settings.timezone));
        }
        if settings.languages.is_empty() {
            told.push("languages: at least one is needed".to_owned());
        }
        told.extend(settings.flaws().iter().map(|(path, why)| format!("{path}: {why}")));
        if !told.is_empty() {
            return Err(problems(told));
        }
        self.write(store, vec![put(keys::settings(store), settings, Expect::Any)]).await
    }

    /// Saves a template under its own name, unless the store has that very text.
    ///
    /// # Errors
    /// [`SetupError::Problems`] for a text that is no template.
    pub async fn template(&self, store: &StoreId, text: &str, by: &str) -> Result<(), SetupError> {
        let parsed = template::parse(text).map_err(problems::<Problem>)?;
        let key = keys::template(store, parsed.name());
        let held = load::<String>(&*self.table, &key).await?;
        if held.is_some_and(|held| held.value == text) {
            return Ok(());
        }
        let noted = self.noted(store, by, "saved a template", parsed.name())?;
        self.write(store, vec![put(key, &text, Expect::Any), noted]).await
    }

    async fn store_settings(&self, store: &StoreId) -> Result<Settings, SetupError> {
        let held = load::<Settings>(&*self.table, &keys::settings(store)).await?;
        held.map(|held| held.value).ok_or_else(|| problems(vec!["the store is not set up yet"]))
    }

    async fn head(&self, store: &StoreId, id: &FlowId) -> Result<Option<Stored<FlowHead>>, TableError> {
        load::<FlowHead>(&*self.table, &keys::flow(store, id)).await
    }

    /// The heads of all flows, archived ones too, by id.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn heads(&self, store: &StoreId) -> Result<Vec<FlowHead>, TableError> {
        let query = Query::partition(keys::store_partition(store)).prefix("f#");
        let items = all(&*self.table, query).await?;
        items.iter().map(|item| Ok(decode::<FlowHead>(item)?.value)).collect()
    }

    fn noted(&self, store: &StoreId, by: &str, what: &str, on: &str) -> Result<Write, SetupError> {
        let people = People { table: self.table.clone(), clock: self.clock.clone() };
        Ok(people.entry(store, by, what, on)?)
    }

    async fn write(&self, store: &StoreId, writes: Vec<Write>) -> Result<(), SetupError> {
        Ok(self.catalog.write(store, writes).await?)
    }
}
