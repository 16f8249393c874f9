//! Setting a store up: settings, templates, flows and their switch.

use harkara_channels::template;
use harkara_domain::{Flow, FlowId, StoreId, flow::parse};
use jiff::tz::TimeZone;
use std::sync::Arc;

use crate::{
    catalog::{Catalog, FlowHead, FlowVersion},
    keys,
    port::{Clock, Expect, Query, Table, TableError, Write, WriteError},
    record::{all, expect, load, put},
    settings::Settings,
};

/// Sets stores up.
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
    /// There is no such flow.
    #[error("there is no such flow")]
    NoFlow,
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

impl Setup {
    /// The most flows of a store: what one transition starts has to fit one transaction.
    pub const MAX_FLOWS: usize = 60;

    /// Saves settings.
    ///
    /// # Errors
    /// [`SetupError::Problems`] for an unknown time zone or a store without languages.
    pub async fn settings(&self, store: &StoreId, settings: &Settings) -> Result<(), SetupError> {
        if TimeZone::get(&settings.timezone).is_err() {
            return Err(problems(vec![format!("timezone: {} is not an IANA time zone", settings.timezone)]));
        }
        if settings.languages.is_empty() {
            return Err(problems(vec!["languages: at least one is needed"]));
        }
        self.write(store, vec![put(keys::settings(store), settings, Expect::Any)]).await
    }

    /// Saves a template under its own name.
    ///
    /// # Errors
    /// [`SetupError::Problems`] for a text that is no template.
    pub async fn template(&self, store: &StoreId, text: &str) -> Result<(), SetupError> {
        let parsed = template::parse(text).map_err(problems)?;
        self.write(store, vec![put(keys::template(store, parsed.name()), &text, Expect::Any)]).await
    }

    /// Saves a flow under the id that its name gives: a new version, unless the text is the same. Runs
    /// that have begun keep theirs. A new flow is off.
    ///
    /// # Errors
    /// [`SetupError::Problems`] for a text that is no flow, or one that needs a template which the
    /// store does not have.
    pub async fn flow(&self, store: &StoreId, text: &str, by: &str) -> Result<FlowHead, SetupError> {
        let flow = parse::flow(text).map_err(problems)?;
        self.check_templates(store, &flow).await?;
        let (id, now) = (flow.id(), self.clock.now());
        let key = keys::flow(store, &id);
        let held = load::<FlowHead>(&*self.table, &key).await?;
        let same = held.as_ref().filter(|held| held.value.text == text && held.value.flow.is_some());
        if let Some(same) = same {
            return Ok(same.value.clone());
        }
        if held.is_none() && self.count_flows(store).await? >= Self::MAX_FLOWS {
            return Err(problems(vec![format!("a store has at most {} flows", Self::MAX_FLOWS)]));
        }
        let version = held.as_ref().map_or(1, |held| held.value.version + 1);
        let head = FlowHead {
            id: id.clone(),
            version,
            active: held.as_ref().is_some_and(|held| held.value.active),
            because: None,
            changed_at: now,
            text: text.to_owned(),
            flow: Some(flow.clone()),
        };
        let saved = FlowVersion { text: text.to_owned(), flow: Some(flow), saved_at: now, by: by.to_owned() };
        let writes = vec![
            put(key, &head, expect(held.as_ref())),
            put(keys::flow_version(store, &id, version), &saved, Expect::Absent),
        ];
        self.write(store, writes).await?;
        Ok(head)
    }

    /// Switches a flow on or off.
    ///
    /// # Errors
    /// [`SetupError::NoFlow`] where there is none of that id.
    pub async fn switch(&self, store: &StoreId, id: &FlowId, active: bool) -> Result<FlowHead, SetupError> {
        let key = keys::flow(store, id);
        let held = load::<FlowHead>(&*self.table, &key).await?.ok_or(SetupError::NoFlow)?;
        let head = FlowHead { active, because: None, changed_at: self.clock.now(), ..held.value };
        self.write(store, vec![put(key, &head, Expect::Version(held.version))]).await?;
        Ok(head)
    }

    async fn check_templates(&self, store: &StoreId, flow: &Flow) -> Result<(), SetupError> {
        let mut missing = Vec::new();
        for message in flow.stages.iter().filter_map(|stage| stage.message.as_ref()) {
            let Some(text) = load::<String>(&*self.table, &keys::template(store, &message.template)).await?
            else {
                missing.push(format!("template: there is no template {}", message.template));
                continue;
            };
            let parsed = template::parse(&text.value).map_err(problems)?;
            let wordless = message.buttons.iter().filter(|button| !parsed.choices().any(|c| c == **button));
            missing.extend(wordless.map(|button| {
                format!("buttons: the template {} has no words for {}", message.template, button.as_str())
            }));
        }
        if missing.is_empty() { Ok(()) } else { Err(SetupError::Problems(missing)) }
    }

    async fn count_flows(&self, store: &StoreId) -> Result<usize, TableError> {
        let query = Query::partition(keys::store_partition(store)).prefix("f#");
        Ok(all(&*self.table, query).await?.len())
    }

    async fn write(&self, store: &StoreId, writes: Vec<Write>) -> Result<(), SetupError> {
        Ok(self.catalog.write(store, writes).await?)
    }
}
