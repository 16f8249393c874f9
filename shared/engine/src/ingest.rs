//! The first stretch of the road: verify over the raw body, parse into facts, enqueue. No table is touched (word
//! of refusals goes by the queue, too), so the answer takes milliseconds and a storm of webhooks waits in the queue.

use harkara_domain::{StoreId, Subject};
use harkara_sources::{BadSignature, Connection, Context, Inbound, Malformed, Rate};
use std::{collections::HashMap, sync::Arc};
use tracing::Instrument;

use crate::{
    count::{Counters, Fate, Refused, Source},
    job::{FactsJob, Job, RefusalsJob},
    port::{Clock, Outgoing, Queue, QueueError, QueueName, Secrets, SecretsError},
    rates::Rates,
    refusals::Refusals,
    trace,
};

/// Takes webhooks in.
pub struct Ingest {
    /// Where connections are read from.
    pub secrets: Arc<dyn Secrets>,
    /// Where facts go.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub counters: Arc<Counters>,
    /// How fast the sources speak.
    pub rates: Arc<Rates>,
    /// What was refused for its signature.
    pub refusals: Arc<Refusals>,
}

/// Why a webhook was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such store, or the store has no such source.
    #[error("no such store or source")]
    Unknown,
    /// The signature is missing or wrong.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The body is not what it says it is.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The body is over [`Ingest::MAX_BODY`].
    #[error("the body is too large")]
    TooLarge,
    /// More than the source's [`Rate`]: the vendor should send it again after so many seconds.
    #[error("too many at once; send it again in {0} s")]
    TooMany(i64),
    /// Something of ours failed: the vendor should send it again.
    #[error("not taken in: {0}")]
    Unavailable(String),
}

