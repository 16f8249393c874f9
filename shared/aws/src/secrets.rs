//! Connections in Parameter Store, as SecureStrings.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_ssm::{Client, operation::get_parameter::GetParameterError};
use harkara_engine::port::{Clock, Secrets, SecretsError};
use jiff::{SignedDuration, Timestamp};

use crate::fault::words;

/// How long a connection is used without looking again: after a rotation the old one is gone by then.
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// How long one that is not there is taken to be absent. Short: whoever sets one up tries it at once.
const ABSENT: SignedDuration = SignedDuration::from_secs(15);
/// How long a connection that cannot be read anew is used on. A hiccup of Parameter Store refuses no
/// webhook; an old secret is not good for ever.
const STALE: SignedDuration = SignedDuration::from_secs(600);
/// How long a failure stands before another try: those that waited for the same call share it.
const FAILED: SignedDuration = SignedDuration::from_secs(2);
/// How long a call may take where there is nothing to fall back on. A webhook's sender waits 5 s.
const LIMIT: Duration = Duration::from_secs(3);
/// And where there is.
const REFRESH_LIMIT: Duration = Duration::from_secs(1);
/// Answers that are kept. Anybody may ask for any store's name; the odd ones drive each other out.
const MAX_HELD: usize = 500;
/// The longest part of a parameter's name.
const MAX_PART: usize = 64;

/// The connections of stores, at `<prefix>/<store>/<connection>`. Cached.
pub struct ParameterStore {
    client: Client,
    prefix: String,
    clock: Arc<dyn Clock>,
    held: Mutex<HashMap<String, Held>>,
}

/// What is known of a parameter.
#[derive(Default)]
struct Held {
    /// One call at a time: the others wait here for its answer.
    gate: Arc<tokio::sync::Mutex<()>>,
    answer: Option<Answer>,
    failure: Option<Failure>,
}

/// What Parameter Store said.
#[derive(Clone)]
struct Answer {
    value: Option<Arc<str>>,
    at: Timestamp,
}

/// Why the last call failed.
#[derive(Clone)]
struct Failure {
    problem: String,
    at: Timestamp,
}

impl fmt::Debug for ParameterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParameterStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl ParameterStore {
    /// Connections below this prefix, such as `/harkara/prod`.
    pub fn new(client: Client, prefix: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        let prefix = prefix.into().trim_end_matches('/').to_owned();
        Self { client, prefix, clock, held: Mutex::default() }
    }

    async fn read(&self, name: &str) -> Result<Option<String>, SecretsError> {
        if let Some(known) = self.known(name) {
            return known;
        }
        let gate = Arc::clone(&self.lock().entry(name.to_owned()).or_default().gate);
        let _turn = gate.lock().await;
        // Whoever was before has asked.
        if let Some(known) = self.known(name) {
            return known;
        }
        let fallback = self.stale(name);
        let limit = if fallback.is_some() { REFRESH_LIMIT } else { LIMIT };
        match self.call(name, limit).await {
            Ok(value) => {
                self.keep(name, Ok(value.clone()));
                Ok(value.map(|value| value.to_string()))
            }
            Err(problem) => {
                self.keep(name, Err(problem.clone()));
                let Some(value) = fallback else { return Err(SecretsError(problem)) };
                tracing::warn!(parameter = name, %problem, "an older value is used on");
                Ok(Some(value.to_string()))
            }
        }
    }

    /// What can be said without a call.
    fn known(&self, name: &str) -> Option<Result<Option<String>, SecretsError>> {
        let held = self.lock();
        let Held { answer, failure, .. } = held.get(name)?;
        if let Some(answer) = answer.as_ref().filter(|answer| self.is_within(answer.at, answer.life())) {
            return Some(Ok(answer.value.as_deref().map(str::to_owned)));
        }
        let failure = failure.as_ref().filter(|failure| self.is_within(failure.at, FAILED))?;
        let stale = answer.as_ref().and_then(|answer| self.fallback(answer));
        Some(match stale {
            Some(value) => Ok(Some(value.to_string())),
            None => Err(SecretsError(failure.problem.clone())),
        })
    }

