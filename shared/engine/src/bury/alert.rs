//! Telling the team what failed: one mail for one failure, one digest for many.

use harkara_channels::email;
use harkara_domain::{StoreId, Subject};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

use super::{Content, DeadLetter, Undertaker};
use crate::{
    count::Alerted,
    fault::Fault,
    job::{AlertJob, Job},
    keys,
    port::{Expect, Mail, Outgoing, Query, QueueName, TableError, Write, WriteError},
    record::{MAX_ROUNDS, decode, expect, load, put, unless_raced},
    settings::Settings,
};

/// The window of failures that a mail will tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AlertWindow {
    since: Timestamp,
    /// When the job that looks at it is due. Of windows from before this was kept, when they opened.
    #[serde(default)]
    look_at: Option<Timestamp>,
    /// Until when somebody is at the mail, so that jobs that come together make one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    telling: Option<Timestamp>,
    /// The earliest failure that was filed meanwhile: the mail may not tell of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meanwhile: Option<Timestamp>,
}

impl AlertWindow {
    /// Whether its job should long have come: it is lost, so whoever files the next failure sends another.
    fn is_forgotten(&self, now: Timestamp) -> bool {
        now > self.look_at.unwrap_or(self.since) + Undertaker::FORGOTTEN
    }

    fn is_being_told(&self, now: Timestamp) -> bool {
        self.telling.is_some_and(|until| until > now)
    }

    /// Whether a mail will tell of what failed at a time.
    fn reaches(&self, at: Timestamp, now: Timestamp) -> bool {
        if self.is_being_told(now) {
            return self.meanwhile.is_some_and(|since| since <= at);
        }
        self.since <= at + Undertaker::LOOK_BACK
    }

    /// The same, so that one will.
    fn reaching(&self, at: Timestamp, now: Timestamp) -> Self {
        let earliest = |held: Option<Timestamp>| Some(held.map_or(at, |held| held.min(at)));
        if self.is_being_told(now) {
            return Self { meanwhile: earliest(self.meanwhile), ..self.clone() };
        }
        Self { since: self.since.min(at), ..self.clone() }
    }
}

impl Undertaker {
    /// How long failures are gathered before the first mail, so that many at once make one.
    pub const GATHER: Duration = Duration::from_secs(60);
    /// How long they are gathered while a storm goes on.
    pub const STORM: Duration = Duration::from_secs(15 * 60);
    /// How long after its time a window's job counts as lost. With [`Undertaker::GATHER`] it is less than a
    /// queue's visibility, after which the message comes again that a crash kept from sending the job.
    const FORGOTTEN: SignedDuration = SignedDuration::from_secs(90);
    /// How long somebody may be at the mail: less than a queue's visibility, after which the job of one who
    /// died comes again.
    pub(super) const TELLING: SignedDuration = SignedDuration::from_secs(150);
    /// How far before its window a mail looks: a letter is filed a little after its failure.
    const LOOK_BACK: SignedDuration = SignedDuration::from_secs(5);
    /// The most letters that one mail goes through.
    const MAX_TOLD: usize = 1000;

    /// Opens the window in which failures are gathered, if none is open. It reaches back to `at`, when
    /// the letter's failure was: letters lie by that time, and may be filed well after it.
    pub(super) async fn open_alert(&self, store: &StoreId, at: Timestamp) -> Result<(), Fault> {
        let key = keys::alert(store);
        let mut look_at = None;
        for _ in 0..MAX_ROUNDS {
            let now = self.clock.now();
            let open = load::<AlertWindow>(&*self.table, &key).await?;
            let forgotten = open.as_ref().is_none_or(|open| open.value.is_forgotten(now));
            // The usual case: the open window looks back that far anyway.
            if open.as_ref().is_some_and(|open| open.value.reaches(at, now)) && !forgotten {
                return Ok(());
            }
            // First the job, then the window that it looks at: the other way round, a crash in between would
            // leave a window that everybody relies on and nobody looks at. Jobs too many find nothing to do.
            if forgotten && look_at.is_none() {
                self.alert_in(store, Self::GATHER).await?;
                look_at = Some(in_a_while(now, Self::GATHER));
            }
            let fresh = AlertWindow { since: at, look_at, telling: None, meanwhile: None };
            let mut window = open.as_ref().map_or(fresh, |open| open.value.reaching(at, now));
            window.look_at = look_at.or(window.look_at);
            if unless_raced(self.table.write(vec![put(key.clone(), &window, expect(open.as_ref()))]).await)? {
                return Ok(());
            }
        }
        Err(WriteError::Conflict.into())
    }

    pub(super) async fn alert_in(&self, store: &StoreId, delay: Duration) -> Result<(), Fault> {
        let body = Job::Alert(AlertJob { store: store.clone() }).body();
        let message = vec![Outgoing { body, delay }];
        Ok(self.queue.send(QueueName::Failures, message).await?)
    }

