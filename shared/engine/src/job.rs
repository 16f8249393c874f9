//! Jobs: what travels in queues. They outlive deployments, so each says its version, and one that
//! this code does not know is put aside, never dropped.

use harkara_domain::{Fact, Reason, RunId, StoreId, Subject};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::trace::misfit;
use std::borrow::Cow;

/// The version of job bodies that this code writes and reads.
pub const VERSION: u32 = 1;

/// A job. In JSON its fields stand beside `v`, the version, and `job`, its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Fold these facts, all about one subject.
    Facts(FactsJob),
    /// See to a stage of a run.
    Stage(StageJob),
    /// File a stage that failed for good.
    Failure(FailureJob),
    /// Tell the team of what has failed.
    Alert(AlertJob),
    /// Go on with a replay.
    Replay(ReplayJob),
    /// Tell the team of a silence.
    Silence(SilenceJob),
    /// Note that webhooks were refused for their signature.
    Refusals(RefusalsJob),
    /// File a message that nobody can work on.
    Message(MessageJob),
}

/// Facts about one subject, folded together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsJob {
    /// In the order in which they were said.
    pub facts: Vec<Fact>,
}

/// A stage that is due, or said to be: the stage function looks for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageJob {
    /// Whose.
    pub store: StoreId,
    /// What the run works on.
    #[serde(rename = "order")]
    pub subject: Subject,
    /// The run.
    pub run: RunId,
    /// The stage's place in its flow, from 0.
    pub stage: u16,
    /// The replay series that it belongs to.
    #[serde(default)]
    pub series: u32,
    /// Failed attempts before this message, which a throttled job carries along.
    #[serde(default)]
    pub failed: u32,
    /// When the fact came in that set it off at once; of nothing that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
    /// Its store's messages go before those of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub priority: bool,
}

/// A stage that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureJob {
    /// The stage.
    pub stage: StageJob,
    /// Why.
    pub reason: Reason,
}

/// Failures that the team is to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertJob {
    /// Whose.
    pub store: StoreId,
}

/// A silence that the team is to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceJob {
    /// Whose.
    pub store: StoreId,
    /// Its place among the store's silences.
    pub silence: String,
}

/// Webhooks that were refused for their signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalsJob {
    /// Whose.
    pub store: StoreId,
    /// Of which source: one that the store is connected to.
    pub source: String,
    /// When the last of them was.
    pub at: Timestamp,
    /// How many the sender knows of since it last said so.
    pub known: u32,
}

/// The next chunk of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayJob {
    /// Whose.
    pub store: StoreId,
    /// Which.
    pub replay: String,
    /// The place of the last dead letter that was seen to.
    #[serde(default)]
    pub after: Option<String>,
}

/// A message that nobody can work on, however often it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageJob {
    /// Its body, whole.
    pub body: String,
    /// Why.
    pub problem: String,
}

/// A body that is no job of this version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadJob {
    /// Not a job at all.
    #[error("not a job: {0}")]
    Unreadable(String),
    /// A version that this code does not know.
    #[error("job version {0} is not known here")]
    Version(u32),
}

/// Whose a message is, by its body: what a queue is to be fair between. Facts are their store's. Stages
/// are their flow's, so that a store's hundred thousand win-backs at ten in the morning do not stand
/// before its confirmations. Empty for what is nobody's.
pub fn group(body: &str) -> String {
    let whose: Whose<'_> = serde_json::from_str(body).unwrap_or_default();
    match (whose.run.split_once('~'), whose.facts.first()) {
        (Some((flow, _)), _) => format!("{}/{flow}", whose.store),
        (None, Some(fact)) => fact.store.to_string(),
        (None, None) => whose.store.into_owned(),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Whose<'a> {
    #[serde(borrow)]
    store: Cow<'a, str>,
    #[serde(borrow)]
    run: Cow<'a, str>,
    #[serde(borrow)]
    facts: Vec<Told<'a>>,
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    store: Cow<'a, str>,
}

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    job: &'static str,
    #[serde(flatten)]
    fields: &'a T,
}

