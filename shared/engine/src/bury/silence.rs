//! Telling the team that nothing comes from a source any more: one mail for a silence.

use harkara_channels::email;
use harkara_domain::StoreId;
use jiff::Timestamp;

use super::Undertaker;
use crate::{
    count::Alerted,
    fault::Fault,
    job::{Job, SilenceJob},
    keys,
    port::{Expect, Key, Mail, Outgoing, QueueName, WriteError},
    record::{MAX_ROUNDS, load, unless_raced},
    sentinel::{Refusal, Silence},
    settings::Settings,
};

impl Undertaker {
    /// Sends the mail of a silence, unless it is over or told of. Whoever sends it says so before, for as
    /// long as a mail takes at most, so that jobs that come together make one.
    pub(super) async fn silence(&self, job: &SilenceJob) -> Result<(), Fault> {
        let key = Key::new(keys::silences(&job.store), &job.silence);
        for _ in 0..MAX_ROUNDS {
            let Some(held) = load::<Silence>(&*self.table, &key).await? else { return Ok(()) };
            let (now, silence) = (self.clock.now(), held.value);
            if !silence.is_to_be_told() {
                return Ok(());
            }
            // Should they die over it, this job is what is left to tell.
            if silence.telling.is_some_and(|until| until > now) {
                let body = Job::Silence(job.clone()).body();
                let again = vec![Outgoing { body, delay: Self::GATHER }];
                return Ok(self.queue.send(QueueName::Failures, again).await?);
            }
            let telling = Silence { telling: Some(now + Self::TELLING), ..silence.clone() };
            let change = telling.put(&job.store, Expect::Version(held.version));
            if unless_raced(self.table.write(vec![change]).await)? {
                self.tell_of_silence(&job.store, &silence).await?;
                return self.told(&job.store, &key).await;
            }
        }
        Err(WriteError::Conflict.into())
    }

    async fn tell_of_silence(&self, store: &StoreId, silence: &Silence) -> Result<(), Fault> {
        let Some(shelf) = self.catalog.shelf(store).await? else { return Ok(()) };
        let to = shelf.settings.watchers();
        if to.is_empty() {
            self.counters.alerts.add(Alerted::Nobody);
            tracing::warn!(feed = %silence.feed, "nothing comes any more, and no team has an address");
            return Ok(());
        }
        self.mailer.send(store, mail(&shelf.settings, to, silence, self.clock.now())).await?;
        self.counters.alerts.add(Alerted::Mailed);
        Ok(())
    }

    async fn told(&self, store: &StoreId, key: &Key) -> Result<(), Fault> {
        for _ in 0..MAX_ROUNDS {
            let Some(held) = load::<Silence>(&*self.table, key).await? else { return Ok(()) };
            let told = Silence { telling: None, told_at: Some(self.clock.now()), ..held.value };
            let change = told.put(store, Expect::Version(held.version));
            if unless_raced(self.table.write(vec![change]).await)? {
                return Ok(());
            }
        }
        Err(WriteError::Conflict.into())
    }
}

fn mail(settings: &Settings, to: Vec<String>, silence: &Silence, now: Timestamp) -> Mail {
    let (subject, what, todo) = match &silence.refused {
        None => of_silence(settings, silence, now),
        Some(refusal) => of_refusal(settings, silence.feed.source(), refusal),
    };
    let once = "You will hear of this silence once. The console shows it, and when it is over.".to_owned();
    email::alert(to, subject, &[what, todo, once], settings.link("/").as_deref())
}

/// What the mail's subject is, what has happened, and what to do.
fn of_silence(settings: &Settings, silence: &Silence, now: Timestamp) -> (String, String, String) {
    let Silence { feed, since, usual, .. } = silence;
    let hours = now.duration_since(*since).as_hours();
    let what = format!(
        "Nothing has come from {feed} since {}, for {hours} hours. Going by the weeks before, there would usually \
         have been some {usual} by now.",
        local(settings, *since),
    );
    let todo = format!(
        "Look whether {}'s webhooks are still switched on and lead here, and whether its app or courier still works \
         there; “harkara doctor” looks at the rest.",
        feed.source()
    );
    (format!("{}: nothing comes from {feed} any more", settings.name), what, todo)
}

fn of_refusal(settings: &Settings, source: &str, refusal: &Refusal) -> (String, String, String) {
    let what = format!(
        "At least {} webhooks of {source} have been refused since {} because their signature does not fit, and none \
         was taken in. Vendors try again for some hours and then give the address up.",
        refusal.known,
        local(settings, refusal.since),
    );
    let shown = harkara_sources::source(source).map_or("the vendor's page", |source| source.secret_shown());
    let todo = format!(
        "Compare `connections.{source}.secrets` with {shown}. If it is another, put it beside the old one. If it \
         is the same, a stranger tried, and was rightly refused."
    );
    (format!("{}: what comes from {source} is refused", settings.name), what, todo)
}

/// `2026-11-22 10:10`, by the shop's clocks.
fn local(settings: &Settings, at: Timestamp) -> String {
    let local = settings.zone().to_datetime(at);
    format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute())
}
