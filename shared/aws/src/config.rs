//! What the template puts into a function's environment.

use harkara_engine::port::QueueName;
use std::collections::BTreeMap;

/// A variable that is not set, or says nothing sensible: the one clear line of a failed cold start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is not set as it must be: {problem}")]
pub struct Missing {
    /// The variable.
    pub name: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// The environment, read once. Nothing else reads variables.
#[derive(Clone, Debug, Default)]
pub struct Config {
    values: BTreeMap<String, String>,
}

impl Config {
    /// The table's name.
    pub const TABLE: &'static str = "HARKARA_TABLE";
    /// The URL of the events queue.
    pub const EVENTS: &'static str = "HARKARA_EVENTS_QUEUE";
    /// The URL of the stages queue.
    pub const STAGES: &'static str = "HARKARA_STAGES_QUEUE";
    /// The URL of the stages queue of priority stores.
    pub const PRIORITY: &'static str = "HARKARA_PRIORITY_QUEUE";
    /// The URL of the failures queue.
    pub const FAILURES: &'static str = "HARKARA_FAILURES_QUEUE";
    /// `true` for messages that say whose they are, so that SQS is fair between stores and flows.
    pub const FAIR: &'static str = "HARKARA_FAIR_QUEUES";
    /// The name of the schedule group.
    pub const GROUP: &'static str = "HARKARA_SCHEDULE_GROUP";
    /// The ARN of the role with which Scheduler sends into queues.
    pub const ROLE: &'static str = "HARKARA_SCHEDULE_ROLE";
    /// Where connections lie in Parameter Store: `<prefix>/<store>/<connection>`, such as
    /// `/harkara/prod/chadar/whatsapp`.
    pub const PARAMETERS: &'static str = "HARKARA_PARAMETERS";
    /// The sender of mails, verified with SES.
    pub const MAIL_FROM: &'static str = "HARKARA_MAIL_FROM";
    /// The store that the console shows.
    pub const STORE: &'static str = "HARKARA_STORE";
    /// How the API is reached from outside, without a slash at its end.
    pub const PUBLIC_URL: &'static str = "HARKARA_PUBLIC_URL";

    /// The process's environment.
    pub fn from_env() -> Self {
        // A variable that is not Unicode is as good as one that is not set.
        let values = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { values: values.collect() }
    }

    /// These variables.
    pub fn of(values: BTreeMap<String, String>) -> Self {
        Self { values }
    }

    /// A variable that must be there.
    ///
    /// # Errors
    /// [`Missing`] when it is not set, or empty.
    pub fn require(&self, name: &'static str) -> Result<&str, Missing> {
        self.get(name).ok_or_else(|| Missing { name, problem: "it is missing".to_owned() })
    }

    /// An address that may be there.
    ///
    /// # Errors
    /// [`Missing`] when it is there and no `http` or `https` address.
    pub fn url(&self, name: &'static str) -> Result<Option<&str>, Missing> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let problem = |problem: String| Missing { name, problem };
        let uri: http::Uri = value.parse().map_err(|error| problem(format!("it is no address: {error}")))?;
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Some(value)),
            _ => Err(problem("it is no http or https address".to_owned())),
        }
    }

    /// The URL of a queue, which ends with the name that it has with SQS.
    ///
    /// # Errors
    /// [`Missing`] when it is not set, or no URL of a queue.
    pub fn queue(&self, queue: QueueName) -> Result<&str, Missing> {
        let name = match queue {
            QueueName::Events => Self::EVENTS,
            QueueName::Stages => Self::STAGES,
            QueueName::PriorityStages => Self::PRIORITY,
            QueueName::Failures => Self::FAILURES,
        };
        let url = self.url(name)?.ok_or_else(|| Missing { name, problem: "it is missing".to_owned() })?;
        if url.ends_with('/') || url.split('/').count() < 5 {
            let problem = "it is no queue's URL: https://<host>/<account>/<name>".to_owned();
            return Err(Missing { name, problem });
        }
        Ok(url)
    }

    /// A variable that may be there; one that is empty is not.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