impl From<QueueError> for Refusal {
    fn from(error: QueueError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<SecretsError> for Refusal {
    fn from(error: SecretsError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// Facts enqueued.
    pub facts: usize,
    /// Kinds of content knowingly left alone.
    pub ignored: usize,
}

impl Ingest {
    /// The largest body that is read, in bytes. Shopify's largest orders stay well under it.
    pub const MAX_BODY: usize = 2 * 1024 * 1024;

    /// Answers the GET with which a vendor checks the address.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] for a store or source that is not configured, [`Refusal::Signature`] for
    /// a wrong token.
    pub async fn handshake(
        &self,
        store: &str,
        source: &str,
        request: Inbound<'_>,
    ) -> Result<String, Refusal> {
        let (source, connection) = self.connection(store, source).await?;
        let answer = source.handshake(request, &connection);
        answer.ok_or_else(|| self.refused(source.name(), BadSignature.into()))
    }

    /// Takes a webhook in.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing was enqueued then.
    pub async fn webhook(&self, store: &str, source: &str, request: Inbound<'_>) -> Result<TakenIn, Refusal> {
        self.take_in(store, source, request).instrument(trace::of_work("ingest")).await
    }

    async fn take_in(&self, store: &str, source: &str, request: Inbound<'_>) -> Result<TakenIn, Refusal> {
        let (source, connection) = self.connection(store, source).await?;
        let name = source.name();
        if request.body.len() > Self::MAX_BODY {
            return Err(self.refused(name, Refusal::TooLarge));
        }
        if let Err(error) = source.verify(request, &connection) {
            self.note(store, name).await;
            return Err(self.refused(name, error.into()));
        }
        let now = self.clock.now();
        let rate = connection.rate.unwrap_or(Rate::USUAL);
        self.rates.take(store, name, rate, now).map_err(|wait| self.refused(name, Refusal::TooMany(wait)))?;
        let store = StoreId::from(store);
        let context = Context { store: &store, received_at: now };
        let parsed =
            source.parse(context, request, &connection).map_err(|error| self.refused(name, error.into()))?;
        for kind in &parsed.ignored {
            self.counters.content_ignored.add(Source::named(name), kind);
        }
        let taken = TakenIn { facts: parsed.facts.len(), ignored: parsed.ignored.len() };
        let subjects = subjects(&parsed.facts);
        let messages = jobs(parsed.facts).ok_or_else(|| self.refused(name, Refusal::TooLarge))?;
        if !messages.is_empty() {
            self.queue.send(QueueName::Events, messages).await?;
            self.counters.facts.add_many((Source::named(name), Fate::TakenIn), taken.facts);
            for (subject, facts) in subjects {
                let span = trace::of_subject(&store, subject.as_ref());
                span.in_scope(|| tracing::info!(source = name, facts, "facts were taken in"));
            }
        }
        Ok(taken)
    }

    /// Has it noted now and then that a connection's webhooks are refused. That this fails changes no answer.
    async fn note(&self, store: &str, source: &'static str) {
        let at = self.clock.now();
        let Some(known) = self.refusals.count(store, source, at, self.clock.real(Refusals::EVERY)) else {
            return;
        };
        let job = RefusalsJob { store: StoreId::from(store), source: source.to_owned(), at, known };
        let message = Outgoing::now(Job::Refusals(job).body());
        if let Err(problem) = self.queue.send(QueueName::Events, vec![message]).await {
            tracing::warn!(source, %problem, "refusals were not noted");
        }
    }

    async fn connection(
        &self,
        store: &str,
        source: &str,
    ) -> Result<(&'static dyn harkara_sources::Source, Connection), Refusal> {
        let unknown = || self.refused("unknown", Refusal::Unknown);
        let source = harkara_sources::source(source).ok_or_else(unknown)?;
        let text = self.secrets.get(store, source.name()).await?.ok_or_else(unknown)?;
        let connection = serde_json::from_str(&text).map_err(|error| {
            let problem = trace::misfit(&error);
            Refusal::Unavailable(format!("the connection to {} cannot be read: {problem}", source.name()))
        })?;
        Ok((source, connection))
    }

    fn refused(&self, source: &str, refusal: Refusal) -> Refusal {
        let why = match refusal {
            Refusal::Unknown => Refused::Unknown,
            Refusal::Signature(_) => Refused::BadSignature,
            Refusal::Malformed(_) => Refused::Malformed,
            Refusal::TooLarge => Refused::TooLarge,
            Refusal::TooMany(_) => Refused::TooMany,
            Refusal::Unavailable(_) => Refused::Unavailable,
        };
        self.counters.webhooks_refused.add((Source::named(source), why));
        // A stranger's noise is counted, and fills no log.
        match &refusal {
            Refusal::Malformed(problem) => tracing::warn!(source, %problem, "a webhook was refused"),
            _ => tracing::debug!(source, reason = why.as_str(), "a webhook was refused"),
        }
        refusal
    }
}

/// What facts are about, and how many about each.
fn subjects(facts: &[harkara_domain::Fact]) -> Vec<(Option<Subject>, usize)> {
    let groups = by_subject(facts.iter().map(|fact| (fact.subject(), ())));
    groups.into_iter().map(|(subject, facts)| (subject, facts.len())).collect()
}

/// Things by what they are about, in the order in which that is first spoken of.
fn by_subject<T>(things: impl Iterator<Item = (Option<Subject>, T)>) -> Vec<(Option<Subject>, Vec<T>)> {
    let mut groups: Vec<(Option<Subject>, Vec<T>)> = Vec::new();
    // A body of receipts can be about thousands.
    let mut places: HashMap<Option<Subject>, usize> = HashMap::new();
    for (subject, thing) in things {
        let place = *places.entry(subject.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(thing),
            None => groups.push((subject, vec![thing])),
        }
    }
    groups
}

/// The messages that tell the matcher of facts, one a subject: facts of the same order stay together, as
/// many as one message holds, others do not hold each other up. `None` when a fact alone is over what a
/// queue takes.
pub fn jobs(facts: Vec<harkara_domain::Fact>) -> Option<Vec<Outgoing>> {
    let groups = by_subject(facts.into_iter().map(|fact| (fact.subject(), fact)));
    let mut messages = Vec::new();
    groups.into_iter().try_for_each(|(_, facts)| split(FactsJob { facts }, &mut messages))?;
    Some(messages)
}

fn split(job: FactsJob, messages: &mut Vec<Outgoing>) -> Option<()> {
    let job = Job::Facts(job);
    let body = job.body();
    if body.len() <= Outgoing::MAX_BODY {
        messages.push(Outgoing::now(body));
        return Some(());
    }
    let Job::Facts(mut job) = job else { return None };
    if job.facts.len() < 2 {
        return None;
    }
    let rest = job.facts.split_off(job.facts.len() / 2);
    split(job, messages)?;
    split(FactsJob { facts: rest }, messages)
}