#[derive(Deserialize)]
struct Header<'a> {
    v: u32,
    job: &'a str,
}

impl Job {
    /// Its kind's name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Facts(_) => "facts",
            Self::Stage(_) => "stage",
            Self::Failure(_) => "failure",
            Self::Alert(_) => "alert",
            Self::Replay(_) => "replay",
            Self::Silence(_) => "silence",
            Self::Refusals(_) => "refusals",
            Self::Message(_) => "message",
        }
    }

    /// The body for a queue.
    pub fn body(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Facts(fields) => write(kind, fields),
            Self::Stage(fields) => write(kind, fields),
            Self::Failure(fields) => write(kind, fields),
            Self::Alert(fields) => write(kind, fields),
            Self::Replay(fields) => write(kind, fields),
            Self::Silence(fields) => write(kind, fields),
            Self::Refusals(fields) => write(kind, fields),
            Self::Message(fields) => write(kind, fields),
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`BadJob`] for one that is not a job, or is one of another version.
    pub fn read(body: &str) -> Result<Self, BadJob> {
        let header: Header<'_> = parse(body)?;
        if header.v != VERSION {
            return Err(BadJob::Version(header.v));
        }
        match header.job {
            "facts" => parse(body).map(Self::Facts),
            "stage" => parse(body).map(Self::Stage),
            "failure" => parse(body).map(Self::Failure),
            "alert" => parse(body).map(Self::Alert),
            "replay" => parse(body).map(Self::Replay),
            "silence" => parse(body).map(Self::Silence),
            "refusals" => parse(body).map(Self::Refusals),
            "message" => parse(body).map(Self::Message),
            _ => Err(BadJob::Unreadable("no job is called so".to_owned())),
        }
    }
}

fn write<T: Serialize>(job: &'static str, fields: &T) -> String {
    // Jobs hold text, numbers and times only, which always serialise.
    serde_json::to_string(&Written { v: VERSION, job, fields }).unwrap_or_default()
}

fn parse<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, BadJob> {
    serde_json::from_str(body).map_err(|error| BadJob::Unreadable(misfit(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_its_queue_and_another_version_is_told_apart() {
        let job = Job::Stage(StageJob {
            store: "demo".into(),
            subject: "shopify-1".into(),
            run: "cod~order_created".into(),
            stage: 1,
            series: 0,
            failed: 2,
            told: None,
            priority: false,
        });
        assert_eq!(Job::read(&job.body()), Ok(job.clone()));
        let newer = job.body().replace("\"v\":1", "\"v\":7");
        assert_eq!(Job::read(&newer), Err(BadJob::Version(7)));
        assert!(matches!(Job::read("{}"), Err(BadJob::Unreadable(_))));
        assert!(matches!(Job::read("null"), Err(BadJob::Unreadable(_))));
    }

    #[test]
    fn facts_are_their_store_s_and_stages_their_flow_s() {
        let stage = Job::Stage(StageJob {
            store: "demo".into(),
            subject: "shopify-1".into(),
            run: RunId::of(&"cod".into(), "order_created~1"),
            stage: 1,
            series: 0,
            failed: 0,
            told: None,
            priority: false,
        });
        assert_eq!(group(&stage.body()), "demo/cod");
        let facts = r#"{"v":1,"job":"facts","facts":[{"id":"1","store":"d\u0065mo"},{"store":"other"}]}"#;
        assert_eq!(group(facts), "demo");
        assert_eq!(group(&Job::Alert(AlertJob { store: "demo".into() }).body()), "demo");
        for nobody_s in ["", "null", "[1]", "{\"facts\":[{}]}", "{\"store\":5}", "\u{0}"] {
            assert_eq!(group(nobody_s), "", "{nobody_s:?}");
        }
    }
}