    /// Tells the team what has failed since the window opened. The window stays open for a while
    /// after, so that a storm makes a mail every [`Undertaker::STORM`], and closes when it is over.
    pub(super) async fn alert(&self, store: &StoreId) -> Result<(), Fault> {
        let key = keys::alert(store);
        for _ in 0..MAX_ROUNDS {
            let Some(open) = load::<AlertWindow>(&*self.table, &key).await? else { return Ok(()) };
            let (now, window) = (self.clock.now(), &open.value);
            // Should they die over it, this job is what is left to tell.
            if window.is_being_told(now) {
                return self.alert_in(store, Self::GATHER).await;
            }
            let letters = self.letters_since(store, window.since - Self::LOOK_BACK).await?;
            let change = if letters.is_empty() {
                // A job too many: the window's own is still to come.
                if window.look_at.is_some_and(|at| at > now + Self::LOOK_BACK) {
                    return Ok(());
                }
                Write::Delete(key.clone(), Expect::Version(open.version))
            } else {
                // Should it fail, this job comes again: where mails cannot be sent at all, others beside it would
                // become ever more.
                let until = Some(now + Self::TELLING);
                let telling = AlertWindow { telling: until, look_at: until, ..window.clone() };
                put(key.clone(), &telling, Expect::Version(open.version))
            };
            if unless_raced(self.table.write(vec![change]).await)? {
                return if letters.is_empty() { Ok(()) } else { self.tell(store, now, &letters).await };
            }
        }
        Err(WriteError::Conflict.into())
    }

    /// Sends the mail, then lets the window go on from here; first its next job, as ever.
    async fn tell(&self, store: &StoreId, read_at: Timestamp, letters: &[DeadLetter]) -> Result<(), Fault> {
        if let Some(shelf) = self.catalog.shelf(store).await? {
            let to = shelf.settings.team(Settings::OPS);
            if to.is_empty() {
                self.counters.alerts.add(Alerted::Nobody);
                tracing::warn!(letters = letters.len(), "messages failed, and no team has an address");
            } else {
                self.mailer.send(store, alert_mail(&shelf.settings, to, letters)).await?;
                self.counters.alerts.add(Alerted::Mailed);
                tracing::info!(letters = letters.len(), "the team was told of failures");
            }
        }
        // Before its job is sent, so that the job is not early for a window that is written late.
        let look_at = Some(in_a_while(self.clock.now(), Self::STORM));
        self.alert_in(store, Self::STORM).await?;
        let key = keys::alert(store);
        for _ in 0..MAX_ROUNDS {
            let Some(open) = load::<AlertWindow>(&*self.table, &key).await? else { return Ok(()) };
            let since = open.value.meanwhile.unwrap_or(read_at + Self::LOOK_BACK);
            let next = AlertWindow { since, look_at, telling: None, meanwhile: None };
            if unless_raced(
                self.table.write(vec![put(key.clone(), &next, Expect::Version(open.version))]).await,
            )? {
                return Ok(());
            }
        }
        Err(WriteError::Conflict.into())
    }

    async fn letters_since(&self, store: &StoreId, since: Timestamp) -> Result<Vec<DeadLetter>, TableError> {
        let mut query = Query::partition(keys::dead_letters(store)).limit(Self::MAX_TOLD);
        query.from = Some(keys::stamp(since));
        let page = self.table.query(query).await?;
        page.items.iter().map(|item| Ok(decode::<DeadLetter>(item)?.value)).collect()
    }
}

fn in_a_while(now: Timestamp, wait: Duration) -> Timestamp {
    now + SignedDuration::try_from(wait).unwrap_or_default()
}

/// One mail for all: a single failure in full, many by flow and reason.
fn alert_mail(settings: &Settings, to: Vec<String>, letters: &[DeadLetter]) -> Mail {
    let link = settings.link("/dead-letters");
    if let [letter] = letters {
        let subject = format!("{}: {} failed", settings.name, title(letter));
        let lines = [format!("{} failed for good: {}.", title(letter), letter.reason), REPLAY.to_owned()];
        return email::alert(to, subject, &lines, link.as_deref());
    }
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for letter in letters {
        *groups.entry(format!("{}: {}", group(letter), letter.reason)).or_default() += 1;
    }
    let mut groups: Vec<(String, usize)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest = groups.len().saturating_sub(20);
    let mut lines: Vec<String> =
        groups.into_iter().take(20).map(|(group, count)| format!("{count} × {group}")).collect();
    if rest > 0 {
        lines.push(format!("and {rest} more kinds"));
    }
    lines.push(REPLAY.to_owned());
    let subject = format!("{}: {} messages failed", settings.name, letters.len());
    email::alert(to, subject, &lines, link.as_deref())
}

const REPLAY: &str = "Once the cause is mended, they can be run again from the console; what stopped making sense \
                      meanwhile will not be sent.";

fn title(letter: &DeadLetter) -> String {
    match &letter.content {
        Content::Stage { job, flow, stage } => match &job.subject {
            Subject::Order(order) => format!("“{stage}” of {flow} for order {order}"),
            other => format!("“{stage}” of {flow} for {other}"),
        },
        Content::Message { .. } => "a message of a queue".to_owned(),
    }
}

fn group(letter: &DeadLetter) -> &str {
    match &letter.content {
        Content::Stage { flow, .. } => flow,
        Content::Message { .. } => "messages of queues",
    }
}
