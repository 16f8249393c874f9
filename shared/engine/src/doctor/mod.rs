//! The doctor: looks a store over, and says what is wrong and what to do about it. It changes nothing: it
//! reads, and asks vendors what costs and moves nothing. No finding holds a secret or a customer's data.

mod connections;
mod refused;
mod schedules;
mod setup;
mod work;

use harkara_domain::StoreId;
use serde::Serialize;
use std::{fmt, sync::Arc};

use crate::{
    catalog::Catalog,
    port::{Clock, Http, Secrets, Table},
};
pub use schedules::Planned;

/// Looks stores over.
pub struct Doctor {
    /// Where everything lies. It is only read.
    pub table: Arc<dyn Table>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// How they are connected.
    pub secrets: Arc<dyn Secrets>,
    /// Where vendors are asked.
    pub http: Arc<dyn Http>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The command that sets a store up from its file, for what to do: `harkara store put`.
    pub put: &'static str,
}

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// As it should be.
    Ok,
    /// Works, but not all, or not for long.
    Warning,
    /// Something is broken, or will be lost.
    Trouble,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The store's settings and addresses.
    Settings,
    /// Its flows, and what they need.
    Flows,
    /// How it is connected.
    Connections,
    /// Whether webhooks are told from forgeries.
    Signatures,
    /// Whether vendors take our credentials.
    Credentials,
    /// Mail.
    Mail,
    /// What should have been done by now.
    Overdue,
    /// What failed for good.
    DeadLetters,
    /// What waits for its time.
    Schedules,
    /// Sources from which nothing comes.
    Silence,
    /// The clocks.
    Clock,
    /// The machine, its disk and its database.
    Machine,
}

impl Check {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Flows => "flows",
            Self::Connections => "connections",
            Self::Signatures => "signatures",
            Self::Credentials => "credentials",
            Self::Mail => "mail",
            Self::Overdue => "overdue",
            Self::DeadLetters => "dead letters",
            Self::Schedules => "schedules",
            Self::Silence => "silence",
            Self::Clock => "clock",
            Self::Machine => "machine",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How grave it is.
    pub gravity: Gravity,
    /// What is so, in a sentence.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub todo: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: Check, what: impl Into<String>) -> Self {
        Self { check, gravity: Gravity::Ok, what: what.into(), todo: None }
    }

    /// Works, but not all, or not for long.
    pub fn warning(check: Check, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, gravity: Gravity::Warning, what: what.into(), todo: Some(todo.into()) }
    }

    /// Something is broken.
    pub fn trouble(check: Check, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, gravity: Gravity::Trouble, what: what.into(), todo: Some(todo.into()) }
    }
}

/// `TROUBLE  flows         “Ask” has no template. Put it …`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gravity = match self.gravity {
            Gravity::Ok => "ok",
            Gravity::Warning => "warning",
            Gravity::Trouble => "TROUBLE",
        };
        write!(f, "{gravity:<8} {:<12} {}", self.check.as_str(), self.what)?;
        self.todo.as_ref().map_or(Ok(()), |todo| write!(f, "\n{:22}→ {todo}", ""))
    }
}

impl Doctor {
    /// Looks a store over. `planned`: the schedules that are waiting, where they could be listed.
    pub async fn examine(&self, store: &StoreId, planned: Option<&[Planned]>) -> Vec<Finding> {
        let shelf = match self.catalog.shelf(store).await {
            Ok(Some(shelf)) => shelf,
            Ok(None) => {
                let todo = format!("set it up with `{} FILE`, or name another store", self.put);
                return vec![Finding::trouble(
                    Check::Settings,
                    format!("the store {store} is not set up"),
                    todo,
                )];
            }
            Err(error) => {
                return vec![unreadable(Check::Settings, &error)];
            }
        };
        let mut found = self.settings(&shelf);
        found.extend(self.flows(&shelf));
        found.extend(self.connections(store, &shelf).await);
        let parts = [
            (Check::Signatures, self.refused(store, &shelf).await),
            (Check::Overdue, self.overdue(store).await),
            (Check::DeadLetters, self.dead_letters(store).await),
            (Check::Schedules, self.schedules(store, planned).await),
            (Check::Silence, self.silence(store, &shelf).await),
            (Check::Clock, self.clocks(store).await),
        ];
        for (check, part) in parts {
            match part {
                Ok(part) => found.extend(part),
                Err(error) => found.push(unreadable(check, &error)),
            }
        }
        found
    }
}

fn unreadable(check: Check, error: &dyn fmt::Display) -> Finding {
    Finding::trouble(
        check,
        format!("cannot be looked at: {error}"),
        "see that the table can be read, and look again",
    )
}