    fn stale(&self, name: &str) -> Option<Arc<str>> {
        self.lock().get(name)?.answer.as_ref().and_then(|answer| self.fallback(answer))
    }

    fn fallback(&self, answer: &Answer) -> Option<Arc<str>> {
        answer.value.clone().filter(|_| self.is_within(answer.at, STALE))
    }

    /// A clock that was set back ends everything: better asked once more than held for ever.
    fn is_within(&self, at: Timestamp, span: SignedDuration) -> bool {
        let age = self.clock.now().duration_since(at);
        !age.is_negative() && age < self.clock.real(span)
    }

    async fn call(&self, name: &str, limit: Duration) -> Result<Option<Arc<str>>, String> {
        let call = self.client.get_parameter().name(name).with_decryption(true).send();
        let problem = |problem: &str| format!("GetParameter of {name}: {problem}");
        match tokio::time::timeout(limit, call).await {
            Err(_) => Err(problem("no answer in time")),
            Ok(Ok(found)) => Ok(found.parameter.and_then(|parameter| parameter.value).map(Arc::from)),
            Ok(Err(error)) => {
                if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) {
                    return Ok(None);
                }
                Err(problem(&words(&error)))
            }
        }
    }

    fn keep(&self, name: &str, answered: Result<Option<Arc<str>>, String>) {
        let at = self.clock.now();
        let mut held = self.lock();
        if held.len() >= MAX_HELD {
            self.make_room(&mut held);
        }
        let entry = held.entry(name.to_owned()).or_default();
        match answered {
            Ok(value) => (entry.answer, entry.failure) = (Some(Answer { value, at }), None),
            Err(problem) => entry.failure = Some(Failure { problem, at }),
        }
    }

    /// Forgets what nobody can use any more, and all that is absent. Should that be too little, all: it is
    /// only a cache.
    fn make_room(&self, held: &mut HashMap<String, Held>) {
        held.retain(|_, held| held.answer.as_ref().is_some_and(|answer| self.fallback(answer).is_some()));
        if held.len() >= MAX_HELD {
            held.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn life(&self) -> SignedDuration {
        if self.value.is_some() { FRESH } else { ABSENT }
    }
}

#[async_trait]
impl Secrets for ParameterStore {
    async fn get(&self, store: &str, connection: &str) -> Result<Option<String>, SecretsError> {
        // Nothing can be set up under another name, and no name leads out of the prefix.
        if !is_part(store) || !is_part(connection) {
            return Ok(None);
        }
        self.read(&format!("{}/{store}/{connection}", self.prefix)).await
    }
}

/// Whether it can be a part of a parameter's name.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
fn is_part(text: &str) -> bool {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    (1..=MAX_PART).contains(&text.len()) && text.bytes().all(is_good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ssm::config::{BehaviorVersion, Config};
    use harkara_engine::port::SystemClock;

    #[test]
    fn odd_names_do_not_fill_the_memory() {
        let config = Config::builder().behavior_version(BehaviorVersion::latest()).build();
        let store = ParameterStore::new(Client::from_conf(config), "/p/", Arc::new(SystemClock));
        store.keep("/p/chadar/whatsapp", Ok(Some("secret".into())));
        for n in 0..10 * MAX_HELD {
            store.keep(
                &format!("/p/odd-{n}/whatsapp"),
                if n % 2 == 0 { Ok(None) } else { Err("?".to_owned()) },
            );
            assert!(store.lock().len() <= MAX_HELD);
        }
        let held = store.known("/p/chadar/whatsapp").unwrap().unwrap();
        assert_eq!(held.as_deref(), Some("secret"), "what is there stays");
        for n in 0..10 * MAX_HELD {
            store.keep(&format!("/p/real-{n}/whatsapp"), Ok(Some("secret".into())));
            assert!(store.lock().len() <= MAX_HELD);
        }
    }
}
